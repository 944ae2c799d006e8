"""Messages owed to people: intended once, sent when Slack said so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.conversation import ChannelId, MessageTs
from bot.domain.delivery import Delivery

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore
    from tests.lab.clock import LabClock

A_MINUTE = timedelta(minutes=1)
CHANNEL, THREAD = ChannelId("C1"), MessageTs("1.000001")


def owed(key: str) -> Delivery:
    return Delivery(key=key, channel=CHANNEL, thread_ts=THREAD)


def test_an_intention_is_not_yet_a_message(store: SqlStore) -> None:
    assert store.intend(owed("answer/1")) == owed("answer/1")
    assert store.sent_in(CHANNEL, THREAD) == []


def test_a_known_key_returns_what_was_sent_under_it(store: SqlStore) -> None:
    store.intend(owed("answer/1"))
    store.mark_sent("answer/1", ts=MessageTs("2.000001"))
    again = store.intend(owed("answer/1"))
    assert again.ts == "2.000001"


def test_the_first_time_stamp_stays(store: SqlStore) -> None:
    store.intend(owed("answer/1"))
    store.mark_sent("answer/1", ts=MessageTs("2.000001"))
    store.mark_sent("answer/1", ts=MessageTs("3.000001"))
    assert [d.ts for d in store.sent_in(CHANNEL, THREAD)] == ["2.000001"]


def test_what_nobody_intended_cannot_be_sent(store: SqlStore) -> None:
    with pytest.raises(KeyError):
        store.mark_sent("answer/404", ts=MessageTs("2.000001"))


def test_messages_of_a_thread_come_oldest_first(store: SqlStore) -> None:
    for key, ts in (("b", "3.000001"), ("a", "2.000001")):
        store.intend(owed(key))
        store.mark_sent(key, ts=MessageTs(ts))
    store.intend(owed("never sent"))
    store.intend(Delivery(key="elsewhere", channel=CHANNEL, thread_ts=MessageTs("9.000001")))
    store.mark_sent("elsewhere", ts=MessageTs("9.000002"))
    assert [d.key for d in store.sent_in(CHANNEL, THREAD)] == ["a", "b"]


def test_of_several_who_would_send_one_does(store: SqlStore) -> None:
    with ThreadPoolExecutor(8) as crowd:
        taken = list(crowd.map(lambda _: store.take(owed("call/1"), lease=A_MINUTE), range(8)))
    assert taken.count(True) == 1


def test_what_nobody_sent_within_the_lease_is_the_next_ones(store: SqlStore, lab: LabClock) -> None:
    assert store.take(owed("call/1"), lease=A_MINUTE)
    lab.advance(59)
    assert not store.take(owed("call/1"), lease=A_MINUTE)
    lab.advance(2)
    assert store.take(owed("call/1"), lease=A_MINUTE)
    assert not store.take(owed("call/1"), lease=A_MINUTE)


def test_what_was_sent_is_nobodys_to_send(store: SqlStore, lab: LabClock) -> None:
    store.take(owed("call/1"), lease=A_MINUTE)
    store.mark_sent("call/1", ts=MessageTs("2.000001"))
    lab.advance(120)
    assert not store.take(owed("call/1"), lease=A_MINUTE)
