"""Operators that die, hang or come twice: never two effects, never a lost decision."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError, UpstreamError
from safe_ops.model.actions import Action, JournalRow, Phase, State
from tests.unit.safe_ops.book import MemoryBook
from tests.unit.safe_ops.dials import KilledError
from tests.unit.safe_ops.test_service_executing import rows
from tests.unit.safe_ops.write_side import TEAM

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.transition import Transition
    from tests.unit.safe_ops.write_side import WriteSide


@dataclass
class Wrapped:
    """A book that does something else at one place."""

    book: MemoryBook

    def __getattr__(self, name: str) -> Any:
        return getattr(self.book, name)


@dataclass
class DyingBook(Wrapped):
    """Dies before or after a given write: of the journal, or of a row's state."""

    when: str = "before"
    at: tuple[object, ...] = ()
    dead: bool = False

    def write_journal(self, row: JournalRow) -> None:
        self._write((row.part, row.step, row.phase), lambda: self.book.write_journal(row))

    def change(
        self, action_id: str, decide: Callable[[Action, datetime], Transition | None]
    ) -> Action:
        wanted: list[State] = []

        def noting(action: Action, now: datetime) -> Transition | None:
            transition = decide(action, now)
            if transition is not None:
                wanted.append(transition.state)
                if self.when == "before" and self.at == (transition.state,):
                    raise KilledError
            return transition

        changed = self.book.change(action_id, noting)
        if self.when == "after" and wanted and self.at == (wanted[-1],):
            raise KilledError
        return changed

    def _write(self, at: tuple[object, ...], write: Callable[[], None]) -> None:
        if self.at == at and self.when == "before":
            raise KilledError
        write()
        if self.at == at:
            raise KilledError


def kill(side: WriteSide, action: Action, book: Any) -> None:
    with pytest.raises(KilledError):
        side.new_operator("operator-dies", book=book).execute(action.action_id)


def relieve(side: WriteSide, action: Action) -> Action:
    """Let another operator find it, once the lease ran out."""
    early = side.new_operator("operator-2").execute(action.action_id)
    assert early.operator != "operator-2" or early.state is State.SUCCEEDED
    side.clock.move(seconds=61)
    side.sweep.run()
    return side.new_operator("operator-2").execute(action.action_id)


PLACES: list[tuple[object, ...]] = [
    (State.CLAIMED,),
    (State.EXECUTING,),
    *[("steps", step, phase) for step in (0, 1) for phase in Phase],
    (State.VERIFYING,),
    (State.SUCCEEDED,),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", PLACES, ids=str)
def test_killed_anywhere_it_is_finished_once(
    side: WriteSide, book: MemoryBook, at: tuple[object, ...], when: str
) -> None:
    action = side.approved("a", "b")
    kill(side, action, DyingBook(book, when=when, at=at))
    side.machine.on_send = lambda _call: None
    done = relieve(side, action)
    assert done.state is State.SUCCEEDED
    assert side.machine.effects == [("a", 5), ("b", 5)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "at",
    [
        (State.ROLLING_BACK,),
        *[("undo", step, phase) for step in (0, 1) for phase in Phase],
        (State.ROLLED_BACK,),
    ],
    ids=str,
)
def test_killed_while_undoing_it_is_undone_once(
    side: WriteSide, book: MemoryBook, at: tuple[object, ...], when: str
) -> None:
    side.machine.missed = "it fell over"
    action = side.approved("a", "b")
    kill(side, action, DyingBook(book, when=when, at=at))
    done = relieve(side, action)
    assert (done.state, done.reason) == (State.ROLLED_BACK, "it fell over")
    assert side.machine.effects == [("a", 5), ("b", 5), ("a", 1), ("b", 1)]


@pytest.mark.parametrize(("fault", "effects"), [("killed-before", 2), ("killed-after", 2)])
def test_killed_inside_a_call_it_is_read_back(side: WriteSide, fault: str, effects: int) -> None:
    side.machine.fault("a", fault)
    action = side.approved("a", "b")
    kill(side, action, side.book)
    assert relieve(side, action).state is State.SUCCEEDED
    assert len(side.machine.effects) == effects


def test_killed_inside_a_call_nobody_can_read_back_it_is_never_repeated(side: WriteSide) -> None:
    side.machine.fault("a", "killed-after")
    action = side.approved("a", "b")
    kill(side, action, side.book)
    side.machine.blind = True
    ended = relieve(side, action)
    assert (ended.state, len(side.machine.sent)) == (State.INDETERMINATE, 1)


def test_killed_after_writing_that_nobody_knows_it_stays_so(
    side: WriteSide, book: MemoryBook
) -> None:
    side.machine.fault("a", "lost-after")
    side.machine.blind = True
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="before", at=(State.INDETERMINATE,)))
    side.machine.blind = False
    ended = relieve(side, action)
    assert (ended.state, len(side.machine.sent)) == (State.INDETERMINATE, 1)


