"""Changing what a container asks for and may take."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from safe_ops.errors import RefusedError
from safe_ops.model.plans import Tier
from safe_ops.model.resources import quality
from tests.unit.safe_ops.situations_workloads import Situation
from tests.unit.safe_ops.workload_estate import CART, CORE, NOW, RANGE, ago, pod

OLD = {"cpu_request": None, "memory_request": None, "memory_limit": None, "cpu_limit": None}


def setting(**asked: Any) -> Situation:
    """Only these bounds, of four that could be set."""
    return Situation("set_resources", asked=OLD | asked)


def container(here: Situation) -> dict[str, Any]:
    found: dict[str, Any] = here.objects[CART]["spec"]["template"]["spec"]["containers"][0]
    return found


def test_only_the_bounds_asked_for_are_written() -> None:
    here = setting(memory_limit="768Mi", cpu_limit="2")
    containers = here.bound(here.plan())["spec"]["template"]["spec"]["containers"]
    resources = {"limits": {"memory": "768Mi", "cpu": "2"}}
    assert containers == [{"name": "app", "resources": resources}]


def test_before_and_after_are_shown_for_each_bound() -> None:
    here = setting(memory_limit="768Mi")
    (change,) = here.drawing().changes
    assert change.field == "containers.app.resources.limits.memory"
    assert (change.before, change.after) == ("512Mi", "768Mi")
    assert here.drawing().verification.settle_s == 1800


def test_a_bound_that_was_not_there_is_taken_away_again() -> None:
    here = setting(cpu_request="750m")
    container(here)["resources"]["requests"] = {"memory": "512Mi"}
    plan = here.plan()
    assert plan.drawing.changes[0].before == "none"
    here.send(plan)
    here.send(plan, undo=True)
    assert container(here)["resources"]["requests"] == {"memory": "512Mi"}


def test_a_change_of_the_pods_class_is_shown() -> None:
    here = setting(cpu_request="1")
    change = here.drawing().changes[-1]
    assert (change.field, change.before, change.after) == ("QoS class", "Burstable", "Guaranteed")


@pytest.mark.parametrize(
    ("resources", "quality_of_service"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "0"}}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
        (
            {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m"}},
            "Guaranteed",
        ),
    ],
)
def test_a_pods_class_follows_from_its_bounds(
    resources: dict[str, Any], quality_of_service: str
) -> None:
    assert quality({"containers": [{"resources": resources}]}) == quality_of_service


def test_what_recreates_is_the_third_tier_and_says_so() -> None:
    here = setting(memory_limit="768Mi")
    assert here.drawing().tier is Tier.T2
    here.objects[CART]["spec"]["strategy"] = {"type": "Recreate"}
    assert here.drawing().tier is Tier.T3
    assert here.drawing().notes == ("it recreates: all its pods end before new ones start",)


def test_a_container_it_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(RefusedError, match="has no container db: it has app") as refused:
        setting(container="db", cpu_limit="1").drawing()
    assert refused.value.code == "parameters"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"cpu_limit": "1Gi"},
        {"cpu_limit": "-1"},
        {"cpu_limit": "1e3"},
        {"memory_limit": "512"},
        {"memory_limit": "512m"},
        {"memory_limit": 512},
        {"memory_limit": "1Ti"},
    ],
)
def test_bounds_beyond_the_form_are_refused(asked: Any) -> None:
    with pytest.raises(ValidationError):
        setting(**asked).survey()


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({"memory_limit": "1Gi"}, []),
        ({"memory_limit": "1025Mi"}, ["step"]),
        ({"cpu_request": "250m"}, []),
        ({"cpu_request": "249m"}, ["step"]),
    ],
)
def test_one_step_goes_from_half_to_twice(asked: Any, refused: list[str]) -> None:
    assert setting(**asked).refusals() == refused


def test_a_first_limit_has_nothing_to_be_compared_with() -> None:
    here = setting(memory_limit="1Gi")
    container(here)["resources"] = {"requests": {"memory": "512Mi"}}
    assert here.refusals() == ["step"]


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ({"type": "Container", "min": {"cpu": "800m"}}, ["limit-range"]),
        ({"type": "Container", "min": {"cpu": "750m"}}, []),
        ({"type": "Container", "maxLimitRequestRatio": {"cpu": "1.2"}}, ["limit-range"]),
        ({"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}}, []),
        ({"type": "Pod", "max": {"memory": "100Mi"}}, ["limit-range"]),
        ({"type": "Pod", "max": {"memory": "1Gi"}}, []),
        ({"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}, []),
    ],
)
def test_limit_ranges_of_containers_and_pods_are_kept(rule: Any, refused: list[str]) -> None:
    here = setting(cpu_request="750m")
    here.objects[RANGE]["spec"]["limits"] = [rule]
    assert here.refusals() == refused


@pytest.mark.parametrize(
    ("reason", "seconds_after", "progress"),
    [
        ("OOMKilled", 60, "missed"),
        ("OOMKilled", -60, "reached"),
        ("Error", 60, "reached"),
        ("OOMKilled", None, "missed"),
    ],
)
def test_a_new_pod_that_is_killed_for_memory_ends_it(
    reason: str, seconds_after: int | None, progress: str
) -> None:
    here = setting(memory_limit="1Gi")
    plan = here.plan()
    here.send(plan)
    here.settle()
    ended = {"reason": reason}
    if seconds_after is not None:
        ended["finishedAt"] = ago(seconds=-seconds_after)
    fresh = pod("cart-8", "cart", containerStatuses=[{"lastState": {"terminated": ended}}])
    fresh["spec"] |= here.objects[CART]["spec"]["template"]["spec"]
    here.objects[f"{CORE}/pods/cart-8"] = fresh
    assert plan.created_at == NOW
    assert here.look(plan)[0] == progress


def test_an_old_pod_that_is_killed_says_nothing_of_the_new_bounds() -> None:
    here = setting(memory_limit="1Gi")
    plan = here.plan()
    here.send(plan)
    here.settle()
    ended = {"terminated": {"reason": "OOMKilled", "finishedAt": ago(seconds=-5)}}
    here.objects[f"{CORE}/pods/cart-1"]["status"]["containerStatuses"] = [{"state": ended}]
    assert here.look(plan)[0] == "reached"
