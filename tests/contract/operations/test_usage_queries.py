"""How busy a workload is, asked of the real Prometheus and of the lab: both say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.adapters.metrics.sources import PrometheusSources
from bot.adapters.operations.numbers import ServerNumbers
from bot.domain.metrics import MetricsEndpoint
from safe_ops.model.plans import Place, System
from safe_ops.operations.operation import Eyes
from safe_ops.operations.request_queries import requests_of
from safe_ops.operations.usage_queries import busiest_now, usage_of
from tests.lab.clock import LabClock
from tests.lab.metrics import real
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.workloads import build_store
from tests.lab.time import LabTime
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from safe_ops.model.surveys import Object

PLACE = Place(system=System.KUBERNETES, name="prod-eu")
NOON = datetime(2026, 11, 21, 12, 0, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def clock() -> LabClock:
    return LabClock(frozen_at=NOON.timestamp())


@pytest.fixture(scope="module")
def checkout(clock: LabClock) -> Object:
    listed = World.load("calm", clock=clock).cluster("prod-eu").listed("deployments.apps", "shop")
    found = next(one for one in listed if one["metadata"]["name"] == "checkout")
    return {"kind": "Deployment"} | found


@pytest.fixture(scope="module")
def lab(clock: LabClock) -> Iterator[MetricsLab]:
    world = World.load("calm", clock=clock)
    store = build_store(world.cluster("prod-eu"), scenario="calm")
    with MetricsLab(store, clock=clock) as running:
        yield running


@pytest.fixture(scope="module")
def prometheus(lab: MetricsLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if real.missing() is not None:
        pytest.skip(str(real.missing()))
    home: Path = tmp_path_factory.mktemp("prometheus")
    start_s = (NOON - timedelta(hours=2)).timestamp()
    with real.running(lab.store, home, start_s=start_s, end_s=NOON.timestamp()) as url:
        yield url


def eyes_on(url: str, clock: LabClock) -> Eyes:
    sources = PrometheusSources(
        {"prod-eu": MetricsEndpoint(url=url)}, clock=LabTime(clock), secret_of=lambda _: None
    )
    return Eyes(place=PLACE, metrics=ServerNumbers(sources, clock=LabTime(clock)), now=NOON)


def test_prometheus_and_the_lab_agree_on_how_busy_it_is(
    lab: MetricsLab, prometheus: str, clock: LabClock, checkout: Object
) -> None:
    mine, theirs = (usage_of(eyes_on(url, clock), checkout) for url in (lab.url, prometheus))
    assert mine is not None
    assert theirs is not None
    assert 0 < (theirs.cpu_p95 or 0) < 2
    assert mine.cpu_p95 == pytest.approx(theirs.cpu_p95, rel=1e-3)
    assert mine.memory_p95 == pytest.approx(theirs.memory_p95, rel=1e-3)


def test_a_week_before_the_first_sample_nothing_was_measured(
    prometheus: str, clock: LabClock, checkout: Object
) -> None:
    usage = usage_of(eyes_on(prometheus, clock), checkout)
    assert usage is not None
    assert (usage.cpu_p95_week_ago, usage.memory_p95_week_ago) == (None, None)


def test_prometheus_and_the_lab_agree_on_what_its_pods_are_asked_for(
    lab: MetricsLab, prometheus: str, clock: LabClock, checkout: Object
) -> None:
    (mine,), (theirs,) = (
        requests_of(eyes_on(url, clock), checkout) for url in (lab.url, prometheus)
    )
    assert mine.counted_by == theirs.counted_by == "http_requests_total"
    assert mine.each_s == pytest.approx(theirs.each_s, rel=1e-3)
    assert mine.failing == pytest.approx(theirs.failing, rel=1e-2)
    # Of the week the real one has the last two hours only.
    assert theirs.each_s_week_ago is None
    assert 0 < (theirs.busiest_s or 0) <= (mine.busiest_s or 0) * 1.001


def test_what_no_metric_counts_is_found_by_neither(
    lab: MetricsLab, prometheus: str, clock: LabClock, checkout: Object
) -> None:
    other = checkout | {"metadata": checkout["metadata"] | {"name": "nothing-like-it"}}
    assert [requests_of(eyes_on(url, clock), other) for url in (lab.url, prometheus)] == [(), ()]


def test_how_busy_it_is_now_is_told_by_both(
    lab: MetricsLab, prometheus: str, clock: LabClock, checkout: Object
) -> None:
    mine, theirs = (busiest_now(eyes_on(url, clock), checkout) for url in (lab.url, prometheus))
    assert mine == pytest.approx(theirs, rel=1e-3)
    assert theirs > 0
