"""Carries out approved actions: claims, checks again, sends, verifies, undoes.

It takes nothing but an action's id: what is done is in the row. Called twice, or by two processes,
it does nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model import events as on
from safe_ops.model.actions import HELD, Action, Outcome, State
from safe_ops.model.call_trail import STEPS
from safe_ops.model.standing import LEASE, SILENT_FOR, clause, may_begin
from safe_ops.model.trail import Actor
from safe_ops.plan import digest_of
from safe_ops.service.claiming import MOST_CLAIMS, Claims
from safe_ops.service.earning import earned_words
from safe_ops.service.holding import BEAT_EVERY_S, Hold
from safe_ops.service.step_ends import Run, StepFate
from safe_ops.service.windows import window_view

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from safe_ops.model.plans import Plan
    from safe_ops.model.signal import Signal
    from safe_ops.model.surveys import Survey
    from safe_ops.operations.operation import Operation
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.service.rechecking import Rechecker
    from safe_ops.service.reconciling import Reconciler
    from safe_ops.service.running import Runner
    from safe_ops.service.telling import Teller
    from safe_ops.service.undoing import Undoer
    from safe_ops.service.verifying import Verifier

log = structlog.get_logger()


class Operator:
    """One operator; `name` tells it from the others and stands in the row of what it holds."""

    def __init__(
        self,
        *,
        name: str,
        book: ActionBook,
        policy: Policy,
        catalogue: Mapping[str, Operation[Survey]],
        rechecker: Rechecker,
        runner: Runner,
        verifier: Verifier,
        undoer: Undoer,
        reconciler: Reconciler,
        teller: Teller,
        beat_every_s: float = BEAT_EVERY_S,
    ) -> None:
        self._actor = Actor(subject="process:operator", address=name)
        self._claims = Claims(name=name, actor=self._actor, book=book, policy=policy, teller=teller)
        self._book = book
        self._policy = policy
        self._catalogue = catalogue
        self._rechecker = rechecker
        self._runner = runner
        self._verifier = verifier
        self._undoer = undoer
        self._reconciler = reconciler
        self._teller = teller
        self._beat_every_s = beat_every_s

    def execute(self, action_id: str) -> Action:
        """Return the action after it was carried out as far as it can be now.

        One whose outcome nobody knows is read back once more, and nothing is sent.

        One that is not due, or that another operator has, comes back as it is.

        Raises:
            RefusedError: `gone`: there is no such action.
        """
        found = self._book.find(action_id)
        if found is None:
            raise RefusedError("There is no such action.", code="gone")
        if found.state is State.INDETERMINATE:
            return self._reconciler.reconcile(found)
        action, taken = self._claims.take(found)
        if not taken or action.plan is None:
            return action
        try:
            with Hold(
                book=self._book,
                teller=self._teller,
                action=action,
                plan=action.plan,
                actor=self._actor,
                beat_every_s=self._beat_every_s,
            ) as hold:
                return self._carried_out(hold, too_late=_too_late(found, self._book.now()))
        except FenceLostError as error:
            log.warning("action_lost", action=action.label, reason=str(error))
            return self._book.find(action_id) or action

    def _carried_out(self, hold: Hold, *, too_late: str) -> Action:
        """Go on from wherever the action stands: an operator before may have begun it.

        `too_late` says why its steps are not gone on with; empty if they may be.
        """
        before: Signal | None = None
        hopeless = _hopeless(hold)
        if hopeless:
            return self._abandon(hold, hopeless)
        if hold.action.state is State.CLAIMED:
            before = self._verifier.signal(hold)
            self._begin(hold)
        if hold.action.state not in HELD:
            return hold.action
        operation = self._catalogue.get(hold.plan.operation)
        if operation is None:
            return self._abandon(
                hold, f"this operator does not know {hold.plan.operation} and cannot go on with it"
            )
        if hold.action.state is State.ROLLING_BACK:
            return self._undoer.go_on(hold, operation)
        if hold.action.state is State.EXECUTING:
            self._send(hold, operation, too_late)
        if hold.action.state is State.VERIFYING:
            self._verify(hold, operation, before)
        return hold.action

    def _begin(self, hold: Hold) -> None:
        """Check everything again; it is EXECUTING afterwards, or over."""
        event = self._rechecker.recheck(hold)
        try:
            hold.move(event)
        except RefusedError as error:
            # A switch was set after the check: the book lets nothing begin any more.
            hold.move(
                on.ConsentLost(
                    actor=hold.actor, fence=hold.fence, reason=f"not begun: {clause(str(error))}"
                )
            )

    def _send(self, hold: Hold, operation: Operation[Survey], too_late: str) -> None:
        """Send the steps; it is VERIFYING afterwards, or over."""
        run = self._runner.run(
            hold,
            operation,
            part=STEPS,
            steps=hold.plan.drawing.steps,
            in_the_way=lambda: too_late or self._in_the_way(hold),
        )
        if run.is_complete:
            hold.move(on.AllSent(actor=hold.actor, fence=hold.fence, says=run.summary()))
        elif run.worst.fate in _UNDONE_AFTER and run.effects:
            reason = f"{run.worst.why}; {run.summary()}"
            self._undoer.undo(hold, operation, reason=reason, details=run.details())
        else:
            hold.move(_broken_off(hold, run))

    def _in_the_way(self, hold: Hold) -> str:
        """Return why no further step may begin; the kill switch is the book's own word."""
        window = window_view(self._policy, hold.plan.environment, self._book.now())
        if not may_begin(hold.action, window):
            return f"its change window has closed: {window.says}"
        switches = self._book.switches()
        if switches.read_only:
            return "Nightdesk was switched to read-only"
        return f"a freeze was declared: {switches.frozen}" if switches.frozen else ""

    def _verify(self, hold: Hold, operation: Operation[Survey], before: Signal | None) -> None:
        verdict = self._verifier.verify(hold, operation, before)
        if not verdict.reached:
            self._undoer.undo(
                hold, operation, reason=clause(verdict.says), details=_sent(hold.plan)
            )
            return
        earned = earned_words(self._book, self._policy, hold.action, hold.plan)
        details = (*_sent(hold.plan), *earned)
        outcome = Outcome(says=verdict.says, effect=verdict.effect, details=details)
        hold.move(on.Verified(actor=hold.actor, fence=hold.fence, outcome=outcome))

    def _abandon(self, hold: Hold, why: str) -> Action:
        """End what nobody may or can go on with, and call somebody."""
        if hold.action.state is State.CLAIMED:
            barred = on.Barred(
                actor=hold.actor, fence=hold.fence, reason=why, code="abandoned", pages=True
            )
            return hold.move(barred)
        outcome = Outcome(says=f"It was begun, but {why}. Look at it now.", pages=True)
        over = _OVER[hold.action.state]
        return hold.move(over(actor=hold.actor, fence=hold.fence, outcome=outcome))


