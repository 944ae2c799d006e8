"""What was written down before: runbooks, and what became of earlier incidents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.domain.alert import AlertScope
from bot.domain.verdict import Cause, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.runbook import Runbook


@dataclass(frozen=True, slots=True, kw_only=True)
class PastIncident:
    """An earlier incident and its last conclusive verdict."""

    incident_id: str
    title: str
    at: datetime
    status: Status
    cause: Cause
    object: str
    summary: str
    scope: AlertScope
    """Where it was; whoever may not read there is not told of it."""
    channel: str
    """Where its verdict stands for everybody to read."""
    rated_bad: bool = False
    """True when a person called the verdict wrong."""


class Runbooks(Protocol):
    """The pages of this installation."""

    def matching(
        self, *, alerts: Sequence[str], services: Sequence[str], text: str
    ) -> list[Runbook]:
        """Return the pages that fit best, best first, at most three.

        Pages that name one of the alerts; only where there is none, those that share words.
        """
        ...


class PastIncidents(Protocol):
    """What became of earlier incidents."""

    def concluded(self, *, since: datetime, limit: int) -> list[PastIncident]:
        """Return incidents with a conclusive verdict, newest first."""
        ...
