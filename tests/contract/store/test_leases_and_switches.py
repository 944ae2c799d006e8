"""What stands beside an action: the lease of who holds it, and the switches."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from safe_ops.errors import FenceLostError
from safe_ops.model.actions import Switches
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import Crew, note
from tests.contract.store.test_action_races import at_once, now_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@pytest.fixture
def crew(engine: Engine) -> Iterator[Crew]:
    yield Crew(SqlActionBook(engine, SystemClock(), lambda: uuid4().hex))
    check_promises(engine, SystemClock())


@pytest.fixture
def trail(engine: Engine) -> SqlTrail:
    return SqlTrail(engine, SystemClock(), str)


def test_holding_on_changes_nothing_but_the_lease(crew: Crew, trail: SqlTrail) -> None:
    held = crew.started()
    rows = len(trail.rows())
    crew.book.extend_lease(held.action_id, fence=held.fence, by=timedelta(minutes=5))
    after = now_of(crew, held)
    assert after.version == held.version
    assert after.lease_until is not None
    assert held.lease_until is not None
    assert after.lease_until > held.lease_until
    assert len(trail.rows()) == rows


def test_a_lease_is_extended_only_under_its_fence(crew: Crew) -> None:
    held = crew.started()
    with pytest.raises(FenceLostError):
        crew.book.extend_lease(held.action_id, fence=held.fence + 1, by=timedelta(minutes=5))
    with pytest.raises(FenceLostError):
        crew.book.extend_lease("nobody", fence=1, by=timedelta(minutes=5))


def test_two_switches_set_at_once_both_stand(crew: Crew, trail: SqlTrail) -> None:
    crowd = [
        partial(
            crew.book.change_switches,
            lambda found: replace(found, stopped_by="Mia"),
            note("switch.set"),
        ),
        partial(
            crew.book.change_switches,
            lambda found: replace(found, read_only=True),
            note("switch.set"),
        ),
    ]
    at_once(*crowd)
    assert crew.book.switches() == Switches(stopped_by="Mia", read_only=True)
    assert trail.rows()[-1].entry.facts == {
        "stopped": True,
        "read_only": True,
        "frozen": False,
    }
