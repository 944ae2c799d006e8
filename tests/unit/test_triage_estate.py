"""API objects become an estate, whatever is missing in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.triage.listing import grid_of
from bot.triage.object_meta import EPOCH
from bot.triage.reading import read_happening, read_revision, read_workload
from bot.triage.rulebook import findings
from tests.unit.triage_estates import (
    CLUSTER,
    FAMILIES,
    LABELS,
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
from tests.unit.triage_surroundings import SURROUNDINGS

KINDS = (
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "Event",
    "Node",
    "Service",
    "EndpointSlice",
    "Ingress",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "CronJob",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "ConfigMap",
)
WHOLE = (
    pod("app-1", container(waiting="CrashLoopBackOff", exit_code=1), claim="data", limit="64Mi"),
    deployment(conditions=[{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]),
    replica_set(),
    event("Pod/app-1", "BackOff"),
    job("nightly-1"),
    node(),
    *SURROUNDINGS,
)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.lists(st.none() | st.integers() | st.dictionaries(st.text(max_size=3), st.none())),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4) | st.none(), max_size=2),
)
WORDS = st.sampled_from(
    (
        "metadata",
        "spec",
        "status",
        "name",
        "namespace",
        "conditions",
        "type",
        "reason",
        "message",
        "containerStatuses",
        "state",
        "waiting",
        "terminated",
        "exitCode",
        "restartCount",
        "creationTimestamp",
        "involvedObject",
        "kind",
        "count",
        "ownerReferences",
        "annotations",
        "replicas",
        "template",
        "containers",
        "lastState",
        "finishedAt",
        "phase",
    )
)
TREES = st.recursive(
    JUNK | st.sampled_from(["Ready", "True", "CrashLoopBackOff", "Failed", "OOMKilled", ago()]),
    lambda inner: st.dictionaries(WORDS, inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=30,
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a tree."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [before, *(path for key, one in inner for path in paths(one, (*before, key)))]


def spoiled(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """The tree with something else at one place."""
    if not path:
        return junk
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {**value, key: spoiled(value[key], rest, junk)}
    return [spoiled(one, rest, junk) if at == key else one for at, one in enumerate(value)]


@given(st.dictionaries(WORDS, TREES), st.sampled_from(KINDS))
def test_no_object_is_too_strange_to_be_read_and_judged(tree: dict[str, Any], kind: str) -> None:
    strange = {**tree, "kind": kind}
    found = findings(estate(strange, *WHOLE))
    assert any(entry.object == ref("deployment", "app") for entry in found)
    for family in LABELS:
        grid = grid_of(family, [strange], at=NOW)
        assert all(len(row) == len(grid.columns) for row in grid.rows)


@given(st.data())
def test_a_missing_or_wrong_field_anywhere_stops_nothing(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(WHOLE))
    path = data.draw(st.sampled_from([one for one in paths(whole) if one and one != ("kind",)]))
    broken = spoiled(whole, path, data.draw(JUNK))
    findings(estate(broken, *(one for one in WHOLE if one is not whole)))
    family = FAMILIES[whole["kind"]]
    assert len(grid_of(family, [broken], at=NOW).rows) <= 1


def test_a_pod_belongs_to_the_deployment_of_its_replica_set() -> None:
    seen = estate(pod(), deployment(), replica_set())
    assert seen.workload_of(seen.pods[0]) == ref("deployment", "app")
    assert seen.pods_of(ref("deployment", "app")) == list(seen.pods)


def test_a_pod_of_an_unknown_replica_set_belongs_to_that() -> None:
    seen = estate(pod(owner="ReplicaSet/lonely"))
    assert seen.workload_of(seen.pods[0]) == ref("replicaset", "lonely")


def test_a_pod_of_a_cron_jobs_job_belongs_to_the_cron_job() -> None:
    seen = estate(pod(owner="Job/nightly-1"), job("nightly-1"))
    assert seen.workload_of(seen.pods[0]) == ref("cronjob", "nightly")


def test_a_pod_nobody_owns_stands_for_itself() -> None:
    seen = estate(pod(owner=""))
    assert seen.workload_of(seen.pods[0]) == ref("pod", "app-1")
    assert seen.pods_of(ref("pod", "app-1")) == list(seen.pods)


def test_citations_are_of_the_namespace_asked_for() -> None:
    seen = estate(pod(), namespace="shop")
    assert seen.cite("pods", "events", namespace="shop") == ("E1", "E7")
    assert seen.cite("pods", namespace="payments") == ()
    assert seen.cite("pods") == ("E1",)


def test_events_are_newest_first_and_found_by_reason() -> None:
    seen = estate(
        event("Pod/app-1", "BackOff", last=ago(minutes=9)),
        event("Pod/app-1", "Failed", last=ago(minutes=1)),
        event("Pod/other", "Failed"),
    )
    assert [one.reason for one in seen.about(ref("pod", "app-1"))] == ["Failed", "BackOff"]
    assert [one.reason for one in seen.about(ref("pod", "app-1"), "BackOff")] == ["BackOff"]


def test_the_onset_is_the_first_warning_and_not_before_the_pod() -> None:
    warned = estate(pod(created=ago(hours=5)), event("Pod/app-1", "BackOff", first=ago(hours=2)))
    assert warned.onset(warned.pods[0], "BackOff") == NOW - timedelta(hours=2)
    younger = estate(pod(created=ago(hours=1)), event("Pod/app-1", "BackOff", first=ago(hours=2)))
    assert younger.onset(younger.pods[0], "BackOff") == NOW - timedelta(hours=1)


def test_without_a_warning_the_onset_is_when_the_pod_ceased_to_be_ready() -> None:
    conditions = [{"type": "Ready", "status": "False", "lastTransitionTime": ago(minutes=7)}]
    seen = estate(pod(conditions=conditions))
    assert seen.onset(seen.pods[0], "BackOff") == NOW - timedelta(minutes=7)


@pytest.mark.parametrize(
    ("item", "ready", "over"),
    [
        (pod(phase="Succeeded"), 0, True),
        (pod(phase="Failed"), 2, True),
        (pod(phase="Failed"), 1, False),
        (pod(phase="Failed", owner="Job/nightly-1"), 0, True),
        (pod(phase="Failed", owner=""), 0, False),
        (pod(), 0, False),
    ],
)
def test_a_pod_is_over_when_it_owes_nothing_any_more(item: Any, ready: int, over: bool) -> None:
    seen = estate(item, deployment(ready=ready), replica_set())
    assert seen.is_over(seen.pods[0]) is over


def test_a_pod_being_deleted_is_over() -> None:
    going = pod()
    going["metadata"]["deletionTimestamp"] = ago(minutes=1)
    seen = estate(going)
    assert seen.is_over(seen.pods[0])


def test_a_replica_set_that_stands_alone_is_no_revision() -> None:
    assert read_revision(CLUSTER, replica_set(owner="")) is None
    strange = replica_set()
    strange["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "²"}
    assert read_revision(CLUSTER, strange) is None


def test_events_of_both_apis_are_read() -> None:
    newer = read_happening(
        CLUSTER,
        {
            "regarding": {"kind": "Pod", "name": "app-1", "namespace": "shop"},
            "note": "told",
            "series": {"count": 7, "lastObservedTime": ago(minutes=3)},
            "eventTime": ago(minutes=9),
        },
    )
    assert (newer.message, newer.count) == ("told", 7)
    assert newer.last_seen - newer.first_seen == timedelta(minutes=6)
    assert read_happening(CLUSTER, {}).last_seen == EPOCH


def test_daemon_sets_count_their_nodes() -> None:
    item = {"status": {"desiredNumberScheduled": 4, "numberReady": 3, "updatedNumberScheduled": 2}}
    seen = read_workload(CLUSTER, "daemonset", item)
    assert (seen.desired, seen.ready, seen.updated) == (4, 3, 2)


def test_a_deployment_without_a_number_wants_one_replica() -> None:
    assert read_workload(CLUSTER, "deployment", {}).desired == 1


def test_rows_hide_secrets_and_stay_on_one_line() -> None:
    told = event("Pod/app-1", "Failed", "password=hunter2-canary\nnext\tline")
    (row,) = grid_of("events", [told], at=NOW).rows
    assert "canary" not in row[-1]
    assert "\n" not in "".join(row)
    assert "\t" not in "".join(row)


def test_events_are_listed_oldest_first() -> None:
    grid = grid_of(
        "events",
        [
            event("Pod/a", "New", last=ago(minutes=1)),
            event("Pod/a", "Old", last=ago(minutes=5)),
        ],
        at=NOW,
    )
    assert [row[3] for row in grid.rows] == ["Old", "New"]


def test_a_pods_row_tells_how_its_containers_ended() -> None:
    item = pod(
        "app-1",
        container(waiting="CrashLoopBackOff", message="back-off", exit_code=137, restarts=3),
        limit="64Mi",
    )
    columns, (row,) = grid_of("pods", [item], at=NOW).columns, grid_of("pods", [item], at=NOW).rows
    told = dict(zip(columns, row, strict=True))
    assert told["STATUS"] == "CrashLoopBackOff"
    assert "exit code 137" in told["LAST END"]
    assert "memory limit 64Mi" in told["LAST END"]
    assert told["RESTARTS"] == "app=3"


@pytest.mark.parametrize("family", [*sorted(LABELS.keys() - {"replicasets"}), "namespaces"])
def test_every_family_has_a_list(family: str) -> None:
    assert grid_of(family, [{"metadata": {"name": "x"}}], at=NOW).rows
