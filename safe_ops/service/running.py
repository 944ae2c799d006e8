"""Runs one part of a held action's plan: opens hands and eyes for it, and has its steps sent.

Where they cannot be opened, the journal tells what an operator before did.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError, UpstreamError
from safe_ops.model.actions import CallOutcome, Phase
from safe_ops.service.journalling import Journal
from safe_ops.service.sight import changing_warrant, open_eyes, reading_warrant
from safe_ops.service.step_ends import Run, StepEnd, StepFate
from safe_ops.service.stepping import Stepper

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_ops.model.plans import Step
    from safe_ops.model.surveys import Survey
    from safe_ops.operations.operation import Operation
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.clock import Clock
    from safe_ops.ports.reach import Workshop
    from safe_ops.service.holding import Hold


class Runner:
    """Runs parts of plans."""

    def __init__(self, *, book: ActionBook, clock: Clock, workshop: Workshop) -> None:
        self._book = book
        self._clock = clock
        self._workshop = workshop

    def run(
        self,
        hold: Hold,
        operation: Operation[Survey],
        *,
        part: str,
        steps: tuple[Step, ...],
        in_the_way: Callable[[], str],
    ) -> Run:
        """Return how the part's steps ended.

        `in_the_way` says before each call why it must not be sent now; empty if it may.

        Raises:
            FenceLostError: The action is not held any more; nothing was sent since.
        """
        action, place = hold.action, hold.action.request.place
        reading = reading_warrant(action, operation.rights)
        changing = changing_warrant(action, operation.rights, steps)
        journal = Journal(book=self._book, hold=hold, part=part)
        now = self._book.now()
        with ExitStack() as opened:
            try:
                eyes = opened.enter_context(open_eyes(self._workshop, place, reading, now=now))
                hands = opened.enter_context(self._workshop.hands(place, changing))
            except (UpstreamError, RefusedError) as error:
                return _from_journal(journal, steps, str(error))
            stepper = Stepper(
                book=self._book,
                clock=self._clock,
                hold=hold,
                operation=operation,
                journal=journal,
                steps=steps,
                hands=hands,
                eyes=eyes,
                in_the_way=in_the_way,
            )
            return stepper.run()


def _from_journal(journal: Journal, steps: tuple[Step, ...], says: str) -> Run:
    """Return what is known of a part nothing more can be sent of."""
    ends: dict[int, StepEnd] = {}
    for number in range(len(steps)):
        row = journal.last(number)
        if row is not None and row.outcome is CallOutcome.APPLIED:
            ends[number] = StepEnd(fate=StepFate.DONE, says=row.says)
        elif row is not None and (row.phase is Phase.BEFORE or row.outcome is CallOutcome.UNKNOWN):
            ends[number] = StepEnd(fate=StepFate.LOST, says=says)
    missing = [number for number in range(len(steps)) if number not in ends]
    if missing:
        ends[missing[0]] = StepEnd(fate=StepFate.REFUSED, says=says)
    return Run(steps=steps, ends=ends)
