"""An account of the lab with a write role, and one operation taken through it, for tests."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from safe_ops.actuators.cloud import CloudWorkshop
from safe_ops.actuators.cloud_place import CloudPlace
from safe_ops.model.guarding import Case
from safe_ops.model.plans import Place, Plan, System
from safe_ops.model.rights import Warrant
from safe_ops.model.surveys import Circumstances
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.operation import Eyes
from safe_ops.service.binding import bound
from tests.lab.aws.server import AwsLab
from tests.lab.aws.writing import Writes, install_writes, writes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.plans import Drawing, Json, Step
    from safe_ops.model.surveys import CloudSurvey
    from safe_ops.operations.operation import Look, Operation

ACCOUNT = "111111111111"
REGION = "eu-central-1"
NAME = "shop-prod"
PLACE = Place(system=System.AWS, name=NAME, region=REGION)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/nightdesk-write"
EXTERNAL_ID = "lab-external-write"
TAGS = {"nightdesk": "allowed"}
PAIRS = [{"Key": "nightdesk", "Value": "allowed"}]
LOWER = [{"key": "nightdesk", "value": "allowed"}]


@contextmanager
def running_lab() -> Iterator[AwsLab]:
    """An empty account with a write role, and what moto lacks of changing calls."""
    with AwsLab("operations") as lab:
        install_writes()
        lab.gate.external_ids[ROLE] = EXTERNAL_ID
        yield lab


def cloud_place(lab: AwsLab, **changes: Any) -> CloudPlace:
    place = CloudPlace(
        name=NAME,
        account_id=ACCOUNT,
        role_arn=ROLE,
        external_id=EXTERNAL_ID,
        regions=(REGION,),
        endpoint_url=lab.url,
    )
    return replace(place, **changes)


# Reading AWS's models takes longer than calling it; a workshop keeps them.
_WORKSHOPS: dict[CloudPlace, CloudWorkshop] = {}


def workshop_of(lab: AwsLab, place: CloudPlace) -> CloudWorkshop:
    if place not in _WORKSHOPS:
        _WORKSHOPS[place] = CloudWorkshop([place], own=lab.own_session())
    return _WORKSHOPS[place]


@dataclass
class Desk:
    """One operation on one account of the lab, step by step as the operator takes it."""

    lab: AwsLab
    name: str
    wanted: dict[str, Any]
    approvers: tuple[str, ...] = ("ben@example.com",)
    place: CloudPlace | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def operation(self) -> Operation[Any]:
        return CATALOGUE[self.name]

    @property
    def workshop(self) -> CloudWorkshop:
        return workshop_of(self.lab, self.place or cloud_place(self.lab))

    @property
    def writes(self) -> Writes:
        return writes_of(ACCOUNT, REGION)

    def warrant(self, steps: tuple[Step, ...] = ()) -> Warrant:
        return Warrant(
            action_id="act-12",
            requester="ana@example.com",
            approvers=self.approvers,
            digest="d" * 64,
            rights=self.operation.rights,
            grants=tuple(grant for step in steps for grant in step.call.grants),
        )

    @contextmanager
    def eyes(self) -> Iterator[Eyes]:
        with self.workshop.cloud(PLACE, self.warrant()) as cloud:
            yield Eyes(place=PLACE, cloud=cloud, now=self.now)

    def survey(self) -> CloudSurvey:
        wanted = self.operation.parameters.model_validate(self.wanted)
        with self.eyes() as eyes:
            found: CloudSurvey = self.operation.survey(wanted, eyes)
            return found

    def draw(self) -> Drawing:
        wanted = self.operation.parameters.model_validate(self.wanted)
        return self.operation.draw(wanted, self.survey(), PLACE)

    def plan(self) -> Plan:
        drawing = self.draw()
        return Plan(
            operation=self.name,
            version=self.operation.version,
            environment="prod",
            tier=drawing.tier,
            parameters=self.wanted,
            provenance={},
            drawing=drawing,
            rulings=(),
            dry_run=(),
            needs=(),
            policy_hash="hash",
            requester="ana@example.com",
            created_at=self.now,
            expires_at=self.now + timedelta(hours=1),
            nonce="n",
        )

    def refusals(self) -> list[str]:
        """What the guards say no to, of a fresh survey."""
        wanted = self.operation.parameters.model_validate(self.wanted)
        survey = self.survey()
        case = Case(
            parameters=wanted.model_dump(),
            survey=survey,
            drawing=self.operation.draw(wanted, survey, PLACE),
            circumstances=Circumstances(now=self.now, environment="prod"),
        )
        return [guard.name for guard in self.operation.guards if not guard.decide(case).passed]

    def rehearse(self, plan: Plan) -> list[str]:
        steps = plan.drawing.steps
        with self.eyes() as eyes, self.workshop.hands(PLACE, self.warrant(steps)) as hands:
            return [
                hands.rehearse(bound(self.operation, plan, one.call, eyes, label="A12"))
                for one in steps
            ]

    def send(self, plan: Plan, *, part: str = "steps") -> list[Json]:
        steps: tuple[Step, ...] = getattr(plan.drawing, part)
        with self.eyes() as eyes, self.workshop.hands(PLACE, self.warrant(steps)) as hands:
            return [
                hands.send(bound(self.operation, plan, one.call, eyes, label="A12"))
                for one in steps
            ]

    def look(self, plan: Plan) -> Look:
        with self.eyes() as eyes:
            return self.operation.look(plan, eyes)

    def applied(self, plan: Plan, *, part: str = "steps") -> list[CallOutcome]:
        steps: tuple[Step, ...] = getattr(plan.drawing, part)
        with self.eyes() as eyes:
            return [self.operation.applied(plan, one.call, eyes) for one in steps]

    def client(self, service: str) -> Any:
        return self.lab.client(NAME, service)
