"""Sends the calls of a plan's part, each once, with a journal row before and after.

An answer that is lost is read back, never guessed; what may have taken effect is never repeated.
It decides nothing about what follows: it says how each step ended.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.errors import (
    BudgetError,
    CallRefusedError,
    GoneError,
    RefusedError,
    StaleError,
    UnknownOutcomeError,
    UpstreamError,
)
from safe_ops.model.actions import CallOutcome, Phase
from safe_ops.model.call_trail import UNDO
from safe_ops.operations.operation import Paced
from safe_ops.service.binding import bound
from safe_ops.service.step_ends import Run, StepEnd, StepFate
from safe_ops.service.step_order import blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_ops.model.actions import JournalRow
    from safe_ops.model.plans import Call, Step
    from safe_ops.model.surveys import Survey
    from safe_ops.operations.operation import Eyes, Operation
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.clock import Clock
    from safe_ops.ports.reach import Hands
    from safe_ops.service.holding import Hold
    from safe_ops.service.journalling import Journal

IN_FLIGHT = 5
"""Calls at once, over all groups."""
BUDGET_WAIT = timedelta(minutes=5)
"""How long one eviction waits for its disruption budget, or for the pod evicted before it to be
replaced; then the run stops there."""
BUDGET_PAUSES_S = (2.0, 4.0, 8.0, 16.0, 30.0)
"""Between tries, where the server names no time; the last one repeats."""
READ_BACK_AFTER_S = 2.0
"""A call whose answer was lost may still be on its way: so long it gets before it is looked for."""
READ_BACK_TRIES = 3
OVERTAKEN_AGAIN = 3
"""How often a call of an undo is bound anew and sent again where somebody's write came between: a
rollout that does not come up has its status written all the time, and that is when it is undone."""
SENT_AGAIN = 1
"""How often a call is sent again after it was lost and found to have had no effect."""


class Stepper:
    """Sends one part of one held action's plan."""

    def __init__(
        self,
        *,
        book: ActionBook,
        clock: Clock,
        hold: Hold,
        operation: Operation[Survey],
        journal: Journal,
        steps: tuple[Step, ...],
        hands: Hands,
        eyes: Eyes,
        in_the_way: Callable[[], str],
    ) -> None:
        self._book = book
        self._clock = clock
        self._hold = hold
        self._operation = operation
        self._journal = journal
        self._steps = steps
        self._hands = hands
        self._eyes = eyes
        self._in_the_way = in_the_way
        self._halted = threading.Event()
        self._attempts: dict[int, int] = {}
        self._ends: dict[int, StepEnd] = {}

    def run(self) -> Run:
        """Return how each step ended, after all were sent or one stopped the rest.

        Raises:
            FenceLostError: The action is not held any more; nothing was sent since.
        """
        self._take_up()
        for block in blocks(self._steps):
            if len(block) == 1:
                self._lane(block[0])
            else:
                with ThreadPoolExecutor(max_workers=min(IN_FLIGHT, len(block))) as pool:
                    list(pool.map(self._lane, block))
        return Run(steps=self._steps, ends=self._ends)

    def _take_up(self) -> None:
        """Take over what an operator before left in the journal, before anything is sent."""
        for number in range(len(self._steps)):
            row = self._journal.last(number)
            if row is None:
                continue
            if row.phase is Phase.BEFORE:
                row = self._read_back(number, row.attempt)
            match row.outcome:
                case CallOutcome.APPLIED:
                    self._ends[number] = StepEnd(fate=StepFate.DONE, says=row.says)
                case CallOutcome.NOT_APPLIED:
                    self._attempts[number] = row.attempt + 1
                case _:
                    self._ends[number] = StepEnd(fate=StepFate.LOST, says=row.says)
                    self._halted.set()

    def _lane(self, numbers: tuple[int, ...]) -> None:
        """Send some steps one after another, until one here or beside stops it all."""
        for number in numbers:
            if self._halted.is_set():
                return
            if number in self._ends:
                continue
            went_on = False
            try:
                end = self._sent(number, self._attempts.get(number, 1))
                self._ends[number] = end
                went_on = end.fate.goes_on
            finally:
                if not went_on:
                    self._halted.set()

    def _sent(self, number: int, attempt: int) -> StepEnd:
        """Send a step until it is settled.

        Again only for a budget or for ready pods, once where it was lost, and in an undo where it
        was overtaken: binding anew tells first whether the target is the one that was changed.
        """
        until = self._book.now() + BUDGET_WAIT
        waits = lost = overtaken = 0
        while True:
            end = self._tried(number, attempt)
            attempt += not end.unwritten
            if end.fate is StepFate.WAITS and self._book.now() < until:
                left_s = (until - self._book.now()).total_seconds()
                self._clock.sleep(min(end.retry_after_s or _pause(waits), max(left_s, 0.0)))
                if self._halted.is_set():
                    return end
                waits += 1
            elif end.fate is StepFate.UNSENT and lost < SENT_AGAIN:
                lost += 1
            elif end.overtaken and self._journal.part == UNDO and overtaken < OVERTAKEN_AGAIN:
                overtaken += 1
            else:
                return end

    def _tried(self, number: int, attempt: int) -> StepEnd:
        reason = self._in_the_way()
        if reason:
            return StepEnd(fate=StepFate.STOPPED, says=reason)
        eyes, step = self._eyes_now(), self._steps[number]
        # All reading comes before the row: between it and the call nothing may take time, for a
        # stop or another operator would come in between unseen.
        try:
            waits = self._waits(step, eyes)
            if waits is not None:
                return waits
            call = self._bound(step, eyes)
        except (UpstreamError, RefusedError, StaleError) as error:
            return _refused(step, error)
        try:
            self._journal.begin(number, attempt)
        except RefusedError as error:
            fate = StepFate.STOPPED if error.code == "stopped" else StepFate.LOST
            return StepEnd(fate=fate, says=str(error))
        try:
            self._hands.send(call)
        except UnknownOutcomeError:
            return self._found(number, attempt)
        except (UpstreamError, RefusedError) as error:
            end = _refused(step, error)
            if isinstance(error, CallRefusedError):
                end = replace(end, overtaken=error.conflict)
            applied = end.fate is StepFate.GONE
            outcome = CallOutcome.APPLIED if applied else CallOutcome.NOT_APPLIED
            self._journal.end(number, attempt, outcome, end.says)
            return end
        self._journal.end(number, attempt, CallOutcome.APPLIED, "")
        return StepEnd(fate=StepFate.DONE)

    def _waits(self, step: Step, eyes: Eyes) -> StepEnd | None:
        """Return why a step may not be sent yet, if so; a stop ends that waiting as well."""
        if not isinstance(self._operation, Paced):
            return None
        try:
            says = self._operation.not_yet(self._hold.plan, step.call, eyes)
        except UpstreamError as error:
            # It is asked again and again: one answer that is missing shall not undo the run.
            says = f"it cannot be seen now: {error}"
        if not says:
            return None
        # No row is begun while it waits, and so no row is refused because of a stop.
        stopped_by = self._book.switches().stopped_by
        if stopped_by:
            return StepEnd(fate=StepFate.STOPPED, says=f"{stopped_by} stopped everything")
        return StepEnd(fate=StepFate.WAITS, says=says, unwritten=True)

    def _bound(self, step: Step, eyes: Eyes) -> Call:
        label = self._hold.action.label
        return bound(self._operation, self._hold.plan, step.call, eyes, label=label)

    def _found(self, number: int, attempt: int) -> StepEnd:
        row = self._read_back(number, attempt)
        match row.outcome:
            case CallOutcome.APPLIED:
                return StepEnd(fate=StepFate.DONE, says=row.says)
            case CallOutcome.NOT_APPLIED:
                return StepEnd(fate=StepFate.UNSENT, says=row.says)
            case _:
                return StepEnd(fate=StepFate.LOST, says=row.says)

    def _read_back(self, number: int, attempt: int) -> JournalRow:
        """Look whether a call without an answer took effect, and write down what is found."""
        outcome, says = CallOutcome.UNKNOWN, ""
        for _ in range(READ_BACK_TRIES):
            self._clock.sleep(READ_BACK_AFTER_S)
            eyes = self._eyes_now()
            try:
                outcome = self._operation.applied(self._hold.plan, self._steps[number].call, eyes)
            except (UpstreamError, RefusedError) as error:
                says = f"; {error}"
            if outcome is not CallOutcome.UNKNOWN:
                break
        return self._journal.end(number, attempt, outcome, _SAYS[outcome] + says)

    def _eyes_now(self) -> Eyes:
        return replace(self._eyes, now=self._book.now())


_SAYS = {
    CallOutcome.APPLIED: "its answer was lost; reading back shows that it took effect",
    CallOutcome.NOT_APPLIED: "its answer was lost; reading back shows that it had no effect",
    CallOutcome.UNKNOWN: "its answer was lost, and reading back does not tell what became of it",
}


def _pause(waits: int) -> float:
    return BUDGET_PAUSES_S[min(waits, len(BUDGET_PAUSES_S) - 1)]


def _refused(step: Step, error: UpstreamError | RefusedError | StaleError) -> StepEnd:
    """Return how a step ended that certainly had no effect."""
    match error:
        case BudgetError(retry_after_s=retry_after_s):
            return StepEnd(fate=StepFate.WAITS, says=str(error), retry_after_s=retry_after_s)
        case GoneError() if step.gone_is_fine:
            return StepEnd(fate=StepFate.GONE, says="gone already")
        case GoneError() | StaleError() | CallRefusedError(conflict=True):
            return StepEnd(fate=StepFate.CONFLICT, says=str(error))
        case _:
            return StepEnd(fate=StepFate.REFUSED, says=str(error))
