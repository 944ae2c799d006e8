"""What can happen to an action. What follows from it is `safe_ops.lifecycle`'s alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from safe_ops.model.actions import Approval, Outcome
from safe_ops.model.plans import Json, Plan
from safe_ops.model.trail import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something somebody caused."""

    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowView:
    """The environment's change window, as policy judges it at one moment."""

    open: bool
    says: str
    opens_at: datetime | None = None
    """When it opens next, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Event):
    """The operator drew a plan nothing speaks against."""

    plan: Plan
    digest: str
    window: WindowView


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(Event):
    """A guard, the policy or the dry run said no, before anything was sent."""

    reason: str
    code: str
    plan: Plan | None = None
    """Where there was one already when it turned out."""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed(Event):
    """Somebody eligible said yes at the present stage."""

    approval: Approval
    window: WindowView


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven(Event):
    """Whoever said yes showed a second factor."""

    approval: Approval
    """The pending one, with the factor filled in."""
    window: WindowView


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFailed(Event):
    """An answer to the question for the second factor did not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied(Event):
    """Somebody eligible said no."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack(Event):
    """The requester, an approver or the kill switch took it back before it began."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRanOut(Event):
    """Nobody did in time what it waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOpened(Event):
    """The window a scheduled action waits for is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Event):
    """An operator takes it: for the first time, or after another's lease ran out."""

    operator: str
    window: WindowView


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Event):
    """Base of what only the operator that holds the action can cause."""

    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred(Held):
    """A guard or a system spoke against it when everything was checked again."""

    reason: str
    code: str
    pages: bool = False
    """True when somebody has to look now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted(Held):
    """The world is not as it was planned for, and nothing was changed."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLost(Held):
    """The approvals there are do not suffice any more: a person's rights, or policy, changed."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Held):
    """Everything was checked again; from here on the target may change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllSent(Held):
    """Every step took effect."""

    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified(Held):
    """What was wanted is so, and stayed so."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Held):
    """It ended without the wanted effect and will not be undone; the outcome says what is left."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLost(Held):
    """A call may or may not have taken effect, and reading back did not tell."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoBegun(Held):
    """What was changed is being changed back."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone(Held):
    """Every step of the undo took effect."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoFailed(Held):
    """The undo did not get through, or nobody knows whether it did."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled(Event):
    """Somebody looked and says whether an action of unknown outcome took effect."""

    name: str
    took_effect: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAgain(Event):
    """An operator takes up an action of unknown outcome, to read back once more."""

    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack(Held):
    """Reading proved what became of an action of unknown outcome, of which it is the last word."""

    took_effect: bool
    """True when every call took effect and what was wanted is so."""
    outcome: Outcome
    read: dict[str, Json]
    """By step, what reading told of it: for the audit."""
