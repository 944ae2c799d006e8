"""Errors of the write side, classed by what they mean for the action at hand."""

from __future__ import annotations


class SafeOpsError(Exception):
    """Root of every error this package raises on purpose."""


class RefusedError(SafeOpsError):
    """A rule says no; the text tells the person what was refused and what to do instead.

    `code` names the rule for the audit, such as `not-eligible` or `digest`.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class StaleError(SafeOpsError):
    """The world is not as it was planned for; nothing was changed, a new plan is needed."""


class FenceLostError(SafeOpsError):
    """Another operator took the action over; whoever sees this must stop at once."""


class UpstreamError(SafeOpsError):
    """A system did not answer as it should, and nothing can have changed by it."""

    def __init__(self, message: str, *, system: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.system = system
        self.retry_after_s = retry_after_s


class CallRefusedError(UpstreamError):
    """The system refused a call for good: nothing changed, repeating it would not help.

    `status` is HTTP's, or AWS's error code; 409, 412 and 422 of a precondition are conflicts.
    """

    def __init__(self, message: str, *, system: str, status: str, conflict: bool = False) -> None:
        super().__init__(message, system=system)
        self.status = status
        self.conflict = conflict


class BudgetError(UpstreamError):
    """An eviction has to wait: a disruption budget allows none now (429)."""


class GoneError(CallRefusedError):
    """What the call is about is not there any more (404)."""

    def __init__(self, message: str, *, system: str) -> None:
        super().__init__(message, system=system, status="404")


class UnknownOutcomeError(SafeOpsError):
    """The call was sent and no answer came: it may have taken effect. Never repeat it blindly."""

    def __init__(self, message: str, *, system: str) -> None:
        super().__init__(message)
        self.system = system


class PolicyError(SafeOpsError):
    """The policy file cannot be used; `problems` has a line each, with the file's line number."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class AuditError(SafeOpsError):
    """The audit does not verify, or cannot be delivered where it must be."""
