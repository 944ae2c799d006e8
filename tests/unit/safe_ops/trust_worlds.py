"""A record as giving and taking trust find it, in which everything is well."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from safe_ops.model.actions import State
from safe_ops.model.guarding import Case
from safe_ops.model.plans import Place, Plan, Stage, System, Tier
from safe_ops.model.surveys import Circumstances
from safe_ops.model.trust import Conduct, Ladder, PastRun, Trust, TrustKey
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.operation import Eyes

if TYPE_CHECKING:
    from safe_ops.model.plans import Drawing
    from safe_ops.operations.operation import Operation

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PROD = Place(system=System.NIGHTDESK, name="prod")
KEY = TrustKey(operation="rollout_restart", environment="prod", service_key="eu/shop/cart")
GIVEN = Trust(key=KEY, label="A90", runs=20, given_at=NOW - timedelta(days=2))


def run(number: int, **fields: Any) -> PastRun:
    well = PastRun(
        number=number,
        state=State.SUCCEEDED,
        tier=Tier.T2,
        place="eu",
        namespace="shop",
        approved=True,
        broke_glass=False,
    )
    return replace(well, **fields)


@dataclass
class TrustWorld:
    """One of the two operations, what it is asked for, and what it finds; its own eyes as well."""

    operation: str
    wanted: dict[str, Any] = field(
        default_factory=lambda: {"operation": "rollout_restart", "service": "shop/cart"}
    )
    found: tuple[str, ...] = ("eu/shop/cart", "eu/shop/web")
    known: bool = True
    given: Trust | None = None
    record: Conduct = field(
        default_factory=lambda: Conduct(runs=tuple(run(number) for number in range(30, 10, -1)))
    )
    rungs: Ladder = field(default_factory=lambda: Ladder(before=(Stage.ONCALL,), budget=10))
    around: dict[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> Operation[Any]:
        return CATALOGUE[self.operation]

    @property
    def eyes(self) -> Eyes:
        return Eyes(place=PROD, trust=self, now=NOW)

    def knows(self, operation: str) -> bool:
        return self.known

    def trust(self, key: TrustKey) -> Trust | None:
        return self.given

    def conduct(self, key: TrustKey) -> Conduct:
        return self.record

    def services(self, *, operation: str, environment: str) -> tuple[str, ...]:
        return self.found

    def ladder(self, key: TrustKey, run: PastRun) -> Ladder:
        return self.rungs

    def case(self) -> Case[Any]:
        wanted = self.subject.parameters.model_validate(self.wanted)
        survey = self.subject.survey(wanted, self.eyes)
        circumstances: dict[str, Any] = {"now": NOW, "environment": "prod"} | self.around
        return Case(
            parameters=wanted.model_dump(),
            survey=survey,
            drawing=self.subject.draw(wanted, survey, PROD),
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
            created_at=NOW,
            expires_at=NOW + timedelta(hours=1),
            nonce="n",
        )

    def refusals(self, *, without: str = "") -> list[str]:
        case = self.case()
        guards = [guard for guard in self.subject.guards if guard.name != without]
        return [guard.name for guard in guards if not guard.decide(case).passed]


def grant_world() -> TrustWorld:
    return TrustWorld(operation="autonomy_grant")


def withdraw_world() -> TrustWorld:
    return TrustWorld(operation="autonomy_withdraw", given=GIVEN)
