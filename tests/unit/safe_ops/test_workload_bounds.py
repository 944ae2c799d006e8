"""Between which bounds an autoscaler may move."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from safe_ops.errors import RefusedError
from tests.unit.safe_ops.cases_workloads import VPA, put, vertical
from tests.unit.safe_ops.situations_workloads import Situation
from tests.unit.safe_ops.workload_estate import (
    CART,
    HPA,
    QUOTA,
    WEB,
    deployment,
)


def up(**asked: Any) -> Situation:
    return Situation("scale_up", asked=asked)


def down(**asked: Any) -> Situation:
    return Situation("scale_down", asked=asked)


def bounds(**asked: Any) -> Situation:
    return Situation("hpa_bounds", asked=asked)


def of(here: Situation, replicas: int) -> Situation:
    """The same with so many pods there."""
    here.objects[CART] = deployment("cart", replicas=replicas)
    here.objects[f"{CART}/scale"]["spec"]["replicas"] = replicas
    return here


class TestBounds:
    def test_only_the_two_bounds_are_written(self) -> None:
        here = bounds(min_replicas=3)
        assert here.bound(here.plan())["spec"] == {"minReplicas": 3, "maxReplicas": 8}
        assert here.plan().drawing.steps[0].call.media_type == "application/merge-patch+json"

    def test_only_what_changes_is_shown(self) -> None:
        (change,) = bounds().drawing().changes
        assert (change.field, change.before, change.after) == ("spec.maxReplicas", "6", "8")

    def test_the_service_is_that_of_what_is_scaled(self) -> None:
        here = bounds()
        here.objects[HPA]["metadata"]["labels"] = {}
        here.objects[WEB]["metadata"]["labels"] = {"app.kubernetes.io/name": "web-shop"}
        assert here.drawing().target.service == "shop/web-shop"

    @pytest.mark.parametrize(
        "asked",
        [
            {"max_replicas": None},
            {"min_replicas": 9, "max_replicas": 8},
            {"min_replicas": 0},
            {"max_replicas": 1001},
        ],
    )
    def test_bounds_that_say_nothing_or_contradict_are_refused(self, asked: Any) -> None:
        with pytest.raises(ValidationError):
            bounds(**asked).survey()

    @pytest.mark.parametrize("kind", ["Deployment", "Widget"])
    def test_an_autoscaler_of_nothing_is_refused(self, kind: str) -> None:
        here = bounds()
        here.objects[HPA]["spec"]["scaleTargetRef"] = {"kind": kind, "name": "gone"}
        with pytest.raises(RefusedError, match=r"no workload that .* scales"):
            here.drawing()

    @pytest.mark.parametrize(
        ("metrics", "refused"),
        [
            ([], ["vertical-autoscaler"]),
            (
                [{"type": "ContainerResource", "containerResource": {"name": "memory"}}],
                ["vertical-autoscaler"],
            ),
            ([{"type": "Pods", "pods": {}}], []),
        ],
    )
    def test_both_kinds_of_autoscalers_may_not_go_by_the_same_use(
        self, metrics: list[Any], refused: list[str]
    ) -> None:
        here = bounds()
        vertical("web")(here)
        here.objects[HPA]["spec"]["metrics"] = metrics
        assert here.refusals() == refused

    def test_a_vertical_autoscaler_that_only_recommends_is_fine(self) -> None:
        here = bounds()
        vertical("web", "Off")(here)
        assert here.refusals() == []
        here.objects[VPA]["spec"]["updatePolicy"] = {}
        assert here.refusals() == ["vertical-autoscaler"]

    def test_lowering_the_upper_bound_needs_no_room(self) -> None:
        here = bounds(max_replicas=5)
        put("status", "used", "requests.cpu", value="20", at=QUOTA)(here)
        for name in ("n1", "n2"):
            del here.objects[f"/api/v1/nodes/{name}"]
        assert here.refusals() == []

    def test_it_waits_while_the_autoscaler_cannot_scale(self) -> None:
        here = bounds()
        plan = here.plan()
        here.send(plan)
        here.objects[HPA]["status"]["conditions"][1] |= {"status": "False", "message": "no metrics"}
        assert here.look(plan) == ("waiting", "ScalingActive is not True: no metrics")
