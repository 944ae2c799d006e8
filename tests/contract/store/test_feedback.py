"""Ratings: one per person and answer, the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.conversation import PersonId, Rating
from tests.contract.store.builders import LEASE, question

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore

ANN, BOB = PersonId("U0ANN"), PersonId("U0BOB")


@pytest.fixture
def answer(store: SqlStore) -> str:
    thread = store.add_question(question())
    run = store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    return run.investigation_id


def test_a_second_click_changes_nothing(store: SqlStore, answer: str) -> None:
    assert store.rate(answer, person=ANN, rating=Rating.GOOD)
    assert not store.rate(answer, person=ANN, rating=Rating.GOOD)


def test_people_may_change_their_mind(store: SqlStore, answer: str) -> None:
    store.rate(answer, person=ANN, rating=Rating.GOOD)
    assert store.rate(answer, person=ANN, rating=Rating.BAD)
    assert store.ratings(answer) == {ANN: Rating.BAD}


def test_everybody_has_a_rating_of_their_own(store: SqlStore, answer: str) -> None:
    store.rate(answer, person=ANN, rating=Rating.GOOD)
    store.rate(answer, person=BOB, rating=Rating.BAD)
    assert store.ratings(answer) == {ANN: Rating.GOOD, BOB: Rating.BAD}


def test_an_unknown_answer_cannot_be_rated(store: SqlStore) -> None:
    with pytest.raises(KeyError):
        store.rate("nothing", person=ANN, rating=Rating.GOOD)
    assert store.ratings("nothing") == {}
