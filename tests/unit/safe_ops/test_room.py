"""Room on nodes is counted by requests, as the scheduler counts it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.model.room import Room, asked_by, free_on, limited_to, more_pods, takes


def asks(cpu: str = "", memory: str = "", side: str = "requests", **more: Any) -> dict[str, Any]:
    asked = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    return {"resources": {side: asked}, **more}


def node(name: str = "n1", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": {"disk": "ssd"}},
        "spec": spec,
        "status": {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


class TestAsking:
    def test_containers_are_summed(self) -> None:
        asked = asked_by({"containers": [asks("500m", "1Gi"), asks("1")]})
        assert asked == Room(cpu=Decimal("1.5"), memory=Decimal(2**30), pods=1)

    def test_a_limit_is_the_request_where_there_is_none(self) -> None:
        assert asked_by({"containers": [asks("2", side="limits")]}).cpu == 2

    def test_the_largest_init_container_counts_beside_the_sidecars_before_it(self) -> None:
        spec = {
            "containers": [asks("1")],
            "initContainers": [asks("500m", restartPolicy="Always"), asks("3")],
            "overhead": {"cpu": "250m"},
        }
        assert asked_by(spec).cpu == Decimal("3.75")

    def test_sidecars_run_beside_the_containers(self) -> None:
        spec = {
            "containers": [asks("1")],
            "initContainers": [asks("100m"), asks("500m", restartPolicy="Always")],
        }
        assert asked_by(spec).cpu == Decimal("1.5")

    def test_limits_are_summed_apart(self) -> None:
        spec = {"containers": [asks("2", side="limits"), asks("1")]}
        assert limited_to(spec).cpu == 2


class TestTaking:
    @pytest.mark.parametrize(
        ("node_spec", "pod_spec", "taken"),
        [
            ({}, {}, True),
            ({"unschedulable": True}, {}, False),
            ({}, {"nodeSelector": {"disk": "ssd"}}, True),
            ({}, {"nodeSelector": {"disk": "hdd"}}, False),
        ],
    )
    def test_a_node_takes_what_its_marks_allow(
        self, node_spec: Any, pod_spec: Any, *, taken: bool
    ) -> None:
        assert takes(node(**node_spec), pod_spec) is taken

    @pytest.mark.parametrize(
        ("toleration", "taken"),
        [
            (None, False),
            ({"operator": "Exists"}, True),
            ({"value": "gpu"}, False),
            ({"key": "use", "operator": "Exists"}, True),
            ({"key": "use", "value": "gpu"}, True),
            ({"key": "use", "value": "db"}, False),
            ({"key": "other", "operator": "Exists"}, False),
            ({"key": "use", "value": "gpu", "effect": "NoSchedule"}, True),
            ({"key": "use", "value": "gpu", "effect": "NoExecute"}, False),
        ],
    )
    def test_a_taint_is_passed_by_what_tolerates_it(self, toleration: Any, *, taken: bool) -> None:
        tainted = node(
            taints=[
                {"key": "use", "value": "gpu", "effect": "NoSchedule"},
                {"key": "soft", "effect": "PreferNoSchedule"},
            ]
        )
        spec = {"tolerations": [toleration] if toleration else []}
        assert takes(tainted, spec) is taken

    def test_a_node_that_is_not_ready_takes_nothing(self) -> None:
        gone = node()
        gone["status"]["conditions"] = []
        assert not takes(gone, {})


def bound(name: str, phase: str = "Running") -> dict[str, Any]:
    return {
        "spec": {"nodeName": name, "containers": [asks("1", "1Gi")]},
        "status": {"phase": phase},
    }


class TestRoom:
    def test_finished_pods_and_those_elsewhere_take_no_room(self) -> None:
        standing = [bound("n1"), bound("n1", "Succeeded"), bound("n2")]
        assert free_on(node(), standing) == Room(cpu=Decimal(3), memory=Decimal(7 * 2**30), pods=9)

    @pytest.mark.parametrize(
        ("asked", "fit"),
        [(asks("1500m"), 2), (asks(memory="3Gi"), 2), (asks(), 10), (asks("5"), 0)],
    )
    def test_the_scarcest_of_all_decides(self, asked: Any, fit: int) -> None:
        assert more_pods({"containers": [asked]}, nodes=[node()], pods=[]) == fit

    def test_an_overfull_node_has_room_for_none(self) -> None:
        standing = [bound("n1") for _ in range(6)]
        assert more_pods({"containers": [asks("1")]}, nodes=[node()], pods=standing) == 0

    def test_what_asks_for_nothing_fits_nowhere(self) -> None:
        assert Room(cpu=Decimal(1)).times(Room()) == 0

    @given(st.integers(min_value=0, max_value=50), st.integers(min_value=1, max_value=4000))
    def test_as_many_as_fit_do_fit_and_one_more_does_not(self, pods: int, cpu: int) -> None:
        room = Room(cpu=Decimal(4), memory=Decimal(0), pods=pods)
        asked = Room(cpu=Decimal(cpu) / 1000, pods=1)
        fit = room.times(asked)
        assert asked.cpu * fit <= room.cpu
        assert fit <= pods
        assert asked.cpu * (fit + 1) > room.cpu or fit + 1 > pods
