"""What went wrong at an Alertmanager, as our own errors, in words that say what to do next.

Knows how its HTTP API fails: a JSON text, or an object with a `message`. Must never pass on a
credential or a body: a page of HTML is never quoted, a sentence is cut.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.adapters.servers.faults import ServerFaults
from bot.adapters.transport import one_line, retry_after_s
from bot.domain.errors import DeniedError, UpstreamError

if TYPE_CHECKING:
    from bot.adapters.transport import Answer

SERVER = ServerFaults(
    noun="Alertmanager",
    system="alertmanager",
    entry="alertmanager",
    product="one",
    base="/api/v2",
    again="Ask again",
    less="Ask again",
)


def refused(answer: Answer, *, cluster: str) -> UpstreamError:
    """Return the error for an unsuccessful answer, whatever its body is."""
    code, sentence = answer.status, _sentence(answer.content)
    said = f": {sentence}" if sentence else ""
    wait_s = retry_after_s(answer.headers.get("retry-after"))
    if code == HTTPStatus.UNAUTHORIZED:
        return DeniedError(
            f"the Alertmanager of {cluster} does not accept who we are (401){said}. Renew the"
            " secret its `alertmanager` entry in the registry names, or set `tenant`",
            system=SERVER.named(cluster),
        )
    return SERVER.refused(code, said, cluster=cluster, wait_s=wait_s)


def too_large(limit_bytes: int, *, cluster: str) -> UpstreamError:
    """Return the error for an answer of which only a part would be read."""
    return UpstreamError(
        f"the answer of {cluster}'s Alertmanager is larger than {limit_bytes >> 20} MB, so nothing"
        " of it was used: a rule there fires for very many series. Look at it in Alertmanager's"
        " own page",
        system=SERVER.named(cluster),
    )


def _sentence(body: bytes) -> str:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    said = parsed.get("message") if isinstance(parsed, dict) else parsed
    return one_line(said) if isinstance(said, str) else ""
