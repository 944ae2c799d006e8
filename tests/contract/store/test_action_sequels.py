"""What follows approved plans, as both databases keep it and find it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import Engine, update

from bot.adapters.clock import SystemClock
from bot.adapters.store.action_index import SqlActionIndex
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import actions
from safe_ops.model.plans import Sequel
from safe_ops.plan import digest_of
from tests.contract.store.operations import Crew, plan, request

if TYPE_CHECKING:
    from safe_ops.ports.book import Wishes


@pytest.fixture
def crew(engine: Engine) -> Crew:
    return Crew(SqlActionBook(engine, SystemClock(), lambda: uuid4().hex))


def test_what_succeeded_is_listed_oldest_first(crew: Crew, engine: Engine) -> None:
    old = crew.finish(crew.started("cart"))
    first, second = crew.finish(crew.started("a")), crew.finish(crew.started("b"))
    crew.fail(crew.started("c"))
    crew.planned("d")
    # As if it had succeeded three days ago.
    with writing(engine) as connection:
        connection.execute(
            update(actions)
            .where(actions.c.action_id == old.action_id)
            .values(changed_at=old.changed_at - timedelta(days=3))
        )
    since, operations = crew.book.now() - timedelta(days=2), ("rollout_restart", "scale_up")
    assert crew.book.succeeded(operations=operations, since=since) == (first, second)
    assert crew.book.succeeded(operations=("scale_up",), since=since) == ()


def test_what_follows_a_plan_is_kept_with_it_and_found_by_its_key(
    crew: Crew, engine: Engine
) -> None:
    sequel = Sequel(operation="cronjob_resume", parameters={"name": "report"}, after_s=3600)
    drawn = plan(crew.book.now())
    drawn = replace(drawn, drawing=replace(drawn.drawing, sequel=sequel))
    action, _ = crew.book.open(replace(request("resume:act-0"), origin="act-0"))
    crew.plan(action, drawn)
    wishes: Wishes = SqlActionIndex(engine, SystemClock(), lambda: "")
    found = wishes.asked_with("resume:act-0")
    assert found is not None
    assert (found.plan, found.request.origin) == (drawn, "act-0")
    assert found.digest == digest_of(drawn)
    assert wishes.asked_with("resume:act-1") is None
