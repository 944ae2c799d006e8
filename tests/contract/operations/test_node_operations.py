"""Operations on pods, nodes and jobs from plan to undo, with the official client over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.actuators.cluster import KubernetesHands
from safe_ops.actuators.cluster_estate import KubernetesEstate
from safe_ops.errors import CallRefusedError, GoneError
from safe_ops.guardrails.common import COMMON
from safe_ops.model.actions import CallOutcome, Grounds
from safe_ops.model.guarding import Case
from safe_ops.model.plans import Place, Plan, System
from safe_ops.model.rights import Warrant
from safe_ops.model.surveys import Circumstances
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.operation import Eyes, Paced, Progress
from safe_ops.service.binding import bound
from safe_ops.service.rechecking import JudgesDrift
from tests.contract.operations.stand_in import api_client
from tests.lab.estate.builder import ClusterBuilder
from tests.lab.estate.deployments import add_deployment
from tests.lab.estate.podlife import nodes_of
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.waiting import eventually
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.plans import Step

PLACE = Place(system=System.KUBERNETES, name="prod-eu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Plans and sends what the operator would, one call after another."""

    lab: KubernetesLab
    api: Any

    @property
    def eyes(self) -> Eyes:
        estate = KubernetesEstate(self.api, cluster=PLACE.name)
        now = datetime.fromtimestamp(self.lab.cluster.clock.now(), UTC)
        return Eyes(place=PLACE, cluster=estate, now=now)

    def case(self, operation: str, **wanted: Any) -> Case[Any]:
        subject, eyes = CATALOGUE[operation], self.eyes
        parameters = subject.parameters.model_validate(wanted)
        survey = subject.survey(parameters, eyes)
        return Case(
            parameters=wanted,
            survey=survey,
            drawing=subject.draw(parameters, survey, PLACE),
            circumstances=Circumstances(
                now=eyes.now,
                environment="prod",
                grounds=Grounds(evidence=("E1",), freshest_at=eyes.now, measured=True),
            ),
        )

    def refusals(self, operation: str, **wanted: Any) -> list[str]:
        case = self.case(operation, **wanted)
        guards = (*COMMON, *CATALOGUE[operation].guards)
        return [guard.name for guard in guards if not guard.decide(case).passed]

    def plan(self, operation: str, **wanted: Any) -> Plan:
        drawing, at = self.case(operation, **wanted).drawing, self.eyes.now
        return Plan(
            operation=operation,
            version=1,
            environment="prod",
            tier=drawing.tier,
            parameters=wanted,
            provenance={},
            drawing=drawing,
            rulings=(),
            dry_run=(),
            needs=(),
            policy_hash="hash",
            requester="ana",
            created_at=at,
            expires_at=at + timedelta(hours=1),
            nonce="n",
        )

    def hands(self, plan: Plan) -> KubernetesHands:
        rights = CATALOGUE[plan.operation].rights
        warrant = Warrant(action_id="a-1", requester="ana", rights=rights)
        return KubernetesHands(self.api, cluster=PLACE.name, warrant=warrant)

    def rehearse(self, plan: Plan) -> list[str]:
        subject, hands = CATALOGUE[plan.operation], self.hands(plan)
        return [
            hands.rehearse(bound(subject, plan, step.call, self.eyes, label="A7"))
            for step in plan.drawing.steps
        ]

    def send(self, plan: Plan, steps: tuple[Step, ...]) -> None:
        subject, hands = CATALOGUE[plan.operation], self.hands(plan)
        for step in steps:
            hands.send(bound(subject, plan, step.call, self.eyes, label="A7"))

    def applied(self, plan: Plan) -> set[CallOutcome]:
        subject, steps = CATALOGUE[plan.operation], plan.drawing.steps
        return {subject.applied(plan, step.call, self.eyes) for step in steps}

    def reached(self, plan: Plan) -> None:
        subject = CATALOGUE[plan.operation]
        eventually(
            lambda: subject.look(plan, self.eyes).progress is Progress.REACHED,
            f"{plan.operation} is reached",
        )

    def done(self, plan: Plan) -> None:
        """See a plan through, rehearsed first, each call found again by reading."""
        assert self.applied(plan) == {CallOutcome.NOT_APPLIED}
        assert all(said.startswith("the API server would") for said in self.rehearse(plan))
        assert self.applied(plan) == {CallOutcome.NOT_APPLIED}
        self.send(plan, plan.drawing.steps)
        assert self.applied(plan) == {CallOutcome.APPLIED}
        self.reached(plan)

    def names(self, plural: str, namespace: str = "") -> list[str]:
        found = self.lab.cluster.listed(plural, namespace)
        return sorted(item["metadata"]["name"] for item in found)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with KubernetesLab(World.load("calm").cluster("prod-eu")) as lab:
        yield Desk(lab=lab, api=api_client(lab.url, token=lab.operator_token))


