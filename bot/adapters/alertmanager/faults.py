"""What went wrong at an Alertmanager, as our own errors, in words that say what to do next.

Knows how its HTTP API fails: a JSON text, or an object with a `message`. Must never pass on a
credential or a body: a page of HTML is never quoted, a sentence is cut.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.adapters.transport import Advice, SignInError, cause, later, one_line, retry_after_s
from bot.domain.errors import DeniedError, UpstreamError

if TYPE_CHECKING:
    from bot.adapters.metrics.faults import EndpointError
    from bot.adapters.transport import Answer

_REDIRECTS = range(300, 400)
_ADVICE = Advice(
    certificate="Check `ca_file` in its `alertmanager` entry",
    name="Check `url`, and DNS",
    refused="Check that it runs, and the port",
    proxy="Check `proxy`",
    tls=(
        "Check that `url` speaks https, in version 1.2 or later, and which client certificate is"
        " set"
    ),
    broken="Ask again; if it stays, check `url` and the network",
)


def system(cluster: str) -> str:
    """Return the name errors carry for a cluster's Alertmanager."""
    return f"alertmanager {cluster}"


def refused(answer: Answer, *, cluster: str) -> UpstreamError:
    """Return the error for an unsuccessful answer, whatever its body is."""
    code, sentence = answer.status, _sentence(answer.content)
    said = f": {sentence}" if sentence else ""
    wait_s = retry_after_s(answer.headers.get("retry-after"))
    if code == HTTPStatus.UNAUTHORIZED:
        return DeniedError(
            f"the Alertmanager of {cluster} does not accept who we are (401){said}. Renew the"
            " secret its `alertmanager` entry in the registry names, or set `tenant`",
            system=system(cluster),
        )
    if code == HTTPStatus.FORBIDDEN:
        return DeniedError(
            f"the Alertmanager of {cluster} refused (403){said}. Its administrator can grant"
            " reading it, or the tenant in the registry is not ours",
            system=system(cluster),
        )
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return UpstreamError(
            f"the Alertmanager of {cluster} is asked too much (429){said}. Ask again"
            f"{later(wait_s)}",
            system=system(cluster),
            retry_after_s=wait_s,
        )
    if code in _REDIRECTS:
        return not_alertmanager(f"a redirect ({code}), which is not followed", cluster=cluster)
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UpstreamError(
            f"the Alertmanager of {cluster} answered with an error ({code})"
            f"{said or ', without a reason'}. Ask again{later(wait_s)}; if it stays, it needs"
            " looking at",
            system=system(cluster),
            retry_after_s=wait_s,
        )
    return not_alertmanager(f"HTTP {code}{said}", cluster=cluster)


def not_alertmanager(what: str, *, cluster: str) -> UpstreamError:
    """Return the error for an answer that no server of this API gives."""
    return UpstreamError(
        f"the Alertmanager of {cluster} did not answer as one does ({what}): something in between,"
        " such as a proxy or a sign-in page, may have. Check `url` in its `alertmanager` entry: it"
        " is what stands before /api/v2",
        system=system(cluster),
    )


def torn(*, cluster: str) -> UpstreamError:
    """Return the error for an answer that ended before it was complete."""
    return UpstreamError(
        f"the answer of {cluster}'s Alertmanager broke off, so nothing of it was used. Ask again",
        system=system(cluster),
    )


def too_large(limit_bytes: int, *, cluster: str) -> UpstreamError:
    """Return the error for an answer of which only a part would be read."""
    return UpstreamError(
        f"the answer of {cluster}'s Alertmanager is larger than {limit_bytes >> 20} MB, so nothing"
        " of it was used: a rule there fires for very many series. Look at it in Alertmanager's"
        " own page",
        system=system(cluster),
    )


def too_slow(timeout_s: float, *, cluster: str) -> UpstreamError:
    """Return the error for an answer that did not come in time."""
    return UpstreamError(
        f"the Alertmanager of {cluster} did not answer within {timeout_s:g} s. Ask again; if it"
        " stays silent, it needs looking at",
        system=system(cluster),
    )


def unreachable(error: Exception, *, cluster: str, address: str) -> UpstreamError:
    """Return the error for a connection that failed, with the likeliest thing to check."""
    return UpstreamError(
        f"the Alertmanager of {cluster} cannot be reached at {address}: {cause(error, _ADVICE)}",
        system=system(cluster),
    )


def unusable(error: EndpointError | SignInError, *, cluster: str) -> UpstreamError:
    """Return the error for a server whose connection could not even be set up."""
    return UpstreamError(
        f"the Alertmanager of {cluster} cannot be asked: {error}", system=system(cluster)
    )


def _sentence(body: bytes) -> str:
    try:
        parsed = json.loads(body)
    except ValueError:
        return ""
    said = parsed.get("message") if isinstance(parsed, dict) else parsed
    return one_line(said) if isinstance(said, str) else ""
