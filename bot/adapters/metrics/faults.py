"""What went wrong at a metrics server, as our own errors, in words that say what to do next.

Knows how the Prometheus HTTP API fails. Must never pass on a credential or a body: of
an answer only the API's own `error` sentence is quoted, cut.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.adapters.servers.faults import ServerFaults, position
from bot.adapters.transport import one_line, retry_after_s
from bot.domain.errors import DeniedError, ToolError, UpstreamError

if TYPE_CHECKING:
    from bot.adapters.transport import Answer

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What an unsuccessful answer says."""

    kind: str | None
    """The API's errorType, such as `bad_data`; None when the answer was not the API's."""
    message: str

    @property
    def gave_up(self) -> bool:
        return self.kind in {"timeout", "canceled"}


def refused(answer: Answer, *, cluster: str) -> ToolError | UpstreamError:
    """Return the error for an unsuccessful answer, whatever its body is."""
    code, said = answer.status, _said(answer.content)
    wait_s = retry_after_s(answer.headers.get("retry-after"))
    if code == HTTPStatus.UNAUTHORIZED:
        return DeniedError(
            f"the metrics server of {cluster} does not accept our credentials (401). Renew the"
            " secret its `prometheus` entry in the registry names",
            system=SERVER.named(cluster),
        )
    is_query = code in _QUERY_CODES and said.kind is not None
    if said.gave_up and (is_query or code >= HTTPStatus.INTERNAL_SERVER_ERROR):
        return UpstreamError(
            f"the metrics server of {cluster} gave up on the query: {said.message}. Ask for"
            " fewer series or a shorter window",
            system=SERVER.named(cluster),
            retry_after_s=wait_s,
        )
    if is_query:
        message = said.message or f"no reason given ({code})"
        return _query_fault(said.kind, message, cluster=cluster)
    quoted = f": {said.message}" if said.message else ""
    return SERVER.refused(code, quoted, cluster=cluster, wait_s=wait_s)


def _query_fault(kind: str | None, message: str, *, cluster: str) -> ToolError:
    found = _POSITION.search(message)
    if found is not None:
        return ToolError(
            f"the metrics server of {cluster} cannot read the query at"
            f" {position(*found.groups())}: {message[found.end() :]}"
        )
    if kind == "execution":
        return ToolError(f"the metrics server of {cluster} cannot evaluate the query: {message}")
    return ToolError(f"the metrics server of {cluster} cannot use the request: {message}")


def _said(body: bytes) -> _Said:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    answer = parsed if isinstance(parsed, dict) else {}
    kind, message = answer.get("errorType"), answer.get("error")
    return _Said(
        kind=kind if isinstance(kind, str) else None,
        message=one_line(message) if isinstance(message, str) else "",
    )
