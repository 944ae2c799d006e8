"""A cluster too old for the disruption budgets that are read here is not changed."""

from __future__ import annotations

import pytest

from safe_ops.errors import RefusedError
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.workload_reading import reads
from tests.unit.safe_ops.cases_nodes import WORLDS
from tests.unit.safe_ops.cluster_worlds import World
from tests.unit.safe_ops.estate import FakeCluster
from tests.unit.safe_ops.situations_workloads import ASKED, Situation

_BUDGETS = reads("PodDisruptionBudget", "list")
LOOKING = sorted(name for name, one in CATALOGUE.items() if _BUDGETS in one.rights.cluster_reads)


def _world(operation: str) -> World:
    if operation in WORLDS:
        return WORLDS[operation]()
    here = Situation(operation)
    return World(operation=operation, wanted=here.asked, objects=here.objects)


def test_operations_on_nodes_pods_and_workloads_look_at_budgets() -> None:
    assert {"drain_node", "evict_pod", "rollout_restart", "scale_down"} <= set(LOOKING)
    assert set(LOOKING) <= set(WORLDS) | set(ASKED)


@pytest.mark.parametrize("operation", LOOKING)
def test_budgets_that_cannot_be_seen_are_not_taken_for_none(operation: str) -> None:
    world = _world(operation)
    old = FakeCluster(world.objects, unserved=frozenset({"poddisruptionbudgets"}))

    with pytest.raises(RefusedError, match=r"policy/v1, as Kubernetes does from 1\.21") as refusal:
        world.case(old)

    assert refusal.value.code == "unsupported"


@pytest.mark.parametrize("operation", ["hpa_bounds", "set_resources"])
def test_kinds_a_cluster_need_not_have_count_as_none(operation: str) -> None:
    world = _world(operation)
    plain = FakeCluster(
        world.objects, unserved=frozenset({"scaledobjects", "verticalpodautoscalers"})
    )

    assert world.case(plain).survey.scaled_objects == ()
