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

from bot.adapters.server_faults import REDIRECTS, ServerFaults
from bot.adapters.transport import one_line, retry_after_s
from bot.domain.errors import DeniedError, ToolError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping


_POSITION = re.compile(r"parse error at line (\d+), col (\d+): ")
# Its own words: max entries limit per query exceeded, with both numbers in brackets at the end.
_ENTRIES_LIMIT = re.compile(r"max_entries_limit\w*\s*\(\d+ > (\d{1,9})\)")
_CLIENT_GONE = 499
_SAID_BY_LOKI = ("text/plain", "application/json")
SERVER = ServerFaults(
    noun="log server",
    system="logs",
    entry="loki",
    product="Loki",
    base="/loki/api/v1",
    again="Ask again, or for a shorter window",
    less="Ask for a shorter window, or name the pod or app as well",
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
            system=SERVER.named(cluster),
        )
    if code == HTTPStatus.FORBIDDEN:
        return SERVER.forbidden(said, cluster=cluster)
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return SERVER.busy(said, cluster=cluster, wait_s=refusal.retry_after_s)
    if code == HTTPStatus.BAD_REQUEST and refusal.message:
        return _query_fault(refusal, cluster=cluster)
    if code in {HTTPStatus.GATEWAY_TIMEOUT, _CLIENT_GONE}:
        return UpstreamError(
            f"the log server of {cluster} gave up on the query ({code}){said}. Ask for a shorter"
            " window, or name the pod or app as well",
            system=SERVER.named(cluster),
            retry_after_s=refusal.retry_after_s,
        )
    if code in REDIRECTS:
        return SERVER.redirected(code, cluster=cluster)
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SERVER.failing(code, said, cluster=cluster, wait_s=refusal.retry_after_s)
    return SERVER.stranger(f"HTTP {code}{said}", cluster=cluster)


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
