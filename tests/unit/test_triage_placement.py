"""Pods that get no image, no node, no volume, or are not even created."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.verdict import Category, Cause
from bot.triage.rules import creation, images, scheduling, storage
from tests.unit.triage_estates import (
    NOW,
    ago,
    container,
    deployment,
    estate,
    event,
    job,
    pod,
    ref,
    replica_set,
)

IMAGE = "registry.example.com/shop/app:1.0"


def pulling(message: str, *, reason: str = "ImagePullBackOff") -> Any:
    return pod("app-1", container(waiting=reason, message=message), phase="Pending")


@pytest.mark.parametrize(
    ("message", "phrase", "cause"),
    [
        (f"{IMAGE}: not found", "image_absent", Cause.IMAGE_NOT_FOUND),
        ("manifest unknown", "image_absent", Cause.IMAGE_NOT_FOUND),
        ("no match for platform in manifest", "image_absent", Cause.IMAGE_NOT_FOUND),
        ("401 Unauthorized", "image_denied", Cause.IMAGE_ACCESS_DENIED),
        ("toomanyrequests: rate limit", "image_denied", Cause.IMAGE_ACCESS_DENIED),
        (
            "pull access denied, repository does not exist or may require authorization",
            "image_denied",
            Cause.IMAGE_ACCESS_DENIED,
        ),
        ("dial tcp: lookup registry.example.com: no such host", "image_unreachable", Cause.DNS),
        ("dial tcp 10.0.0.9:443: i/o timeout", "image_unreachable", Cause.NETWORK),
        ("rpc error: code = Unknown", "image_failed", Cause.IMAGE_NOT_FOUND),
    ],
)
def test_an_image_that_does_not_arrive_is_told_by_the_registrys_words(
    message: str, phrase: str, cause: Cause
) -> None:
    (found,) = images.find(estate(pulling(message)))
    assert (found.phrase, found.cause) == (phrase, cause)


def test_an_image_name_that_is_none_is_absent() -> None:
    (found,) = images.find(estate(pulling("denied by nobody", reason="InvalidImageName")))
    assert found.phrase == "image_absent"


def test_what_the_registry_said_may_stand_in_an_event() -> None:
    told = event("Pod/app-1", "Failed", f'Failed to pull image "{IMAGE}": unauthorized')
    (found,) = images.find(estate(pulling("Back-off"), told))
    assert found.cause is Cause.IMAGE_ACCESS_DENIED
    assert found.evidence == ("E1", "E7")


def test_another_image_of_the_same_pod_is_not_mixed_in() -> None:
    told = event("Pod/app-1", "Failed", 'Failed to pull image "other:2": unauthorized')
    (found,) = images.find(estate(pulling("Back-off"), told))
    assert found.phrase == "image_failed"
    assert found.evidence == ("E1",)


def test_an_image_that_was_pulled_in_the_end_is_no_fault() -> None:
    told = event("Pod/app-1", "Failed", f'Failed to pull image "{IMAGE}": not found')
    assert list(images.find(estate(pod("app-1", container(ready=True)), told))) == []
    assert list(images.find(estate({**pulling("x"), "status": {"phase": "Succeeded"}}))) == []


@pytest.mark.parametrize(
    ("message", "phrase", "cause"),
    [
        (
            "0/4 nodes are available: 4 Insufficient cpu. preemption: 0/4 nodes are available",
            "no_room",
            Cause.UNSCHEDULABLE_CAPACITY,
        ),
        (
            "0/4 nodes are available: 1 Too many pods, 3 Insufficient memory.",
            "no_room",
            Cause.UNSCHEDULABLE_CAPACITY,
        ),
        (
            "0/4 nodes are available: 1 Insufficient cpu, 3 node(s) had untolerated taint {x: y}.",
            "no_node_fits",
            Cause.UNSCHEDULABLE_CONSTRAINT,
        ),
        (
            "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
            "no_node_fits",
            Cause.UNSCHEDULABLE_CONSTRAINT,
        ),
        (
            "0/2 nodes: 2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.",
            "no_node_fits",
            Cause.NODE_FAULT,
        ),
        ("no node fits", "no_node_fits", Cause.UNSCHEDULABLE_CONSTRAINT),
    ],
)
def test_a_pod_without_a_node_is_told_by_what_most_nodes_lack(
    message: str, phrase: str, cause: Cause
) -> None:
    (found,) = scheduling.find(estate(pod(phase="Pending", unschedulable=message)))
    assert (found.phrase, found.cause) == (phrase, cause)
    assert "preemption" not in found.values["message"]


def test_a_pod_that_found_a_node_is_no_fault() -> None:
    old = event("Pod/app-1", "FailedScheduling", "0/4 nodes are available: 4 Insufficient cpu.")
    assert list(scheduling.find(estate(pod("app-1", container(ready=True)), old))) == []


UNBOUND = "0/4 nodes are available: pod has unbound immediate PersistentVolumeClaims."


def test_a_claim_that_is_not_bound_is_storage_and_not_scheduling() -> None:
    waiting = pod(phase="Pending", unschedulable=UNBOUND)
    assert list(scheduling.find(estate(waiting))) == []
    (found,) = storage.find(estate(waiting))
    assert (found.phrase, found.cause) == ("volume_unbound", Cause.STORAGE)
    assert found.values["message"] == UNBOUND


def test_why_a_claim_is_not_bound_stands_in_its_own_events() -> None:
    waiting = pod(phase="Pending", unschedulable=UNBOUND, claim="data")
    told = event(
        "PersistentVolumeClaim/data", "ProvisioningFailed", 'storageclass "fast" not found'
    )
    (found,) = storage.find(estate(waiting, told))
    assert found.values["message"] == 'storageclass "fast" not found'
    assert found.evidence == ("E1", "E7")


CREATING = pod("app-1", container(waiting="ContainerCreating"), phase="Pending")


@pytest.mark.parametrize(
    ("reason", "message", "phrase", "cause"),
    [
        ("FailedMount", 'configmap "app" not found', "config_missing", Cause.MISSING_CONFIG),
        ("FailedMount", "timed out waiting for the condition", "volume_unmounted", Cause.STORAGE),
        ("FailedAttachVolume", "Multi-Attach error", "volume_unmounted", Cause.STORAGE),
        ("FailedCreatePodSandBox", "no IP addresses", "network_setup", Cause.NETWORK),
    ],
)
def test_a_pod_stuck_before_its_start_is_told_by_the_kubelet(
    reason: str, message: str, phrase: str, cause: Cause
) -> None:
    (found,) = storage.find(estate(CREATING, event("Pod/app-1", reason, message)))
    assert (found.phrase, found.cause) == (phrase, cause)


def test_a_mount_that_failed_long_ago_is_over() -> None:
    old = event("Pod/app-1", "FailedMount", "timed out", last=ago(minutes=11))
    assert list(storage.find(estate(CREATING, old))) == []


def test_a_mount_that_worked_in_the_end_is_over() -> None:
    told = event("Pod/app-1", "FailedMount", "timed out")
    assert list(storage.find(estate(pod("app-1", container(ready=True)), told))) == []
    assert list(storage.find(estate({**CREATING, "status": {"phase": "Succeeded"}}, told))) == []


@pytest.mark.parametrize(
    ("message", "phrase", "cause"),
    [
        ("exceeded quota: team, requested: cpu=2", "quota", Cause.QUOTA_EXCEEDED),
        ("maximum memory usage per Container is 1Gi", "quota", Cause.QUOTA_EXCEEDED),
        ('serviceaccount "app" not found', "account_missing", Cause.SERVICE_ACCOUNT_MISSING),
        (
            'error looking up service account shop/app: serviceaccount "app" not found',
            "account_missing",
            Cause.SERVICE_ACCOUNT_MISSING,
        ),
        ('admission webhook "x" denied the request', "creation_refused", Cause.WRONG_CONFIG),
    ],
)
def test_a_pod_that_is_not_created_is_told_by_who_refused_it(
    message: str, phrase: str, cause: Cause
) -> None:
    told = event(
        "ReplicaSet/app-abc",
        "FailedCreate",
        f'Error creating: pods "app-abc-x" is forbidden: {message}',
        first=ago(minutes=20),
    )
    (found,) = creation.find(estate(deployment(), replica_set(desired=2), told))
    assert (found.phrase, found.cause, found.object) == (phrase, cause, ref("deployment", "app"))
    assert found.values["message"] == message
    assert found.affected == 2
    assert found.since == NOW - timedelta(minutes=20)


def test_a_refusal_followed_by_a_creation_is_over() -> None:
    items = (
        replica_set(),
        event("ReplicaSet/app-abc", "FailedCreate", "exceeded quota", last=ago(minutes=5)),
        event("ReplicaSet/app-abc", "SuccessfulCreate", warning=False, last=ago(minutes=4)),
    )
    assert list(creation.find(estate(*items))) == []


def test_a_refusal_of_what_has_all_its_pods_is_over() -> None:
    told = event("ReplicaSet/app-abc", "FailedCreate", "exceeded quota")
    assert list(creation.find(estate(replica_set(desired=1, ready=1), told))) == []


def test_stateful_sets_and_running_jobs_are_refused_pods_as_well() -> None:
    stateful = {**deployment("db"), "kind": "StatefulSet"}
    told = event("StatefulSet/db", "FailedCreate", "exceeded quota")
    refused = event("Job/nightly-9", "FailedCreate", "exceeded quota")
    found = list(creation.find(estate(stateful, told, job("nightly-9", outcome=""), refused)))
    assert [entry.object for entry in found] == [
        ref("statefulset", "db"),
        ref("cronjob", "nightly"),
    ]
    assert {entry.category for entry in found} == {Category.CAPACITY}
