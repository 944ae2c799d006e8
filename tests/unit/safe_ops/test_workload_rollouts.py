"""Restarting and pausing: what is drawn, sent, seen and refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from safe_ops.errors import StaleError
from safe_ops.model.plans import Tier
from tests.unit.safe_ops.cases_workloads import held_by_argo, put
from tests.unit.safe_ops.situations_workloads import Situation
from tests.unit.safe_ops.workload_estate import (
    APPS,
    CART,
    DB,
    LOG,
    PDB,
    deployment,
    replica_set,
)

SET, DAEMONS = {"kind": "StatefulSet", "name": "db"}, {"kind": "DaemonSet", "name": "log"}


def restarting(**asked: Any) -> Situation:
    return Situation("rollout_restart", asked=asked)


def undoing(**asked: Any) -> Situation:
    return Situation("rollout_undo", asked=asked)


class TestRestart:
    def test_the_call_marks_the_template_under_the_version_read(self) -> None:
        here = restarting()
        step = here.plan().drawing.steps[0]
        assert (step.call.action, step.call.path) == ("PATCH", CART)
        assert step.call.media_type == "application/strategic-merge-patch+json"
        assert here.bound(here.plan()) == {
            "metadata": {"resourceVersion": "100", "annotations": {"nightdesk.dev/action": "A7"}},
            "spec": {
                "template": {
                    "metadata": {
                        "annotations": {
                            "kubectl.kubernetes.io/restartedAt": "2026-11-21T12:00:00.000000Z"
                        }
                    }
                }
            },
        }

    def test_the_mark_is_the_same_each_time_it_is_sent(self) -> None:
        here = restarting()
        plan = here.plan()
        first = here.bound(plan)
        here.now = here.now.replace(hour=13)
        assert here.bound(plan) == first

    @pytest.mark.parametrize(("asked", "tier"), [({}, Tier.T1), (SET, Tier.T2), (DAEMONS, Tier.T2)])
    def test_sets_are_a_tier_above_deployments(self, asked: Any, tier: Tier) -> None:
        assert restarting(**asked).drawing().tier is tier

    @pytest.mark.parametrize("asked", [{}, SET])
    def test_with_a_single_pod_it_is_the_third_tier(self, asked: Any) -> None:
        here = restarting(**asked)
        here.objects[DB if asked else CART]["spec"]["replicas"] = 1
        assert here.drawing().tier is Tier.T3

    def test_a_daemon_set_keeps_its_tier_on_a_single_node(self) -> None:
        here = restarting(**DAEMONS)
        here.objects[LOG]["status"]["desiredNumberScheduled"] = 1
        assert here.drawing().tier is Tier.T2

    def test_the_undo_puts_the_replica_sets_template_back_without_its_hash(self) -> None:
        here = restarting()
        plan = here.plan()
        here.send(plan)
        body = here.bound(plan, undo=True)
        assert body[0] == {"op": "test", "path": "/metadata/resourceVersion", "value": "101"}
        assert body[1]["path"] == "/metadata/annotations/nightdesk.dev~1action"
        assert body[2]["path"] == "/spec/template"
        assert body[2]["value"]["metadata"] == {"labels": {"app": "cart"}}

    @pytest.mark.parametrize(
        ("path", "reason"), [(CART, "keeps no old revisions"), ("", "does not hold the template")]
    )
    def test_without_a_history_it_says_that_it_cannot_be_undone(
        self, path: str, reason: str
    ) -> None:
        here = restarting()
        if path:
            here.objects[path]["spec"]["revisionHistoryLimit"] = 0
        else:
            del here.objects[f"{APPS}/replicasets/cart-hash7"]
        drawing = here.drawing()
        assert drawing.undo == ()
        assert reason in drawing.cannot_be_undone

    def test_an_undo_whose_revision_changed_meanwhile_is_not_sent(self) -> None:
        here = restarting()
        plan = here.plan()
        here.send(plan)
        here.objects[f"{APPS}/replicasets/cart-hash7"] = replica_set(7, days=1, image="other")
        with pytest.raises(StaleError, match=r"ReplicaSet cart-hash7 .* holds another template"):
            here.bound(plan, undo=True)
        del here.objects[f"{APPS}/replicasets/cart-hash7"]
        with pytest.raises(StaleError, match="ReplicaSet cart-hash7"):
            here.bound(plan, undo=True)

    def test_an_earlier_mark_is_shown_as_what_was_before(self) -> None:
        here = restarting()
        assert here.drawing().changes[0].before == "none"
        marks = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
        for path in (CART, f"{APPS}/replicasets/cart-hash7"):
            here.objects[path]["spec"]["template"]["metadata"]["annotations"] = marks
        assert here.drawing().changes[0].before == "2026-01-01T00:00:00Z"

    def test_the_blast_radius_counts_pods_and_budgets(self) -> None:
        here = restarting()
        assert here.drawing().blast_radius == (
            "4 pods of Deployment shop/cart are replaced",
            "at most 1 of them (25%) away at once",
            "budget cart allows 2 (4 healthy, 2 needed)",
        )
        here.objects[CART] = deployment("cart", replicas=0)
        assert "at most 0 of them away at once" in here.drawing().blast_radius

    def test_pods_that_are_not_ready_are_noted(self) -> None:
        here = restarting()
        here.objects[CART]["status"]["readyReplicas"] = 1
        assert here.drawing().notes == ("3 pods are not ready now",)

    def test_what_recreates_is_refused_with_the_way_around(self) -> None:
        here = restarting()
        here.objects[CART]["spec"]["strategy"] = {"type": "Recreate"}
        del here.objects[PDB]
        assert here.refusals() == ["update-strategy"]

    @pytest.mark.parametrize("asked", [SET, DAEMONS])
    def test_sets_in_good_order_pass_every_guard(self, asked: Any) -> None:
        assert restarting(**asked).refusals() == []

    def test_a_partition_is_refused(self) -> None:
        here = restarting(**SET)
        here.objects[DB]["spec"]["updateStrategy"]["rollingUpdate"] = {"partition": 2}
        assert here.refusals() == ["update-strategy"]

    def test_a_change_of_the_template_after_planning_is_drift(self) -> None:
        here = restarting()
        before = here.drawing().pins
        put("spec", "template", "spec", "nodeSelector", value={"disk": "ssd"})(here)
        assert here.drawing().pins["template"] != before["template"]

    def test_the_deadline_follows_the_deployments_own(self) -> None:
        here = restarting()
        assert here.drawing().verification.deadline_s == 600
        for given, within in ((1, 300), (900, 900), (2**31 - 1, 1800)):
            here.objects[CART]["spec"]["progressDeadlineSeconds"] = given
            assert here.drawing().verification.deadline_s == within

    def test_a_set_gets_time_for_each_wave_of_its_pods(self) -> None:
        here = restarting(**SET)
        assert here.drawing().verification.deadline_s == 3 * 120


class TestLooking:
    def test_a_rollout_is_waited_for_until_nothing_of_before_is_left(self) -> None:
        here = restarting()
        plan = here.plan()
        here.send(plan)
        assert here.look(plan) == (
            "waiting",
            "4 of 4 pods updated, 4 ready; its controller has not looked at the change yet",
        )
        here.settle()
        here.objects[CART]["status"] |= {"updatedReplicas": 2, "readyReplicas": 3}
        assert here.look(plan) == ("waiting", "2 of 4 pods updated, 3 ready, 2 old left")
        here.settle()
        assert here.look(plan) == ("reached", "4 of 4 pods updated, 4 ready")

    def test_past_its_own_deadline_a_rollout_is_missed(self) -> None:
        here = restarting()
        plan = here.plan()
        here.send(plan)
        here.settle()
        here.objects[CART]["status"] |= {
            "updatedReplicas": 1,
            "conditions": [
                {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "too long"}
            ],
        }
        assert here.look(plan) == ("missed", "1 of 4 pods updated, 4 ready, 3 old left; too long")

    @pytest.mark.parametrize("asked", [SET, DAEMONS])
    def test_sets_are_followed_by_their_own_counts(self, asked: Any) -> None:
        here = restarting(**asked)
        plan = here.plan()
        here.send(plan)
        here.settle()
        assert here.look(plan)[0] == "reached"
        status = here.objects[DB if asked is SET else LOG]["status"]
        status |= {"updateRevision": "new", "updatedReplicas": 1, "updatedNumberScheduled": 1}
        assert here.look(plan)[0] == "waiting"


class TestPausing:
    def test_pausing_notes_who_paused_and_resuming_takes_it_away(self) -> None:
        here = Situation("rollout_pause")
        plan = here.plan()
        here.send(plan)
        assert here.objects[CART]["spec"]["paused"] is True
        marks = here.objects[CART]["metadata"]["annotations"]
        assert marks["nightdesk.dev/paused-by"] == "A7"
        here.operation, here.asked = "rollout_resume", {"namespace": "shop", "name": "cart"}
        resume = here.plan()
        assert here.refusals() == []
        here.send(resume)
        assert here.objects[CART]["spec"]["paused"] is False
        assert "nightdesk.dev/paused-by" not in here.objects[CART]["metadata"]["annotations"]

    def test_it_waits_until_the_controller_has_seen_it(self) -> None:
        here = Situation("rollout_pause")
        plan = here.plan()
        here.send(plan)
        assert here.look(plan)[0] == "waiting"
        here.settle()
        assert here.look(plan)[0] == "reached"

    def test_a_pause_of_somebody_elses_is_not_taken_for_ours(self) -> None:
        here = Situation("rollout_pause")
        plan = here.plan()
        here.objects[CART]["spec"]["paused"] = True
        here.objects[CART]["metadata"]["generation"] += 1
        assert here.applied(plan) == "unknown"


@pytest.mark.parametrize(
    "asked",
    [
        {"namespace": "kube/../x"},
        {"name": "*"},
        {"name": "ca\nrt"},
        {"name": "Cart"},
        {"kind": "Pod"},
        {"force": True},
        {"name": "a" * 254},
    ],
)
def test_parameters_beyond_the_form_are_refused(asked: Any) -> None:
    here = restarting(**asked)
    with pytest.raises(ValidationError):
        here.survey()


def test_what_git_holds_may_be_restarted_all_the_same() -> None:
    here = restarting()
    held_by_argo("spec", "template")(here)
    assert here.refusals() == []
