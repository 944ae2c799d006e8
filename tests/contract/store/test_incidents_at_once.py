"""Several replicas that are told of the same trouble in the same moment, and one that dies."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import pytest
from sqlalchemy import event as sqlalchemy_event

from bot.adapters.store.store import SqlStore
from bot.domain.alert import Origin
from bot.domain.incident import Joining
from bot.domain.incident_life import STORM_ALERTS
from tests.contract.store.admitter import PLACES
from tests.contract.store.alerts import SLACK, WATCH, WATCHED, WEBHOOK, Post, alert, bare
from tests.contract.store.builders import DAY
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from bot.domain.alert import Alert
    from bot.domain.incident import Admission
    from tests.lab.clock import LabClock

T = TypeVar("T")
AT_ONCE = 8


@pytest.fixture
def crowd(engine: Engine, lab: LabClock) -> SqlStore:
    """A store whose ids are unique whoever draws them."""
    return SqlStore(engine, LabTime(lab), lambda: uuid4().hex)


def all_at_once(call: Callable[[int], T], times: int = AT_ONCE) -> list[T]:
    barrier = Barrier(times)

    def start(number: int) -> T:
        barrier.wait(timeout=10)
        return call(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(start, range(times)))


def admit(store: SqlStore, told: Alert, *, delivery: str, road: str = WEBHOOK) -> Admission:
    origin = Origin(road=road, delivery_id=delivery)
    return store.admit(told, origin=origin, watch=WATCH, now=DAY)


def test_one_alert_at_many_replicas_at_once_is_one_incident(crowd: SqlStore) -> None:
    admissions = all_at_once(lambda n: admit(crowd, alert(), delivery=f"hook-{n}"))
    joinings = [admission.joining for admission in admissions]
    assert joinings.count(Joining.OPENED) == 1
    assert joinings.count(Joining.REPEATED) == AT_ONCE - 1
    assert [admission.investigate for admission in admissions].count(True) == 1
    (incident,) = crowd.open_incidents(limit=9)
    assert (incident.alerts, incident.firing, incident.messages) == (1, 1, AT_ONCE)


def test_one_delivery_at_many_replicas_at_once_is_taken_in_once(crowd: SqlStore) -> None:
    admissions = all_at_once(lambda _: admit(crowd, alert(), delivery="hook"))
    joinings = [admission.joining for admission in admissions]
    assert joinings.count(Joining.OPENED) == 1
    assert joinings.count(Joining.IGNORED) == AT_ONCE - 1
    (incident,) = crowd.open_incidents(limit=9)
    assert incident.messages == 1


def test_two_roads_at_once_are_one_incident(crowd: SqlStore) -> None:
    told = bare("KubePodCrashLooping payments (checkout prod-eu)", name="KubePodCrashLooping")
    roads = [(SLACK, told), (WEBHOOK, alert(fingerprint="am"))]
    all_at_once(lambda n: admit(crowd, roads[n][1], delivery=f"d{n}", road=roads[n][0]), times=2)
    (incident,) = crowd.open_incidents(limit=9)
    assert (incident.alerts, incident.firing) == (1, 1)
    assert [kept.fingerprint for kept in crowd.alerts_of(incident.incident_id)] == ["am"]


def test_a_storm_at_many_replicas_at_once_is_one_incident(crowd: SqlStore) -> None:
    def one(number: int) -> Admission:
        told = alert(
            f"Rule{number}x", namespace=f"ns{number}x", workload=f"app{number}x", cluster=None
        )
        return admit(crowd, told, delivery=f"hook-{number}")

    all_at_once(one, times=STORM_ALERTS + 2)
    (storm,) = crowd.open_incidents(limit=9)
    assert (storm.is_storm, storm.alerts, storm.firing) == (
        True,
        STORM_ALERTS + 2,
        STORM_ALERTS + 2,
    )


def test_two_processes_that_get_the_same_burst_open_each_incident_once(
    crowd: SqlStore, database_url: str
) -> None:
    with ExitStack() as stack:
        replicas = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603 -- our own module
                    [sys.executable, "-m", "tests.contract.store.admitter", database_url, road],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for road in ("alertmanager", "grafana")
        ]
        for replica in replicas:
            assert replica.stdout is not None
            assert replica.stdout.readline() == "ready\n"
        for replica in replicas:
            assert replica.stdin is not None
            replica.stdin.write("go\n")
            replica.stdin.flush()
        opened = sum(int(replica.communicate(timeout=30)[0]) for replica in replicas)
    assert opened == PLACES
    found = crowd.open_incidents(limit=99)
    assert len(found) == PLACES
    assert {(incident.alerts, incident.firing, incident.messages) for incident in found} == {
        (1, 1, 2)
    }


def test_of_many_bindings_at_once_the_first_stays(crowd: SqlStore) -> None:
    incident = admit(crowd, alert(), delivery="hook").incident
    assert incident is not None
    bound = all_at_once(
        lambda n: (
            crowd.bind_thread(
                incident.incident_id, channel=WATCHED, thread_ts=f"{n}.000001"
            ).thread_ts
        )
    )
    assert len(set(bound)) == 1
    assert crowd.incident_of_thread(WATCHED, str(bound[0])) is not None


def test_a_due_run_begun_by_many_at_once_is_one_run(crowd: SqlStore) -> None:
    incident = admit(crowd, alert(), delivery="hook").incident
    assert incident is not None
    numbers = all_at_once(lambda _: crowd.run_begun(incident.incident_id, at=DAY))
    assert set(numbers) == {1}


def test_a_replica_that_dies_while_it_takes_an_alert_in_leaves_nothing_half_done(
    engine: Engine, crowd: SqlStore
) -> None:
    class DiedError(Exception):
        """Stands for the machine that went away."""

    def die(_: object, __: object, statement: str, *rest: object) -> None:
        del rest
        if "alert_tellings" in statement and statement.startswith("INSERT"):
            raise DiedError

    sqlalchemy_event.listen(engine, "before_cursor_execute", die)
    with pytest.raises(DiedError):
        admit(crowd, alert(), delivery="hook")
    sqlalchemy_event.remove(engine, "before_cursor_execute", die)
    assert crowd.open_incidents(limit=9) == []
    assert crowd.due(limit=9) == []

    again = admit(crowd, alert(), delivery="hook")
    assert (again.joining, again.investigate) == (Joining.OPENED, True)


def test_what_was_admitted_before_a_replica_died_stays_due(post: Post, store: SqlStore) -> None:
    admitted = post.slack(alert(), delivery="Ev1")
    assert post.slack(alert(), delivery="Ev1").incident is None, "the redelivery asks for nothing"
    assert admitted.incident is not None
    assert [found.incident_id for found in store.due(limit=9)] == [admitted.incident.incident_id]
