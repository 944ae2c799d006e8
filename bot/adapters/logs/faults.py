"""What went wrong at a log server, as our own errors, in words that say what to do next.

Knows how Loki's HTTP API fails: its errors are a sentence of plain text. Must never pass on a
credential or a body: a page of HTML is never quoted, a sentence is cut.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.adapters.servers.faults import ServerFaults, position
from bot.adapters.transport import one_line, retry_after_s
from bot.domain.errors import DeniedError, ToolError, UpstreamError

if TYPE_CHECKING:
    from bot.adapters.transport import Answer

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


def entries_allowed(answer: Answer) -> int | None:
    """Return how many entries the server gives at once, if it refused to give more; else None."""
    found = _ENTRIES_LIMIT.search(_sentence(answer))
    if answer.status != HTTPStatus.BAD_REQUEST or found is None:
        return None
    return int(found[1]) or None


def refused(answer: Answer, *, cluster: str) -> ToolError | UpstreamError:
    """Return the error for an unsuccessful answer, whatever its body is."""
    code, sentence = answer.status, _sentence(answer)
    said = f": {sentence}" if sentence else ""
    wait_s = retry_after_s(answer.headers.get("retry-after"))
    if code == HTTPStatus.UNAUTHORIZED:
        return DeniedError(
            f"the log server of {cluster} does not accept who we are (401){said}. Set `tenant`, or"
            " renew the secret its `loki` entry in the registry names",
            system=SERVER.named(cluster),
        )
    if code == HTTPStatus.BAD_REQUEST and sentence:
        return _query_fault(sentence, cluster=cluster)
    if code in {HTTPStatus.GATEWAY_TIMEOUT, _CLIENT_GONE}:
        return UpstreamError(
            f"the log server of {cluster} gave up on the query ({code}){said}. Ask for a shorter"
            " window, or name the pod or app as well",
            system=SERVER.named(cluster),
            retry_after_s=wait_s,
        )
    return SERVER.refused(code, said, cluster=cluster, wait_s=wait_s)


def _query_fault(sentence: str, *, cluster: str) -> ToolError:
    found = _POSITION.search(sentence)
    if found is None:
        return ToolError(f"the log server of {cluster} cannot use the query: {sentence}")
    return ToolError(
        f"the log server of {cluster} cannot read the query at {position(*found.groups())}:"
        f" {sentence[found.end() :]}"
    )


def _sentence(answer: Answer) -> str:
    """Return what it says itself; empty when that is nothing, or a page."""
    text = answer.content.decode(errors="replace")
    if not answer.content_type.startswith(_SAID_BY_LOKI) or text.lstrip().startswith("<"):
        return ""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return one_line(text)
    if not isinstance(parsed, dict):
        return ""
    # A gateway in front of it wraps the sentence, under either name.
    said = parsed.get("message", parsed.get("error"))
    return one_line(said) if isinstance(said, str) else ""