def test_killed_between_two_tries_for_a_budget_it_goes_on(
    side: WriteSide, book: MemoryBook
) -> None:
    side.machine.fault("a", "budget", "killed-before")
    action = side.approved("a")
    kill(side, action, book)
    assert relieve(side, action).state is State.SUCCEEDED
    assert [row[2] for row in rows(side, action)] == [1, 1, 2, 2, 3, 3]


def test_killed_after_a_try_that_was_refused_it_is_tried_again(
    side: WriteSide, book: MemoryBook
) -> None:
    side.machine.fault("a", "refused")
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="before", at=(State.FAILED,)))
    assert relieve(side, action).state is State.SUCCEEDED


def test_after_a_stop_a_dead_operators_run_is_ended_not_continued(side: WriteSide) -> None:
    side.machine.fault("b", "killed-before")
    action = side.approved("a", "b", "c")
    kill(side, action, side.book)
    side.brake.stop(slack_id="U2", team_id=TEAM)
    ended = relieve(side, action)
    assert (ended.state, side.machine.effects) == (State.FAILED, [("a", 5)])
    assert ended.outcome is not None
    assert ended.outcome.details[0].startswith("done: set dial a to 5")


def test_after_a_stop_what_a_dead_operator_claimed_is_revoked(
    side: WriteSide, book: MemoryBook
) -> None:
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="after", at=(State.CLAIMED,)))
    side.brake.stop(slack_id="U2", team_id=TEAM)
    assert relieve(side, action).state is State.REVOKED


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ((State.EXECUTING,), State.INDETERMINATE),
        ((State.VERIFYING,), State.FAILED),
        ((State.ROLLING_BACK,), State.ROLLBACK_FAILED),
    ],
)
def test_a_run_of_an_operation_nobody_knows_any_more_is_handed_to_a_person(
    side: WriteSide, book: MemoryBook, at: tuple[State], state: State
) -> None:
    side.machine.missed = "it fell over"
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="after", at=at))
    side.catalogue.clear()
    ended = relieve(side, action)
    assert (ended.state, len(side.outside.pages)) == (state, 1)


@pytest.mark.parametrize(
    ("fault", "state"),
    [("killed-before", State.INDETERMINATE), ("killed-after", State.INDETERMINATE)],
)
def test_where_nothing_opens_any_more_the_journal_decides(
    side: WriteSide, fault: str, state: State
) -> None:
    side.machine.fault("b", fault)
    action = side.approved("a", "b", "c")
    kill(side, action, side.book)
    side.machine.closed = "no credentials now"
    ended = relieve(side, action)
    assert ended.outcome is not None
    assert (ended.state, ended.outcome.details) == (
        state,
        (
            "done: set dial a to 5",
            "unknown: set dial b to 5 (no credentials now)",
            "not done: set dial c to 5 (no credentials now)",
        ),
    )


def test_where_nothing_opens_and_all_was_sent_it_is_verified(
    side: WriteSide, book: MemoryBook
) -> None:
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="before", at=(State.VERIFYING,)))
    side.machine.closed = "no credentials now"
    assert relieve(side, action).state is State.SUCCEEDED


# Two at once.


def test_of_many_operators_one_does_it(side: WriteSide) -> None:
    action = side.approved("a", "b")
    operators = [side.new_operator(f"operator-{number}") for number in range(8)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda operator: operator.execute(action.action_id), operators))
    assert side.now_as(action).state is State.SUCCEEDED
    assert side.machine.effects == [("a", 5), ("b", 5)]


