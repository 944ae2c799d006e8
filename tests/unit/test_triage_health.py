"""Probes, nodes, jobs and rollouts: what is wrong, what is over, and what it began with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.verdict import Cause
from bot.triage.rulebook import findings
from bot.triage.rules import jobs, nodes, probes, rollouts
from bot.triage.rules.rollouts import trigger
from tests.unit.triage_estates import (
    NOW,
    ago,
    container,
    deployment,
    estate,
    event,
    job,
    node,
    pod,
    ref,
    replica_set,
)

REFUSED = 'Readiness probe failed: Get "http://10.0.0.1:9090/ready": connection refused'


def test_a_probe_that_finds_nobody_asks_the_wrong_thing() -> None:
    (found,) = probes.find(
        estate(pod("app-1", container()), event("Pod/app-1", "Unhealthy", REFUSED, count=9))
    )
    assert (found.phrase, found.cause) == ("probe_refused", Cause.PROBE_WRONG)
    assert found.values["count"] == "9"
    assert (found.container, found.previous) == ("app", False)


def test_a_probe_that_fails_otherwise_leaves_the_cause_open() -> None:
    told = event("Pod/app-1", "Unhealthy", "Readiness probe failed: HTTP probe failed: 503")
    (found,) = probes.find(estate(pod("app-1", container()), told))
    assert (found.phrase, found.cause) == ("probe_failing", Cause.UNKNOWN)


@pytest.mark.parametrize(
    "items",
    [
        (pod("app-1", container(ready=True), ready=True), event("Pod/app-1", "Unhealthy", REFUSED)),
        (
            pod("app-1", container()),
            event("Pod/app-1", "Unhealthy", REFUSED, last=ago(minutes=11)),
        ),
        (
            pod("app-1", container(waiting="CrashLoopBackOff", exit_code=1)),
            event("Pod/app-1", "Unhealthy", REFUSED),
        ),
        (pod("app-1", container(), phase="Pending"), event("Pod/app-1", "Unhealthy", REFUSED)),
        (pod("app-1", container()), event("Pod/app-1", "Killing", "Stopping container app")),
    ],
)
def test_a_probe_failure_that_is_over_or_explained_is_no_finding(items: tuple[Any, ...]) -> None:
    assert list(probes.find(estate(*items))) == []


def test_a_kill_whose_probe_failure_is_gone_is_told_in_the_kills_words() -> None:
    told = "Container app failed liveness probe, will be restarted"
    restarted = container(exit_code=137, restarts=4)
    (found,) = probes.find(estate(pod("app-1", restarted), event("Pod/app-1", "Killing", told)))
    assert found.values == {"pod": "app-1", "message": told, "count": "4"}


def test_a_lost_node_explains_its_pods() -> None:
    seen = estate(
        node(ready="Unknown"),
        node("node-2"),
        pod("app-1", container(waiting="CrashLoopBackOff", exit_code=1)),
        pod("app-2", container(ready=True), ready=True, node="node-2"),
    )
    (found,) = findings(seen)
    assert (found.object, found.cause) == (ref("node", "node-1", ""), Cause.NODE_FAULT)
    assert found.affected == 1
    assert found.since == NOW - timedelta(minutes=20)


def test_a_lost_node_that_carries_nothing_of_the_namespace_is_left_out() -> None:
    assert list(nodes.find(estate(node(ready="False"), namespace="shop"))) == []
    assert list(nodes.find(estate(node(pressure="DiskPressure"), namespace="shop"))) == []
    assert len(list(nodes.find(estate(node(ready="False"))))) == 1


def test_pressure_on_a_node_is_told_and_does_not_hide_a_crash() -> None:
    seen = estate(
        node(pressure="MemoryPressure"),
        pod("app-1", container(waiting="CrashLoopBackOff", exit_code=1)),
    )
    assert {entry.phrase for entry in findings(seen)} == {"node_pressure", "crash"}


def test_an_eviction_is_told_while_its_pod_is_missing() -> None:
    evicted = pod(
        "app-1", phase="Failed", reason="Evicted", message="low on memory", created=ago(minutes=9)
    )
    lacking = estate(evicted, deployment(ready=1), replica_set())
    assert [entry.phrase for entry in nodes.find(lacking)] == ["evicted"]
    replaced = estate(evicted, deployment(ready=2), replica_set())
    assert list(nodes.find(replaced)) == []


def test_an_eviction_of_yesterday_is_not_todays_fault() -> None:
    evicted = pod("app-1", phase="Failed", reason="Evicted", created=ago(days=2))
    told = event("Pod/app-1", "Evicted", first=ago(hours=20), last=ago(hours=20))
    assert list(nodes.find(estate(evicted, told, deployment(), replica_set()))) == []


def test_an_evicted_pod_on_a_node_under_pressure_is_explained_by_it() -> None:
    evicted = pod(
        "app-1", phase="Failed", reason="Evicted", message="low on memory", created=ago(minutes=9)
    )
    seen = estate(evicted, node(pressure="MemoryPressure"), replica_set(), deployment())
    first = findings(seen)[0]
    assert (first.phrase, first.pods) == ("node_pressure", (ref("pod", "app-1"),))


def test_the_newest_failed_run_of_a_cron_job_is_its_fault() -> None:
    seen = estate(job("nightly-1", outcome="Complete", created=ago(hours=9)), job("nightly-2"))
    (found,) = jobs.find(seen)
    assert (found.object, found.cause) == (ref("cronjob", "nightly"), Cause.JOB_FAILED)
    assert found.values["job"] == "nightly-2"


def test_a_failed_run_that_a_later_one_made_good_is_over() -> None:
    seen = estate(job("nightly-1", created=ago(hours=9)), job("nightly-2", outcome="Complete"))
    assert list(jobs.find(seen)) == []


def test_a_run_under_way_does_not_excuse_the_one_before() -> None:
    seen = estate(job("nightly-1"), job("nightly-2", outcome="", created=ago(minutes=1)))
    assert [entry.values["job"] for entry in jobs.find(seen)] == ["nightly-1"]


def test_a_failed_job_of_nobodys_stands_for_itself_and_fades() -> None:
    (fresh,) = jobs.find(estate(job("once", owner="")))
    (old,) = jobs.find(estate(job("once", owner="", created=ago(days=3))))
    assert fresh.object == ref("job", "once")
    assert old.weight < fresh.weight


def test_a_job_whose_pod_was_killed_for_memory_says_so() -> None:
    killed = container(exit_code=137, reason="OOMKilled", current=True)
    seen = estate(
        job("nightly-1"), pod("nightly-1-x", killed, owner="Job/nightly-1", phase="Failed")
    )
    (found,) = jobs.find(seen)
    assert (found.phrase, found.cause) == ("job_starved", Cause.OUT_OF_MEMORY)
    assert (found.container, found.previous) == ("app", False)


def short(*sets: Any, conditions: Any = ()) -> Any:
    return estate(deployment(conditions=conditions), *sets)


def test_missing_replicas_without_a_rollout_have_no_known_cause() -> None:
    (found,) = rollouts.find(short(replica_set()))
    assert (found.phrase, found.cause, found.symptom) == ("replicas_missing", Cause.UNKNOWN, True)


def test_a_newest_revision_that_does_not_come_up_is_a_bad_rollout() -> None:
    sets = (replica_set("app-abc", ready=1), replica_set("app-def", number=2, created=ago(hours=3)))
    (found,) = rollouts.find(short(*sets))
    assert (found.phrase, found.cause) == ("rollout_incomplete", Cause.BAD_ROLLOUT)
    stuck = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]
    (worse,) = rollouts.find(short(*sets, conditions=stuck))
    assert worse.weight > found.weight


def test_a_rollout_that_hangs_is_told_though_the_old_pods_still_serve() -> None:
    sets = (
        replica_set("app-abc", desired=2, ready=2),
        replica_set("app-def", number=2, created=ago(days=4)),
    )
    (found,) = rollouts.find(estate(deployment(desired=2, ready=2), *sets))
    assert (found.phrase, found.affected) == ("rollout_incomplete", 1)


def test_an_old_revision_that_is_scaled_up_is_no_bad_rollout() -> None:
    sets = (
        replica_set("app-abc", desired=0),
        replica_set("app-def", number=2, created=ago(days=4), desired=2, ready=1),
    )
    (found,) = rollouts.find(short(*sets))
    assert found.phrase == "replicas_missing"


def test_a_rollout_that_has_just_begun_is_no_bad_one() -> None:
    sets = (replica_set(ready=1), replica_set("app-def", number=2, created=ago(seconds=50)))
    (found,) = rollouts.find(short(*sets))
    assert (found.phrase, found.cause) == ("rolling_out", Cause.UNKNOWN)


def test_a_workload_with_all_its_replicas_is_no_finding() -> None:
    assert list(rollouts.find(estate(deployment(ready=2)))) == []


def sick(*, owner: str, since: str) -> tuple[Any, ...]:
    crash = container(waiting="CrashLoopBackOff", exit_code=1, ended=ago(minutes=1))
    return (
        pod("app-1", crash, owner=f"ReplicaSet/{owner}", created=ago(days=8)),
        event("Pod/app-1", "BackOff", first=since),
    )


OLD_AND_NEW = (
    deployment(),
    replica_set("app-abc", number=1, created=ago(days=9)),
    replica_set("app-def", number=2, created=ago(hours=3)),
)


def triggered(*items: Any) -> int | None:
    seen = estate(*items)
    change = trigger(seen, findings(seen)[0])
    return change.revision.number if change else None


def test_a_fault_of_the_newest_revisions_pods_began_with_it() -> None:
    assert triggered(*OLD_AND_NEW, *sick(owner="app-def", since=ago(hours=3))) == 2


def test_a_fault_long_after_a_rollout_did_not_begin_with_it() -> None:
    assert triggered(*OLD_AND_NEW, *sick(owner="app-def", since=ago(minutes=90))) is None


def test_a_fault_of_an_older_revisions_pods_did_not_begin_with_the_newest() -> None:
    assert triggered(*OLD_AND_NEW, *sick(owner="app-abc", since=ago(hours=3))) is None


def test_the_only_revision_there_is_cannot_be_blamed() -> None:
    only = replica_set("app-abc", created=ago(hours=3))
    assert triggered(deployment(), only, *sick(owner="app-abc", since=ago(hours=3))) is None


def test_a_refused_creation_began_with_the_revision_that_lacks_pods() -> None:
    told = event("ReplicaSet/app-def", "FailedCreate", "exceeded quota", first=ago(hours=3))
    assert triggered(*OLD_AND_NEW, told) == 2
    well = replica_set("app-def", number=2, created=ago(hours=3), ready=1)
    seen = estate(deployment(), replica_set("app-abc", created=ago(days=9)), well)
    assert trigger(seen, findings(seen)[0]) is None


def undone(progressed: str) -> Any:
    progress = {"type": "Progressing", "lastUpdateTime": progressed}
    return estate(
        deployment(conditions=[progress]),
        replica_set("app-abc", number=3, created=ago(days=9)),
        replica_set("app-def", number=2, created=ago(hours=3)),
    )


def test_an_undone_rollout_is_dated_by_the_deployments_progress() -> None:
    changes = rollouts.rollouts(undone(ago(hours=1)), ref("deployment", "app"))
    assert [(one.revision.number, one.at) for one in changes] == [
        (2, NOW - timedelta(hours=3)),
        (3, NOW - timedelta(hours=1)),
    ]


def test_a_rollout_nobody_can_date_is_left_out_and_blamed_for_nothing() -> None:
    seen = undone(ago(days=9))
    changes = rollouts.rollouts(seen, ref("deployment", "app"))
    assert [one.revision.number for one in changes] == [2]
    assert trigger(seen, findings(seen)[0]) is None
