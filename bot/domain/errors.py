"""Errors classed by who can act on them: the model, time, a person, or nobody any more."""

from __future__ import annotations


class BotError(Exception):
    """Root of every error this package raises on purpose."""


class ToolError(BotError):
    """The caller of a tool can mend it: the text says what was wrong and what to try instead."""

    def __init__(self, message: str, *, rule: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        """Id of the read-policy rule that refused, such as R20; None for other mistakes."""


class OutOfReachError(ToolError):
    """The asker may not read it: their rights refuse, not the form of what they asked."""

    def __init__(self, message: str, *, rule: str = "access") -> None:
        super().__init__(message, rule=rule)


class UpstreamError(BotError):
    """A system did not answer as it should; time, or its owner, can mend it."""

    def __init__(self, message: str, *, system: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.system = system
        """What failed, by name: `kubernetes prod-eu`, `anthropic`, `slack`."""
        self.retry_after_s = retry_after_s
        """When the system said to come back; None if it did not say."""


class DeniedError(UpstreamError):
    """The system answered that our own credentials may not read this."""


class NotAllowedError(BotError):
    """A person asked for something the registry does not grant them; the text says who may."""


class SettingsError(BotError):
    """The installation is incomplete; `problems` lists all that is to be set, a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class LeaseLostError(BotError):
    """Another worker took this investigation over; whoever sees this must stop at once."""


class CancelledByPersonError(BotError):
    """Somebody pressed Stop or said so; `person` is their id."""

    def __init__(self, person: str) -> None:
        super().__init__(f"stopped by {person}")
        self.person = person
