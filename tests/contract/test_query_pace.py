"""The pace of metric queries: one person's limits in all processes, and still without Redis."""

from __future__ import annotations

import itertools
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.query_pace import AT_ONCE, HOLD_S, PER_MINUTE, SharedPace
from bot.adapters.redis_client import open_redis
from bot.adapters.redis_server import EmbeddedRedis
from bot.domain.conversation import PersonId, Scope
from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState
from bot.domain.registry import FULL_ACCESS
from bot.tools.promql.tool import PromqlTool
from tests.lab.clock import LabClock
from tests.lab.metrics.paced import paced
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.tracks import MetricStore
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis import Redis

ANNA, BORIS = PersonId("U1"), PersonId("U2")
ENTER_FORTY = """
import itertools, os, sys
from bot.adapters.clock import SystemClock
from bot.adapters.query_pace import SharedPace
from bot.adapters.redis_client import open_redis
from bot.domain.errors import ToolError

ids = itertools.count()
pace = SharedPace(
    open_redis(sys.argv[1]), clock=SystemClock(), new_id=lambda: f"{os.getpid()}-{next(ids)}"
)
allowed = 0
for _ in range(40):
    try:
        with pace.place("U1"):
            allowed += 1
    except ToolError:
        pass
print(allowed)
"""


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), clock=SystemClock()) as server:
        yield server.url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with open_redis(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def lab() -> LabClock:
    return LabClock(frozen_at=1_000_000.0)


def ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: str(next(numbers))


@pytest.fixture(params=["shared", "alone"])
def pace(request: pytest.FixtureRequest, lab: LabClock) -> SharedPace:
    redis = request.getfixturevalue("redis") if request.param == "shared" else None
    return SharedPace(redis, clock=LabTime(lab), new_id=ids())


def use(pace: SharedPace, person: PersonId, times: int) -> None:
    for _ in range(times):
        with pace.place(person):
            pass


def test_four_run_at_once_and_the_fifth_is_told_to_wait_for_one(pace: SharedPace) -> None:
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(pace.place(ANNA))
        with pytest.raises(ToolError, match="Try again when one of them"), pace.place(ANNA):
            pass
        with pace.place(BORIS):
            pass
    with pace.place(ANNA):
        pass


def test_the_sixty_first_of_a_minute_is_told_when_to_try_again(pace: SharedPace) -> None:
    use(pace, ANNA, PER_MINUTE)
    with pytest.raises(ToolError, match=r"Try again in (60|59) s") as refused, pace.place(ANNA):
        pass
    assert refused.value.rule == "pace"
    use(pace, BORIS, 1)


def test_a_query_that_failed_gives_its_place_back(pace: SharedPace) -> None:
    for _ in range(2 * AT_ONCE):
        with pytest.raises(ZeroDivisionError), pace.place(ANNA):
            raise ZeroDivisionError


def test_a_minute_later_all_is_allowed_again(lab: LabClock) -> None:
    pace = SharedPace(None, clock=LabTime(lab), new_id=ids())
    use(pace, ANNA, PER_MINUTE)
    lab.advance(59)
    with pytest.raises(ToolError, match="Try again in 1 s"), pace.place(ANNA):
        pass
    lab.advance(1)
    use(pace, ANNA, PER_MINUTE)


def test_processes_share_one_limit(redis: Redis, redis_url: str) -> None:
    assert redis.ping()
    others = [
        subprocess.Popen(  # noqa: S603 -- our own arguments
            [sys.executable, "-c", ENTER_FORTY, redis_url], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [other.communicate(timeout=30)[0] for other in others]
    assert sum(int(one) for one in said) == PER_MINUTE


def test_a_place_whose_holder_died_is_given_back_in_the_end(redis: Redis, lab: LabClock) -> None:
    pace = SharedPace(redis, clock=LabTime(lab), new_id=ids())
    held = [pace.place(ANNA) for _ in range(AT_ONCE)]
    for one in held:
        one.__enter__()
    key = next(iter(redis.scan_iter("*:running")))
    assert 0 < redis.pttl(key) <= HOLD_S * 1000
    redis.delete(key)
    with pace.place(ANNA):
        pass


def test_a_typed_query_beyond_the_pace_is_refused_and_never_reaches_the_server() -> None:
    clock = LabClock(frozen_at=1_000_000.0)
    store = MetricStore()
    store.add("up", {"job": "x"}, lambda _: 1.0)
    with MetricsLab(store, clock=clock) as lab:
        metrics = paced({"prod-eu": lab}, clock=LabTime(clock)).of(ANNA)
        tool = PromqlTool(metrics, Scope(clusters=("prod-eu",)), FULL_ACCESS, LabTime(clock))
        for _ in range(PER_MINUTE):
            assert tool.promql('up{job="x"}').state is EvidenceState.OK
        asked = len(lab.requests(containing="/query"))
        with pytest.raises(ToolError, match="Try again in 60 s"):
            tool.promql('up{job="x"}')
        # What is counted beforehand is read from an index and takes no place.
        assert len(lab.requests(containing="/query")) == asked + 1
        assert "count(" in lab.requests(containing="/query")[-1].query["query"]


def test_without_its_redis_each_process_still_keeps_the_pace(
    tmp_path_factory: pytest.TempPathFactory, lab: LabClock
) -> None:
    with EmbeddedRedis(tmp_path_factory.mktemp("away"), clock=SystemClock()) as server:
        client = open_redis(server.url)
        pace = SharedPace(client, clock=LabTime(lab), new_id=ids())
        use(pace, ANNA, 1)
        held = pace.place(ANNA)
        held.__enter__()
    held.__exit__(None, None, None)
    use(pace, ANNA, PER_MINUTE)
    with pytest.raises(ToolError, match="within a minute"), pace.place(ANNA):
        pass
    client.close()
