"""Trust in an operation: what it rests on, what it is, and what ends it. Values and pure rules.

Trust is of one operation on one service in one environment, and is worth one approval.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from safe_ops.model.actions import State
from safe_ops.model.plans import Stage, Tier
from safe_ops.model.surveys import Survey

GRANT: Final = "autonomy_grant"
WITHDRAW: Final = "autonomy_withdraw"
"""The two operations that change what is trusted; neither can be trusted itself."""
GIVE: Final = "nightdesk:grant_autonomy"
TAKE: Final = "nightdesk:withdraw_autonomy"
"""The calls they make."""
ROWS: Final = "autonomy"
"""What the paths of those calls begin with."""
OWN: Final = frozenset({GRANT, WITHDRAW})
RECORD: Final = timedelta(days=30)
"""How far back a record goes (safety.md D10)."""
VERIFIED_RUNS: Final = 20
"""Approved and verified runs within the record that trust takes (safety.md D10)."""
_GOES_WRONG: Final = frozenset(
    {State.ROLLING_BACK, State.ROLLED_BACK, State.ROLLBACK_FAILED, State.INDETERMINATE}
)
_MAY_HAVE_WRITTEN: Final = frozenset({State.FAILED, State.STALE})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustKey:
    """Whose trust it is."""

    operation: str
    environment: str
    """As the registry calls it."""
    service_key: str
    """`safe_ops.model.plans.Target.service_key`, such as `eu/shop/cart`."""

    @property
    def path(self) -> str:
        """Return the name of its row, as plans spell it."""
        return f"{ROWS}/{self.environment}/{self.service_key}/{self.operation}"

    @property
    def says(self) -> str:
        """Return it in words, such as `rollout_restart on eu/shop/cart in prod`."""
        return f"{self.operation} on {self.service_key} in {self.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """One approval less, as people gave it."""

    key: TrustKey
    label: str
    """Short name of the action that gave it, such as A12."""
    runs: int
    """Verified runs it was given for."""
    given_at: datetime

    @property
    def says(self) -> str:
        """Return what it rests on, in words."""
        return f"{self.label} of {self.given_at:%Y-%m-%d}, for {self.runs} verified runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run of the operation on the service in the last 30 days, whose calls had begun."""

    number: int
    state: State
    tier: Tier
    place: str
    """Name of the cluster or account."""
    namespace: str
    approved: bool
    """True when people agreed to it; False where it ran by itself."""
    broke_glass: bool
    since_loss: bool = True
    """False when it began before trust in the operation was lost: it proves nothing any more."""

    @property
    def label(self) -> str:
        """Return the short name people use."""
        return f"A{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How an operation went on a service."""

    runs: tuple[PastRun, ...] = ()
    """Of the last 30 days, newest first."""
    lost_by: str = ""
    """Label of the last action that went wrong after its first call; empty if none ever did."""

    @property
    def verified(self) -> int:
        """Return how many were approved by people and verified, since trust was lost last."""
        return sum(run.approved and run.since_loss and not self._is_bad(run) for run in self.runs)

    @property
    def bad(self) -> tuple[PastRun, ...]:
        """Return those that did not end verified; a person's word on an unknown end is no proof."""
        return tuple(run for run in self.runs if self._is_bad(run))

    @property
    def overrides(self) -> tuple[PastRun, ...]:
        """Return those for which guards were set aside."""
        return tuple(run for run in self.runs if run.broke_glass)

    @property
    def hardest(self) -> PastRun | None:
        """Return the newest run of the highest tier there was; None without any."""
        return max(self.runs, key=lambda run: (run.tier, run.number), default=None)

    def _is_bad(self, run: PastRun) -> bool:
        return run.state is not State.SUCCEEDED or run.label == self.lost_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """What the policy asks for now, and what it would with trust."""

    before: tuple[Stage, ...] = ()
    after: tuple[Stage, ...] = ()
    budget: int = 0
    """Actions an hour that may run without approval in the environment."""

    @property
    def before_says(self) -> str:
        """Return the first in words."""
        return _stages_say(self.before, self.budget)

    @property
    def after_says(self) -> str:
        """Return the second in words."""
        return _stages_say(self.after, self.budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSurvey(Survey):
    """What was read of an operation's standing on a service."""

    key: TrustKey
    """The service as it was asked for, where it is none or several."""
    known: bool
    """True if the catalogue has the operation."""
    services: tuple[str, ...] = ()
    """Keys the service may mean; one, or nothing can be drawn."""
    trust: Trust | None = None
    conduct: Conduct = field(default_factory=Conduct)
    ladder: Ladder = field(default_factory=Ladder)


def went_wrong(after: State, *, wrote: bool) -> bool:
    """Tell whether a run that enters a state went wrong after its first call.

    `wrote` says whether any call of it took effect, or may have. An undo begins because a
    verification failed, so trust ends then and not only with the undo.
    """
    return after in _GOES_WRONG or (after in _MAY_HAVE_WRITTEN and wrote)


def command(operation: str, key: TrustKey) -> str:
    """Return what people type to ask for trust, or to take it back."""
    return (
        f"/nightdesk run {operation} place={key.environment} operation={key.operation}"
        f" service={shlex.quote(key.service_key)}"
    )


def lost_words(key: TrustKey) -> str:
    """Return what people are told where trust was lost."""
    return f"{key.says} needs approval again: this run did not go as planned"


def _stages_say(stages: tuple[Stage, ...], budget: int) -> str:
    if not stages:
        return f"runs by itself inside the budget of {budget} an hour"
    listed = " and the ".join(stage.label for stage in stages)
    return f"needs the {listed} approval{'s' if len(stages) > 1 else ''}"
