"""What operations on ECS services draw, see, make of lost answers and bind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import StaleError
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import Tier
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.accounts import FAMILY, SERVICE, CloudWorld
from tests.unit.safe_ops.ecs_worlds import (
    definition,
    force_world,
    scale_world,
    stop_world,
    taskdef_world,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def _set_service(world: CloudWorld, **changes: Any) -> None:
    world.answers["ecs:describe_services"]["services"][0].update(changes)


def _deployed(world: CloudWorld, **changes: Any) -> None:
    deployment = {
        "id": "ecs-svc/new",
        "status": "PRIMARY",
        "taskDefinition": f"{FAMILY}:9",
        "rolloutState": "COMPLETED",
        **changes,
    }
    _set_service(world, deployments=[deployment])


class TestServices:
    @pytest.mark.parametrize(("least", "tier"), [(100, Tier.T2), (50, Tier.T3)])
    def test_a_deployment_with_fewer_tasks_meanwhile_is_a_higher_tier(
        self, least: int, tier: Tier
    ) -> None:
        world = force_world()
        _set_service(world, deploymentConfiguration={"minimumHealthyPercent": least})

        assert world.drawing().tier is tier

    def test_a_service_without_a_circuit_breaker_is_pointed_out(self) -> None:
        world = force_world()
        assert world.drawing().notes == ()
        _set_service(world, deploymentConfiguration={})
        assert "no deployment circuit breaker" in world.drawing().notes[0]

    def test_a_new_deployment_is_waited_for_until_it_is_through(self) -> None:
        world = force_world()
        plan = world.plan()
        assert world.look(plan) == (Progress.WAITING, "ECS shows no new deployment yet")
        _deployed(world, rolloutState="IN_PROGRESS")
        assert world.look(plan)[0] is Progress.WAITING
        _deployed(world)
        assert world.look(plan)[0] is Progress.REACHED

    def test_a_failed_deployment_is_a_miss_and_says_why(self) -> None:
        world = force_world()
        plan = world.plan()
        _deployed(world, rolloutState="FAILED", rolloutStateReason="tasks failed to start")
        assert world.look(plan) == (
            Progress.MISSED,
            "rollout FAILED, 4 of 4 tasks run: tasks failed to start",
        )
        _deployed(world, rolloutState="FAILED")
        assert world.look(plan)[1] == "rollout FAILED, 4 of 4 tasks run"

    def test_unhealthy_targets_hold_the_success_back(self) -> None:
        world = force_world()
        plan = world.plan()
        _deployed(world)
        world.answers["elbv2:describe_target_health"] = {
            "TargetHealthDescriptions": [{"TargetHealth": {"State": "unhealthy"}}]
        }

        assert world.look(plan)[1].endswith("1 targets are unhealthy")

    @pytest.mark.parametrize("world", [force_world, taskdef_world, scale_world, stop_world])
    def test_a_service_deleted_meanwhile_is_a_miss(self, world: Callable[[], CloudWorld]) -> None:
        asked = world()
        plan = asked.plan()
        asked.answers["ecs:describe_services"] = {"services": []}

        assert asked.look(plan) == (Progress.MISSED, "shop/cart does not exist any more")

    def test_whether_a_forced_deployment_was_lost_cannot_be_proven(self) -> None:
        world = force_world()
        plan = world.plan()
        assert world.applied(plan) is CallOutcome.UNKNOWN
        _deployed(world)
        assert world.applied(plan) is CallOutcome.APPLIED
        _deployed(world, taskDefinition=f"{FAMILY}:10")
        assert world.applied(plan) is CallOutcome.UNKNOWN

    def test_the_undo_stops_the_newest_running_deployment(self) -> None:
        world = force_world()
        plan = world.plan()
        assert world.bind(plan) == {}
        assert world.applied(plan, part="undo") is CallOutcome.APPLIED
        with pytest.raises(StaleError, match="no running deployment"):
            world.bind(plan, part="undo")
        world.answers["ecs:list_service_deployments"] = {
            "serviceDeployments": [
                {"serviceDeploymentArn": "new"},
                {"serviceDeploymentArn": "old"},
            ]
        }
        assert world.bind(plan, part="undo") == {"$deployment": "new"}
        assert world.applied(plan, part="undo") is CallOutcome.UNKNOWN

    def test_the_undo_may_stop_deployments_of_this_service_alone(self) -> None:
        (step,) = force_world().drawing().undo

        assert {grant.arn for grant in step.call.grants} == {
            SERVICE,
            SERVICE.replace(":service/", ":service-deployment/") + "/*",
        }

    def test_a_rollback_shows_what_differs_container_by_container(self) -> None:
        world = taskdef_world()
        older = definition(8)
        older["containerDefinitions"].append({"name": "proxy", "image": "envoy:1", "cpu": 64})
        world.answers["definitions"][f"{FAMILY}:8"] = older

        assert [(one.field, one.before, one.after) for one in world.drawing().changes] == [
            ("taskDefinition", f"{FAMILY}:9", f"{FAMILY}:8"),
            ("cart: image", "cart:9", "cart:8"),
            ("cart: command", "(hidden)", "(another, hidden)"),
            ("cart: environment DB_PASSWORD", "(hidden)", "(another, hidden)"),
            ("proxy: image", "(not set)", "envoy:1"),
            ("proxy: cpu", "(not set)", "64"),
        ]

    def test_a_revision_that_is_not_there_is_refused_by_guards(self) -> None:
        world = taskdef_world()
        world.wanted["revision"] = 3

        assert world.refusals() == ["revision-active", "previously-steady", "same-roles"]

    def test_a_rollback_is_missed_when_ecs_deploys_something_else(self) -> None:
        world = taskdef_world()
        plan = world.plan()
        assert world.look(plan)[0] is Progress.WAITING
        _deployed(world, taskDefinition=f"{FAMILY}:8")
        assert world.look(plan)[0] is Progress.REACHED
        _deployed(world, taskDefinition=f"{FAMILY}:10")
        assert world.look(plan) == (Progress.MISSED, f"ECS deploys {FAMILY}:10")

    def test_a_lost_rollback_is_read_back_from_the_revision(self) -> None:
        world = taskdef_world()
        plan = world.plan()
        assert world.applied(plan) is CallOutcome.NOT_APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.APPLIED
        _set_service(world, taskDefinition=f"{FAMILY}:8")
        assert world.applied(plan) is CallOutcome.APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.NOT_APPLIED
        _set_service(world, taskDefinition=f"{FAMILY}:10")
        assert world.applied(plan) is CallOutcome.UNKNOWN

    def test_calls_that_need_no_late_value_bind_nothing(self) -> None:
        world = taskdef_world()

        assert world.bind(world.plan()) == {}

    @pytest.mark.parametrize(("desired", "tier"), [(6, Tier.T1), (2, Tier.T2)])
    def test_scaling_down_is_a_higher_tier_than_up(self, desired: int, tier: Tier) -> None:
        assert scale_world(desired).drawing().tier is tier

    def test_a_count_that_autoscaling_owns_is_pointed_out(self) -> None:
        world = scale_world()
        world.answers["application-autoscaling:describe_scalable_targets"] = {
            "ScalableTargets": [{"MinCapacity": 2, "MaxCapacity": 8}]
        }

        assert world.refusals() == []
        assert "Application Auto Scaling" in world.drawing().notes[0]

    def test_a_count_is_reached_waited_for_or_missed(self) -> None:
        world = scale_world()
        plan = world.plan()
        assert world.look(plan) == (Progress.WAITING, "the desired count is 4")
        _set_service(world, desiredCount=6)
        assert world.look(plan)[0] is Progress.WAITING
        _set_service(world, runningCount=6)
        assert world.look(plan)[0] is Progress.REACHED
        _set_service(world, desiredCount=5)
        assert world.look(plan)[0] is Progress.MISSED

    def test_a_lost_scaling_is_read_back_from_the_count(self) -> None:
        world = scale_world()
        plan = world.plan()
        assert world.applied(plan) is CallOutcome.NOT_APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.APPLIED
        _set_service(world, desiredCount=6)
        assert world.applied(plan) is CallOutcome.APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.NOT_APPLIED
        _set_service(world, desiredCount=5)
        assert world.applied(plan) is CallOutcome.UNKNOWN

    def test_a_task_is_stopped_and_its_service_fills_up(self) -> None:
        world = stop_world()
        plan = world.plan()
        task = world.answers["ecs:describe_tasks"]["tasks"][0]
        assert world.look(plan)[0] is Progress.WAITING
        assert world.applied(plan) is CallOutcome.NOT_APPLIED
        task |= {"desiredStatus": "STOPPED", "lastStatus": "STOPPED"}
        assert world.look(plan)[0] is Progress.REACHED
        assert world.applied(plan) is CallOutcome.APPLIED
        world.answers["ecs:describe_tasks"] = {"tasks": []}
        assert world.look(plan)[0] is Progress.REACHED
        assert world.applied(plan) is CallOutcome.APPLIED


class TestSomebodyElse:
    """ECS compares nothing itself, so each call is preceded by a look."""

    @pytest.mark.parametrize("make", [force_world, scale_world, taskdef_world])
    @pytest.mark.parametrize(
        "change",
        [
            {"taskDefinition": f"{FAMILY}:11"},
            {"desiredCount": 9},
            {"deployments": []},
            {"status": "INACTIVE"},
        ],
    )
    def test_what_somebody_changed_is_not_called_on(
        self, make: Callable[[], CloudWorld], change: dict[str, Any]
    ) -> None:
        world = make()
        plan = world.plan()
        assert world.bind(plan) == {}
        _set_service(world, **change)
        with pytest.raises(StaleError):
            world.bind(plan)

    @pytest.mark.parametrize(
        ("make", "ours", "theirs"),
        [
            (scale_world, {"desiredCount": 6}, {"desiredCount": 9}),
            (
                taskdef_world,
                {"taskDefinition": f"{FAMILY}:8"},
                {"taskDefinition": f"{FAMILY}:11"},
            ),
        ],
    )
    def test_what_somebody_changed_afterwards_is_not_undone(
        self, make: Callable[[], CloudWorld], ours: dict[str, Any], theirs: dict[str, Any]
    ) -> None:
        world = make()
        plan = world.plan()
        assert world.bind(plan, part="undo") == {}, "it may be back already"
        _set_service(world, **ours)
        assert world.bind(plan, part="undo") == {}
        _set_service(world, **theirs)
        with pytest.raises(StaleError, match="somebody else changed it since"):
            world.bind(plan, part="undo")

    def test_somebody_elses_deployment_is_not_stopped(self) -> None:
        world = force_world()
        plan = world.plan()
        world.answers["ecs:list_service_deployments"] = {
            "serviceDeployments": [{"serviceDeploymentArn": "arn:theirs"}]
        }
        _set_service(world, taskDefinition=f"{FAMILY}:11")
        with pytest.raises(StaleError, match="task_definition"):
            world.bind(plan, part="undo")

    def test_a_task_has_an_id_nothing_else_ever_has(self) -> None:
        world = stop_world()
        assert world.bind(world.plan()) == {}
