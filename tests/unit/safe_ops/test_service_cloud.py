"""An operation on AWS: its eyes are an account's, its hands are bound to the ARNs it touches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import StaleError
from safe_ops.model.actions import State
from safe_ops.model.plans import Call, Place, System
from safe_ops.model.rights import Grant
from safe_ops.model.surveys import CloudSurvey, Permission
from safe_ops.operations.operation import Eyes
from safe_ops.service.binding import bound
from tests.unit.safe_ops.dials import START, NoCloud, SetDials
from tests.unit.safe_ops.rows import EU, a_plan
from tests.unit.safe_ops.write_side import POLICY

if TYPE_CHECKING:
    from safe_ops.model.plans import Drawing
    from safe_ops.operations.operation import Parameters
    from tests.unit.safe_ops.write_side import WriteSide

ARN = "arn:aws:ecs:eu-central-1:111122223333:service/shop/cart"
UPDATE = Grant(action="ecs:UpdateService", arn=ARN)
MAIN = Place(system=System.AWS, name="main", region="eu-central-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedSurvey(CloudSurvey):
    dials: dict[str, int]


class SetTasks(SetDials):
    """The same dials, as if an account's."""

    name = "set_tasks"
    system = System.AWS

    def survey(self, wanted: Parameters, eyes: Eyes) -> Any:
        assert isinstance(eyes.cloud, NoCloud)
        return TaggedSurvey(
            read_at=eyes.now,
            target={"serviceName": "cart"},
            permissions=(Permission(says="update it", allowed=True),),
            arn=ARN,
            tags={"team": "shop"},
            dials=dict(self.machine.dials),
        )

    def draw(self, wanted: Parameters, survey: Any, place: Place) -> Drawing:
        drawing = super().draw(wanted, survey, place)
        target = replace(drawing.target, kind="ecs service", namespace="", uid=ARN)
        steps = tuple(
            replace(
                step,
                call=replace(step.call, action="ecs:update_service", path=ARN, grants=(UPDATE,)),
            )
            for step in drawing.steps
        )
        return replace(drawing, target=target, steps=steps, undo=())

    def bind(self, plan: Any, call: Call, eyes: Eyes) -> dict[str, Any]:
        return {"$version": "0"}


@pytest.fixture
def account(side: WriteSide) -> WriteSide:
    side.machine.dials[ARN] = 1
    side.catalogue["set_tasks"] = SetTasks(side.machine)
    return side


def wish() -> dict[str, Any]:
    return {"operation": "set_tasks", "place": MAIN}


def test_hands_are_granted_what_the_plans_calls_need_and_eyes_nothing(account: WriteSide) -> None:
    done = account.executed(ARN, **wish())
    assert done.state is State.SUCCEEDED
    assert account.machine.effects == [(ARN, 5)]
    granted = {warrant.grants for warrant in account.machine.warrants}
    assert granted == {(), (UPDATE,)}


def test_tags_protect_as_labels_do(account: WriteSide) -> None:
    account.rewire(POLICY + "\nprotected: {labels: [team=shop]}\n")
    assert "is protected" in account.planned(ARN, **wish()).reason


def test_placeholders_are_filled_wherever_they_stand_alone(side: WriteSide) -> None:
    body = {"list": ["$version", {"deep": "$version"}], "text": "at $version", "n": 1}
    call = Call(action="PATCH", path="/a", body=body, late_bound=("$version",))
    filled = bound(
        side.catalogue["set_dials"], a_plan(), call, Eyes(place=EU, now=START), label="A1"
    )
    assert filled.body == {"list": ["0", {"deep": "0"}], "text": "at $version", "n": 1}


def test_what_is_not_declared_is_sent_as_approved(side: WriteSide) -> None:
    call = Call(action="PATCH", path="/a", body={"rv": "$version", "by": "$action"})
    filled = bound(
        side.catalogue["set_dials"], a_plan(), call, Eyes(place=EU, now=START), label="A1"
    )
    assert filled.body == {"rv": "$version", "by": "A1"}


def test_a_placeholder_nothing_is_found_for_is_never_sent(side: WriteSide) -> None:
    call = Call(action="PATCH", path="/a", body={}, late_bound=("$revision", "$action"))
    with pytest.raises(StaleError, match=r"nothing was found to fill \$revision with"):
        bound(side.catalogue["set_dials"], a_plan(), call, Eyes(place=EU, now=START), label="A1")
