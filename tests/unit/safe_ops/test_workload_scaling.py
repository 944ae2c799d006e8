"""Scaling up and down."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from safe_ops.errors import RefusedError, UpstreamError
from safe_ops.guardrails.capacity import more_for, over_quota
from safe_ops.model.plans import Tier
from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.cases_workloads import KEDA, to_zero
from tests.unit.safe_ops.situations_workloads import FakeMetrics, Situation
from tests.unit.safe_ops.workload_estate import (
    CART,
    CORE,
    DB,
    PDB,
    QUOTA,
    ago,
    budget,
    deployment,
    meta,
    pod,
    stateful_set,
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


class TestCalls:
    def test_the_whole_scale_is_written_under_its_uid_and_version(self) -> None:
        here = up()
        call = here.plan().drawing.steps[0].call
        assert (call.action, call.path) == ("PUT", f"{CART}/scale")
        assert here.bound(here.plan()) == {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {
                "name": "cart",
                "namespace": "shop",
                "uid": "uid-cart",
                "resourceVersion": "100",
            },
            "spec": {"replicas": 6},
        }

    def test_a_scale_that_leaves_its_zero_out_is_read_as_zero(self) -> None:
        here = down(replicas=0)
        plan = here.plan()
        here.send(plan)
        assert here.objects[f"{CART}/scale"]["spec"] == {}
        assert here.applied(plan) == "applied"

    def test_another_count_than_planned_is_drift(self) -> None:
        here = up()
        before = here.drawing().pins
        assert of(here, 5).drawing().pins["replicas"] == before["replicas"] + 1

    @pytest.mark.parametrize("replicas", [4, 3, 0])
    def test_up_to_no_more_than_there_are_is_refused(self, replicas: int) -> None:
        with pytest.raises(RefusedError, match="would not be more") as refused:
            up(replicas=replicas).drawing()
        assert refused.value.code == "parameters"

    @pytest.mark.parametrize("replicas", [4, 5])
    def test_down_to_no_fewer_than_there_are_is_refused(self, replicas: int) -> None:
        with pytest.raises(RefusedError, match="would not be fewer") as refused:
            down(replicas=replicas).drawing()
        assert refused.value.code == "parameters"

    @pytest.mark.parametrize("replicas", [-1, 1001, "5", 2.0, True])
    def test_a_count_beyond_the_form_is_refused(self, replicas: Any) -> None:
        with pytest.raises(ValidationError):
            up(replicas=replicas).survey()


class TestTiers:
    def test_up_is_the_first_tier(self) -> None:
        assert up().drawing().tier is Tier.T1

    @pytest.mark.parametrize(
        ("present", "wanted", "tier"),
        [(4, 3, Tier.T2), (4, 2, Tier.T2), (5, 2, Tier.T3), (2, 1, Tier.T3), (4, 0, Tier.T3)],
    )
    def test_below_half_or_below_two_down_is_the_third_tier(
        self, present: int, wanted: int, tier: Tier
    ) -> None:
        assert of(down(replicas=wanted), present).drawing().tier is tier


class TestRoom:
    @pytest.mark.parametrize(
        ("present", "wanted", "refused"),
        [
            (0, 1, []),
            (0, 2, ["ceiling"]),
            (3, 6, []),
            (3, 7, ["ceiling"]),
            (12, 22, []),
            (12, 23, ["ceiling"]),
        ],
    )
    def test_one_scaling_doubles_at_most_and_adds_ten(
        self, present: int, wanted: int, refused: list[str]
    ) -> None:
        assert of(up(replicas=wanted), present).refusals() == refused

    @pytest.mark.parametrize(
        ("used", "refused"), [("19", []), ("19001m", ["quota"]), (None, ["quota"])]
    )
    def test_a_quota_takes_what_it_has_left_and_nothing_unknown(
        self, used: str | None, refused: list[str]
    ) -> None:
        here = up()
        here.objects[QUOTA]["status"]["used"]["requests.cpu"] = used
        assert here.refusals() == refused

    def test_claims_of_a_set_count_too(self) -> None:
        more = more_for(stateful_set(), 2)
        assert more["persistentvolumeclaims"] == 2
        assert more["requests.storage"] == 20 * 2**30
        assert more_for({"spec": {"volumeClaimTemplates": [{}]}}, 1)["requests.storage"] == 0

    @given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
    def test_a_quota_is_kept_exactly(self, hard: int, used: int, more: int) -> None:
        quota = {
            "spec": {"hard": {"cpu": f"{hard}m"}},
            "status": {"used": {"cpu": f"{used}m"}},
        }
        fits = not over_quota((quota,), {"cpu": Decimal(more) / 1000})
        assert fits is (more == 0 or used + more <= hard)


class TestAutoscaled:
    @pytest.mark.parametrize("operation", ["scale_up", "scale_down"])
    def test_kedas_object_is_named_where_it_sets_the_count(self, operation: str) -> None:
        here = Situation(operation)
        ref = {"scaleTargetRef": {"name": "cart"}}
        here.objects[KEDA] = {"metadata": meta("cart"), "spec": ref}
        case = here.case()
        (refused,) = [r for guard in here.op.guards if not (r := guard.decide(case)).passed]
        assert refused.says.startswith("KEDA's ScaledObject cart sets its replicas")

    def test_scalers_of_others_are_nobodys_business(self) -> None:
        here = up()
        ref = {"scaleTargetRef": {"name": "web"}}
        here.objects[KEDA] = {"metadata": meta("web"), "spec": ref}
        assert here.refusals() == []


class TestLoad:
    @pytest.mark.parametrize(("share", "refused"), [(0.69, []), (0.71, ["utilisation"])])
    @pytest.mark.parametrize("part", ["cpu", "memory", "cpu_week_ago", "memory_week_ago"])
    def test_thirty_hundredths_of_headroom_have_to_stay(
        self, part: str, share: float, refused: list[str]
    ) -> None:
        here = down()
        asked = 3 * (0.5 if "cpu" in part else 0.5 * 2**30)
        setattr(here.metrics, part, share * asked)
        assert here.refusals() == refused

    @pytest.mark.parametrize("part", ["cpu", "memory", "cpu_week_ago", "memory_week_ago"])
    def test_load_that_is_not_measured_is_refused(self, part: str) -> None:
        here = down()
        setattr(here.metrics, part, None)
        assert here.refusals() == ["utilisation"]

    def test_without_metrics_nothing_is_taken_away(self) -> None:
        here = down()
        here.metrics = None
        assert here.refusals() == ["utilisation"]

    def test_what_asks_for_nothing_cannot_be_compared(self) -> None:
        here = down()
        del here.objects[CART]["spec"]["template"]["spec"]["containers"][0]["resources"]
        assert here.refusals() == ["utilisation"]

    def test_metrics_that_do_not_answer_leave_nothing_planned(self) -> None:
        here = down()
        here.metrics = FakeMetrics(silent=True)
        with pytest.raises(UpstreamError):
            here.survey()

    def test_the_queries_name_the_workloads_pods_and_nothing_else(self) -> None:
        here = down()
        assert here.metrics is not None
        here.survey()
        pods = 'namespace="shop",pod=~"cart-[a-z0-9]+-[a-z0-9]+",container!="",container!="POD"'
        assert here.metrics.asked[0] == (
            "quantile_over_time(0.95, sum(rate(container_cpu_usage_seconds_total"
            f"{{{pods}}}[5m]))[1h:1m])"
        )
        assert here.metrics.asked[3] == (
            "quantile_over_time(0.95, sum(container_memory_working_set_bytes"
            f"{{{pods}}})[1h:1m] offset 7d)"
        )

    def test_a_sets_pods_are_told_by_their_ordinals(self) -> None:
        here = down(kind="StatefulSet", name="db", replicas=2)
        assert here.metrics is not None
        here.survey()
        assert 'pod=~"db-[0-9]+"' in here.metrics.asked[0]

    @pytest.mark.parametrize(("environment", "refused"), [("dev", []), ("lab", ["not-to-zero"])])
    def test_to_nothing_only_where_it_is_known_to_be_no_production(
        self, environment: str, refused: list[str]
    ) -> None:
        here = down()
        to_zero(here)
        here.environment = environment
        assert here.refusals() == refused

    def test_a_budget_nobody_can_read_is_refused(self) -> None:
        here = down()
        here.objects[PDB] = budget("cart", minAvailable="many")
        assert here.refusals() == ["disruption-budget"]


class TestSets:
    @pytest.mark.parametrize(
        ("replicas", "start", "gone"),
        [(2, 0, "db-2"), (1, 0, "db-1 to db-2"), (2, 5, "db-7")],
    )
    def test_which_ordinals_go_is_told(self, replicas: int, start: int, gone: str) -> None:
        here = down(kind="StatefulSet", name="db", replicas=replicas)
        here.objects[DB]["spec"]["ordinals"] = {"start": start}
        notes = here.drawing().notes
        assert notes[0] == f"the pods with the highest ordinals go: {gone}"
        assert notes[1] == f"{3 - replicas} volume claims stay, unused"

    def test_without_claims_none_are_told_of(self) -> None:
        here = down(kind="StatefulSet", name="db", replicas=2)
        here.objects[DB]["spec"]["volumeClaimTemplates"] = []
        assert len(here.drawing().notes) == 1


class TestLooking:
    def test_up_waits_until_all_are_ready(self) -> None:
        here = up()
        plan = here.plan()
        here.send(plan)
        assert here.look(plan) == ("waiting", "4 of 6 pods ready")
        here.settle()
        assert here.look(plan) == ("reached", "6 of 6 pods ready")

    @pytest.mark.parametrize(("minutes", "progress"), [(4, "waiting"), (6, "missed")])
    def test_a_pod_no_node_takes_for_five_minutes_ends_it(
        self, minutes: int, progress: str
    ) -> None:
        here = up()
        plan = here.plan()
        here.send(plan)
        here.objects[f"{CORE}/pods/cart-9"] = pod(
            "cart-9",
            "cart",
            conditions=[
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "lastTransitionTime": ago(minutes=minutes),
                }
            ],
        )
        assert here.look(plan)[0] == progress

    def test_down_waits_until_the_others_are_gone_and_the_rest_calm(self) -> None:
        here = down()
        plan = here.plan()
        assert plan.drawing.verification.settle_s == 900
        here.send(plan)
        assert here.look(plan)[0] == "waiting"
        here.settle()
        assert here.look(plan) == (
            "reached",
            "3 pods there, 3 of 3 ready, 40% of what they ask for taken up",
        )

    def test_too_busy_afterwards_is_missed(self) -> None:
        here = down()
        plan = here.plan()
        here.send(plan)
        here.settle()
        here.metrics = FakeMetrics(memory=0.8 * 3 * 2**29)
        assert here.look(plan)[0] == "missed"

    def test_load_that_cannot_be_seen_is_not_taken_for_calm(self) -> None:
        here = down()
        plan = here.plan()
        here.send(plan)
        here.settle()
        for metrics in (FakeMetrics(cpu=None), None):
            here.metrics = metrics
            with pytest.raises(UpstreamError, match="is not measured now"):
                here.look(plan)

    def test_down_to_nothing_asks_for_no_load(self) -> None:
        here = down(replicas=0)
        plan = here.plan()
        here.send(plan)
        here.settle()
        here.metrics = None
        assert here.look(plan)[0] == "reached"
        assert plan.drawing.verification.settle_s == 60

    def test_from_nothing_no_share_is_told(self) -> None:
        assert "2 more pods of Deployment shop/cart" in of(up(replicas=2), 0).drawing().blast_radius


def test_each_entry_of_the_catalogue_is_under_its_own_name() -> None:
    assert all(operation.name == name for name, operation in CATALOGUE.items())
