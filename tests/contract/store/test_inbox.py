"""The inbox: stored once, routed once, forgotten late."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.contract.store.builders import DAY, event

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore
    from tests.lab.clock import LabClock

LATER = DAY + timedelta(minutes=1)


def test_a_redelivered_event_is_known(store: SqlStore) -> None:
    assert store.record(event("Ev1"))
    assert not store.record(event("Ev1", payload={"other": True}))


def test_an_event_comes_back_as_it_was_stored(store: SqlStore) -> None:
    stored = event(payload={"text": "läuft nicht ✗", "blocks": [{"n": 1.5}, None, True]})
    store.record(stored)
    assert store.unrouted(received_before=LATER, limit=10) == [stored]


def test_text_no_database_likes_survives(store: SqlStore) -> None:
    stored = event(payload={"nul": "a\x00b", "half an emoji": "\ud83d", "key\x00": 1})
    store.record(stored)
    assert store.unrouted(received_before=LATER, limit=10) == [stored]


def test_what_is_routed_is_not_routed_again(store: SqlStore) -> None:
    store.record(event("Ev1"))
    store.record(event("Ev2"))
    store.mark_routed("Ev1")
    assert [e.event_id for e in store.unrouted(received_before=LATER, limit=10)] == ["Ev2"]


def test_marking_an_unknown_event_changes_nothing(store: SqlStore) -> None:
    store.mark_routed("Ev404")
    assert store.record(event("Ev404"))


def test_unrouted_events_come_oldest_first_and_not_too_many(store: SqlStore) -> None:
    for number in (3, 1, 2):
        store.record(event(f"Ev{number}", at=DAY + timedelta(seconds=number)))
    found = store.unrouted(received_before=LATER, limit=2)
    assert [e.event_id for e in found] == ["Ev1", "Ev2"]


def test_an_event_the_listener_just_took_is_left_to_it(store: SqlStore) -> None:
    store.record(event("Ev1", at=DAY))
    assert store.unrouted(received_before=DAY, limit=10) == []


def test_only_old_and_routed_events_are_forgotten(store: SqlStore, lab: LabClock) -> None:
    for name, age_days in (("old-routed", 9), ("old-open", 9), ("new-routed", 1)):
        store.record(event(name, at=DAY - timedelta(days=age_days)))
    store.mark_routed("old-routed")
    store.mark_routed("new-routed")
    lab.advance(60)

    assert store.forget(received_before=DAY - timedelta(days=3)) == 1

    assert store.record(event("old-routed"))
    assert not store.record(event("old-open"))
    assert not store.record(event("new-routed"))
