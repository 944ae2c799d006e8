"""What went wrong at a cluster, as our own errors, in words that say what to do next.

Knows how the API server fails. Must not know who asked or why, and must never pass on
a credential or a body: of an answer only the `message` of a Kubernetes Status is quoted, cut.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bot.adapters.transport import Advice, SignInError, cause, later, one_line, retry_after_s
from bot.domain.errors import DeniedError, ToolError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Codes below 500 that time mends: request time-out, too early, too many requests.
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_ADVICE = Advice(
    certificate="Check `certificate-authority` and `tls-server-name` in its kubeconfig entry",
    name="Check `server` in its kubeconfig entry, and DNS",
    refused="Check that the API server runs, and the port",
    proxy="Check `proxy-url` or HTTPS_PROXY",
    tls=(
        "Check that `server` speaks https, in version 1.2 or later, and which certificates are set"
    ),
    broken="Ask again; if it stays, check `server` and the network",
)


class KubeconfigError(Exception):
    """A kubeconfig cannot be used; the text names the file and what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer with a code other than success, read as a Kubernetes Status where it is one."""

    code: int
    message: str | None
    """The Status's own sentence; None when the answer was no Status."""
    named: str | None
    """Name of the object the Status is about."""
    retry_after_s: float | None

    @property
    def object_missing(self) -> bool:
        """True when one object was not found, rather than its whole resource type."""
        return self.code == HTTPStatus.NOT_FOUND and self.named is not None


class RefusedError(Exception):
    """The API server answered with a code other than success; the reader decides what it means."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"HTTP {refusal.code}")
        self.refusal = refusal


def system(cluster: str) -> str:
    """Return the name errors carry for a cluster."""
    return f"kubernetes {cluster}"


def read_refusal(code: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Return what an unsuccessful answer says; never raises, whatever the body is."""
    status = _status(body)
    details = status.get("details")
    named = details.get("name") if isinstance(details, dict) else None
    message = status.get("message")
    return Refusal(
        code=code,
        message=one_line(message).rstrip(".") or None if isinstance(message, str) else None,
        named=named if isinstance(named, str) and named else None,
        retry_after_s=retry_after_s(headers.get("retry-after")),
    )


def refused(refusal: Refusal, *, cluster: str) -> ToolError | UpstreamError:
    """Return the error for a refusal nobody could interpret more closely."""
    code = refusal.code
    said = f": {refusal.message}" if refusal.message else ""
    if code == HTTPStatus.UNAUTHORIZED:
        return DeniedError(
            f"{cluster} does not accept our credentials (401). Sign in again, or renew the token"
            " or certificate its kubeconfig entry uses",
            system=system(cluster),
        )
    if code == HTTPStatus.FORBIDDEN:
        return DeniedError(
            f"{cluster} refused (403){said}. Its administrator can grant that with a read-only"
            " role",
            system=system(cluster),
        )
    if code in _BUSY:
        return UpstreamError(
            f"{cluster} is busy ({code}){said}. Ask again{later(refusal.retry_after_s)}",
            system=system(cluster),
            retry_after_s=refusal.retry_after_s,
        )
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _failing(refusal, cluster=cluster)
    if refusal.message is None or code < HTTPStatus.BAD_REQUEST:
        return not_kubernetes(f"HTTP {code}", cluster=cluster)
    return ToolError(f"{cluster} could not use the request ({code}){said}")


def not_kubernetes(what: str, *, cluster: str) -> UpstreamError:
    """Return the error for an answer that no Kubernetes API server gives."""
    return UpstreamError(
        f"{cluster} did not answer as a Kubernetes API server ({what}): something in between, such"
        " as a proxy or a sign-in page, may have. Check `server` in its kubeconfig entry",
        system=system(cluster),
    )


def torn(*, cluster: str) -> UpstreamError:
    """Return the error for an answer that ended before it was complete."""
    return UpstreamError(
        f"The answer of {cluster} broke off, so nothing of it was used. Ask again; if it happens"
        " again, look at the load balancer or proxy in front of its API server",
        system=system(cluster),
    )


def too_slow(timeout_s: float, *, cluster: str) -> UpstreamError:
    """Return the error for an answer that did not come, or not to its end, in time."""
    return UpstreamError(
        f"{cluster} did not answer within {timeout_s:g} s. Ask again, or for less at a time; if it"
        " stays silent, its API server needs looking at",
        system=system(cluster),
    )


def unreachable(error: Exception, *, cluster: str, address: str) -> UpstreamError:
    """Return the error for a connection that failed, with the likeliest thing to check."""
    return UpstreamError(
        f"{cluster} cannot be reached at {address}: {cause(error, _ADVICE)}", system=system(cluster)
    )


def unusable(error: KubeconfigError | SignInError, *, cluster: str) -> UpstreamError:
    """Return the error for a cluster whose connection could not even be set up."""
    return UpstreamError(f"{cluster} cannot be reached: {error}", system=system(cluster))


def _failing(refusal: Refusal, *, cluster: str) -> UpstreamError:
    said = f": {refusal.message}" if refusal.message else ", without a reason"
    return UpstreamError(
        f"{cluster} answered with a server error ({refusal.code}){said}. Ask again"
        f"{later(refusal.retry_after_s)}; if it stays, its API server or the part it called needs"
        " looking at",
        system=system(cluster),
        retry_after_s=refusal.retry_after_s,
    )


def _status(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(parsed, dict) and parsed.get("kind") == "Status":
        return parsed
    return {}
