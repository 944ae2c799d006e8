"""How an investigation ended, with all a card needs to show it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.conversation import PersonId
from bot.domain.evidence import Evidence
from bot.domain.investigation import RunState
from bot.domain.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one run, whichever it is."""

    investigation_id: str
    state: RunState
    verdict: Verdict | None
    """The answer; a partial one for TIMED_OUT and CANCELLED where there is something to say."""
    evidence: tuple[Evidence, ...]
    """The ledger of this run, in order."""
    notice: str | None = None
    """One sentence on how it ended, such as that no model is configured."""
    stopped_by: PersonId | None = None
    """Who stopped it, for CANCELLED."""
    command: Evidence | None = None
    """Set when a typed command was answered: shown as it is, without a verdict."""
