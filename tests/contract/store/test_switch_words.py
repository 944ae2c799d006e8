"""Whoever throws a switch may look first, under its lock, at how it was thrown before."""

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
from safe_ops.errors import RefusedError
from safe_ops.model.actions import Switches
from tests.contract.store.operations import Crew, note
from tests.contract.store.test_action_races import at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from safe_ops.model.trail import AuditRow


@pytest.fixture
def crew(engine: Engine) -> Crew:
    return Crew(SqlActionBook(engine, SystemClock(), lambda: uuid4().hex))


def throw(
    crew: Crew,
    says: str,
    heed: Callable[[tuple[AuditRow, ...]], None],
    *,
    within: timedelta = timedelta(hours=1),
) -> Switches:
    return crew.book.change_switches(
        lambda found: replace(found, read_only=True),
        note("switch.set", says=says),
        since=crew.book.now() - within,
        heed=heed,
    )


def unless_there(rows: tuple[AuditRow, ...]) -> None:
    if rows:
        raise RefusedError("it was thrown already", code="repeated")


def test_the_words_since_a_time_are_told_oldest_first_and_nothing_else(crew: Crew) -> None:
    seen: list[list[str]] = []

    def heed(rows: tuple[AuditRow, ...]) -> None:
        seen.append([row.entry.says for row in rows])

    throw(crew, "first", heed)
    # More than are read at once, and one that only speaks of a switch.
    for number in range(250):
        crew.book.note(note(says=f'not "switch.set" {number}'))
    crew.planned()
    throw(crew, "second", heed)
    throw(crew, "third", heed)
    throw(crew, "fourth", heed, within=timedelta(0))
    assert seen == [[], ["first"], ["first", "second"], []]


def test_a_word_that_is_refused_leaves_everything_as_it_was(crew: Crew, engine: Engine) -> None:
    throw(crew, "first", unless_there)
    crew.book.change_switches(lambda _: Switches(), note("switch.set", says="lifted"))
    rows = SqlTrail(engine, SystemClock(), str).rows()
    with pytest.raises(RefusedError):
        throw(crew, "first", unless_there)
    assert crew.book.switches() == Switches()
    assert SqlTrail(engine, SystemClock(), str).rows() == rows


def test_one_word_brought_many_times_at_once_is_carried_out_once(
    crew: Crew, engine: Engine
) -> None:
    outcomes = at_once(*[partial(throw, crew, "stop", unless_there)] * 8)
    assert sorted(outcomes) == ["done", *["repeated"] * 7]
    assert len(SqlTrail(engine, SystemClock(), str).rows()) == 1
