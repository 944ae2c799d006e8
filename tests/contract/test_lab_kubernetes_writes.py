"""How the lab's API server takes changes: the semantics guarded operations rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.operator_desk import JSON_PATCH, MERGE, OperatorDesk
from tests.lab.estate.access import OPERATOR
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.waiting import eventually
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]

APPS = "/apis/apps/v1/namespaces/shop"
CART = f"{APPS}/deployments/cart"
CHECKOUT = f"{APPS}/deployments/checkout"
PODS = "/api/v1/namespaces/shop/pods"
JOBS = "/apis/batch/v1/namespaces/shop/jobs"
BUDGETS = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
ANNOTATE = {"metadata": {"annotations": {"nightdesk.dev/action": "a-1"}}}


@pytest.fixture
def desk() -> Iterator[OperatorDesk]:
    with KubernetesLab(World.load("calm").cluster("prod-eu")) as lab:
        yield OperatorDesk(lab)


# Who may


def test_the_investigators_token_still_changes_nothing(desk: OperatorDesk) -> None:
    before = desk.get(CHECKOUT)
    said = desk.ask("PATCH", CHECKOUT, ANNOTATE, kind=MERGE, token=desk.lab.token)
    assert said.code == 403
    assert "nightdesk:investigator" in said.message
    assert desk.get(CHECKOUT) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", CHECKOUT),
        ("PATCH", "/api/v1/namespaces/shop/secrets/cart-db"),
        ("DELETE", PODS),
        ("POST", "/api/v1/namespaces"),
    ],
)
def test_the_operator_changes_only_what_operations_change(
    desk: OperatorDesk, method: str, path: str
) -> None:
    said = desk.ask(method, path, {}, kind=MERGE)
    assert said.code == 403
    assert "nightdesk:operator" in said.message


def may(desk: OperatorDesk, *, token: str = "", **attributes: str) -> bool:
    said = desk.ask("POST", REVIEWS, {"spec": {"resourceAttributes": attributes}}, token=token)
    return bool(said.body["status"]["allowed"])


def test_reviews_answer_by_who_asks(desk: OperatorDesk) -> None:
    wanted = {"verb": "patch", "group": "apps", "resource": "deployments", "namespace": "shop"}
    assert may(desk, **wanted)
    assert not may(desk, **wanted, token=desk.lab.token)
    desk.cluster.deny(verb="patch", resource="deployments", namespace="shop", who=OPERATOR)
    assert not may(desk, **wanted)
    assert may(desk, **(wanted | {"namespace": "payments"}))
    assert desk.patch(CHECKOUT, ANNOTATE).code == 403


# Versions


def test_a_changed_spec_raises_generation_and_version_and_is_observed(desk: OperatorDesk) -> None:
    before = desk.get(CHECKOUT)
    said = desk.patch(CHECKOUT, {"spec": {"paused": True}})
    assert said.body["spec"]["paused"] is True
    assert said.body["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert int(said.body["metadata"]["resourceVersion"]) > int(
        before["metadata"]["resourceVersion"]
    )
    eventually(
        lambda: (
            desk.get(CHECKOUT)["status"]["observedGeneration"]
            == said.body["metadata"]["generation"]
        ),
        "the change is observed",
    )


def test_a_change_of_nothing_stores_nothing(desk: OperatorDesk) -> None:
    before = desk.get(CHECKOUT)
    said = desk.patch(CHECKOUT, {"spec": {"replicas": 2}})
    assert said.code == 200
    assert desk.get(CHECKOUT) == before


def test_annotations_of_deployments_count_as_a_generation_and_those_of_nodes_do_not(
    desk: OperatorDesk,
) -> None:
    before = desk.get(CHECKOUT)["metadata"]["generation"]
    assert desk.patch(CHECKOUT, ANNOTATE).body["metadata"]["generation"] == before + 1
    node = desk.cluster.listed("nodes")[0]["metadata"]["name"]
    said = desk.patch(f"/api/v1/nodes/{node}", ANNOTATE)
    assert said.body["metadata"]["annotations"]["nightdesk.dev/action"] == "a-1"
    assert "generation" not in said.body["metadata"]


@pytest.mark.parametrize("kind", [MERGE, "application/strategic-merge-patch+json"])
def test_a_patch_for_another_version_or_object_is_a_conflict(desk: OperatorDesk, kind: str) -> None:
    meta = desk.get(CHECKOUT)["metadata"]
    stale = {"metadata": {"resourceVersion": "1"}, "spec": {"paused": True}}
    said = desk.patch(CHECKOUT, stale, kind=kind)
    assert said.code == 409
    assert "the object has been modified" in said.message
    said = desk.patch(CHECKOUT, {"metadata": {"uid": "other"}}, kind=kind)
    assert said.code == 409
    assert "UID in precondition: other" in said.message
    fresh = {"metadata": {"resourceVersion": meta["resourceVersion"], "uid": meta["uid"]}}
    assert desk.patch(CHECKOUT, fresh | {"spec": {"paused": True}}, kind=kind).code == 200


def test_a_json_patch_tests_before_it_replaces(desk: OperatorDesk) -> None:
    version = desk.get(CHECKOUT)["metadata"]["resourceVersion"]

    def asked(value: str) -> int:
        patch = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": value},
            {"op": "replace", "path": "/spec/replicas", "value": 3},
        ]
        said = desk.patch(CHECKOUT, patch, kind=JSON_PATCH)
        assert said.code == 200 or "causes" not in said.body.get("details", {})
        return said.code

    assert asked("1") == 422
    assert desk.get(CHECKOUT)["spec"]["replicas"] == 2
    assert asked(version) == 200
    assert desk.get(CHECKOUT)["spec"]["replicas"] == 3


def test_a_strategic_merge_finds_containers_by_name(desk: OperatorDesk) -> None:
    limits = {"limits": {"memory": "1Gi"}}
    body = {
        "spec": {"template": {"spec": {"containers": [{"name": "checkout", "resources": limits}]}}}
    }
    changed = desk.patch(CHECKOUT, body).body
    main, side = changed["spec"]["template"]["spec"]["containers"]
    assert (main["name"], side["name"]) == ("checkout", "metrics-relay")
    assert main["resources"]["limits"] == {"cpu": "600m", "memory": "1Gi"}
    assert main["image"].endswith("checkout:1.22.5")


def test_a_merge_patch_replaces_lists_whole(desk: OperatorDesk) -> None:
    only = {"name": "checkout", "image": "registry.example.com/shop/checkout:2"}
    body = {"spec": {"template": {"spec": {"containers": [only]}}}}
    changed = desk.patch(CHECKOUT, body, kind=MERGE).body
    assert changed["spec"]["template"]["spec"]["containers"] == [only]


def test_an_unknown_kind_of_patch_is_refused(desk: OperatorDesk) -> None:
    assert desk.patch(CHECKOUT, {}, kind="application/x-patch").code == 415


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (CHECKOUT, {"spec": {"replicas": -1}}, "must be greater than or equal to 0"),
        (CHECKOUT, {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, "field is immutable"),
        (
            CHECKOUT,
            {
                "spec": {
                    "template": {
                        "spec": {
                            "containers": [
                                {"name": "checkout", "resources": {"requests": {"cpu": "2"}}}
                            ]
                        }
                    }
                }
            },
            "must be less than or equal to cpu limit of 600m",
        ),
        (
            "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/storefront",
            {"spec": {"maxReplicas": 1}},
            "must be greater than or equal to `minReplicas`",
        ),
    ],
)
def test_what_validation_refuses_is_refused(
    desk: OperatorDesk, path: str, body: Object, words: str
) -> None:
    said = desk.patch(path, body)
    assert said.code == 422
    assert words in said.message
    assert said.body["details"]["causes"]


def test_a_field_nobody_knows_is_refused_where_that_is_asked_for(desk: OperatorDesk) -> None:
    misspelt = {"spec": {"template": {"spec": {"containers": [{"name": "checkout", "imge": "x"}]}}}}
    said = desk.patch(f"{CHECKOUT}?fieldValidation=Strict", misspelt)
    assert said.code == 400
    assert 'unknown field "spec.template.spec.containers[0].imge"' in said.message
    assert desk.patch(f"{CHECKOUT}?fieldValidation=Strict", ANNOTATE).code == 200


# Field managers and dry runs


def test_managed_fields_say_who_set_what(desk: OperatorDesk) -> None:
    desk.patch(f"{CHECKOUT}?fieldManager=nightdesk-a-1", ANNOTATE)
    desk.patch(f"{CHECKOUT}?fieldManager=nightdesk-a-1", {"spec": {"paused": True}})
    desk.patch(f"{CHECKOUT}?fieldManager=someone", {"spec": {"replicas": 3}})
    fields = {
        entry["manager"]: entry["fieldsV1"]
        for entry in desk.get(CHECKOUT)["metadata"]["managedFields"]
    }
    ours = fields["nightdesk-a-1"]
    assert "f:nightdesk.dev/action" in ours["f:metadata"]["f:annotations"]
    assert ours["f:spec"] == {"f:paused": {}}
    assert fields["someone"] == {"f:spec": {"f:replicas": {}}}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", CHECKOUT, {"spec": {"replicas": 3}}),
        ("PUT", f"{CHECKOUT}/scale", {"spec": {"replicas": 3}}),
        ("DELETE", f"{PODS}/cart-db-0", None),
    ],
)
def test_a_dry_run_answers_as_if_and_changes_nothing(
    desk: OperatorDesk, method: str, path: str, body: object
) -> None:
    before = desk.cluster.resource_version
    said = desk.ask(method, f"{path}?dryRun=All", body, kind=MERGE)
    assert said.code == 200
    if body is not None:
        assert said.body["spec"]["replicas"] == 3
    assert desk.cluster.resource_version == before
    assert desk.lab.writes() == []
    assert [asked.method for asked in desk.lab.writes(dry_run=True)] == [method]


def test_of_a_delete_with_a_body_only_the_bodys_dry_run_counts(desk: OperatorDesk) -> None:
    dry = desk.ask("DELETE", f"{PODS}/cart-db-0", {"dryRun": ["All"]})
    assert dry.code == 200
    assert "deletionTimestamp" not in desk.get(f"{PODS}/cart-db-0")["metadata"]
    wet = desk.ask("DELETE", f"{PODS}/cart-db-0?dryRun=All", {"kind": "DeleteOptions"})
    assert "deletionTimestamp" in wet.body["metadata"]


def test_an_unknown_dry_run_is_refused(desk: OperatorDesk) -> None:
    assert desk.patch(f"{CHECKOUT}?dryRun=Some", ANNOTATE).code == 422


def test_each_write_is_remembered_as_it_came(desk: OperatorDesk) -> None:
    desk.patch(f"{CHECKOUT}?fieldManager=nightdesk-a-1", ANNOTATE, kind=MERGE)
    (asked,) = desk.lab.writes()
    assert (asked.method, asked.path, asked.body) == ("PATCH", CHECKOUT, ANNOTATE)
    assert (asked.media_type, asked.field_manager, asked.dry_run) == (MERGE, "nightdesk-a-1", False)
    desk.lab.forget_requests()
    assert desk.lab.writes() == []


# Scale


def test_a_scale_is_read_and_put_back_with_its_version(desk: OperatorDesk) -> None:
    scale = desk.get(f"{CHECKOUT}/scale")
    scale["spec"]["replicas"] = 4
    said = desk.ask("PUT", f"{CHECKOUT}/scale", scale)
    assert (said.code, said.body["spec"]["replicas"]) == (200, 4)
    again = desk.ask("PUT", f"{CHECKOUT}/scale", scale | {"spec": {"replicas": 5}})
    assert again.code == 409
    desk.rolled_out(CHECKOUT)
    assert len(desk.pods("checkout")) == 4
