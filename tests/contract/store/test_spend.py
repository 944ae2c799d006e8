"""The spend book: sums over time, thread, channel and person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.conversation import ChannelId, PersonId, ThreadId
from tests.contract.store.builders import DAY, charge

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore


@pytest.fixture
def book(store: SqlStore) -> SqlStore:
    store.charge(charge(1.0, at=DAY - timedelta(days=2)))
    store.charge(charge(2.0, at=DAY))
    store.charge(charge(4.0, at=DAY, thread="t2"))
    store.charge(charge(8.0, at=DAY, channel="C2", thread="t3"))
    store.charge(charge(16.0, at=DAY, person="U2", thread="t4"))
    return store


def test_everything_since_a_moment_is_summed(book: SqlStore) -> None:
    assert book.spent_usd(since=DAY - timedelta(days=9)) == pytest.approx(31.0)
    assert book.spent_usd(since=DAY) == pytest.approx(30.0)
    assert book.spent_usd(since=DAY + timedelta(seconds=1)) == 0.0


def test_filters_narrow_the_sum(book: SqlStore) -> None:
    assert book.spent_usd(since=DAY, thread_id=ThreadId("t1")) == pytest.approx(2.0)
    assert book.spent_usd(since=DAY, channel=ChannelId("C2")) == pytest.approx(8.0)
    assert book.spent_usd(since=DAY, person=PersonId("U2")) == pytest.approx(16.0)
    both = book.spent_usd(since=DAY, channel=ChannelId("C1"), person=PersonId("U1"))
    assert both == pytest.approx(6.0)


def test_nothing_spent_is_zero(store: SqlStore) -> None:
    assert store.spent_usd(since=DAY) == 0.0
