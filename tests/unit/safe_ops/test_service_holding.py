"""The lease: extended while work goes on, and what an operator learns from its beat."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import FenceLostError, UpstreamError
from safe_ops.model.actions import State
from safe_ops.model.trail import Actor
from safe_ops.service.holding import Hold
from tests.unit.safe_ops.test_service_crashes import DyingBook, Wrapped, kill
from tests.unit.safe_ops.write_side import TEAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.safe_ops.book import MemoryBook
    from tests.unit.safe_ops.write_side import WriteSide


@dataclass
class ShakyBook(Wrapped):
    """Cannot be reached at first; counts the beats."""

    failures: int = 0
    beats: int = 0
    beaten: threading.Event | None = None

    def extend_lease(self, action_id: str, *, fence: int, by: timedelta) -> None:
        if self.failures:
            self.failures -= 1
            raise UpstreamError("the database does not answer", system="sql")
        self.book.extend_lease(action_id, fence=fence, by=by)
        self.beats += 1
        if self.beaten is not None:
            self.beaten.set()


@pytest.fixture
def hold_over(side: WriteSide, book: MemoryBook) -> Iterator[Callable[[Any], Hold]]:
    holds: list[Hold] = []

    def hold(over: Any) -> Hold:
        action = side.approved("a")
        kill(side, action, DyingBook(book, when="after", at=(State.CLAIMED,)))
        claimed = side.now_as(action)
        assert claimed.plan is not None
        entered = Hold(
            book=over,
            teller=side.teller,
            action=claimed,
            plan=claimed.plan,
            actor=Actor(subject="process:operator"),
            beat_every_s=0.001,
        )
        holds.append(entered)
        return entered.__enter__()

    yield hold
    for one in holds:
        one.__exit__()


def test_the_lease_is_extended_while_work_goes_on(
    side: WriteSide, book: MemoryBook, hold_over: Callable[[Any], Hold]
) -> None:
    shaky = ShakyBook(book, failures=2, beaten=threading.Event())
    hold = hold_over(shaky)
    side.clock.move(seconds=30)
    assert shaky.beaten is not None
    shaky.beaten.clear()
    assert shaky.beaten.wait(5)
    assert side.now_as(hold.action).lease_until == side.clock.now() + timedelta(seconds=60)
    hold.check()


def test_an_operator_learns_from_its_beat_that_it_was_relieved(
    side: WriteSide, book: MemoryBook, hold_over: Callable[[Any], Hold]
) -> None:
    hold = hold_over(book)
    side.decisions.cancel(hold.action.action_id, slack_id="U2", team_id=TEAM, reason="")
    assert hold.lost.wait(5)
    with pytest.raises(FenceLostError, match="is not held any more"):
        hold.check()