_OVER: dict[State, type[on.OutcomeLost | on.Ended | on.UndoFailed]] = {
    State.EXECUTING: on.OutcomeLost,
    State.VERIFYING: on.Ended,
    State.ROLLING_BACK: on.UndoFailed,
}
_UNDONE_AFTER = frozenset({StepFate.CONFLICT, StepFate.REFUSED, StepFate.UNSENT})
"""What is changed back if anything took effect before; a stop leaves things as they are."""


def _hopeless(hold: Hold) -> str:
    """Return why no operator can go on with an action; empty if one can."""
    if digest_of(hold.plan) != hold.action.digest:
        return (
            "what stands in its row is not the plan that was approved: its digest is another. "
            "Somebody changed the database; see `nightdesk audit verify`"
        )
    if hold.fence > MOST_CLAIMS:
        return (
            f"operators took it {MOST_CLAIMS} times and none came to an end; their logs say what "
            "they fell over"
        )
    return ""


def _too_late(found: Action, now: datetime) -> str:
    """Return why steps of a run found so are not gone on with; empty if they may be.

    What was checked before the first of them is too old for those that are left.
    """
    if found.state is not State.EXECUTING or found.lease_until is None:
        return ""
    if now - found.lease_until <= SILENT_FOR:
        return ""
    since = found.lease_until - LEASE
    return f"its operator fell silent at {since:%H:%M} UTC, and what it checked is too old now"


def _broken_off(hold: Hold, run: Run) -> on.Held:
    """Return how a run ends that is not undone."""
    worst, details = run.worst, run.details()
    if worst.fate is StepFate.LOST:
        says = f"Nobody knows whether it took effect: {worst.why}. Look, and settle it."
        outcome = Outcome(says=says, details=details, pages=True)
        return on.OutcomeLost(actor=hold.actor, fence=hold.fence, outcome=outcome)
    if worst.fate is StepFate.CONFLICT:
        return on.Drifted(actor=hold.actor, fence=hold.fence, reason=worst.why)
    left = f"{run.summary()}; the rest was not begun, and nothing is changed back"
    says = f"Broken off: {worst.why}. {left if run.effects else 'Nothing was changed'}."
    outcome = Outcome(says=says, details=details, pages=bool(run.effects))
    return on.Ended(actor=hold.actor, fence=hold.fence, outcome=outcome)


def _sent(plan: Plan) -> tuple[str, ...]:
    return tuple(f"done: {step.says}" for step in plan.drawing.steps)
