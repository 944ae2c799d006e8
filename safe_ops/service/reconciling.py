"""Reads back once more what became of an action of unknown outcome, and settles what that proves.

It sends nothing. What reading does not prove stays with the people who were called to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.errors import FenceLostError, RefusedError, UpstreamError
from safe_ops.lifecycle import advance
from safe_ops.model import events as on
from safe_ops.model.actions import Action, CallOutcome, Outcome
from safe_ops.model.call_trail import STEPS
from safe_ops.model.plans import Json
from safe_ops.model.standing import clause
from safe_ops.model.trail import Actor, AuditEntry
from safe_ops.operations.operation import Progress
from safe_ops.plan import digest_of
from safe_ops.service.assessing import checked_parameters
from safe_ops.service.rechecking import drift_between
from safe_ops.service.sight import open_eyes, reading_warrant
from safe_ops.service.step_ends import Run, StepEnd, StepFate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from safe_ops.model.actions import JournalRow
    from safe_ops.model.plans import Plan
    from safe_ops.model.surveys import Survey
    from safe_ops.model.transition import Transition
    from safe_ops.operations.operation import Eyes, Operation
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.reach import Workshop
    from safe_ops.service.telling import Teller


class _InDoubtError(Exception):
    """Reading does not prove what became of it; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    """What reading proved."""

    took_effect: bool
    outcome: Outcome
    read: dict[str, Json]
    """By step, what reading back told of it."""


class Reconciler:
    """Settles actions by reading; `name` is its operator's."""

    def __init__(
        self,
        *,
        name: str,
        book: ActionBook,
        catalogue: Mapping[str, Operation[Survey]],
        workshop: Workshop,
        teller: Teller,
    ) -> None:
        self._name = name
        self._actor = Actor(subject="process:operator", address=name)
        self._book = book
        self._catalogue = catalogue
        self._workshop = workshop
        self._teller = teller

    def reconcile(self, found: Action) -> Action:
        """Return an action of unknown outcome after a look, settled if that proves what became.

        One that is not due for a look, or that another operator has, comes back as it is.
        """
        try:
            action = self._book.change(found.action_id, self._take)
        except RefusedError:
            return self._book.find(found.action_id) or found
        try:
            proof = self._proof(action)
        except _InDoubtError as doubt:
            self._note(action, str(doubt))
            return action
        event = on.ReadBack(
            actor=self._actor,
            fence=action.fence,
            took_effect=proof.took_effect,
            outcome=proof.outcome,
            read=proof.read,
        )
        try:
            settled = self._book.change(action.action_id, lambda one, now: advance(one, event, now))
        except FenceLostError:
            # A person settled it meanwhile.
            return self._book.find(action.action_id) or action
        return self._teller.tell(settled)

    def _take(self, action: Action, now: datetime) -> Transition:
        return advance(action, on.LookedAgain(actor=self._actor, operator=self._name), now)

    def _note(self, action: Action, says: str) -> None:
        self._book.note(
            AuditEntry(
                event="readback.in_doubt",
                actor=self._actor,
                action_id=action.action_id,
                digest=action.digest,
                says=says,
            )
        )

    def _proof(self, action: Action) -> _Proof:
        plan = action.plan
        if plan is None or digest_of(plan) != action.digest:
            raise _InDoubtError("what stands in its row is not the plan that was approved")
        operation = self._catalogue.get(plan.operation)
        if operation is None or operation.version != plan.version:
            raise _InDoubtError(f"this operator does not know {plan.operation} as it was planned")
        rows = [row for row in self._book.journal(action.action_id) if row.part == STEPS]
        now = self._book.now()
        warrant = reading_warrant(action, operation.rights)
        try:
            with open_eyes(self._workshop, plan.target.place, warrant, now=now) as eyes:
                return self._read(action, plan, operation, rows, eyes)
        except (UpstreamError, RefusedError) as error:
            raise _InDoubtError(f"it cannot be read now: {error}") from error

    def _read(
        self,
        action: Action,
        plan: Plan,
        operation: Operation[Survey],
        rows: list[JournalRow],
        eyes: Eyes,
    ) -> _Proof:
        last = {row.step: row for row in rows}
        ends: dict[int, StepEnd] = {}
        read: dict[str, Json] = {}
        for number, row in sorted(last.items()):
            outcome = row.outcome
            if outcome is None or outcome is CallOutcome.UNKNOWN:
                outcome = operation.applied(plan, plan.drawing.steps[number].call, eyes)
                read[str(number)] = outcome.value
            ends[number] = _ENDS[outcome]
        if CallOutcome.UNKNOWN.value in read.values():
            raise _InDoubtError("reading back does not tell what became of every call")
        if CallOutcome.NOT_APPLIED.value in read.values():
            self._check_untouched(action, plan, operation, eyes)
        run = Run(steps=plan.drawing.steps, ends=ends)
        if not run.is_complete:
            return _Proof(took_effect=False, outcome=_without_effect(run), read=read)
        says = _reached(plan, operation, rows, eyes)
        reached = Outcome(says=f"Read back: it took effect; {says}", details=run.details())
        return _Proof(took_effect=True, outcome=reached, read=read)

    def _check_untouched(
        self, action: Action, plan: Plan, operation: Operation[Survey], eyes: Eyes
    ) -> None:
        """Return if the target stands as it was planned for.

        Otherwise that a call's effect is not there does not tell whether it ever was.
        """
        wanted = checked_parameters(operation, action.request)
        survey = operation.survey(wanted, eyes)
        drift = drift_between(operation, plan, operation.draw(wanted, survey, eyes.place))
        if drift:
            raise _InDoubtError(
                f"an effect is not there, but the target changed since it was planned: {drift}"
            )


_ENDS = {
    CallOutcome.APPLIED: StepEnd(fate=StepFate.DONE),
    CallOutcome.NOT_APPLIED: StepEnd(fate=StepFate.REFUSED, says="no effect of it is there"),
    CallOutcome.UNKNOWN: StepEnd(fate=StepFate.LOST),
}


def _reached(plan: Plan, operation: Operation[Survey], rows: list[JournalRow], eyes: Eyes) -> str:
    """Return what is so, once what was wanted is reached, and as long ago as it has to stay so."""
    look = operation.look(plan, eyes)
    if look.progress is not Progress.REACHED:
        raise _InDoubtError(f"every call took effect, and what was wanted is not so: {look.says}")
    settle = timedelta(seconds=plan.drawing.verification.settle_s)
    since = max(row.at for row in rows if row.at is not None)
    if eyes.now - since < settle:
        raise _InDoubtError(f"{clause(look.says)}, but it is too early to tell that it stays so")
    return look.says


def _without_effect(run: Run) -> Outcome:
    if not run.effects:
        # Done and taken back meanwhile looks the same where the target counts no writes.
        says = "Read back: no effect of it is there, and its target is as it was planned for."
        return Outcome(says=says, details=run.details())
    says = (
        f"Read back: {run.summary()}; the rest had none or was not begun, and nothing is changed "
        "back. Look at it now."
    )
    return Outcome(says=says, details=run.details(), pages=True)
