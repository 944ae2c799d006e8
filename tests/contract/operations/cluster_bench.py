"""Operations on the lab's cluster: planned, rehearsed, sent and looked at, as the operator does it.

Eyes and hands are the real ones, over the official client; policy, approvals and the book are not
part of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from safe_ops.actuators.cluster import KubernetesHands
from safe_ops.actuators.cluster_estate import KubernetesEstate
from safe_ops.model.guarding import Case
from safe_ops.model.plans import Place, Plan, System
from safe_ops.model.rights import Warrant
from safe_ops.model.surveys import Circumstances
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.operation import Eyes, Look, Progress
from safe_ops.service.binding import bound
from tests.contract.operations.stand_in import api_client
from tests.contract.operator_desk import OperatorDesk
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.waiting import eventually
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.plans import Call, Step
    from safe_ops.operations.operation import Operation

LABEL = "A12"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A running cluster, and one operation after the other on it."""

    desk: OperatorDesk
    place: Place

    def subject(self, operation: str) -> Operation[Any]:
        """An operation of the catalogue."""
        return CATALOGUE[operation]

    def eyes(self) -> Eyes:
        """Eyes opened now; there are no metrics."""
        api = api_client(self.desk.lab.url, token=self.desk.lab.operator_token)
        estate = KubernetesEstate(api, cluster=self.place.name)
        now = datetime.fromtimestamp(self.desk.cluster.clock.now(), UTC)
        return Eyes(place=self.place, cluster=estate, now=now)

    def hands(self, operation: str) -> KubernetesHands:
        """Hands that go no further than the operation's rights."""
        api = api_client(self.desk.lab.url, token=self.desk.lab.operator_token)
        warrant = Warrant(action_id=LABEL, requester="ada", rights=self.subject(operation).rights)
        return KubernetesHands(api, cluster=self.place.name, warrant=warrant)

    def plan(self, operation: str, **parameters: Any) -> Plan:
        """A plan of what is there now."""
        subject, eyes = self.subject(operation), self.eyes()
        wanted = subject.parameters.model_validate(parameters)
        drawing = subject.draw(wanted, subject.survey(wanted, eyes), self.place)
        return Plan(
            operation=operation,
            version=subject.version,
            environment="dev",
            tier=drawing.tier,
            parameters=parameters,
            provenance={},
            drawing=drawing,
            rulings=(),
            dry_run=(),
            needs=(),
            policy_hash="hash",
            requester="ada",
            created_at=eyes.now,
            expires_at=eyes.now + timedelta(hours=1),
            nonce="n",
        )

    def refusals(self, operation: str, **parameters: Any) -> list[str]:
        """What the operation's own guards say against it now."""
        subject, eyes = self.subject(operation), self.eyes()
        wanted = subject.parameters.model_validate(parameters)
        survey = subject.survey(wanted, eyes)
        case = Case(
            parameters=wanted.model_dump(),
            survey=survey,
            drawing=subject.draw(wanted, survey, self.place),
            circumstances=Circumstances(now=eyes.now, environment="dev"),
        )
        rulings = [guard.decide(case) for guard in subject.guards]
        return [f"{one.guard}: {one.says}" for one in rulings if not one.passed]

    def filled(self, plan: Plan, step: Step) -> Call:
        """A step's call as it goes out."""
        return bound(self.subject(plan.operation), plan, step.call, self.eyes(), label=LABEL)

    def rehearse(self, plan: Plan) -> list[str]:
        """What the dry run of each step says."""
        hands = self.hands(plan.operation)
        return [hands.rehearse(self.filled(plan, step)) for step in plan.drawing.steps]

    def carry_out(self, plan: Plan, *, undo: bool = False) -> None:
        """Send every step, or every step back."""
        hands = self.hands(plan.operation)
        for step in plan.drawing.undo if undo else plan.drawing.steps:
            hands.send(self.filled(plan, step))

    def look(self, plan: Plan) -> Look:
        """How far it is."""
        return self.subject(plan.operation).look(plan, self.eyes())

    def reached(self, plan: Plan) -> Look:
        """The look at which it is there."""

        def there() -> Look | None:
            look = self.look(plan)
            assert look.progress is not Progress.MISSED, look.says
            return look if look.progress is Progress.REACHED else None

        look = eventually(there, f"{plan.operation} is reached")
        assert look is not None
        return look


@contextmanager
def bench(scenario: str) -> Iterator[Bench]:
    """The production cluster of a scenario."""
    with KubernetesLab(World.load(scenario).cluster("prod-eu")) as lab:
        place = Place(system=System.KUBERNETES, name="prod-eu")
        yield Bench(desk=OperatorDesk(lab), place=place)
