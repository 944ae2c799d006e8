"""Refusals as the API server words them: a Status object and its HTTP code."""

from __future__ import annotations

from typing import Any

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
_MESSAGES = {
    401: "Unauthorized",
    429: "Too many requests, please try again later.",
    500: "Internal error occurred: etcdserver: request timed out",
    503: "the server is currently unable to handle the request",
    504: "Timeout: request did not complete within the allotted timeout",
}


class StatusError(Exception):
    """A request refused; `body` is the Status object to answer with."""

    def __init__(
        self,
        code: int,
        message: str = "",
        *,
        details: dict[str, Any] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        message = message or _MESSAGES.get(code, _REASONS.get(code, "Unknown"))
        super().__init__(message)
        self.code = code
        self.retry_after_s = retry_after_s
        if retry_after_s is not None:
            details = (details or {}) | {"retryAfterSeconds": retry_after_s}
        self.body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": _REASONS.get(code, "Unknown"),
            "code": code,
        }
        if details:
            self.body["details"] = details


def unknown_path() -> StatusError:
    """The server has no such API."""
    return StatusError(404, "the server could not find the requested resource", details={})


def not_found(plural: str, group: str, name: str) -> StatusError:
    """There is no object of that name."""
    details = {"name": name, "group": group, "kind": plural}
    of = f"{plural}.{group}" if group else plural
    return StatusError(404, f'{of} "{name}" not found', details=_without_empty(details))


def forbidden(
    *, user: str, verb: str, resource: str, group: str, namespace: str, name: str
) -> StatusError:
    """RBAC refuses; worded as the authoriser words it."""
    of = f"{resource}.{group}" if group else resource
    subject = f'{of} "{name}"' if name else of
    place = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    message = (
        f'{subject} is forbidden: User "{user}" cannot {verb} resource "{resource}" '
        f'in API group "{group}" {place}'
    )
    details = {"name": name, "group": group, "kind": resource.split("/", maxsplit=1)[0]}
    return StatusError(403, message, details=_without_empty(details))


def conflict(plural: str, group: str, name: str, why: str) -> StatusError:
    """The object is not as the request says it should be."""
    of = f"{plural}.{group}" if group else plural
    details = {"name": name, "group": group, "kind": plural}
    return StatusError(
        409,
        f'Operation cannot be fulfilled on {of} "{name}": {why}',
        details=_without_empty(details),
    )


def invalid(kind: str, group: str, name: str, problems: list[tuple[str, str, str]]) -> StatusError:
    """Validation refuses: field, reason and sentence of each problem."""
    of = f"{kind}.{group}" if group else kind
    said = [f"{field}: {message}" for field, _, message in problems]
    listed = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    causes = [
        {"reason": reason, "message": message, "field": field}
        for field, reason, message in problems
    ]
    details = {"name": name, "group": group, "kind": kind, "causes": causes}
    return StatusError(422, f'{of} "{name}" is invalid: {listed}', details=_without_empty(details))


def _without_empty(details: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in details.items() if value}
