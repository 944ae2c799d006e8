"""A namespace in good order for each operation on workloads, and how a plan is made of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from safe_ops.errors import UpstreamError
from safe_ops.model.guarding import Case
from safe_ops.model.plans import Place, Plan, System
from safe_ops.model.surveys import Circumstances
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.operation import Eyes
from tests.unit.safe_ops.applying import apply
from tests.unit.safe_ops.estate import FakeCluster
from tests.unit.safe_ops.workload_estate import CART, NOW, estate

if TYPE_CHECKING:
    from safe_ops.model.plans import Drawing
    from safe_ops.model.workloads import WorkloadSurvey
    from safe_ops.operations.operation import Operation

Object = dict[str, Any]

PLACE = Place(system=System.KUBERNETES, name="eu")


@dataclass
class FakeMetrics:
    """Answers by what a query is about; `silent` metrics do not answer at all."""

    cpu: float | None = 0.6
    """Cores; four pods of the estate ask for two."""
    memory: float | None = 0.6 * 2**30
    cpu_week_ago: float | None = 0.6
    memory_week_ago: float | None = 0.6 * 2**30
    counted_by: str = "http_requests_total"
    """The metric that counts requests; empty where none does."""
    requests: float | None = 8.0
    """A second, of four pods."""
    requests_week_ago: float | None = 6.0
    busiest: float | None = 10.0
    """A second, of one pod, in a week."""
    failing: float | None = 0.001
    ready_s: float | None = None
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    def value(self, place: Place, promql: str) -> float | None:
        assert place == PLACE
        self.asked.append(promql)
        if self.silent:
            raise UpstreamError("lab: no answer", system="metrics")
        if "kube_replicaset" in promql:
            return self.ready_s
        if "* 0 +" in promql:
            return 0.0 if f"count({self.counted_by}{{" in promql else None
        if "max_over_time" in promql:
            return self.busiest
        if "[1h]" in promql:
            return self.failing
        if self.counted_by and self.counted_by in promql:
            return self.requests_week_ago if "offset 7d" in promql else self.requests
        if "offset 7d" in promql:
            return self.cpu_week_ago if "cpu" in promql else self.memory_week_ago
        return self.cpu if "cpu" in promql else self.memory


ASKED: dict[str, Object] = {
    "rollout_restart": {"namespace": "shop", "name": "cart"},
    "rollout_undo": {"namespace": "shop", "name": "cart"},
    "rollout_pause": {"namespace": "shop", "name": "cart"},
    "rollout_resume": {"namespace": "shop", "name": "cart"},
    "scale_up": {"namespace": "shop", "name": "cart", "replicas": 6},
    "scale_down": {"namespace": "shop", "name": "cart", "replicas": 3},
    "hpa_bounds": {"namespace": "shop", "name": "web", "max_replicas": 8},
    "set_resources": {
        "namespace": "shop",
        "name": "cart",
        "container": "app",
        "memory_limit": "1Gi",
        "memory_request": "768Mi",
    },
}


@dataclass
class Situation:
    """What stands around one operation; change its parts, then ask for the case or the plan."""

    operation: str
    objects: dict[str, Object] = field(default_factory=estate)
    asked: Object = field(default_factory=dict)
    environment: str = "prod"
    metrics: FakeMetrics | None = field(default_factory=FakeMetrics)
    denied: frozenset[str] = frozenset()
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.asked = copy.deepcopy(ASKED[self.operation]) | self.asked
        if self.operation == "rollout_pause":
            self.objects[CART]["status"]["updatedReplicas"] = 2
        if self.operation == "rollout_resume":
            self.objects[CART]["spec"]["paused"] = True
            self.objects[CART]["metadata"]["annotations"]["nightdesk.dev/paused-by"] = "A12"

    @property
    def op(self) -> Operation[Any]:
        return CATALOGUE[self.operation]

    @property
    def cluster(self) -> FakeCluster:
        return FakeCluster(self.objects, denied=self.denied)

    @property
    def eyes(self) -> Eyes:
        return Eyes(place=PLACE, cluster=self.cluster, metrics=self.metrics, now=self.now)

    def survey(self) -> WorkloadSurvey:
        found: WorkloadSurvey = self.op.survey(self.op.parameters(**self.asked), self.eyes)
        return found

    def drawing(self) -> Drawing:
        return self.op.draw(self.op.parameters(**self.asked), self.survey(), PLACE)

    def case(self) -> Case[WorkloadSurvey]:
        return Case(
            parameters=self.op.parameters(**self.asked).model_dump(mode="json"),
            survey=self.survey(),
            drawing=self.drawing(),
            circumstances=Circumstances(now=self.now, environment=self.environment),
        )

    def plan(self) -> Plan:
        """A plan as it is approved, of what stands now."""
        drawing = self.drawing()
        return Plan(
            operation=self.operation,
            version=self.op.version,
            environment=self.environment,
            tier=drawing.tier,
            parameters=self.asked,
            provenance={},
            drawing=drawing,
            rulings=(),
            dry_run=(),
            needs=(),
            policy_hash="",
            requester="ana",
            created_at=NOW,
            expires_at=NOW + timedelta(hours=1),
            nonce="n",
        )

    def refusals(self) -> list[str]:
        """Names of the operation's guards that refuse, in their order."""
        case = self.case()
        rulings = [guard.decide(case) for guard in self.op.guards]
        return [ruling.guard for ruling in rulings if not ruling.passed]

    def send(self, plan: Plan, *, undo: bool = False) -> None:
        """Carry the plan's one call out, as the API server would."""
        call = (plan.drawing.undo if undo else plan.drawing.steps)[0].call
        apply(self.objects, call, self.bound(plan, undo=undo))

    def settle(self) -> None:
        """Let the controllers finish: every status speaks of the present, all pods are ready."""
        for item in self.objects.values():
            spec, status = item.get("spec", {}), item.get("status", {})
            if "observedGeneration" in status and "generation" in item["metadata"]:
                status["observedGeneration"] = item["metadata"]["generation"]
            if "updatedReplicas" in status:
                counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
                status.update(dict.fromkeys(counts, spec["replicas"]))

    def look(self, plan: Plan) -> tuple[str, str]:
        """How far it is, and the words."""
        found = self.op.look(plan, self.eyes)
        return found.progress.value, found.says

    def applied(self, plan: Plan, *, undo: bool = False) -> str:
        """What reading back says of the plan's call."""
        call = (plan.drawing.undo if undo else plan.drawing.steps)[0].call
        return self.op.applied(plan, call, self.eyes).value

    def bound(self, plan: Plan, *, undo: bool = False) -> Any:
        """The body of the plan's call with all placeholders filled, as the operator sends it."""
        call = (plan.drawing.undo if undo else plan.drawing.steps)[0].call
        values = self.op.bind(plan, call, self.eyes)
        assert set(call.late_bound) - {"$action"} == set(values)
        values["$action"] = "A7"
        return _filled(call.body, values)


def _filled(body: Any, values: dict[str, Any]) -> Any:
    if isinstance(body, dict):
        return {key: _filled(part, values) for key, part in body.items()}
    if isinstance(body, list):
        return [_filled(part, values) for part in body]
    return values.get(body, body) if isinstance(body, str) else body
