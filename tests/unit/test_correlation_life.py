"""The rules of an incident's life: looked into again, held open, told late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.alert import AlertObject, AlertScope, AlertStatus, Severity
from bot.domain.incident import Joining
from bot.domain.incident_life import (
    FLAP_CHANGES,
    FLAP_WITHIN,
    MAX_OBJECTS,
    MAX_TITLE,
    Standing,
    is_flapping,
    is_of_earlier_episode,
    is_told_late,
    looks_into,
    outranks,
    recent_changes,
    service_of,
    title_of,
    widened,
)
from tests.contract.store.alerts import WATCH, alert
from tests.contract.store.builders import DAY

LOOKED_INTO = Standing(
    joining=Joining.JOINED,
    severity=Severity.HIGH,
    is_worse=False,
    is_new_name=False,
    is_storm=False,
    became_storm=False,
    is_due=False,
    runs=1,
    last_run_at=DAY - timedelta(minutes=1),
)


@pytest.mark.parametrize(
    ("standing", "needed"),
    [
        (LOOKED_INTO, False),
        (replace(LOOKED_INTO, runs=0, last_run_at=None), True),
        (replace(LOOKED_INTO, is_due=True, is_worse=True), False),
        (replace(LOOKED_INTO, is_worse=True, joining=Joining.REPEATED), True),
        (replace(LOOKED_INTO, is_new_name=True), True),
        (replace(LOOKED_INTO, is_new_name=True, is_storm=True), False),
        (replace(LOOKED_INTO, is_storm=True, became_storm=True), True),
        (replace(LOOKED_INTO, last_run_at=DAY - WATCH.cooldown), True),
        (replace(LOOKED_INTO, last_run_at=DAY - WATCH.cooldown, joining=Joining.REPEATED), False),
        (replace(LOOKED_INTO, severity=Severity.LOW, runs=0), False),
    ],
)
def test_an_incident_is_looked_into_when_it_is_due_and_not_more_often(
    standing: Standing, needed: bool
) -> None:
    found, because = looks_into(alert(), standing, watch=WATCH, now=DAY)
    assert found is needed
    assert because


@pytest.mark.parametrize("status", [AlertStatus.NOTICE, AlertStatus.BLIND])
def test_what_says_of_no_trouble_is_never_looked_into(status: AlertStatus) -> None:
    fresh = replace(LOOKED_INTO, runs=0, last_run_at=None, is_new_name=True)
    assert not looks_into(alert(status=status), fresh, watch=WATCH, now=DAY)[0]


def test_changes_count_while_they_are_recent() -> None:
    changes: tuple[datetime, ...] = ()
    for minute in range(FLAP_CHANGES):
        changes = recent_changes(changes, now=DAY + timedelta(minutes=minute))
        assert not is_flapping(changes)
    assert is_flapping(recent_changes(changes, now=DAY + timedelta(minutes=9)))
    assert not is_flapping(recent_changes(changes, now=DAY + FLAP_WITHIN + timedelta(minutes=9)))


def test_the_list_of_changes_does_not_grow() -> None:
    changes: tuple[datetime, ...] = ()
    for second in range(100):
        changes = recent_changes(changes, now=DAY + timedelta(seconds=second))
    assert len(changes) == FLAP_CHANGES + 1


def test_only_the_same_firing_told_again_is_late() -> None:
    began, ended = DAY, DAY + timedelta(minutes=5)
    assert is_told_late(alert(starts_at=began), starts_at=began, ends_at=ended)
    anew = alert(starts_at=ended + timedelta(minutes=1))
    assert not is_told_late(anew, starts_at=began, ends_at=ended)
    assert not is_told_late(alert(), starts_at=began, ends_at=ended)


def test_an_end_before_the_firing_began_is_of_an_earlier_one() -> None:
    over = alert(status=AlertStatus.RESOLVED, ends_at=DAY)
    assert is_of_earlier_episode(over, starts_at=DAY + timedelta(minutes=1))
    assert not is_of_earlier_episode(over, starts_at=DAY - timedelta(minutes=1))
    assert not is_of_earlier_episode(over, starts_at=None)


def test_the_fuller_telling_is_the_same_one_in_any_order() -> None:
    tellings = [(True, "slack"), (False, "slack"), (True, "alertmanager"), (False, "grafana")]
    for one in tellings:
        assert not outranks(one, one)
        for other in tellings:
            assert one == other or outranks(one, other) is not outranks(other, one)
    assert all(outranks((False, "grafana"), other) for other in tellings[:3])


def test_a_title_names_rule_and_place_on_one_line() -> None:
    assert title_of(alert()) == "KubePodCrashLooping payments/checkout in prod-eu"
    assert title_of(alert("Down", objects=(), namespace="", cluster=None)) == "Down"
    assert "\n" not in title_of(alert("two\nlines"))
    assert len(title_of(alert("x" * 500))) == MAX_TITLE


def test_a_service_is_what_the_incident_is_about_before_its_pods() -> None:
    things = (("pod", "web-6d4b75cb6d-hx8kq"), ("service", "shop"))
    assert service_of(alert(objects=things)) == "shop"
    assert service_of(alert(objects=(("node", "node-a"),))) == "node-a"
    assert service_of(alert(objects=())) == ""


def test_a_scope_learns_what_it_did_not_know_and_keeps_what_it_did() -> None:
    many = tuple(AlertObject(kind="pod", name=f"web-{n}") for n in range(99))
    known = AlertScope(cluster="prod-eu", objects=many[:1])
    found = widened(known, AlertScope(cluster="prod-us", namespace="shop", objects=many))
    assert (found.cluster, found.namespace) == ("prod-eu", "shop")
    assert found.objects == many[:MAX_OBJECTS]