def _nodes(desk: Desk) -> list[str]:
    return desk.names("nodes")


def _on(desk: Desk, node: str) -> set[str]:
    """Return the owners' kinds of the living pods on a node."""
    return {
        pod["metadata"]["ownerReferences"][0]["kind"]
        for pod in desk.lab.cluster.listed("pods")
        if pod["spec"].get("nodeName") == node and pod["status"]["phase"] == "Running"
    }


def _elsewhere(desk: Desk, app: str, node: str) -> str:
    """Return the name of an app's pod on another node; empty while there is none."""
    found = (
        pod["metadata"]["name"]
        for pod in desk.lab.cluster.listed("pods", "shop")
        if pod["metadata"]["labels"].get("app") == app and pod["spec"].get("nodeName", node) != node
    )
    return next(found, "")


def _pod(desk: Desk, app: str) -> str:
    return next(name for name in desk.names("pods", "shop") if name.startswith(app))


def test_a_drained_node_is_empty_and_its_workloads_are_ready_elsewhere(desk: Desk) -> None:
    node = _nodes(desk)[2]
    assert desk.refusals("drain_node", name=node) == []

    plan = desk.plan("drain_node", name=node)
    desk.done(plan)

    assert len(plan.drawing.steps) > 4
    assert _on(desk, node) == {"DaemonSet"}


def test_without_a_budget_the_next_pod_goes_when_the_one_before_is_ready_elsewhere(
    desk: Desk,
) -> None:
    node, cluster = _nodes(desk)[2], desk.lab.cluster
    builder = ClusterBuilder(cluster)
    builder.nodes = [one for one in nodes_of(cluster) if one[0] == node]
    add_deployment(builder, "shop", "crowd", {"image": "web:1", "replicas": 3})
    found = cluster.get("Deployment", "crowd", "shop")
    cluster.behaviours.note(found, found["spec"]["template"]["spec"], given={}, state="crash_loop")
    assert desk.refusals("drain_node", name=node) == []
    plan = desk.plan("drain_node", name=node)
    drain = CATALOGUE["drain_node"]
    assert isinstance(drain, Paced)
    cordon, *steps = plan.drawing.steps
    first, *others = [one for one in steps if one.group == "Deployment shop/crowd"]

    desk.send(plan, (cordon, first))
    # What is made in its place crashes, and may do so for long.
    crashing = eventually(lambda: _elsewhere(desk, "crowd", node), "a pod in its place")
    waits = drain.not_yet(plan, others[0].call, desk.eyes)
    assert "has 1 of the 2 ready pods it had beside" in waits
    cluster.behaviours.note(found, found["spec"]["template"]["spec"], given={}, state="running")
    cluster.delete("pods", crashing, "shop")

    for step in others:
        eventually(
            lambda now=step: not drain.not_yet(plan, now.call, desk.eyes),  # type: ignore[misc]
            f"{step.says} may be made",
        )
        desk.send(plan, (step,))


