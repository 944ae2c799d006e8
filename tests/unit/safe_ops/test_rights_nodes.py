from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.cases_nodes import WORLDS
from tests.unit.safe_ops.cluster_worlds import World, controller, owned, pod
from tests.unit.safe_ops.node_worlds import evict_world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.model.rights import ClusterRule

_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/v[^/]+(?:/namespaces/[^/]+(?=/))?"
    r"/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[a-z]+))?"
)
_VERBS = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}
Uses = dict[tuple[str, str], set[str]]


def _granted(rules: Iterable[ClusterRule]) -> Uses:
    return {(rule.group, rule.resource): set(rule.verbs) for rule in rules}


def _evictions_of_all_kinds() -> list[World]:
    worlds = [evict_world()]
    for kind in ("DaemonSet", "StatefulSet"):
        world = evict_world()
        world.add(controller(kind, "x", app="x", replicas=2))
        world.add(pod("x-0", owners=owned(kind, "x", "uid-x"), labels={"app": "x"}))
        world.wanted["name"] = "x-0"
        worlds.append(world)
    return worlds


def _worlds(operation: str) -> list[World]:
    return _evictions_of_all_kinds() if operation == "evict_pod" else [WORLDS[operation]()]


def _reads(operation: str) -> Uses:
    """Return what an operation reads from its survey to its end."""
    used: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for world in _worlds(operation):
        cluster = world.cluster
        plan, subject, eyes = world.plan(), world.subject, world.eyes(cluster)
        world.case(cluster)
        subject.look(plan, eyes)
        for step in plan.drawing.steps:
            subject.applied(plan, step.call, eyes)
            subject.bind(plan, step.call, eyes)
        # What comes after all steps: pods are gone, so that the look goes on to what replaced them.
        for step in plan.drawing.steps:
            pod_path = step.call.path.removesuffix("/eviction")
            if pod_path != step.call.path:
                del cluster.objects[pod_path]
        if operation == "drain_node":
            cluster.objects["/api/v1/nodes/n1"]["spec"]["unschedulable"] = True
        subject.look(plan, eyes)
        for path in cluster.reads:
            found = _PATH.fullmatch(path.partition("?")[0])
            assert found is not None, path
            verb = "get" if found["name"] else "list"
            used[found["group"] or "", found["resource"]].add(verb)
    return dict(used)


def _writes(operation: str) -> Uses:
    used: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for world in _worlds(operation):
        drawing = world.drawing()
        for step in (*drawing.steps, *drawing.undo):
            found = _PATH.fullmatch(step.call.path)
            assert found is not None
            parts = (found["resource"], found["subresource"])
            resource = "/".join(part for part in parts if part)
            used[found["group"] or "", resource].add(_VERBS[step.call.action])
    return dict(used)


@pytest.mark.parametrize("operation", WORLDS)
def test_an_operation_reads_with_exactly_the_rights_it_names(operation: str) -> None:
    assert _reads(operation) == _granted(CATALOGUE[operation].rights.cluster_reads)


@pytest.mark.parametrize("operation", WORLDS)
def test_an_operation_writes_with_exactly_the_rights_it_names(operation: str) -> None:
    assert _writes(operation) == _granted(CATALOGUE[operation].rights.cluster_writes)


@pytest.mark.parametrize("operation", WORLDS)
def test_an_operation_asks_whether_it_may_make_its_calls(operation: str) -> None:
    world = WORLDS[operation]()
    cluster = world.cluster
    writes = CATALOGUE[operation].rights.cluster_writes
    cluster.denied = frozenset(f"{verb} {rule.resource}" for rule in writes for verb in rule.verbs)

    permissions = world.case(cluster).survey.permissions

    assert permissions
    assert not any(permission.allowed for permission in permissions)
