"""What a raw object says of itself, however little of it is there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.model import fields, objects

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def pod(*, ready: str = "True", **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "shop"},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
        **more,
    }


class TestFields:
    @given(ANYTHING, st.lists(st.text(), max_size=3))
    def test_no_shape_of_an_answer_breaks_the_reading(self, value: Any, path: list[str]) -> None:
        assert isinstance(fields.text(value, *path), str)
        assert isinstance(fields.number(value, *path), int)
        assert isinstance(fields.entries(value, *path), list)
        assert isinstance(fields.mapping(value, *path), dict)
        assert fields.moment(value, *path, "at") is None or path is not None

    @pytest.mark.parametrize("written", [None, 5, "", "yesterday", "2026-13-01T00:00:00Z"])
    def test_what_is_no_time_is_none(self, written: Any) -> None:
        assert fields.moment(written) is None
        assert fields.moment({"at": written}, "at") is None

    def test_times_are_read_as_utc(self) -> None:
        noon = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
        for written in ("2026-11-21T12:00:00Z", "2026-11-21T13:00:00+01:00", "2026-11-21T12:00:00"):
            assert fields.moment({"at": written}, "at") == noon


class TestPods:
    def test_a_pod_is_ready_while_it_stays(self) -> None:
        assert objects.is_ready(pod())
        assert not objects.is_ready(pod(ready="False"))
        assert not objects.is_ready(pod() | {"metadata": {"deletionTimestamp": "now"}})

    @pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
    def test_a_finished_pod_is_not_ready_whatever_its_condition_says(self, phase: str) -> None:
        ended = pod()
        ended["status"]["phase"] = phase
        assert objects.is_finished(ended)
        assert not objects.is_ready(ended)

    def test_the_kubelets_own_pods_are_told_by_their_annotation(self) -> None:
        mirror = {"metadata": {"annotations": {"kubernetes.io/config.mirror": "hash"}}}
        assert objects.is_mirror(mirror)
        assert not objects.is_mirror(pod())


class TestService:
    @pytest.mark.parametrize(
        ("labels", "service"),
        [
            ({"app.kubernetes.io/name": "cart", "app.kubernetes.io/instance": "x"}, "shop/cart"),
            ({"app.kubernetes.io/instance": "cart-eu"}, "shop/cart-eu"),
            ({"app.kubernetes.io/part-of": "store"}, "shop/store"),
            ({"app": "cart"}, "shop/cart"),
            ({"app.kubernetes.io/name": "", "app": "cart"}, "shop/cart"),
            ({"tier": "web"}, ""),
        ],
    )
    def test_a_service_is_named_by_the_most_telling_label(
        self, labels: dict[str, str], service: str
    ) -> None:
        item = {"metadata": {"namespace": "shop", "labels": labels}}
        assert objects.service_of(item) == service


class TestOwners:
    def test_only_the_controller_owns(self) -> None:
        refs = [{"uid": "a", "kind": "Node"}, {"uid": "b", "kind": "Job", "controller": True}]
        item = {"metadata": {"ownerReferences": refs}}
        assert objects.controller_of(item) == refs[1]
        assert objects.is_owned_by(item, "b")
        assert not objects.is_owned_by(item, "a")

    def test_nothing_is_owned_by_an_object_without_a_uid(self) -> None:
        item = {"metadata": {"ownerReferences": [{"uid": "", "controller": True}]}}
        assert not objects.is_owned_by(item, "")
        assert objects.owned_by("", [item]) == ()

    def test_without_a_controller_nobody_owns(self) -> None:
        assert objects.controller_of({}) is None
        assert not objects.is_owned_by({}, "a")


LABELS = {"app": "cart", "track": "canary"}


class TestSelectors:
    @pytest.mark.parametrize(
        ("selector", "takes"),
        [
            (None, False),
            ({}, True),
            ({"matchLabels": {"app": "cart"}}, True),
            ({"matchLabels": {"app": "cart", "track": "stable"}}, False),
            ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["cart"]}]}, True),
            ({"matchExpressions": [{"key": "app", "operator": "In"}]}, False),
            ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, True),
            ({"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["a"]}]}, True),
            ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
            ({"matchExpressions": [{"key": "none", "operator": "Exists"}]}, False),
            ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
            ({"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}, True),
        ],
    )
    def test_a_selector_takes_what_the_api_would_take(self, selector: Any, *, takes: bool) -> None:
        assert objects.selects(selector, LABELS) is takes

    def test_a_selector_is_written_as_list_requests_take_it(self) -> None:
        selector = {
            "matchLabels": {"app": "cart"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["web", "api"]},
                {"key": "zone", "operator": "NotIn", "values": ["a"]},
                {"key": "old", "operator": "DoesNotExist"},
                {"key": "track", "operator": "Exists"},
            ],
        }
        written = "app=cart,tier in (web,api),zone notin (a),!old,track"
        assert objects.selector_text(selector) == written
        assert objects.selector_text(None) == ""


def test_a_status_of_an_older_specification_is_not_observed() -> None:
    item = {"metadata": {"generation": 4}, "status": {"observedGeneration": 3}}
    assert not objects.is_observed(item)
    item["status"]["observedGeneration"] = 4
    assert objects.is_observed(item)
    assert objects.generation_of({}) == 0


def test_an_objects_identity_is_read_from_its_metadata() -> None:
    item = {"metadata": {"name": "cart", "uid": "u", "resourceVersion": "7"}}
    assert (objects.name_of(item), objects.uid_of(item)) == ("cart", "u")
    assert objects.resource_version_of(item) == "7"
    assert objects.namespace_of(item) == ""
    assert objects.created_at(item) is None