def test_an_operator_that_slept_past_its_lease_sends_nothing_more(side: WriteSide) -> None:
    action = side.approved("a", "b")

    def sleep_and_be_relieved(_call: object) -> None:
        side.machine.on_send = lambda _call: None
        side.clock.move(seconds=61)
        side.new_operator("operator-2").execute(action.action_id)

    side.machine.on_send = sleep_and_be_relieved
    seen = side.operator.execute(action.action_id)
    assert (seen.state, seen.operator) == (side.now_as(action).state, "operator-2")
    # The first call was under way when the other read it back as not applied, and sent it again:
    # the version it carried kept it from taking effect twice.
    assert side.machine.effects == [("a", 5), ("b", 5)]


def test_an_operator_whose_lease_ran_out_unnoticed_stops(side: WriteSide) -> None:
    action = side.approved("a", "b")
    side.machine.on_send = lambda _call: side.clock.move(seconds=61)
    seen = side.operator.execute(action.action_id)
    assert (seen.state, side.machine.effects) == (State.EXECUTING, [("a", 5)])
    side.machine.on_send = lambda _call: None
    assert side.new_operator("operator-2").execute(action.action_id).state is State.SUCCEEDED
    assert side.machine.effects == [("a", 5), ("b", 5)]


def test_what_is_revoked_while_it_is_checked_does_not_begin(side: WriteSide) -> None:
    action = side.approved("a")

    def revoke() -> None:
        side.decisions.cancel(action.action_id, slack_id="U2", team_id=TEAM, reason="wait")

    side.outside.on_delivery = revoke
    assert side.operator.execute(action.action_id).state is State.REVOKED
    assert side.machine.sent == []


@dataclass
class RefusingBook(Wrapped):
    """Says of a step that it may have been sent already."""

    def write_journal(self, row: JournalRow) -> None:
        raise RefusedError("it was begun before and may have taken effect", code="journal")


def test_a_step_the_journal_refuses_may_have_been_sent(side: WriteSide, book: MemoryBook) -> None:
    action = side.approved("a")
    operator = side.new_operator("operator-1", book=RefusingBook(book))
    assert operator.execute(action.action_id).state is State.INDETERMINATE


@dataclass
class LateBook(Wrapped):
    """Finds an action as it was a moment ago."""

    then: Action | None = None

    def find(self, action_id: str) -> Action | None:
        then, self.then = self.then, None
        return then or self.book.find(action_id)


def test_what_another_finished_a_moment_ago_is_left_alone(
    side: WriteSide, book: MemoryBook
) -> None:
    approved = side.approved("a")
    done = side.operator.execute(approved.action_id)
    noted = len(book.audit)
    late = side.new_operator("operator-2", book=LateBook(book, then=approved))
    assert late.execute(approved.action_id) == done
    assert len(book.audit) == noted


@dataclass
class StoppedBook(Wrapped):
    """Is stopped at the first change, and everything is revoked by then."""

    revoke: Callable[[], object] | None = None

    def change(
        self, action_id: str, decide: Callable[[Action, datetime], Transition | None]
    ) -> Action:
        if self.revoke is not None:
            revoke, self.revoke = self.revoke, None
            revoke()
            raise RefusedError("everything is stopped", code="stopped")
        return self.book.change(action_id, decide)


def test_what_a_stop_revoked_a_moment_ago_is_left_alone(side: WriteSide, book: MemoryBook) -> None:
    action = side.approved("a")
    stopped = StoppedBook(book, revoke=lambda: side.brake.stop(slack_id="U2", team_id=TEAM))
    ended = side.new_operator("operator-2", book=stopped).execute(action.action_id)
    assert (ended.state, ended.reason.startswith("revoked by Ben")) == (State.REVOKED, True)


@dataclass
class AwayBook(Wrapped):
    """Cannot be reached when the row after a call shall be written."""

    def write_journal(self, row: JournalRow) -> None:
        if row.phase is Phase.AFTER:
            raise UpstreamError("the database does not answer", system="sql")
        self.book.write_journal(row)


def test_a_call_whose_outcome_could_not_be_written_is_read_back_later(
    side: WriteSide, book: MemoryBook
) -> None:
    action = side.approved("a")
    with pytest.raises(UpstreamError):
        side.new_operator("operator-1", book=AwayBook(book)).execute(action.action_id)
    assert side.now_as(action).state is State.EXECUTING
    assert relieve(side, action).state is State.SUCCEEDED
    assert side.machine.effects == [("a", 5)]
