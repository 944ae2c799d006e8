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

from bot.adapters.transport import Advice, SignInError, cause, later, one_line, retry_after_s
from bot.domain.errors import DeniedError, ToolError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping

_POSITION = re.compile(r"(?:^|: )(\d+):(\d+): (?:parse error: )?")
# Codes the API answers with when it understood the query and will not or cannot evaluate it.
_QUERY_CODES = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_REDIRECTS = range(300, 400)
_ADVICE = Advice(
    certificate="Check `ca_file` in its `prometheus` entry",
    name="Check `url`, and DNS",
    refused="Check that it runs, and the port",
    proxy="Check `proxy`",
    tls=(
        "Check that `url` speaks https, in version 1.2 or later, and which client certificate is"
        " set"
    ),
    broken="Ask again; if it stays, check `url` and the network",
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


def system(cluster: str) -> str:
    """Return the name errors carry for a cluster's metrics."""
    return f"metrics {cluster}"


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
            system=system(cluster),
        )
    if code == HTTPStatus.FORBIDDEN:
        return DeniedError(
            f"the metrics server of {cluster} refused (403){said}. Its administrator can grant"
            " reading it, or the tenant in the registry is not ours",
            system=system(cluster),
        )
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return _busy(refusal, cluster=cluster)
    if code in _QUERY_CODES and refusal.kind is not None:
        return _query_fault(refusal, cluster=cluster)
    if code in _REDIRECTS:
        return not_prometheus(f"a redirect ({code}), which is not followed", cluster=cluster)
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _failing(refusal, cluster=cluster)
    return not_prometheus(f"HTTP {code}{said}", cluster=cluster)


def not_prometheus(what: str, *, cluster: str) -> UpstreamError:
    """Return the error for an answer that no server of this API gives."""
    return UpstreamError(
        f"the metrics server of {cluster} did not answer as Prometheus does ({what}): something in"
        " between, such as a proxy or a sign-in page, may have. Check `url` in its `prometheus`"
        " entry: it is what stands before /api/v1",
        system=system(cluster),
    )


def torn(*, cluster: str) -> UpstreamError:
    """Return the error for an answer that ended before it was complete."""
    return UpstreamError(
        f"the answer of {cluster}'s metrics server broke off, so nothing of it was used. Ask again,"
        " or for fewer series",
        system=system(cluster),
    )


def too_slow(timeout_s: float, *, cluster: str) -> UpstreamError:
    """Return the error for an answer that did not come in time."""
    return UpstreamError(
        f"the metrics server of {cluster} did not answer within {timeout_s:g} s. Ask for fewer"
        " series or a shorter window; if it stays silent, it needs looking at",
        system=system(cluster),
    )


def unreachable(error: Exception, *, cluster: str, address: str) -> UpstreamError:
    """Return the error for a connection that failed, with the likeliest thing to check."""
    return UpstreamError(
        f"the metrics server of {cluster} cannot be reached at {address}: {cause(error, _ADVICE)}",
        system=system(cluster),
    )


def unusable(error: EndpointError | SignInError, *, cluster: str) -> UpstreamError:
    """Return the error for a server whose connection could not even be set up."""
    return UpstreamError(
        f"the metrics server of {cluster} cannot be asked: {error}", system=system(cluster)
    )


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


def _busy(refusal: Refusal, *, cluster: str) -> UpstreamError:
    said = f": {refusal.message}" if refusal.message else ""
    return UpstreamError(
        f"the metrics server of {cluster} is asked too much ({refusal.code}){said}. Ask again"
        f"{later(refusal.retry_after_s)}",
        system=system(cluster),
        retry_after_s=refusal.retry_after_s,
    )


def _failing(refusal: Refusal, *, cluster: str) -> UpstreamError:
    if refusal.kind in {"timeout", "canceled"}:
        return UpstreamError(
            f"the metrics server of {cluster} gave up on the query: {refusal.message}. Ask for"
            " fewer series or a shorter window",
            system=system(cluster),
            retry_after_s=refusal.retry_after_s,
        )
    said = f": {refusal.message}" if refusal.message else ", without a reason"
    return UpstreamError(
        f"the metrics server of {cluster} answered with an error ({refusal.code}){said}. Ask again"
        f"{later(refusal.retry_after_s)}; if it stays, it needs looking at",
        system=system(cluster),
        retry_after_s=refusal.retry_after_s,
    )


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
