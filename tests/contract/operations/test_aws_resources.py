"""Operations on instances, alarms and queues through boto3 against moto, from survey to look.

moto's own gaps are filled in tests/lab/aws/writing.py and enforce nothing; that each read and write
is among the operation's rights is enforced by the actuator itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import CallOutcome
from safe_ops.operations.operation import Progress
from tests.contract.operations.aws_writes import (
    ACCOUNT,
    NAME,
    PAIRS,
    REGION,
    TAGS,
    Desk,
    running_lab,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.aws.server import AwsLab


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with running_lab() as lab:
        yield lab


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    running.gate.seen.clear()
    yield running
    running.gate.faults.clear()


def _image(lab: AwsLab) -> str:
    images = lab.client(NAME, "ec2").describe_images(Owners=["amazon"])["Images"]
    return str(images[0]["ImageId"])


class TestInstances:
    def test_a_group_grows_and_shrinks_back(self, lab: AwsLab) -> None:
        client = lab.client(NAME, "autoscaling")
        client.create_launch_configuration(
            LaunchConfigurationName="workers", ImageId=_image(lab), InstanceType="t4g.small"
        )
        zone = lab.client(NAME, "ec2").describe_availability_zones()["AvailabilityZones"][0]
        client.create_auto_scaling_group(
            AutoScalingGroupName="workers",
            LaunchConfigurationName="workers",
            MinSize=1,
            MaxSize=6,
            DesiredCapacity=2,
            AvailabilityZones=[zone["ZoneName"]],
            Tags=[{**PAIRS[0], "PropagateAtLaunch": True}],
        )
        desk = Desk(lab, "asg_set_desired", {"group": "workers", "desired": 4})
        plan = desk.plan()

        assert desk.refusals() == []
        assert desk.applied(plan) == [CallOutcome.NOT_APPLIED]
        desk.rehearse(plan)
        desk.send(plan)
        assert desk.look(plan).progress is Progress.REACHED
        assert desk.applied(plan) == [CallOutcome.APPLIED]
        desk.send(plan, part="undo")
        (group,) = client.describe_auto_scaling_groups(AutoScalingGroupNames=["workers"])[
            "AutoScalingGroups"
        ]
        assert group["DesiredCapacity"] == 2

    def test_an_instance_is_rebooted_after_a_dry_run(self, lab: AwsLab) -> None:
        ec2, elb = lab.client(NAME, "ec2"), lab.client(NAME, "elbv2")
        instances = ec2.run_instances(
            ImageId=_image(lab),
            InstanceType="t4g.small",
            MinCount=2,
            MaxCount=2,
            TagSpecifications=[{"ResourceType": "instance", "Tags": PAIRS}],
        )["Instances"]
        ids = [one["InstanceId"] for one in instances]
        group = elb.create_target_group(
            Name="web", Protocol="HTTP", Port=80, VpcId=instances[0]["VpcId"]
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=group, Targets=[{"Id": one} for one in ids])
        desk = Desk(lab, "ec2_reboot", {"instance": ids[0]})
        plan = desk.plan()

        # moto's status checks are always ok, and registered targets healthy.
        assert desk.refusals() == ["status-check-failing"]
        assert desk.rehearse(plan) == ["ec2:reboot_instances: dry run passed (DryRunOperation)"]
        (dry,) = lab.seen("RebootInstances")
        assert "DryRun=true" in dry.body
        desk.send(plan)
        assert "DryRun" not in lab.seen("RebootInstances")[-1].body
        assert desk.look(plan).progress is Progress.REACHED
        assert desk.applied(plan) == [CallOutcome.UNKNOWN]

    def test_an_instance_that_is_not_there_is_told(self, lab: AwsLab) -> None:
        desk = Desk(lab, "ec2_reboot", {"instance": "i-0123456789abcdef0"})

        with pytest.raises(RefusedError, match="does not exist in shop-prod"):
            desk.draw()


class TestAlarms:
    def test_an_alarm_is_muted_for_a_while_and_can_be_unmuted(self, lab: AwsLab) -> None:
        client = lab.client(NAME, "cloudwatch")
        client.put_metric_alarm(
            AlarmName="cart-errors",
            Namespace="AWS/ApplicationELB",
            MetricName="HTTPCode_Target_5XX_Count",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:pages"],
            Tags=PAIRS,
        )
        desk = Desk(lab, "cw_alarm_mute", {"alarm": "cart-errors", "minutes": 60})
        plan = desk.plan()

        assert desk.refusals() == []
        assert desk.look(plan).progress is Progress.MISSED
        desk.rehearse(plan)
        desk.send(plan)
        (rule,) = desk.writes.mute_rules.values()
        assert rule["Description"] == "A12"
        schedule = rule["Rule"]["Schedule"]
        assert (schedule["Duration"], schedule["Timezone"]) == ("PT60M", "UTC")
        assert schedule["Expression"].startswith("at(")
        assert desk.look(plan).progress is Progress.REACHED
        assert desk.applied(plan) == [CallOutcome.APPLIED]
        assert desk.refusals() == ["not-muted-yet"]

        loud = Desk(lab, "cw_alarm_unmute", {"alarm": "cart-errors"})
        again = loud.plan()
        assert loud.refusals() == []
        loud.send(again)
        assert desk.writes.mute_rules == {}
        assert loud.look(again).progress is Progress.REACHED
        assert loud.applied(again) == [CallOutcome.APPLIED]

    def test_actions_that_were_switched_off_are_switched_on(self, lab: AwsLab) -> None:
        client = lab.client(NAME, "cloudwatch")
        client.put_metric_alarm(
            AlarmName="silent",
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
            ActionsEnabled=False,
            Tags=PAIRS,
        )
        desk = Desk(lab, "cw_alarm_unmute", {"alarm": "silent"})
        plan = desk.plan()
        desk.send(plan)

        assert desk.look(plan).progress is Progress.REACHED
        desk.send(plan, part="undo")
        (alarm,) = client.describe_alarms(AlarmNames=["silent"])["MetricAlarms"]
        assert alarm["ActionsEnabled"] is False


class TestQueues:
    def test_dead_letters_go_back_where_they_came_from(self, lab: AwsLab) -> None:
        client = lab.client(NAME, "sqs")
        dead, main = _queues(lab, "orders")
        for number in range(3):
            client.send_message(QueueUrl=dead, MessageBody=f"order {number}")
        desk = Desk(lab, "sqs_redrive", {"queue": "orders-dead", "per_second": 10})
        plan = desk.plan()

        # moto measures no depths, so whether messages still fail is not known.
        assert desk.refusals() == ["not-growing"]
        assert desk.applied(plan) == [CallOutcome.UNKNOWN]
        desk.rehearse(plan)
        desk.send(plan)
        depth = client.get_queue_attributes(
            QueueUrl=main, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]["ApproximateNumberOfMessages"]
        assert depth == "3"
        assert desk.look(plan).progress is Progress.REACHED
        assert desk.applied(plan) == [CallOutcome.APPLIED]

    def test_a_running_move_can_be_cancelled(self, lab: AwsLab) -> None:
        dead, _main = _queues(lab, "slow")
        lab.client(NAME, "sqs").send_message(QueueUrl=dead, MessageBody="order")
        desk = Desk(lab, "sqs_redrive", {"queue": "slow-dead", "per_second": 1})
        plan = desk.plan()
        desk.writes.move_status = "RUNNING"
        desk.send(plan)
        desk.writes.move_status = "COMPLETED"

        assert desk.look(plan).progress is Progress.WAITING
        desk.send(plan, part="undo")
        assert desk.look(plan).progress is Progress.MISSED
        assert desk.applied(plan, part="undo") == [CallOutcome.APPLIED]


def _queues(lab: AwsLab, name: str) -> tuple[str, str]:
    client = lab.client(NAME, "sqs")
    dead = client.create_queue(QueueName=f"{name}-dead", tags=TAGS)["QueueUrl"]
    policy = {
        "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dead",
        "maxReceiveCount": "3",
    }
    main = client.create_queue(
        QueueName=name, tags=TAGS, Attributes={"RedrivePolicy": json.dumps(policy)}
    )["QueueUrl"]
    return dead, main
