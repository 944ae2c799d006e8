"""An account in memory behind the write side's port, and one operation that acts on it.

A world is changed by a test, then planned from: survey, drawing, case, plan. What real shapes are
is tested against botocore and moto in tests/contract/operations.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from safe_ops.errors import GoneError
from safe_ops.model.guarding import Case
from safe_ops.model.plans import Json, Place, Plan, System
from safe_ops.model.surveys import Circumstances, Permission
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.operation import Eyes

if TYPE_CHECKING:
    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.plans import Drawing
    from safe_ops.operations.operation import Operation, Progress

NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
PLACE = Place(system=System.AWS, name="shop-prod", region="eu-central-1")
ACCOUNT = "111111111111"
FUNCTION = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:orders"
SERVICE = f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/shop/cart"
TASK_ID = "0123456789abcdef0123456789abcdef"
TASK = f"arn:aws:ecs:eu-central-1:{ACCOUNT}:task/shop/{TASK_ID}"
FAMILY = f"arn:aws:ecs:eu-central-1:{ACCOUNT}:task-definition/cart"
GROUP = (
    f"arn:aws:autoscaling:eu-central-1:{ACCOUNT}:autoScalingGroup:"
    "11111111-2222-3333-4444-555555555555:autoScalingGroupName/workers"
)
INSTANCE = "i-0123456789abcdef0"
ALARM = f"arn:aws:cloudwatch:eu-central-1:{ACCOUNT}:alarm:cart-errors"
DLQ = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders-dead"
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"
TAGS = {"nightdesk": "allowed"}
PAIRS = [{"Key": "nightdesk", "Value": "allowed"}]


class Gone:
    """The answer where there is no such thing."""


@dataclass
class FakeAccount:
    """Answers by operation: a value, a function of the parameters, an error, or `Gone`.

    `denied` holds IAM actions the role may not take.
    """

    answers: dict[str, Any]
    metrics: dict[str, list[float]] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    reads: list[tuple[str, dict[str, Json]]] = field(default_factory=list)

    def read(self, operation: str, parameters: dict[str, Json]) -> dict[str, Json]:
        self.reads.append((operation, parameters))
        if operation == "cloudwatch:get_metric_data":
            return self._metric(parameters)
        answer = self.answers[operation]
        if callable(answer) and answer is not Gone:
            answer = answer(**parameters)
        if answer is Gone:
            raise GoneError(f"{operation}: none such", system="aws shop-prod")
        if isinstance(answer, Exception):
            raise answer
        found: dict[str, Json] = copy.deepcopy(answer)
        return found

    def may(self, action: str, arn: str) -> Permission:
        return Permission(says=f"{action} on {arn}", allowed=action not in self.denied)

    def _metric(self, parameters: dict[str, Json]) -> dict[str, Json]:
        (query,) = parameters["MetricDataQueries"]
        name = query["MetricStat"]["Metric"]["MetricName"]
        is_old = parameters["EndTime"] < NOW - timedelta(days=6)
        is_long = parameters["StartTime"] < NOW - timedelta(days=6) and not is_old
        key = f"{name} a week ago" if is_old else f"{name} in a week" if is_long else name
        return {"MetricDataResults": [{"Id": "m", "Values": self.metrics.get(key, [])}]}


@dataclass
class CloudWorld:
    """One operation, what it is asked for, and the account it finds."""

    operation: str
    wanted: dict[str, Any]
    answers: dict[str, Any]
    metrics: dict[str, list[float]] = field(default_factory=dict)
    around: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW

    @property
    def subject(self) -> Operation[Any]:
        return CATALOGUE[self.operation]

    @property
    def account(self) -> FakeAccount:
        return FakeAccount(self.answers, self.metrics)

    def eyes(self, account: FakeAccount | None = None) -> Eyes:
        return Eyes(place=PLACE, cloud=account or self.account, now=self.now)

    def case(self) -> Case[Any]:
        wanted = self.subject.parameters.model_validate(self.wanted)
        survey = self.subject.survey(wanted, self.eyes())
        circumstances: dict[str, Any] = {"now": self.now, "environment": "prod"} | self.around
        return Case(
            parameters=wanted.model_dump(),
            survey=survey,
            drawing=self.subject.draw(wanted, survey, PLACE),
            circumstances=Circumstances(**circumstances),
        )

    def drawing(self) -> Drawing:
        return self.case().drawing

    def plan(self) -> Plan:
        drawing = self.drawing()
        return Plan(
            operation=self.operation,
            version=self.subject.version,
            environment="prod",
            tier=drawing.tier,
            parameters=self.wanted,
            provenance={},
            drawing=drawing,
            rulings=(),
            dry_run=(),
            needs=(),
            policy_hash="hash",
            requester="ana",
            created_at=self.now,
            expires_at=self.now + timedelta(hours=1),
            nonce="n",
        )

    def look(self, plan: Plan) -> tuple[Progress, str]:
        found = self.subject.look(plan, self.eyes())
        return found.progress, found.says

    def applied(self, plan: Plan, *, part: str = "steps", step: int = 0) -> CallOutcome:
        call = getattr(plan.drawing, part)[step].call
        return self.subject.applied(plan, call, self.eyes())

    def bind(self, plan: Plan, *, part: str = "steps") -> dict[str, Json]:
        return self.subject.bind(plan, getattr(plan.drawing, part)[0].call, self.eyes())

    def refusals(self, *, without: str = "") -> list[str]:
        case = self.case()
        guards = [guard for guard in self.subject.guards if guard.name != without]
        return [guard.name for guard in guards if not guard.decide(case).passed]

    def ruling(self, guard: str) -> str:
        case = self.case()
        (found,) = [one for one in self.subject.guards if one.name == guard]
        return found.decide(case).says
