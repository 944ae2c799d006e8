"""How the lab's model refuses: errors as the Messages API words them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """One error; dialects other than the Messages API's translate it."""

    status: int
    type: str
    message: str
    retry_after_s: float | None = None


class RequestRefusedError(Exception):
    """The request gets this error for an answer."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message)
        self.error = error


class InvalidRequestError(RequestRefusedError):
    """The API would refuse this request."""

    def __init__(
        self, message: str, *, status: int = 400, kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(ApiError(status=status, type=kind, message=message))


class ScriptError(InvalidRequestError):
    """The brain has no turn for this request; the fault is the test's, or the loop's length."""
