"""Containers that do not start or do not stay, and those that did but no longer do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.verdict import Cause
from bot.triage.rules import probes, startup
from tests.unit.triage_estates import (
    NOW,
    ago,
    container,
    deployment,
    estate,
    event,
    pod,
    ref,
    replica_set,
)


def judged(*items: Any) -> list[tuple[str, Cause]]:
    seen = estate(*items, deployment(), replica_set())
    return [(entry.phrase, entry.cause) for entry in startup.find(seen)]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (
            container(waiting="CrashLoopBackOff", exit_code=1, restarts=4),
            ("crash", Cause.APPLICATION_CRASH),
        ),
        (
            container(waiting="CrashLoopBackOff", exit_code=137, reason="OOMKilled", restarts=1),
            ("out_of_memory", Cause.OUT_OF_MEMORY),
        ),
        (container(exit_code=1, current=True), ("crash", Cause.APPLICATION_CRASH)),
        (
            container(exit_code=1, restarts=5, ready=True, ended=ago(minutes=1)),
            ("crash", Cause.APPLICATION_CRASH),
        ),
        (container(waiting="CrashLoopBackOff", exit_code=0), ("exits", Cause.BAD_COMMAND)),
        (container(waiting="CrashLoopBackOff", exit_code=127), ("bad_command", Cause.BAD_COMMAND)),
        (
            container(waiting="RunContainerError", message="exec: no such file"),
            ("bad_command", Cause.BAD_COMMAND),
        ),
        (
            container(waiting="CrashLoopBackOff", exit_code=128, reason="StartError"),
            ("bad_command", Cause.BAD_COMMAND),
        ),
        (
            container(waiting="CreateContainerConfigError", message='secret "db" not found'),
            ("config_missing", Cause.MISSING_CONFIG),
        ),
        (
            container(
                waiting="CreateContainerConfigError",
                message="couldn't find key URL in ConfigMap shop/app",
            ),
            ("config_missing", Cause.MISSING_CONFIG),
        ),
        (
            container(
                waiting="CreateContainerConfigError",
                message="container has runAsNonRoot and image will run as root",
            ),
            ("config_refused", Cause.WRONG_CONFIG),
        ),
    ],
)
def test_a_container_that_does_not_stay_up_is_told_by_how_it_ended(
    status: Any, expected: tuple[str, Cause]
) -> None:
    assert judged(pod("app-1", status)) == [expected]


@pytest.mark.parametrize(
    "status",
    [
        container(ready=True),
        container(ready=True, exit_code=1, restarts=5, ended=ago(minutes=11)),
        container(ready=True, exit_code=137, reason="OOMKilled", restarts=1, ended=ago(minutes=2)),
        container(exit_code=0, current=True),
        container(waiting="ContainerCreating"),
    ],
)
def test_what_runs_or_has_run_long_enough_is_no_fault(status: Any) -> None:
    assert judged(pod("app-1", status)) == []


def test_an_init_container_that_crashes_is_named() -> None:
    failing = container("migrate", waiting="CrashLoopBackOff", exit_code=1)
    found = list(startup.find(estate(pod("app-1", init=(failing,)))))
    assert [entry.values["container"] for entry in found] == ["migrate"]


def test_pods_that_are_over_are_not_judged() -> None:
    crashed = container(exit_code=1, current=True)
    assert judged(pod("app-1", crashed, phase="Failed", owner="Job/x")) == []
    assert judged(pod("app-1", crashed, phase="Failed", reason="Evicted")) == []


def test_a_kill_without_a_reason_is_most_likely_memory() -> None:
    killed = container(waiting="CrashLoopBackOff", exit_code=137, restarts=3)
    (limited,) = startup.find(estate(pod("app-1", killed, limit="128Mi")))
    (unlimited,) = startup.find(estate(pod("app-1", killed)))
    assert (limited.phrase, limited.cause) == ("killed", Cause.OUT_OF_MEMORY)
    assert unlimited.weight < limited.weight < 0.75


def test_a_kill_by_a_probe_is_told_by_the_probes_rule() -> None:
    killed = container(waiting="CrashLoopBackOff", exit_code=137, restarts=3)
    items = (
        pod("app-1", killed),
        event("Pod/app-1", "Killing", "Container app failed liveness probe, will be restarted"),
        event("Pod/app-1", "Unhealthy", "Liveness probe failed: context deadline exceeded"),
    )
    assert judged(*items) == []
    (found,) = probes.find(estate(*items))
    assert found.phrase == "probe_kills"
    assert found.values["message"].startswith("Liveness probe failed")


def test_the_onset_of_a_crash_is_its_first_back_off() -> None:
    crash = container(waiting="CrashLoopBackOff", exit_code=1, ended=ago(minutes=1))
    back_off = event("Pod/app-1", "BackOff", first=ago(minutes=50))
    (found,) = startup.find(estate(pod("app-1", crash, created=ago(days=9)), back_off))
    assert found.since == NOW - timedelta(minutes=50)


def test_the_finding_names_the_workload_and_cites_the_pods() -> None:
    crash = container(waiting="CrashLoopBackOff", exit_code=1)
    seen = estate(pod("app-1", crash), deployment(), replica_set())
    (found,) = startup.find(seen)
    assert found.object == ref("deployment", "app")
    assert found.evidence == ("E1",)
    assert found.pods == (ref("pod", "app-1"),)
    assert (found.container, found.previous) == ("app", True)


def test_a_container_that_has_just_ended_is_read_without_previous() -> None:
    (found,) = startup.find(estate(pod("app-1", container(exit_code=1, current=True))))
    assert found.previous is False


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ('configmap "app" not found', "configmap app"),
        ('MountVolume failed for volume "v" : secret "tls" not found', "secret tls"),
        ("couldn't find key A in Secret shop/db", "A in secret shop/db"),
        ("permission denied", None),
    ],
)
def test_a_missing_reference_is_read_from_the_kubelets_words(
    message: str, missing: str | None
) -> None:
    assert startup.missing_reference(message) == missing
