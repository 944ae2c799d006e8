"""Going back to an earlier template: what is drawn, sent, seen and refused."""

from __future__ import annotations

from typing import Any

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.plans import Tier
from tests.unit.safe_ops.situations_workloads import FakeMetrics, Situation
from tests.unit.safe_ops.workload_estate import (
    APPS,
    CART,
    CORE,
    DB,
    PDB,
    ago,
    budget,
    replica_set,
    revision,
)

SET, DAEMONS = {"kind": "StatefulSet", "name": "db"}, {"kind": "DaemonSet", "name": "log"}


def restarting(**asked: Any) -> Situation:
    return Situation("rollout_restart", asked=asked)


def undoing(**asked: Any) -> Situation:
    return Situation("rollout_undo", asked=asked)


class TestUndo:
    def test_it_goes_back_to_the_revision_before_as_kubectl_does(self) -> None:
        here = undoing()
        plan = here.plan()
        assert plan.drawing.tier is Tier.T2
        assert plan.drawing.changes[0].before == "7"
        assert plan.drawing.changes[0].after == "6"
        body = here.bound(plan)
        assert [step["op"] for step in body] == ["test", "add", "replace"]
        container = body[2]["value"]["spec"]["containers"][0]
        assert container["image"] == "reg/cart:v6"
        assert "pod-template-hash" not in str(body)

    def test_without_annotations_of_its_own_the_object_gets_its_first(self) -> None:
        here = undoing()
        here.objects[CART]["metadata"]["annotations"] = {}
        plan = here.plan()
        assert here.bound(plan)[1] == {
            "op": "add",
            "path": "/metadata/annotations",
            "value": {"nightdesk.dev/action": "A7"},
        }
        here.send(plan)
        assert here.bound(plan, undo=True)[1]["path"].endswith("nightdesk.dev~1action")

    def test_a_set_is_patched_with_what_its_controller_revision_holds(self) -> None:
        here = undoing(**SET)
        plan = here.plan()
        assert plan.drawing.steps[0].call.media_type == "application/strategic-merge-patch+json"
        assert here.bound(plan)["spec"]["template"]["$patch"] == "replace"
        here.send(plan)
        image = here.objects[DB]["spec"]["template"]["spec"]["containers"][0]["image"]
        assert image == "reg/db:v6"

    def test_the_changes_name_variables_and_hide_their_values(self) -> None:
        changes = {change.field: change for change in undoing().drawing().changes}
        hidden = changes["spec.containers.app.env.DB_URL.value"]
        assert (hidden.before, hidden.after) == ("(not shown)", "(not shown, another value)")
        assert changes["spec.containers.app.image"].after == "reg/cart:v6"
        assert len(changes) == 3

    def test_a_revision_asked_for_by_number_is_taken(self) -> None:
        here = undoing(to_revision=5)
        here.objects[f"{APPS}/replicasets/cart-hash5"] = replica_set(5, days=25, image="v5")
        assert here.drawing().pins["to_name"] == "cart-hash5"

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            ({"to_revision": 3}, "has no revision 3: its history holds 6, 7, and it runs 7"),
            (DAEMONS, "has no earlier revision: its history holds 1"),
        ],
    )
    def test_a_revision_that_is_not_there_is_refused(self, asked: Any, says: str) -> None:
        with pytest.raises(RefusedError, match=says) as refused:
            undoing(**asked).drawing()
        assert refused.value.code == "parameters"

    def test_a_template_its_history_does_not_hold_is_refused(self) -> None:
        here = undoing()
        del here.objects[f"{APPS}/replicasets/cart-hash7"]
        with pytest.raises(RefusedError, match="does not hold the template it has now"):
            here.drawing()

    def test_a_history_that_is_not_the_workloads_own_does_not_count(self) -> None:
        here = undoing()
        here.objects[f"{APPS}/replicasets/cart-hash6"]["metadata"]["ownerReferences"] = []
        with pytest.raises(RefusedError, match="no earlier revision"):
            here.drawing()

    @pytest.mark.parametrize("kind", ["labels", "annotations"])
    @pytest.mark.parametrize(("value", "tier"), [("true", Tier.T3), ("false", Tier.T2)])
    def test_leaving_a_schema_migration_is_the_third_tier(
        self, kind: str, value: str, tier: Tier
    ) -> None:
        here = undoing()
        for path in (CART, f"{APPS}/replicasets/cart-hash7"):
            marks = here.objects[path]["spec"]["template"]["metadata"].setdefault(kind, {})
            marks["nightdesk.dev/schema-migration"] = value
        drawing = here.drawing()
        assert drawing.tier is tier
        assert any("moved its database" in note for note in drawing.notes) is (tier is Tier.T3)

    def test_what_recreates_is_the_third_tier(self) -> None:
        here = undoing()
        here.objects[CART]["spec"]["strategy"] = {"type": "Recreate"}
        drawing = here.drawing()
        assert drawing.tier is Tier.T3
        assert "it recreates: all its pods end before new ones start" in drawing.notes

    @pytest.mark.parametrize(("policy", "noted"), [("OrderedReady", True), ("Parallel", False)])
    def test_a_set_that_goes_in_order_says_what_may_be_left_to_do(
        self, policy: str, *, noted: bool
    ) -> None:
        here = undoing(**SET)
        here.objects[DB]["spec"]["podManagementPolicy"] = policy
        assert any("evict_pod" in note for note in here.drawing().notes) is noted

    def test_secrets_are_named_as_not_checked_and_never_read(self) -> None:
        here = undoing()
        spec = here.objects[f"{APPS}/replicasets/cart-hash6"]["spec"]["template"]["spec"]
        spec["volumes"] = [
            {"name": "a", "secret": {"secretName": "db"}},
            {"name": "b", "projected": {"sources": [{"secret": {"name": "tls"}}]}},
        ]
        (note,) = here.drawing().notes
        assert (
            note
            == "whether its secrets still exist was not checked, as they are never read: db, tls"
        )

    def test_only_config_maps_it_needs_have_to_exist(self) -> None:
        here = undoing()
        spec = here.objects[f"{APPS}/replicasets/cart-hash6"]["spec"]["template"]["spec"]
        spec["containers"][0]["envFrom"] = [
            {"configMapRef": {"name": "extra", "optional": True}},
            {"configMapRef": {"name": "gone"}},
        ]
        assert here.survey().references == {
            "ConfigMap/cart-limits": True,
            "ConfigMap/gone": False,
        }
        assert f"{CORE}/configmaps/extra" not in here.objects
        assert here.refusals() == ["references"]

    @pytest.mark.parametrize(
        ("ready_s", "refused"), [(None, []), (1800.0, []), (1799.0, ["healthy-history"])]
    )
    def test_a_revision_that_is_known_to_have_failed_is_refused(
        self, ready_s: float | None, refused: list[str]
    ) -> None:
        here = undoing()
        assert here.metrics is not None
        here.metrics.ready_s = ready_s
        assert here.refusals() == refused

    @pytest.mark.parametrize("metrics", [None, FakeMetrics(silent=True)])
    def test_without_metrics_the_history_alone_tells(self, metrics: FakeMetrics | None) -> None:
        here = undoing()
        here.metrics = metrics
        assert here.refusals() == []

    @pytest.mark.parametrize(("minutes", "refused"), [(29, ["healthy-history"]), (30, [])])
    def test_half_an_hour_in_use_is_enough(self, minutes: int, refused: list[str]) -> None:
        here = undoing()
        made = ago(days=1, minutes=minutes)
        here.objects[f"{APPS}/replicasets/cart-hash6"]["metadata"]["creationTimestamp"] = made
        assert here.refusals() == refused

    def test_a_revision_without_a_date_is_refused(self) -> None:
        here = undoing()
        del here.objects[f"{APPS}/replicasets/cart-hash6"]["metadata"]["creationTimestamp"]
        assert here.refusals() == ["healthy-history"]

    def test_a_rollout_that_hangs_can_be_gone_back_from(self) -> None:
        here = undoing()
        here.objects[CART]["status"] |= {"updatedReplicas": 1, "readyReplicas": 3}
        here.objects[PDB] = budget("cart", minAvailable=4)
        assert here.refusals() == []

    def test_going_forward_again_after_going_back_is_a_plan_like_any(self) -> None:
        here = undoing()
        here.send(here.plan())
        here.asked["to_revision"] = 7
        here.objects[f"{APPS}/replicasets/cart-hash6"]["metadata"]["annotations"] = {
            "deployment.kubernetes.io/revision": "8"
        }
        pins = here.plan().drawing.pins
        assert (pins["from_revision"], pins["to_revision"]) == (8, 7)

    def test_a_set_whose_history_has_equal_templates_runs_the_newest_of_them(self) -> None:
        here = undoing(**SET)
        here.objects[f"{APPS}/controllerrevisions/db-rev3"] = revision(
            "StatefulSet", "db", 3, days=0.5, image="v7"
        )
        assert here.drawing().pins["from_name"] == "db-rev3"


@pytest.mark.parametrize(
    ("marks", "held", "refused"),
    [
        ({"argocd.argoproj.io/tracking-id": "x"}, [], True),
        ({"kustomize.toolkit.fluxcd.io/name": "x"}, [{"manager": "kubectl"}], False),
        ({"meta.helm.sh/release-name": "cart"}, [], False),
        ({"kubectl.kubernetes.io/last-applied-configuration": "{"}, [], False),
        ({}, [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:template": {}}}}], False),
        ({}, [{"manager": "helm-controller", "fieldsV1": {"f:spec": {"f:template": {}}}}], True),
    ],
)
def test_only_who_would_set_it_back_owns_the_template(
    marks: dict[str, str], held: list[Any], *, refused: bool
) -> None:
    here = undoing()
    here.objects[CART]["metadata"]["annotations"] = marks
    here.objects[CART]["metadata"]["managedFields"] = held
    assert here.refusals() == (["ownership"] if refused else [])
