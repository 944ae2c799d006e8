"""What operations on AWS draw, see afterwards, make of lost answers, and bind before they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from safe_ops.errors import RefusedError, UpstreamError
from safe_ops.model.plans import Place, System
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.operation import Eyes
from safe_ops.plan import digest_of
from tests.unit.safe_ops.accounts import NOW, CloudWorld, FakeAccount, Gone
from tests.unit.safe_ops.cloud_worlds import (
    WORLDS,
    alias_world,
    group_world,
    memory_world,
    timeout_world,
)
from tests.unit.safe_ops.ecs_worlds import scale_world, taskdef_world
from tests.unit.safe_ops.stored_plans import plan_from_json, plan_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_ops.model.plans import Json

ABSENT: dict[str, tuple[str, Any]] = {
    "lambda_set_memory": ("lambda:get_function_configuration", Gone),
    "lambda_set_timeout": ("lambda:get_function_configuration", Gone),
    "lambda_alias_rollback": ("lambda:get_alias", Gone),
    "ecs_force_new_deployment": ("ecs:describe_services", {"services": []}),
    "ecs_rollback_taskdef": ("ecs:describe_services", Gone),
    "ecs_scale": ("ecs:describe_services", {"services": [{"status": "INACTIVE"}]}),
    "ecs_stop_task": ("ecs:describe_tasks", {"tasks": []}),
    "asg_set_desired": (
        "autoscaling:describe_auto_scaling_groups",
        {"AutoScalingGroups": []},
    ),
    "ec2_reboot": ("ec2:describe_instances", Gone),
    "cw_alarm_mute": ("cloudwatch:describe_alarms", {}),
    "cw_alarm_unmute": ("cloudwatch:describe_alarms", {}),
    "sqs_redrive": ("sqs:get_queue_url", Gone),
}


class TestEveryOperation:
    @pytest.mark.parametrize("operation", WORLDS)
    def test_what_does_not_exist_is_told_and_nothing_is_drawn(self, operation: str) -> None:
        world = WORLDS[operation]()
        key, answer = ABSENT[operation]
        world.answers[key] = answer

        with pytest.raises(RefusedError, match="does not exist in shop-prod") as caught:
            world.drawing()
        assert caught.value.code == "gone"

    @pytest.mark.parametrize("operation", WORLDS)
    def test_a_read_that_fails_plans_nothing(self, operation: str) -> None:
        world = WORLDS[operation]()
        world.answers[ABSENT[operation][0]] = UpstreamError("no answer", system="aws")

        with pytest.raises(UpstreamError):
            world.drawing()

    @pytest.mark.parametrize("operation", WORLDS)
    def test_it_acts_on_aws_only(self, operation: str) -> None:
        world = WORLDS[operation]()
        wanted = world.subject.parameters.model_validate(world.wanted)
        cluster = Eyes(place=Place(system=System.KUBERNETES, name="eu"), now=NOW)

        with pytest.raises(RefusedError, match="eu is no AWS account"):
            world.subject.survey(wanted, cluster)

    @pytest.mark.parametrize("operation", WORLDS)
    def test_drawing_twice_from_the_same_world_gives_the_same_plan(self, operation: str) -> None:
        world = WORLDS[operation]()

        assert digest_of(world.plan()) == digest_of(world.plan())

    @pytest.mark.parametrize("operation", WORLDS)
    def test_a_plan_survives_being_stored(self, operation: str) -> None:
        plan = WORLDS[operation]().plan()

        assert plan_from_json(plan_json(plan)) == plan

    @pytest.mark.parametrize("operation", WORLDS)
    def test_there_is_an_undo_or_a_reason_why_not(self, operation: str) -> None:
        drawing = WORLDS[operation]().drawing()

        assert bool(drawing.undo) != bool(drawing.cannot_be_undone)

    @pytest.mark.parametrize("operation", WORLDS)
    def test_no_secret_of_the_account_is_in_a_plan(self, operation: str) -> None:
        assert "hunter" not in plan_json(WORLDS[operation]().plan())
        assert "token=" not in plan_json(WORLDS[operation]().plan())

    @pytest.mark.parametrize("operation", WORLDS)
    def test_parameters_nobody_declared_are_refused(self, operation: str) -> None:
        world = WORLDS[operation]()

        with pytest.raises(ValidationError):
            world.subject.parameters.model_validate({**world.wanted, "force": True})

    @pytest.mark.parametrize("operation", WORLDS)
    def test_calls_name_one_resource_and_declare_what_is_filled_in_late(
        self, operation: str
    ) -> None:
        drawing = WORLDS[operation]().drawing()
        for step in (*drawing.steps, *drawing.undo):
            assert step.call.path.startswith("arn:aws:")
            assert step.call.path in {grant.arn for grant in step.call.grants}
            found = {word for word in _words(step.call.body) if word.startswith("$")}
            assert found == set(step.call.late_bound)


def _words(body: Json) -> set[str]:
    if isinstance(body, dict):
        return set().union(*(_words(one) for one in body.values()))
    return {body} if isinstance(body, str) else set()


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("lambda_set_memory", {"function": "orders", "memory_mb": 64}),
        ("lambda_set_memory", {"function": "orders", "memory_mb": 10_241}),
        ("lambda_set_memory", {"function": "orders", "memory_mb": "512"}),
        ("lambda_set_memory", {"function": "*", "memory_mb": 512}),
        ("lambda_set_timeout", {"function": "orders:live", "timeout_s": 5}),
        ("lambda_set_timeout", {"function": "orders", "timeout_s": 901}),
        ("lambda_alias_rollback", {"function": "orders", "alias": "12", "version": "8"}),
        ("lambda_alias_rollback", {"function": "orders", "alias": "live", "version": "$LATEST"}),
        ("ecs_scale", {"cluster": "shop", "service": "cart", "desired": 0}),
        ("ecs_scale", {"cluster": "shop", "service": "cart/*", "desired": 3}),
        ("ecs_stop_task", {"cluster": "shop", "service": "cart", "task": "all"}),
        ("asg_set_desired", {"group": "workers*", "desired": 3}),
        ("asg_set_desired", {"group": "workers", "desired": 0}),
        ("ec2_reboot", {"instance": "i-0123"}),
        ("cw_alarm_mute", {"alarm": "cart-errors", "minutes": 241}),
        ("cw_alarm_mute", {"alarm": "cart-errors"}),
        ("cw_alarm_mute", {"alarm": "cart-*", "minutes": 60}),
        ("sqs_redrive", {"queue": "orders-dead", "per_second": 0}),
        ("sqs_redrive", {"queue": "orders dead", "per_second": 10}),
    ],
)
def test_a_parameter_out_of_bounds_is_refused(operation: str, wanted: dict[str, Json]) -> None:
    with pytest.raises(ValidationError):
        CATALOGUE[operation].parameters.model_validate(wanted)


@pytest.mark.parametrize(
    ("world", "wanted", "says"),
    [
        (memory_world, {"memory_mb": 256}, "MemorySize 256 already"),
        (timeout_world, {"timeout_s": 10}, "Timeout 10 already"),
        (alias_world, {"version": "9"}, "not an earlier one"),
        (taskdef_world, {"revision": 9}, "not an earlier one"),
        (scale_world, {"desired": 4}, "desired count of 4 already"),
        (group_world, {"desired": 4}, "desired capacity of 4 already"),
    ],
)
def test_what_is_so_already_is_not_drawn(
    world: Callable[[], CloudWorld], wanted: dict[str, Json], says: str
) -> None:
    asked = world()
    asked.wanted |= wanted

    with pytest.raises(RefusedError, match=says) as caught:
        asked.drawing()
    assert caught.value.code == "parameters"


def test_a_denied_permission_is_part_of_the_survey() -> None:
    world = memory_world()
    account = FakeAccount(world.answers, denied=frozenset({"lambda:UpdateFunctionConfiguration"}))
    wanted = world.subject.parameters.model_validate(world.wanted)
    survey = world.subject.survey(wanted, world.eyes(account))

    assert [one.allowed for one in survey.permissions] == [False]
