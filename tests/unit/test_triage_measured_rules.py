"""What is concluded from measurements, how it stands beside what objects say, and what is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import promql_parser
import pytest

from bot.domain.alert import Alert, AlertObject, AlertScope, AlertSource, AlertStatus, Severity
from bot.domain.registry import FULL_ACCESS
from bot.domain.verdict import Category, Cause
from bot.triage.estate import Estate
from bot.triage.finding import Finding
from bot.triage.measured import demand, memory, processor
from bot.triage.measured.asking import Subjects, strains, volumes
from bot.triage.measured.joining import joined
from bot.triage.measured.sight import Container, Load, Strain
from bot.triage.measured.whose import named_by
from bot.triage.measures.subject import Subject
from bot.triage.objects import ObjectRef

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOW_S = AT.timestamp()
STEP_S = 120.0
REF = ObjectRef(cluster="prod-eu", kind="deployment", namespace="shop", name="cart")
ESTATE = Estate(cluster="prod-eu", at=AT)
MIB = float(2**20)
Points = tuple[tuple[float, float], ...]


def steps(*levels: tuple[float, float], hours: float = 6) -> Points:
    """A line of levels, each from so many minutes ago on; the first one before that, too."""
    count = int(hours * 3_600 / STEP_S)
    found = []
    for number in range(count + 1):
        ago_s = (count - number) * STEP_S
        level = next((one for since, one in reversed(levels) if ago_s <= since * 60), levels[0][1])
        found.append((NOW_S - ago_s, level))
    return tuple(found)


def strain(load: Load | None = None, **container: Any) -> Strain:
    one = Container(pod="cart-x", name="cart", cpu_limit=1.0, memory_limit=512 * MIB)
    return Strain(
        object=REF,
        at_s=NOW_S,
        containers=(replace(one, **container),),
        load=load or Load(),
        taken={},
    )


def processors(seen: Strain) -> list[Finding]:
    return list(processor.find(ESTATE, seen))


@pytest.mark.parametrize(
    ("load", "cpu", "phrase", "category"),
    [
        (Load(), steps((999, 0.97)), "cpu_from_start", Category.CAPACITY),
        (Load(), steps((999, 0.1), (40, 0.97)), "cpu_used_up", Category.CAPACITY),
        (
            Load(rate=steps((999, 10.0), (40, 30.0))),
            steps((999, 0.3), (40, 0.97)),
            "cpu_with_load",
            Category.CAPACITY,
        ),
        (
            Load(rate=steps((999, 10.0))),
            steps((999, 0.3), (40, 0.97)),
            "cpu_without_load",
            Category.APPLICATION,
        ),
    ],
)
def test_a_processor_used_up_is_told_by_when_and_with_what_it_was(
    load: Load, cpu: Points, phrase: str, category: Category
) -> None:
    (found,) = processors(strain(load, cpu=cpu, throttled=steps((999, 0.5))))
    assert (found.cause, found.phrase, found.category) == (Cause.CPU_SATURATED, phrase, category)
    assert not found.symptom


def test_throttling_below_the_limit_is_another_cause_than_a_limit_used_up() -> None:
    (found,) = processors(strain(cpu=steps((999, 0.3)), throttled=steps((999, 0.0), (30, 0.4))))
    assert found.cause is Cause.CPU_STARVED
    assert found.since is not None
    assert AT - found.since < timedelta(minutes=40)


@pytest.mark.parametrize(
    "container",
    [
        {"cpu": steps((999, 0.3)), "throttled": steps((999, 0.05))},
        {"cpu": steps((999, 0.97), (30, 0.2)), "throttled": steps((999, 0.9), (30, 0.0))},
        {"cpu": steps((999, 0.97)), "cpu_limit": None},
        {"cpu": steps((999, 0.97))[:-20]},
        {},
    ],
    ids=["idle", "over", "no limit", "no longer measured", "nothing measured"],
)
def test_processors_are_not_blamed_for_what_is_not_seen_now(container: dict[str, Any]) -> None:
    assert processors(strain(**container)) == []


def test_latency_with_idle_processors_is_not_blamed_on_them() -> None:
    slow = Load(latency=steps((999, 0.1), (30, 0.9)))
    idle = strain(slow, cpu=steps((999, 0.1)), throttled=steps((999, 0.0)))
    (found,) = demand.find(ESTATE, idle, is_short=False)
    assert (found.phrase, found.cause, found.symptom) == ("latency_waits", Cause.UNKNOWN, True)
    (found,) = demand.find(ESTATE, strain(slow), is_short=False)
    assert found.phrase == "latency_rose"


def test_more_load_than_day_and_week_before_explains_errors() -> None:
    load = Load(
        rate=steps((999, 10.0), (30, 25.0)),
        failed=steps((999, 0.001), (30, 0.2)),
        rate_day=10.0,
        rate_week=11.0,
    )
    cause, symptom = demand.find(ESTATE, strain(load), is_short=False)
    assert (cause.cause, cause.symptom) == (Cause.OVERLOADED, False)
    assert (symptom.phrase, symptom.symptom) == ("errors_rose", True)
    (alone,) = demand.find(ESTATE, strain(load), is_short=True)
    assert alone.symptom


@pytest.mark.parametrize("week", [None, 24.0])
def test_more_load_than_one_day_before_alone_explains_nothing(week: float | None) -> None:
    load = Load(
        rate=steps((999, 10.0), (30, 25.0)),
        failed=steps((999, 0.001), (30, 0.2)),
        rate_day=10.0,
        rate_week=week,
    )
    found = list(demand.find(ESTATE, strain(load), is_short=False))
    assert [one.cause for one in found] == [Cause.UNKNOWN]


def test_more_load_that_hurts_nobody_is_no_finding() -> None:
    load = Load(rate=steps((999, 10.0), (30, 25.0)), rate_day=10.0, rate_week=10.0)
    assert not list(demand.find(ESTATE, strain(load), is_short=False))


def climbing(hours: float = 6.0) -> Points:
    count = int(hours * 3_600 / STEP_S)
    return tuple((NOW_S - n * STEP_S, (400 - n) * MIB) for n in range(count, -1, -1))


def test_a_climb_is_a_leak_unless_the_day_before_was_as_big() -> None:
    (found,) = memory.find(ESTATE, strain(memory=climbing()))
    assert (found.cause, found.category) == (Cause.MEMORY_LEAK, Category.APPLICATION)
    assert not list(memory.find(ESTATE, strain(memory=climbing(), memory_day_before=310 * MIB)))


def test_a_climb_with_the_load_is_no_leak() -> None:
    load = Load(rate=steps((999, 10.0), (180, 30.0)))
    assert not list(memory.find(ESTATE, strain(load, memory=climbing())))


@pytest.mark.parametrize(
    ("load", "points", "phrase"),
    [
        (Load(), steps((999, 500 * MIB)), "memory_tight"),
        (
            Load(rate=steps((999, 10.0), (40, 30.0))),
            steps((999, 200 * MIB), (40, 460 * MIB)),
            "memory_with_load",
        ),
    ],
)
def test_memory_at_its_limit_without_a_climb_is_too_small(
    load: Load, points: Points, phrase: str
) -> None:
    (found,) = memory.find(ESTATE, strain(load, memory=points))
    assert (found.cause, found.phrase) == (Cause.OUT_OF_MEMORY, phrase)


# Beside what objects say.


def finding(cause: Cause, *, weight: float, label: str, **more: Any) -> Finding:
    plain = Finding(
        object=REF,
        cause=cause,
        category=Category.CAPACITY,
        phrase="any",
        values={},
        evidence=(label,),
        weight=weight,
    )
    return replace(plain, **more)


def test_a_leak_takes_the_kills_it_explains() -> None:
    kills = finding(Cause.OUT_OF_MEMORY, weight=0.9, label="E1")
    leak = finding(Cause.MEMORY_LEAK, weight=0.75, label="E2")
    (found,) = joined([kills], [leak])
    assert (found.cause, set(found.evidence)) == (Cause.MEMORY_LEAK, {"E1", "E2"})
    assert found.weight >= 0.9


def test_the_same_cause_seen_twice_is_told_once() -> None:
    of_objects = finding(Cause.OUT_OF_MEMORY, weight=0.9, label="E1")
    (found,) = joined([of_objects], [finding(Cause.OUT_OF_MEMORY, weight=0.7, label="E2")])
    assert (found.weight, found.evidence) == (0.9, ("E1", "E2"))


def test_a_cause_of_the_objects_stands_before_a_measured_one() -> None:
    crash = finding(Cause.APPLICATION_CRASH, weight=0.7, label="E1")
    first, second = joined([crash], [finding(Cause.CPU_SATURATED, weight=0.88, label="E2")])
    assert first is crash
    assert second.weight < crash.weight
    replicas = finding(Cause.UNKNOWN, weight=0.2, label="E1", symptom=True)
    _, measured = joined([replicas], [finding(Cause.CPU_SATURATED, weight=0.88, label="E2")])
    assert measured.weight == 0.88


# What is asked.


def subjects(*names: str, onset: timedelta = timedelta(minutes=20)) -> Subjects:
    return Subjects(
        subjects=tuple(
            Subject(cluster="prod-eu", kind="deployment", namespace="shop", name=name)
            for name in names
        ),
        access=FULL_ACCESS,
        at=AT,
        onset=AT - onset,
    )


def test_eight_questions_serve_any_number_of_workloads() -> None:
    asked = subjects("a", "b.c", "d", "e", "f")
    questions = [*strains(asked), volumes("shop", ["data-a-0"], minutes=asked.minutes)]
    assert len(questions) == 8
    assert len({one.key for one in questions}) == 8
    for one in questions:
        if "(" in one.words:
            promql_parser.parse(one.words)


@pytest.mark.parametrize(
    ("onset", "hours"), [(timedelta(0), 6), (timedelta(hours=10), 12), (timedelta(days=9), 24)]
)
def test_the_window_has_the_onset_in_it_where_a_day_is_enough(onset: timedelta, hours: int) -> None:
    assert hours * 60 <= subjects("a", onset=onset).minutes <= hours * 60 + 5


def alert(*objects: tuple[str, str], namespace: str | None = "shop") -> Alert:
    return Alert(
        source=AlertSource.ALERTMANAGER,
        name="Slow",
        status=AlertStatus.FIRING,
        severity=Severity.WARNING,
        fingerprint="f",
        group_key="g",
        scope=AlertScope(
            namespace=namespace,
            objects=tuple(AlertObject(kind=kind, name=name) for kind, name in objects),
        ),
    )


@pytest.mark.parametrize(
    ("told", "named"),
    [
        (alert(("deployment", "cart")), [("deployment", "cart")]),
        (alert(("pod", "cart-7d9fbc8d6-x2b4c")), [("deployment", "cart")]),
        (alert(("pod", "db-0"), ("container", "db")), [("statefulset", "db")]),
        (alert(("service", "cart")), []),
        (alert(("pod", "cart")), []),
        (alert(("deployment", "cart"), namespace=None), []),
        (alert(), []),
    ],
)
def test_only_workloads_named_without_a_doubt_are_measured_before_the_cluster_is_seen(
    told: Alert, named: list[tuple[str, str]]
) -> None:
    found = named_by([told], cluster="prod-eu")
    assert [(one.kind, one.name) for one in found] == named
