"""Reads an address of Amazon SNS: a signing certificate, or the confirmation of a subscription.

Which addresses these may be is decided before (bot.adapters.alerts.webhooks). TLS is verified, no
redirect followed, time and size bounded.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import urllib3
from urllib3.exceptions import HTTPError

from bot.domain.errors import UpstreamError

TIMEOUT_S: Final = 5.0
"""SNS waits 15 s for our answer to its own delivery."""
MOST_BYTES: Final = 65_536
_SYSTEM: Final = "aws sns"


def fetch_from_sns(url: str) -> bytes:
    """Return what the address answers.

    Raises:
        UpstreamError: It did not answer in time, or not with 200; SNS sends its message again.
    """
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(total=TIMEOUT_S), retries=False, cert_reqs="CERT_REQUIRED"
    )
    try:
        answer = pool.request("GET", url, redirect=False, preload_content=False)
        content = answer.read(MOST_BYTES)
        answer.release_conn()
    except HTTPError as error:
        raise UpstreamError(
            f"an address of SNS could not be read ({type(error).__name__}): check the way out to"
            " sns.<region>.amazonaws.com",
            system=_SYSTEM,
        ) from error
    finally:
        pool.clear()
    if answer.status != HTTPStatus.OK:
        raise UpstreamError(f"an address of SNS answered {answer.status}", system=_SYSTEM)
    return content
