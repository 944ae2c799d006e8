"""What went wrong at a log server, as our own errors, in words that say what to do next.

Knows how Loki's HTTP API fails: its errors are a sentence of plain text. Must never pass on a
credential or a body: a page of HTML is never quoted, a sentence is cut.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.adapters.transport import Advice, SignInError, cause, later, one_line, retry_after_s
from bot.domain.errors import DeniedError, ToolError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.metrics.faults import EndpointError

_POSITION = re.compile(r"parse error at line (\d+), col (\d+): ")
# Its own words: max entries limit per query exceeded, with both numbers in brackets at the end.
_ENTRIES_LIMIT = re.compile(r"max_entries_limit\w*\s*\(\d+ > (\d{1,9})\)")
_REDIRECTS = range(300, 400)
_CLIENT_GONE = 499
_SAID_BY_LOKI = ("text/plain", "application/json")
_ADVICE = Advice(
    certificate="Check `ca_file` in its `loki` entry",
    name="Check `url`, and DNS",
    refused="Check that it runs, and the port",
    proxy="Check `proxy`",
    tls=(
        "Check that `url` speaks https, in version 1.2 or later, and which client certificate is"
        " set"
    ),
    broken="Ask again; if it stays, check `url` and the network",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer with a code other than success."""

    code: int
    message: str
    """The server's sentence; empty when there was none, or a page instead."""
    retry_after_s: float | None


class RefusedError(Exception):
    """The server answered with a code other than success; the reader decides what it means."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"HTTP {refusal.code}")
        self.refusal = refusal


def system(cluster: str) -> str:
    """Return the name errors carry for a cluster's logs."""
    return f"logs {cluster}"


def read_refusal(code: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Return what an unsuccessful answer says; never raises, whatever the body is."""
    content_type = headers.get("content-type", "").lower()
    return Refusal(
        code=code,
        message=_sentence(body) if content_type.startswith(_SAID_BY_LOKI) else "",
        retry_after_s=retry_after_s(headers.get("retry-after")),
    )


def entries_allowed(refusal: Refusal) -> int | None:
    """Return how many entries the server gives at once, if it refused to give more; else None."""
    found = _ENTRIES_LIMIT.search(refusal.message)
    if refusal.code != HTTPStatus.BAD_REQUEST or found is None:
        return None
    return int(found[1]) or None


def refused(refusal: Refusal, *, cluster: str) -> ToolError | UpstreamError:
    """Return the error for an unsuccessful answer."""
    code, said = refusal.code, _said(refusal)
    if code == HTTPStatus.UNAUTHORIZED:
        return DeniedError(
            f"the log server of {cluster} does not accept who we are (401){said}. Set `tenant`, or"
            " renew the secret its `loki` entry in the registry names",
            system=system(cluster),
        )
    if code == HTTPStatus.FORBIDDEN:
        return DeniedError(
            f"the log server of {cluster} refused (403){said}. Its administrator can grant"
            " reading it, or the tenant in the registry is not ours",
            system=system(cluster),
        )
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return UpstreamError(
            f"the log server of {cluster} is asked too much (429){said}. Ask again"
            f"{later(refusal.retry_after_s)}",
            system=system(cluster),
            retry_after_s=refusal.retry_after_s,
        )
    if code == HTTPStatus.BAD_REQUEST and refusal.message:
        return _query_fault(refusal, cluster=cluster)
    if code in {HTTPStatus.GATEWAY_TIMEOUT, _CLIENT_GONE}:
        return UpstreamError(
            f"the log server of {cluster} gave up on the query ({code}){said}. Ask for a shorter"
            " window, or name the pod or app as well",
            system=system(cluster),
            retry_after_s=refusal.retry_after_s,
        )
    if code in _REDIRECTS:
        return not_loki(f"a redirect ({code}), which is not followed", cluster=cluster)
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UpstreamError(
            f"the log server of {cluster} answered with an error ({code})"
            f"{said or ', without a reason'}. Ask again{later(refusal.retry_after_s)}; if it"
            " stays, it needs looking at",
            system=system(cluster),
            retry_after_s=refusal.retry_after_s,
        )
    return not_loki(f"HTTP {code}{said}", cluster=cluster)


def not_loki(what: str, *, cluster: str) -> UpstreamError:
    """Return the error for an answer that no server of this API gives."""
    return UpstreamError(
        f"the log server of {cluster} did not answer as Loki does ({what}): something in between,"
        " such as a proxy or a sign-in page, may have. Check `url` in its `loki` entry: it is what"
        " stands before /loki/api/v1",
        system=system(cluster),
    )


def torn(*, cluster: str) -> UpstreamError:
    """Return the error for an answer that ended before it was complete."""
    return UpstreamError(
        f"the answer of {cluster}'s log server broke off, so nothing of it was used. Ask again, or"
        " for a shorter window",
        system=system(cluster),
    )


def too_slow(timeout_s: float, *, cluster: str) -> UpstreamError:
    """Return the error for an answer that did not come in time."""
    return UpstreamError(
        f"the log server of {cluster} did not answer within {timeout_s:g} s. Ask for a shorter"
        " window, or name the pod or app as well; if it stays silent, it needs looking at",
        system=system(cluster),
    )


def unreachable(error: Exception, *, cluster: str, address: str) -> UpstreamError:
    """Return the error for a connection that failed, with the likeliest thing to check."""
    return UpstreamError(
        f"the log server of {cluster} cannot be reached at {address}: {cause(error, _ADVICE)}",
        system=system(cluster),
    )


def unusable(error: EndpointError | SignInError, *, cluster: str) -> UpstreamError:
    """Return the error for a server whose connection could not even be set up."""
    return UpstreamError(
        f"the log server of {cluster} cannot be asked: {error}", system=system(cluster)
    )


def _query_fault(refusal: Refusal, *, cluster: str) -> ToolError:
    found = _POSITION.search(refusal.message)
    if found is None:
        return ToolError(f"the log server of {cluster} cannot use the query: {refusal.message}")
    line, column = found.groups()
    place = f"character {column}" if line == "1" else f"line {line}, character {column}"
    return ToolError(
        f"the log server of {cluster} cannot read the query at {place}:"
        f" {refusal.message[found.end() :]}"
    )


def _said(refusal: Refusal) -> str:
    return f": {refusal.message}" if refusal.message else ""


def _sentence(body: bytes) -> str:
    text = body.decode(errors="replace")
    if text.lstrip().startswith("<"):
        return ""
    try:
        parsed = json.loads(text)
    except ValueError:
        return one_line(text)
    if not isinstance(parsed, dict):
        return ""
    # A gateway in front of it wraps the sentence, under either name.
    said = parsed.get("message", parsed.get("error"))
    return one_line(said) if isinstance(said, str) else ""
