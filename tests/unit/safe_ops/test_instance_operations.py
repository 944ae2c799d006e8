"""What operations on instances and their groups draw, see and make of lost answers."""

from __future__ import annotations

import pytest

from safe_ops.errors import StaleError, UpstreamError
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import Place, System, Tier
from safe_ops.operations.operation import Eyes, Progress
from tests.unit.safe_ops.accounts import INSTANCE, NOW, Gone
from tests.unit.safe_ops.cloud_worlds import WEB, group_world, reboot_world


class TestInstances:
    @pytest.mark.parametrize(("desired", "tier", "notes"), [(6, Tier.T2, 0), (2, Tier.T3, 2)])
    def test_fewer_instances_are_a_higher_tier_and_not_the_same_come_back(
        self, desired: int, tier: Tier, notes: int
    ) -> None:
        drawing = group_world(desired).drawing()

        assert drawing.tier is tier
        assert len(drawing.notes) == notes

    def test_a_group_somebody_else_changed_is_neither_changed_nor_changed_back(self) -> None:
        world = group_world()
        plan = world.plan()
        (group,) = world.answers["autoscaling:describe_auto_scaling_groups"]["AutoScalingGroups"]
        assert (world.bind(plan), world.bind(plan, part="undo")) == ({}, {})
        group["DesiredCapacity"] = 6
        assert world.bind(plan, part="undo") == {}
        group["DesiredCapacity"] = 7
        for part in ("steps", "undo"):
            with pytest.raises(StaleError):
                world.bind(plan, part=part)
        world.answers["autoscaling:describe_auto_scaling_groups"] = {"AutoScalingGroups": []}
        with pytest.raises(StaleError):
            world.bind(plan)

    def test_the_step_keeps_to_the_cooldown_and_the_undo_does_not_wait(self) -> None:
        drawing = group_world().drawing()

        assert drawing.steps[0].call.body["HonorCooldown"] is True
        assert drawing.undo[0].call.body["HonorCooldown"] is False

    def test_a_group_is_reached_waited_for_or_missed(self) -> None:
        world = group_world()
        plan = world.plan()
        (group,) = world.answers["autoscaling:describe_auto_scaling_groups"]["AutoScalingGroups"]
        assert world.look(plan) == (
            Progress.WAITING,
            "4 of 4 instances are InService and healthy",
        )
        group["DesiredCapacity"] = 6
        assert world.look(plan)[0] is Progress.WAITING
        group["Instances"] *= 2
        del group["Instances"][6:]
        assert world.look(plan)[0] is Progress.REACHED
        group["DesiredCapacity"] = 5
        assert world.look(plan)[0] is Progress.MISSED

    def test_a_lost_call_is_read_back_from_the_number(self) -> None:
        world = group_world()
        plan = world.plan()
        (group,) = world.answers["autoscaling:describe_auto_scaling_groups"]["AutoScalingGroups"]
        assert world.applied(plan) is CallOutcome.NOT_APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.APPLIED
        group["DesiredCapacity"] = 6
        assert world.applied(plan) is CallOutcome.APPLIED
        assert world.applied(plan, part="undo") is CallOutcome.NOT_APPLIED
        group["DesiredCapacity"] = 5
        assert world.applied(plan) is CallOutcome.UNKNOWN

    @pytest.mark.parametrize(
        ("region", "partition"),
        [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
    )
    def test_an_instance_is_named_in_its_own_partition(self, region: str, partition: str) -> None:
        world = reboot_world()
        wanted = world.subject.parameters.model_validate(world.wanted)
        place = Place(system=System.AWS, name="shop-prod", region=region)
        survey = world.subject.survey(wanted, Eyes(place=place, cloud=world.account, now=NOW))

        assert survey.arn == f"arn:{partition}:ec2:{region}:111111111111:instance/{INSTANCE}"

    def test_a_rebooted_instance_needs_both_checks_and_its_groups(self) -> None:
        world = reboot_world()
        plan = world.plan()
        assert world.look(plan)[0] is Progress.WAITING
        world.answers["ec2:describe_instance_status"] = {
            "InstanceStatuses": [
                {"SystemStatus": {"Status": "ok"}, "InstanceStatus": {"Status": "ok"}}
            ]
        }
        assert world.look(plan)[1].endswith("not healthy yet in tg-web")
        world.answers["health"][WEB][0]["TargetHealth"]["State"] = "healthy"
        assert world.look(plan)[0] is Progress.REACHED
        world.answers["ec2:describe_instance_status"] = Gone
        assert world.look(plan)[0] is Progress.MISSED

    def test_whether_a_reboot_was_lost_cannot_be_read(self) -> None:
        world = reboot_world()

        assert world.applied(world.plan()) is CallOutcome.UNKNOWN

    def test_an_instance_behind_nothing_says_so(self) -> None:
        world = reboot_world()
        world.answers["elbv2:describe_target_groups"] = {"TargetGroups": []}

        assert world.refusals() == ["others-healthy"]
        assert world.drawing().blast_radius[0].startswith("1 instance, in no target group")

    def test_more_groups_than_can_be_looked_through_are_not_guessed(self) -> None:
        world = reboot_world()
        groups = world.answers["elbv2:describe_target_groups"]["TargetGroups"]
        groups[:] = [groups[0]] * 101

        with pytest.raises(UpstreamError, match="101 target groups"):
            world.drawing()