def test_a_drained_node_holds_the_others_until_it_is_given_back(desk: Desk) -> None:
    first, second, *_ = _nodes(desk)
    desk.done(desk.plan("cordon", name=first))
    assert desk.refusals("drain_node", name=second) == ["nodes-released"]
    assert desk.refusals("cordon", name=second) == ["nodes-released"]

    assert desk.refusals("uncordon", name=first) == []
    desk.done(desk.plan("uncordon", name=first))

    assert desk.refusals("drain_node", name=second) == []


def test_an_undone_cordon_leaves_no_mark(desk: Desk) -> None:
    node = _nodes(desk)[0]
    before = desk.case("cordon", name=node).survey.target
    plan = desk.plan("cordon", name=node)
    desk.send(plan, plan.drawing.steps)

    desk.send(plan, plan.drawing.undo)

    after = desk.case("cordon", name=node).survey.target
    assert not after["spec"].get("unschedulable")
    assert after["metadata"].get("annotations") == before["metadata"].get("annotations")


def test_a_plan_is_the_same_when_it_is_drawn_again(desk: Desk) -> None:
    node = _nodes(desk)[2]
    wanted: dict[str, dict[str, Any]] = {
        "evict_pod": {"namespace": "shop", "name": _pod(desk, "cart-")},
        "drain_node": {"name": node},
        "cordon": {"name": node},
        "cronjob_suspend": {
            "namespace": "shop",
            "name": "cart-cleanup",
            "resume_after_hours": 4,
        },
        "delete_finished_pods": {"namespace": "shop"},
    }
    for operation, parameters in wanted.items():
        plan = desk.plan(operation, **parameters)
        subject = CATALOGUE[operation]
        assert isinstance(subject, JudgesDrift)
        assert subject.drifted(plan, desk.case(operation, **parameters).drawing) == ""


def test_an_evicted_pod_is_replaced(desk: Desk) -> None:
    name = _pod(desk, "checkout-")
    assert desk.refusals("evict_pod", namespace="shop", name=name) == []

    desk.done(desk.plan("evict_pod", namespace="shop", name=name))

    assert name not in desk.names("pods", "shop")


def test_a_pod_made_anew_under_the_same_name_is_not_evicted(desk: Desk) -> None:
    plan = desk.plan("evict_pod", namespace="shop", name="cart-db-1")
    desk.send(plan, plan.drawing.steps)
    desk.reached(plan)
    assert "cart-db-1" in desk.names("pods", "shop")

    with pytest.raises(CallRefusedError) as refusal:
        desk.send(plan, plan.drawing.steps)

    assert refusal.value.conflict
    assert desk.applied(plan) == {CallOutcome.APPLIED}


def test_a_suspended_cron_job_is_resumed_by_its_own_operation(desk: Desk) -> None:
    wanted = {"namespace": "shop", "name": "cart-cleanup"}
    desk.done(desk.plan("cronjob_suspend", resume_after_hours=4, **wanted))
    assert desk.refusals("cronjob_resume", **wanted) == []

    desk.done(desk.plan("cronjob_resume", **wanted))

    assert desk.refusals("cronjob_suspend", resume_after_hours=4, **wanted) == []


def test_finished_pods_go_and_nothing_else(desk: Desk) -> None:
    before = desk.names("pods", "shop")
    plan = desk.plan("delete_finished_pods", namespace="shop")

    desk.done(plan)

    gone = {item["name"] for item in plan.drawing.snapshot["pods"]}
    assert set(before) - set(desk.names("pods", "shop")) == gone
    with pytest.raises(GoneError):
        desk.send(plan, plan.drawing.steps)


def test_a_deleted_job_takes_its_pods_along(desk: Desk) -> None:
    name = desk.names("jobs.batch", "shop")[0]
    assert desk.refusals("delete_stuck_job", namespace="shop", name=name) == ["stuck"]

    desk.done(desk.plan("delete_stuck_job", namespace="shop", name=name))

    assert name not in desk.names("jobs.batch", "shop")
    assert not [pod for pod in desk.names("pods", "shop") if pod.startswith(name)]
