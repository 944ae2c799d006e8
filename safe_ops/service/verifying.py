"""Looks whether what was wanted is so and stays so, and whether the incident's signal agrees.

It only reads. What follows from what it sees is the operator's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError, UpstreamError
from safe_ops.model.actions import Effect
from safe_ops.operations.operation import Progress
from safe_ops.service.sight import open_eyes, reading_warrant

if TYPE_CHECKING:
    from safe_ops.model.signal import Signal
    from safe_ops.model.surveys import Survey
    from safe_ops.operations.operation import Look, Operation
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.clock import Clock
    from safe_ops.ports.outside import Signals
    from safe_ops.ports.reach import Workshop
    from safe_ops.service.holding import Hold

LOOK_EVERY_S = 5.0
SIGNAL_WITHIN = timedelta(minutes=2)
"""So long a signal that fired before gets to fall silent: rules are evaluated every minute or so,
and the target stays locked meanwhile."""
WORSE = 1.5
"""A rule's number that grew by this factor is worse; less is what numbers do by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether it worked."""

    reached: bool
    says: str
    effect: Effect = Effect.NOT_VISIBLE


class Verifier:
    """Looks at targets after their calls."""

    def __init__(
        self, *, book: ActionBook, clock: Clock, workshop: Workshop, signals: Signals
    ) -> None:
        self._book = book
        self._clock = clock
        self._workshop = workshop
        self._signals = signals

    def signal(self, hold: Hold) -> Signal | None:
        """Return the signal the action's incident came by, as it is now; None without incident."""
        if not hold.plan.incident_id:
            return None
        return self._signals.look(hold.plan.incident_id, hold.plan.target.place)

    def verify(self, hold: Hold, operation: Operation[Survey], before: Signal | None) -> Verdict:
        """Return whether it is reached and settled, and the signal no worse than `before`.

        Raises:
            FenceLostError: The action is not held any more.
        """
        wanted = hold.plan.drawing.verification
        deadline = self._begun(hold) + timedelta(seconds=wanted.deadline_s)
        reached_at: datetime | None = None
        while True:
            hold.check()
            look = self._look(hold, operation)
            now = self._book.now()
            if isinstance(look, str):
                says, reached_at = look, None
            elif look.progress is Progress.MISSED:
                return Verdict(reached=False, says=look.says)
            elif look.progress is Progress.REACHED:
                says, reached_at = look.says, reached_at or now
            else:
                says, reached_at = look.says, None
            if reached_at is not None and now - reached_at >= timedelta(seconds=wanted.settle_s):
                return self._with_signal(hold, says, before)
            if reached_at is None and now >= deadline:
                return Verdict(
                    reached=False, says=f"not reached within {wanted.deadline_s} s: {says}"
                )
            self._clock.sleep(LOOK_EVERY_S)

    def _begun(self, hold: Hold) -> datetime:
        """Return when the last call ended: another operator may have made it."""
        ends = [row.at for row in self._book.journal(hold.action.action_id) if row.at is not None]
        return max(ends, default=self._book.now())

    def _look(self, hold: Hold, operation: Operation[Survey]) -> Look | str:
        """Return a look at the target, or why there is none."""
        warrant = reading_warrant(hold.action, operation.rights)
        place = hold.plan.target.place
        try:
            with open_eyes(self._workshop, place, warrant, now=self._book.now()) as eyes:
                return operation.look(hold.plan, eyes)
        except (UpstreamError, RefusedError) as error:
            return f"it cannot be seen now: {error}"

    def _with_signal(self, hold: Hold, says: str, before: Signal | None) -> Verdict:
        """Judge the signal, giving one that fired before some time to fall silent."""
        until = self._book.now() + SIGNAL_WITHIN
        while True:
            hold.check()
            after = self.signal(hold)
            worse = _worsened(before, after)
            if worse:
                return Verdict(reached=False, says=f"{says}, but {worse}", effect=Effect.NOT_SEEN)
            effect = _effect(before, after)
            if effect is not Effect.NOT_SEEN or self._book.now() >= until:
                return Verdict(reached=True, says=says, effect=effect)
            self._clock.sleep(LOOK_EVERY_S)


def _worsened(before: Signal | None, after: Signal | None) -> str:
    """Return how the signal got worse; empty if it did not, or nobody can tell."""
    if before is None or after is None:
        return ""
    if before.firing is False and after.firing:
        return f"the incident's signal fires now and did not before: {after.says}"
    if before.value is not None and after.value is not None and before.value > 0:
        grew = after.value / before.value
        if grew > WORSE:
            return f"the incident's signal got {grew:.1f} times as strong: {after.says}"
    return ""


def _effect(before: Signal | None, after: Signal | None) -> Effect:
    if before is None or after is None or not before.firing or after.firing is None:
        return Effect.NOT_VISIBLE
    return Effect.NOT_SEEN if after.firing else Effect.SEEN
