"""What went wrong at a metrics server, as our own errors, in words that say what to do next.

Knows how the Prometheus HTTP API fails. Must never pass on a credential or a body: of
an answer only the API's own `error` sentence is quoted, cut.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bot.adapters.server_faults import REDIRECTS, ServerFaults
from bot.adapters.transport import one_line, retry_after_s
from bot.domain.errors import DeniedError, ToolError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping

_POSITION = re.compile(r"(?:^|: )(\d+):(\d+): (?:parse error: )?")
# Codes the API answers with when it understood the query and will not or cannot evaluate it.
_QUERY_CODES = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
SERVER = ServerFaults(
    noun="metrics server",
    system="metrics",
    entry="prometheus",
    product="Prometheus",
    base="/api/v1",
    again="Ask again, or for fewer series",
    less="Ask for fewer series or a shorter window",
)


class EndpointError(Exception):
    """An endpoint cannot be used as declared; the text says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer with a code other than success."""

    code: int
    kind: str | None
    """The API's errorType, such as `bad_data`; None when the answer was not the API's."""
    message: str
    retry_after_s: float | None


class RefusedError(Exception):
    """The server answered with a code other than success; the reader decides what it means."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"HTTP {refusal.code}")
        self.refusal = refusal


def read_refusal(code: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Return what an unsuccessful answer says; never raises, whatever the body is."""
    answer = _json(body)
    kind, message = answer.get("errorType"), answer.get("error")
    return Refusal(
        code=code,
        kind=kind if isinstance(kind, str) else None,
        message=one_line(message) if isinstance(message, str) else "",
        retry_after_s=retry_after_s(headers.get("retry-after")),
    )


def refused(refusal: Refusal, *, cluster: str) -> ToolError | UpstreamError:
    """Return the error for an unsuccessful answer."""
    code, said = refusal.code, f": {refusal.message}" if refusal.message else ""
    if code == HTTPStatus.UNAUTHORIZED:
        return DeniedError(
            f"the metrics server of {cluster} does not accept our credentials (401). Renew the"
            " secret its `prometheus` entry in the registry names",
            system=SERVER.named(cluster),
        )
    if code == HTTPStatus.FORBIDDEN:
        return SERVER.forbidden(said, cluster=cluster)
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return SERVER.busy(said, cluster=cluster, wait_s=refusal.retry_after_s)
    if code in _QUERY_CODES and refusal.kind is not None:
        return _query_fault(refusal, cluster=cluster)
    if code in REDIRECTS:
        return SERVER.redirected(code, cluster=cluster)
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _failing(refusal, cluster=cluster)
    return SERVER.stranger(f"HTTP {code}{said}", cluster=cluster)


def _query_fault(refusal: Refusal, *, cluster: str) -> ToolError | UpstreamError:
    message = refusal.message or f"no reason given ({refusal.code})"
    if refusal.kind in {"timeout", "canceled"}:
        return _failing(refusal, cluster=cluster)
    found = _POSITION.search(message)
    if found is not None:
        line, column = found.groups()
        place = f"character {column}" if line == "1" else f"line {line}, character {column}"
        return ToolError(
            f"the metrics server of {cluster} cannot read the query at {place}:"
            f" {message[found.end() :]}"
        )
    if refusal.kind == "execution":
        return ToolError(f"the metrics server of {cluster} cannot evaluate the query: {message}")
    return ToolError(f"the metrics server of {cluster} cannot use the request: {message}")


def _failing(refusal: Refusal, *, cluster: str) -> UpstreamError:
    if refusal.kind in {"timeout", "canceled"}:
        return UpstreamError(
            f"the metrics server of {cluster} gave up on the query: {refusal.message}. Ask for"
            " fewer series or a shorter window",
            system=SERVER.named(cluster),
            retry_after_s=refusal.retry_after_s,
        )
    said = f": {refusal.message}" if refusal.message else ""
    return SERVER.failing(refusal.code, said, cluster=cluster, wait_s=refusal.retry_after_s)


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
