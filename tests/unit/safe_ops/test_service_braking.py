"""Words about the switches that come twice, late, or about nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import State
from safe_ops.model.given import Given
from safe_ops.service.braking import Brake
from safe_ops.service.hearing import Hearing
from tests.unit.safe_ops.dials import KilledError
from tests.unit.safe_ops.test_service_crashes import Wrapped
from tests.unit.safe_ops.write_side import TEAM, Directory

if TYPE_CHECKING:
    from safe_ops.model.actions import Person, Switches
    from tests.unit.safe_ops.book import MemoryBook
    from tests.unit.safe_ops.write_side import WriteSide

ONCALL: dict[str, Any] = {"slack_id": "U2", "team_id": TEAM}
MANAGER: dict[str, Any] = {"slack_id": "U3", "team_id": TEAM}

SETS: dict[str, Callable[[Brake, Given], Switches]] = {
    "stop": lambda brake, given: brake.stop(given=given, **ONCALL),
    "read-only": lambda brake, given: brake.read_only(enabled=True, given=given, **ONCALL),
    "freeze": lambda brake, given: brake.freeze(reason="the sale", given=given, **ONCALL),
}
LIFTS: dict[str, Callable[[Brake, Given], Switches]] = {
    "stop": lambda brake, given: brake.release(given=given, **MANAGER),
    "read-only": lambda brake, given: brake.read_only(enabled=False, given=given, **MANAGER),
    "freeze": lambda brake, given: brake.freeze(reason="", given=given, **MANAGER),
}


def is_set(side: WriteSide, switch: str) -> bool:
    found = side.book.switches()
    return bool(
        {"stop": found.stopped_by, "read-only": found.read_only, "freeze": found.frozen}[switch]
    )


def refused(throw: Callable[[Brake, Given], Switches], side: WriteSide, given: Given) -> str:
    before = side.book.switches()
    with pytest.raises(RefusedError) as refusal:
        throw(side.brake, given)
    assert side.book.switches() == before
    assert side.last_entry().event == "click.refused"
    assert side.last_entry().facts == {"code": refusal.value.code}
    return refusal.value.code


def long_ago(side: WriteSide, act_id: str = "late", **amount: float) -> Given:
    return Given(act_id=act_id, stored_at=side.clock.now() - timedelta(**amount))


@pytest.mark.parametrize("switch", SETS)
def test_what_is_not_set_is_not_said_to_be_lifted(side: WriteSide, switch: str) -> None:
    assert refused(LIFTS[switch], side, Given()) == "not-set"
    assert "switch.set" not in side.events()


def test_who_lifts_what_is_not_set_is_told_what_holds_operations_back(side: WriteSide) -> None:
    for switch in ("read-only", "freeze"):
        SETS[switch](side.brake, Given())
    with pytest.raises(RefusedError, match="Nightdesk only reads at present and a freeze was decl"):
        side.brake.release(**MANAGER)
    SETS["stop"](side.brake, Given())
    LIFTS["freeze"](side.brake, Given())
    with pytest.raises(
        RefusedError, match=r"No freeze was declared; .* Ben stopped all operations"
    ):
        side.brake.freeze(reason="", **MANAGER)


@pytest.mark.parametrize("switch", SETS)
def test_a_word_that_comes_late_lifts_nothing_newer(side: WriteSide, switch: str) -> None:
    SETS[switch](side.brake, Given())
    side.clock.move(minutes=20)
    given = Given(act_id="act-1", stored_at=side.clock.now())
    # Its delivery was lost; somebody else lifted it, and set it again since.
    LIFTS[switch](side.brake, Given(act_id="act-2"))
    side.clock.move(seconds=30)
    SETS[switch](side.brake, Given(act_id="act-3"))
    side.clock.move(seconds=30)
    assert refused(LIFTS[switch], side, given) == "newer"
    assert is_set(side, switch)


@pytest.mark.parametrize("switch", SETS)
def test_a_word_that_comes_late_lifts_what_is_surely_older(side: WriteSide, switch: str) -> None:
    """Whoever stored it may have another clock, five minutes off at most."""
    SETS[switch](side.brake, Given())
    side.clock.move(minutes=4)
    early = long_ago(side, seconds=0)
    assert refused(LIFTS[switch], side, early) == "newer"
    side.clock.move(minutes=2)
    LIFTS[switch](side.brake, long_ago(side, seconds=30))
    assert not is_set(side, switch)


@pytest.mark.parametrize("switch", SETS)
def test_the_same_word_to_lift_is_not_carried_out_twice(side: WriteSide, switch: str) -> None:
    SETS[switch](side.brake, Given())
    side.clock.move(minutes=10)
    given = Given(act_id="act-1", stored_at=side.clock.now())
    LIFTS[switch](side.brake, Given(act_id="act-1"))
    assert refused(LIFTS[switch], side, given) == "repeated"
    # The clock of whoever stored it was ten minutes fast: even so.
    side.clock.move(minutes=1)
    SETS[switch](side.brake, Given(act_id="act-2"))
    fast = Given(act_id="act-1", stored_at=side.clock.now() + timedelta(minutes=10))
    assert refused(LIFTS[switch], side, fast) == "repeated"


@pytest.mark.parametrize("switch", SETS)
def test_the_same_word_to_set_is_not_carried_out_twice(side: WriteSide, switch: str) -> None:
    SETS[switch](side.brake, Given(act_id="act-1"))
    LIFTS[switch](side.brake, Given(act_id="act-2"))
    side.clock.move(minutes=1)
    assert refused(SETS[switch], side, long_ago(side, "act-1", minutes=1)) == "repeated"
    assert not is_set(side, switch)
    SETS[switch](side.brake, Given(act_id="act-3"))
    assert is_set(side, switch)


@dataclass
class DiesOnceStopped(Wrapped):
    """Dies between the switch and what it revokes."""

    def due(self) -> Any:
        raise KilledError


def test_a_stop_that_died_half_way_is_finished_when_it_comes_again(
    side: WriteSide, book: MemoryBook
) -> None:
    approved = side.approved("a")
    dying = Brake(
        book=DiesOnceStopped(book), policy=side.policy, hearing=side.hearing, teller=side.teller
    )
    with pytest.raises(KilledError):
        dying.stop(given=Given(act_id="act-1"), **ONCALL)
    assert side.now_as(approved).state is State.APPROVED
    given = long_ago(side, "act-1", seconds=10)
    assert side.brake.stop(given=given, **ONCALL).stopped_by == "Ben"
    assert side.now_as(approved).state is State.REVOKED
    assert side.events().count("switch.set") == 1


@dataclass
class SlowDirectory(Directory):
    """Takes its time to tell who somebody is, and something happens meanwhile."""

    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def person(self, slack_id: str, *, team_id: str = "") -> Person:
        while self.meanwhile:
            self.meanwhile.pop()()
        return super().person(slack_id, team_id=team_id)


def test_a_release_lifts_no_stop_that_came_after_it_was_said(
    side: WriteSide, book: MemoryBook
) -> None:
    SETS["stop"](side.brake, Given())
    side.clock.move(seconds=5)

    def stop_again() -> None:
        side.clock.move(seconds=1)
        SETS["stop"](side.brake, Given())

    slow = SlowDirectory(side.people.people, meanwhile=[stop_again])
    hearing = Hearing(book=book, people=slow)
    brake = Brake(book=book, policy=side.policy, hearing=hearing, teller=side.teller)
    with pytest.raises(RefusedError, match="A stop that ben set at 12:00:06 UTC is newer"):
        brake.release(**MANAGER)
    assert is_set(side, "stop")
