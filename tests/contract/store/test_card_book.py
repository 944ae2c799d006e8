"""One draws a card at a time, and what is newer stays on top."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import update

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.card_book import SqlCardBook
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import action_cards, actions
from bot.ports.card_book import Edition
from tests.contract.store.operations import Crew
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from safe_ops.model.actions import Action
    from tests.lab.clock import LabClock

AT_ONCE = 8
LEASE_S = 20.0


@pytest.fixture
def crew(engine: Engine, lab: LabClock) -> Crew:
    return Crew(SqlActionBook(engine, LabTime(lab), lambda: uuid4().hex))


@pytest.fixture
def cards(engine: Engine, lab: LabClock) -> SqlCardBook:
    return SqlCardBook(engine, LabTime(lab), lambda: uuid4().hex)


@pytest.fixture
def action(crew: Crew) -> Action:
    return crew.planned()


def edition(version: int, rows: int = 0) -> Edition:
    return Edition(version=version, rows=rows)


def claim(cards: SqlCardBook, action: Action, shows: Edition, holder: str = "w1") -> bool:
    return cards.claim_card(action.action_id, edition=shows, holder=holder, lease_s=LEASE_S)


def behind(cards: SqlCardBook) -> tuple[str, ...]:
    return cards.cards_behind(within_s=60, limit=10)


def let_claim_run_out(engine: Engine, action: Action) -> None:
    with writing(engine) as connection:
        connection.execute(
            update(action_cards).values(held_until=action.changed_at - timedelta(seconds=1))
        )


def test_one_draws_at_a_time(cards: SqlCardBook, action: Action) -> None:
    assert claim(cards, action, edition(2), "w1")
    assert not claim(cards, action, edition(3), "w2")
    assert claim(cards, action, edition(3), "w1")
    cards.card_shown(action.action_id, edition=edition(3), holder="w1")
    assert claim(cards, action, edition(4), "w2")


def test_what_is_shown_already_is_not_drawn_again(cards: SqlCardBook, action: Action) -> None:
    assert claim(cards, action, edition(2, rows=3))
    cards.card_shown(action.action_id, edition=edition(2, rows=3), holder="w1")
    for old in (edition(2, rows=3), edition(2, rows=2), edition(1, rows=9)):
        assert not claim(cards, action, old)
    assert claim(cards, action, edition(2, rows=4))


def test_whoever_could_not_draw_gives_the_claim_back(cards: SqlCardBook, action: Action) -> None:
    assert claim(cards, action, edition(2), "w1")
    cards.card_left(action.action_id, holder="w2")
    assert not claim(cards, action, edition(2), "w2")
    cards.card_left(action.action_id, holder="w1")
    assert claim(cards, action, edition(2), "w2")


def test_a_claim_runs_out_with_whoever_had_it(
    cards: SqlCardBook, action: Action, engine: Engine
) -> None:
    assert claim(cards, action, edition(2), "w1")
    let_claim_run_out(engine, action)
    assert claim(cards, action, edition(2), "w2")


def test_whoever_drew_too_late_has_the_card_drawn_once_more(
    cards: SqlCardBook, action: Action, engine: Engine
) -> None:
    """Its older picture may be the one that people see now."""
    assert claim(cards, action, edition(1), "w1")
    let_claim_run_out(engine, action)
    assert claim(cards, action, edition(2), "w2")
    cards.card_shown(action.action_id, edition=edition(2), holder="w2")
    assert behind(cards) == ()
    cards.card_shown(action.action_id, edition=edition(1), holder="w1")
    assert behind(cards) == (action.action_id,)
    assert claim(cards, action, edition(2), "w2")


def test_an_unknown_action_has_no_card(cards: SqlCardBook) -> None:
    assert not cards.claim_card("nobody", edition=edition(1), holder="w1", lease_s=LEASE_S)
    cards.card_shown("nobody", edition=edition(1), holder="w1")
    cards.card_left("nobody", holder="w1")
    assert behind(cards) == ()


def test_behind_are_cards_that_show_less_and_nobody_draws(
    cards: SqlCardBook, crew: Crew, action: Action, engine: Engine
) -> None:
    never, drawn = crew.requested(), crew.planned("checkout")
    assert claim(cards, action, edition(action.version))
    cards.card_shown(action.action_id, edition=edition(action.version), holder="w1")
    assert claim(cards, drawn, edition(1))
    assert behind(cards) == (never.action_id,)
    let_claim_run_out(engine, action)
    assert set(behind(cards)) == {never.action_id, drawn.action_id}
    assert cards.cards_behind(within_s=60, limit=1) == (never.action_id,)


def test_what_changed_long_ago_is_left_as_it_is(
    cards: SqlCardBook, action: Action, engine: Engine
) -> None:
    with writing(engine) as connection:
        long_ago = action.changed_at - timedelta(seconds=61)
        connection.execute(update(actions).values(changed_at=long_ago))
    assert behind(cards) == ()


def test_of_many_who_want_to_draw_at_once_one_does(cards: SqlCardBook, action: Action) -> None:
    barrier = Barrier(AT_ONCE)

    def want(number: int) -> bool:
        barrier.wait(timeout=10)
        return claim(cards, action, edition(2), f"w{number}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(want, range(AT_ONCE))).count(True) == 1
