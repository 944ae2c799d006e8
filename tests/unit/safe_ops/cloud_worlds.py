"""Small accounts as AWS answers them, one for each operation, in which everything is well."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from safe_ops.operations.alarm_mutes import rule_of
from tests.unit.safe_ops.accounts import (
    ACCOUNT,
    ALARM,
    DLQ,
    FUNCTION,
    GROUP,
    INSTANCE,
    NOW,
    PAIRS,
    QUEUE,
    TAGS,
    CloudWorld,
    Gone,
)
from tests.unit.safe_ops.ecs_worlds import force_world, scale_world, stop_world, taskdef_world

if TYPE_CHECKING:
    from collections.abc import Callable

OWN_RULE = rule_of("cart-errors")
_GROUPS = f"arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}:targetgroup"
WEB, OTHER = f"{_GROUPS}/tg-web/1", f"{_GROUPS}/tg-other/2"


def _function(**changes: Any) -> dict[str, Any]:
    return {
        "FunctionName": "orders",
        "FunctionArn": FUNCTION,
        "MemorySize": 256,
        "Timeout": 10,
        "CodeSha256": "sha-9",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/orders",
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "RevisionId": "r-1",
        "Environment": {"Variables": {"DB_PASSWORD": "hunter2", "LEVEL": "info"}},
        "VpcConfig": {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
        **changes,
    }


def _function_answers() -> dict[str, Any]:
    return {
        "lambda:get_function_configuration": _function(),
        "lambda:list_tags": {"Tags": dict(TAGS)},
        "lambda:list_aliases": {"Aliases": []},
        "lambda:list_event_source_mappings": {"EventSourceMappings": []},
        "lambda:get_policy": Gone,
    }


def memory_world() -> CloudWorld:
    return CloudWorld(
        operation="lambda_set_memory",
        wanted={"function": "orders", "memory_mb": 512},
        answers=_function_answers(),
    )


def timeout_world() -> CloudWorld:
    return CloudWorld(
        operation="lambda_set_timeout",
        wanted={"function": "orders", "timeout_s": 20},
        answers=_function_answers(),
    )


def alias_world() -> CloudWorld:
    versions = {
        "7": "2026-11-01T09:00:00.000+0000",
        "8": "2026-11-10T09:00:00.000+0000",
        "9": "2026-11-21T11:40:00.000+0000",
    }
    configurations = {
        version: _function(Version=version, LastModified=at, CodeSha256=f"sha-{version}")
        for version, at in versions.items()
    }
    latest = _function(Version="$LATEST", LastModified=versions["9"])
    world = CloudWorld(
        operation="lambda_alias_rollback",
        wanted={"function": "orders", "alias": "live", "version": "8"},
        answers={
            "lambda:get_alias": {
                "AliasArn": f"{FUNCTION}:live",
                "Name": "live",
                "FunctionVersion": "9",
                "RevisionId": "r-7",
            },
            "lambda:list_versions_by_function": {"Versions": [latest, *configurations.values()]},
            "lambda:list_tags": {"Tags": dict(TAGS)},
            "versions": configurations,
        },
    )
    world.answers["lambda:get_function_configuration"] = lambda FunctionName, Qualifier: (  # noqa: ARG005, N803
        world.answers["versions"].get(Qualifier, Gone)
    )
    return world


def group_world(desired: int = 6) -> CloudWorld:
    instances = [
        {
            "InstanceId": f"i-{number}",
            "LifecycleState": "InService",
            "HealthStatus": "Healthy",
            "ProtectedFromScaleIn": False,
        }
        for number in range(4)
    ]
    return CloudWorld(
        operation="asg_set_desired",
        wanted={"group": "workers", "desired": desired},
        answers={
            "autoscaling:describe_auto_scaling_groups": {
                "AutoScalingGroups": [
                    {
                        "AutoScalingGroupARN": GROUP,
                        "MinSize": 2,
                        "MaxSize": 8,
                        "DesiredCapacity": 4,
                        "CreatedTime": NOW - timedelta(days=30),
                        "TargetGroupARNs": ["arn:aws:elasticloadbalancing:x:1:targetgroup/web/1"],
                        "Instances": instances,
                        "SuspendedProcesses": [],
                        "Tags": list(PAIRS),
                    }
                ]
            },
            "autoscaling:describe_instance_refreshes": {
                "InstanceRefreshes": [{"Status": "Successful"}]
            },
        },
        metrics={
            "CPUUtilization": [20.0] * 60,
            "CPUUtilization a week ago": [25.0] * 60,
            "RequestCountPerTarget": [120.0] * 60,
            "RequestCountPerTarget a week ago": [180.0] * 60,
            "RequestCountPerTarget in a week": [900.0, 3000.0],
        },
    )


def reboot_world() -> CloudWorld:
    def target(name: str, state: str) -> dict[str, Any]:
        return {"Target": {"Id": name}, "TargetHealth": {"State": state}}

    health = {
        WEB: [target(INSTANCE, "unhealthy"), target("i-2", "healthy")],
        OTHER: [target("i-2", "healthy")],
    }
    return CloudWorld(
        operation="ec2_reboot",
        wanted={"instance": INSTANCE},
        answers={
            "ec2:describe_instances": {
                "Reservations": [
                    {
                        "OwnerId": ACCOUNT,
                        "Instances": [
                            {
                                "InstanceId": INSTANCE,
                                "State": {"Name": "running"},
                                "VpcId": "vpc-1",
                                "InstanceType": "m7g.large",
                                "LaunchTime": NOW - timedelta(days=9),
                                "Tags": [*PAIRS, {"Key": "Name", "Value": "web-1"}],
                            }
                        ],
                    }
                ]
            },
            "ec2:describe_instance_status": {
                "InstanceStatuses": [
                    {"SystemStatus": {"Status": "ok"}, "InstanceStatus": {"Status": "impaired"}}
                ]
            },
            "elbv2:describe_target_groups": {
                "TargetGroups": [
                    {
                        "TargetGroupArn": name,
                        "VpcId": "vpc-1",
                        "TargetType": "instance",
                    }
                    for name in health
                ]
                + [{"TargetGroupArn": "tg-ip", "VpcId": "vpc-1", "TargetType": "ip"}]
            },
            "health": health,
            "elbv2:describe_target_health": lambda TargetGroupArn: {  # noqa: N803
                "TargetHealthDescriptions": health[TargetGroupArn]
            },
        },
    )


def _alarm_answers() -> dict[str, Any]:
    return {
        "cloudwatch:describe_alarms": {
            "MetricAlarms": [
                {
                    "AlarmName": "cart-errors",
                    "AlarmArn": ALARM,
                    "ActionsEnabled": True,
                    "Namespace": "AWS/ApplicationELB",
                    "AlarmActions": [f"arn:aws:sns:eu-central-1:{ACCOUNT}:pages"],
                    "AlarmConfigurationUpdatedTimestamp": NOW - timedelta(days=30),
                }
            ],
            "CompositeAlarms": [],
        },
        "cloudwatch:list_tags_for_resource": {"Tags": list(PAIRS)},
        "cloudwatch:list_alarm_mute_rules": {"AlarmMuteRuleSummaries": []},
        "cloudwatch:get_alarm_mute_rule": Gone,
    }


def mute_rule(name: str, status: str = "ACTIVE") -> dict[str, Any]:
    arn = f"arn:aws:cloudwatch:eu-central-1:{ACCOUNT}:alarm-mute-rule:{name}"
    return {"AlarmMuteRuleArn": arn, "Status": status}


def mute_world() -> CloudWorld:
    return CloudWorld(
        operation="cw_alarm_mute",
        wanted={"alarm": "cart-errors", "minutes": 60},
        answers=_alarm_answers(),
    )


def unmute_world() -> CloudWorld:
    world = CloudWorld(
        operation="cw_alarm_unmute", wanted={"alarm": "cart-errors"}, answers=_alarm_answers()
    )
    world.answers["cloudwatch:list_alarm_mute_rules"] = {
        "AlarmMuteRuleSummaries": [mute_rule(OWN_RULE), mute_rule("weekend", "EXPIRED")]
    }
    return world


def redrive_world() -> CloudWorld:
    attributes = {
        "dead": {"QueueArn": DLQ, "ApproximateNumberOfMessages": "120"},
        "main": {"QueueArn": QUEUE, "ApproximateNumberOfMessages": "0"},
    }
    tags = {"dead": dict(TAGS), "main": dict(TAGS)}
    return CloudWorld(
        operation="sqs_redrive",
        wanted={"queue": "orders-dead", "per_second": 10},
        answers={
            "sqs:get_queue_url": {"QueueUrl": "dead"},
            "attributes": attributes,
            "tags": tags,
            "sqs:get_queue_attributes": lambda QueueUrl, AttributeNames: {  # noqa: ARG005, N803
                "Attributes": attributes[QueueUrl]
            },
            "sqs:list_queue_tags": lambda QueueUrl: {"Tags": tags[QueueUrl]},  # noqa: N803
            "sqs:list_dead_letter_source_queues": {"queueUrls": ["main"]},
            "sqs:list_message_move_tasks": {
                "Results": [{"Status": "COMPLETED", "StartedTimestamp": 1_000}]
            },
        },
        metrics={"ApproximateNumberOfMessagesVisible": [130.0, 125.0, 120.0]},
    )


WORLDS: dict[str, Callable[[], CloudWorld]] = {
    "lambda_set_memory": memory_world,
    "lambda_set_timeout": timeout_world,
    "lambda_alias_rollback": alias_world,
    "ecs_force_new_deployment": force_world,
    "ecs_rollback_taskdef": taskdef_world,
    "ecs_scale": scale_world,
    "ecs_stop_task": stop_world,
    "asg_set_desired": group_world,
    "ec2_reboot": reboot_world,
    "cw_alarm_mute": mute_world,
    "cw_alarm_unmute": unmute_world,
    "sqs_redrive": redrive_world,
}
