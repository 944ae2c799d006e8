"""An action: the row that carries one plan from the request to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from safe_ops.model.plans import Json, Place, Plan, Stage


class State(StrEnum):
    """Where an action stands; which may follow which is `safe_ops.lifecycle`'s."""

    DRAFT = "draft"
    """Asked for; the operator has not planned it yet."""
    PENDING_ONCALL = "pending_oncall"
    PENDING_MANAGER = "pending_manager"
    PENDING_FACTOR = "pending_factor"
    """The last approval waits for the approver's second factor."""
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    """Approved; waits for its window to open."""
    CLAIMED = "claimed"
    """An operator holds it and checks everything again."""
    EXECUTING = "executing"
    VERIFYING = "verifying"
    ROLLING_BACK = "rolling_back"
    INDETERMINATE = "indeterminate"
    """A call may or may not have taken effect, and reading back did not tell."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """Ended without the effect that was wanted; what was changed is in the outcome."""
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    BLOCKED = "blocked"
    """A guard, the policy or the dry run said no."""
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    """Taken back before it was approved."""
    REVOKED = "revoked"
    """Taken back after it was approved, or an approver lost the right meanwhile."""
    STALE = "stale"
    """The world changed since it was planned; nothing was done."""


TERMINAL = frozenset(
    {
        State.SUCCEEDED,
        State.FAILED,
        State.ROLLED_BACK,
        State.ROLLBACK_FAILED,
        State.BLOCKED,
        State.REJECTED,
        State.EXPIRED,
        State.CANCELLED,
        State.REVOKED,
        State.STALE,
    }
)
"""States no action ever leaves."""
PENDING = frozenset({State.PENDING_ONCALL, State.PENDING_MANAGER, State.PENDING_FACTOR})
"""States that wait for a person."""
AT_WORK = frozenset(
    {State.CLAIMED, State.EXECUTING, State.VERIFYING, State.ROLLING_BACK, State.INDETERMINATE}
)
"""States in which the target may be changing; one action per target and per service."""
HELD = frozenset({State.CLAIMED, State.EXECUTING, State.VERIFYING, State.ROLLING_BACK})
"""States an operator's lease belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, as the workspace and the policy know them now."""

    subject: str
    """Who it is, whatever account was used: two accounts of one person have one subject."""
    slack_id: str
    name: str
    teams: frozenset[str] = frozenset()
    barred: str = ""
    """Why this person may decide nothing (guest, bot, deactivated, other workspace); else empty."""


class Factor(StrEnum):
    """How somebody proved to be themselves."""

    NONE = "none"
    TOTP = "totp"
    WEBAUTHN = "webauthn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's yes; `policy:<hash>` as subject where policy lets it run by itself."""

    stage: Stage
    subject: str
    slack_id: str
    name: str
    at: datetime
    factor: Factor = Factor.NONE
    factor_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingProof:
    """A yes that counts only once its giver has shown a second factor."""

    approval: Approval
    """As it was given; joins the action's approvals with the factor filled in."""
    failures: int = 0
    """Answers that did not hold; the fifth ends the action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What the request rests on, as code counted it in the evidence ledger."""

    evidence: tuple[str, ...] = ()
    """Ledger labels."""
    freshest_at: datetime | None = None
    measured: bool = False
    """True when at least one piece is a metric or an API object: logs alone never justify."""


class Author(StrEnum):
    """Who wrote the reason that came with a request."""

    RULES = "rules"
    """Nightdesk's own code, from what it read."""
    MODEL = "model"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody's wish, before anything was read or judged."""

    key: str
    """The same key is the same wish: asking twice gives one action."""
    operation: str
    parameters: dict[str, Json]
    """As they were given; the operation's model checks them when it is planned."""
    provenance: dict[str, str]
    """Of each parameter: `person`, `registry`, `api` or `text`."""
    place: Place
    requester: str
    """Subject of the person, or `alert:<fingerprint>`."""
    requester_name: str
    requester_slack_id: str = ""
    channel: str = ""
    """Slack channel of the thread the card stands in."""
    thread_ts: str = ""
    incident_id: str = ""
    investigation_id: str = ""
    grounds: Grounds = field(default_factory=Grounds)
    rationale_by: Author = Author.MODEL
    """Of the free text that came along, kept apart; what nobody is sure of is a model's."""
    break_glass: str = ""
    origin: str = ""
    """Id of the action whose approved plan has this as its sequel. Nobody's word is taken for it:
    whoever plans it looks whether that is so."""


class Effect(StrEnum):
    """Whether the signal the incident came by agrees that it helped."""

    SEEN = "seen"
    NOT_SEEN = "not_seen"
    NOT_VISIBLE = "not_visible"
    """Nothing could be looked at, or there was no signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended, in sentences for people."""

    says: str
    effect: Effect = Effect.NOT_VISIBLE
    details: tuple[str, ...] = ()
    pages: bool = False
    """True when somebody has to look now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One row, as it stood when it was read. Times are UTC, of the database's clock."""

    action_id: str
    number: int
    """Short name for people: A12."""
    state: State
    version: int
    """Rises with every change of the row."""
    request: Request
    plan: Plan | None = None
    digest: str = ""
    approvals: tuple[Approval, ...] = ()
    proof: PendingProof | None = None
    """Whose second factor is awaited; of PENDING_FACTOR only, kept as it was afterwards."""
    reason: str = ""
    """Why it is where it is: of a denial, a block, a refusal."""
    outcome: Outcome | None = None
    fence: int = 0
    operator: str = ""
    """Name of the process that holds it."""
    lease_until: datetime | None = None
    stage_until: datetime | None = None
    """When the present waiting ends: of a pending stage, of an approval not yet executed, of a
    schedule."""
    created_at: datetime
    changed_at: datetime

    @property
    def label(self) -> str:
        """Return the short name people use."""
        return f"A{self.number}"


class Phase(StrEnum):
    """When a journal row was written."""

    BEFORE = "before"
    AFTER = "after"


class CallOutcome(StrEnum):
    """What became of a call."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One row before and one after each changing call; never changed, never deleted."""

    action_id: str
    fence: int
    part: str
    """`steps` or `undo`."""
    step: int
    """From 0 in the order of the plan."""
    attempt: int
    """From 1; above 1 only after the one before was found not applied."""
    phase: Phase
    outcome: CallOutcome | None = None
    """Of AFTER rows."""
    says: str = ""
    at: datetime | None = None
    """The database's time; filled when written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAction:
    """What guards need to know of an action that was."""

    action_id: str
    number: int
    operation: str
    environment: str
    target_key: str
    service_key: str
    state: State
    requester: str
    changed_at: datetime
    size: int = 0
    """Objects its plan touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What stops everything; both stand in the database and count from the next read on."""

    stopped_by: str = ""
    """Who pressed the kill switch; empty when it is off."""
    stopped_at: datetime | None = None
    read_only: bool = False
    frozen: str = ""
    """Reason of a freeze somebody declared by hand; empty without."""

    @property
    def facts(self) -> dict[str, Json]:
        """Return how they stand, as the audit notes it."""
        return {
            "stopped": bool(self.stopped_by),
            "read_only": self.read_only,
            "frozen": bool(self.frozen),
        }
