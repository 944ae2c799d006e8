"""What AWS operations share: reading one account with an action's eyes, and the frame of an entry.

Must not know botocore; answers are plain dicts, as the estate hands them out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from safe_ops.errors import GoneError, RefusedError, StaleError
from safe_ops.model.plans import Drawing, System
from safe_ops.operations.operation import Parameters

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Call, Json, Place, Plan
    from safe_ops.model.rights import Grant, Rights
    from safe_ops.model.surveys import CloudSurvey, Object, Permission
    from safe_ops.operations.operation import Eyes, Look
    from safe_ops.ports.reach import CloudEstate

P = TypeVar("P", bound=Parameters)

SIMULATE = "iam:SimulatePrincipalPolicy"
"""What every AWS operation reads: whether IAM would let it."""
# AWS's own regions apart; first words of the regions of the others.
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


class Account:
    """One account and region through an action's eyes."""

    def __init__(self, eyes: Eyes) -> None:
        if eyes.cloud is None:
            raise RefusedError(
                f"{eyes.place.name} is no AWS account: this operation acts on AWS only",
                code="place",
            )
        self._cloud: CloudEstate = eyes.cloud
        self.now: datetime = eyes.now
        self.region = eyes.place.region
        self.partition = next(
            (name for start, name in _PARTITIONS.items() if self.region.startswith(start)), "aws"
        )

    def read(self, operation: str, **parameters: Json) -> Object:
        """Return a read's answer; raises as `CloudEstate.read`."""
        return self._cloud.read(operation, parameters)

    def read_if_there(self, operation: str, **parameters: Json) -> Object | None:
        """Return a read's answer; None where there is no such thing."""
        try:
            return self._cloud.read(operation, parameters)
        except GoneError:
            return None

    def may(self, grants: tuple[Grant, ...]) -> tuple[Permission, ...]:
        """Return whether IAM would let each of these."""
        return tuple(self._cloud.may(grant.action, grant.arn) for grant in grants)


class CloudOperation(ABC, Generic[P]):
    """The frame of an AWS operation; implements safe_ops.operations.operation.Operation."""

    name: str
    version: int = 1
    system: System = System.AWS
    title: str
    parameters: type[Parameters]
    guards: tuple[Guard[CloudSurvey], ...]
    rights: Rights

    def survey(self, wanted: Parameters, eyes: Eyes) -> CloudSurvey:
        """Read all that drawing and guards need, as `Operation.survey` says."""
        return self.read(cast("P", wanted), Account(eyes))

    def draw(self, wanted: Parameters, survey: CloudSurvey, place: Place) -> Drawing:
        """Return what would be done, as `Operation.draw` says."""
        if survey.target is None:
            raise RefusedError(
                f"{survey.arn} does not exist in {place.name}, region {place.region}", code="gone"
            )
        return self.drawn(cast("P", wanted), survey, survey.target, place)

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        """Tell how far it is, as `Operation.look` says."""
        return self.seen(plan, Account(eyes))

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        """Tell what became of a call, as `Operation.applied` says."""
        return self.settled(plan, call, Account(eyes))

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return the placeholders' values, as `Operation.bind` says."""
        return self.bound(plan, call, Account(eyes))

    @abstractmethod
    def read(self, wanted: P, account: Account) -> CloudSurvey:
        """Survey."""

    @abstractmethod
    def drawn(self, wanted: P, survey: CloudSurvey, target: Object, place: Place) -> Drawing:
        """Draw for a target that is there."""

    @abstractmethod
    def seen(self, plan: Plan, account: Account) -> Look:
        """Look."""

    @abstractmethod
    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Tell by reading what became of a call."""

    def bound(self, plan: Plan, call: Call, account: Account) -> dict[str, Json]:
        """Return values for placeholders; none where the calls have none of their own."""
        return {}


def is_undo(plan: Plan, call: Call) -> bool:
    """Tell whether a call is one of the plan's undo."""
    return any(step.call == call for step in plan.drawing.undo)


def check_same(expected: dict[str, Json], found: dict[str, Json], *, name: str) -> None:
    """Return if every field is as expected.

    Raises:
        StaleError: One is not; the text names the first.
    """
    for field, value in expected.items():
        if found.get(field) != value:
            raise StaleError(
                f"{name}: {field} is {found.get(field)} now and was {value} when it was planned;"
                " nothing was changed, ask for a new plan"
            )


def check_untouched(plan: Plan, call: Call, now: dict[str, Json], *, member: str, pin: str) -> None:
    """Return if nobody else has set what a call sets; `now` has the pins as they are.

    Before the plan's own call all pins are as planned. Before its undo the one field, `member` of
    the calls and `pin` of the pins, is as that call left it, or back already.

    Raises:
        StaleError: Somebody else has; the text names what differs.
    """
    if not is_undo(plan, call):
        check_same(plan.drawing.pins, now, name=plan.target.name)
        return
    ours = plan.drawing.steps[0].call.body[member]
    if now[pin] not in {ours, call.body[member]}:
        raise StaleError(
            f"{plan.target.name}: {member} is {now[pin]} now, and {ours} was set here: somebody"
            " else changed it since, and that is not undone; look at it"
        )


def tags_of(pairs: Json) -> dict[str, str]:
    """Return AWS's lists of tags as a mapping, however the service spells their members."""
    return {
        str(one.get("Key", one.get("key", ""))): str(one.get("Value", one.get("value", "")))
        for one in pairs or ()
    }
