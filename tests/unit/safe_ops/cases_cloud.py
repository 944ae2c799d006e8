"""For each guard of operations on AWS, what makes exactly that guard refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.safe_ops.accounts import ACCOUNT, FAMILY, CloudWorld
from tests.unit.safe_ops.cloud_worlds import OWN_RULE, WEB, mute_rule
from tests.unit.safe_ops.ecs_worlds import definition

if TYPE_CHECKING:
    from collections.abc import Callable


def _function(**changes: Any) -> Callable[[CloudWorld], None]:
    return lambda world: world.answers["lambda:get_function_configuration"].update(changes)


def _wants(**changes: Any) -> Callable[[CloudWorld], None]:
    return lambda world: world.wanted.update(changes)


def _answers(operation: str, answer: Any) -> Callable[[CloudWorld], None]:
    return lambda world: world.answers.update({operation: answer})


def _service(**changes: Any) -> Callable[[CloudWorld], None]:
    return lambda world: world.answers["ecs:describe_services"]["services"][0].update(changes)


def _task(**changes: Any) -> Callable[[CloudWorld], None]:
    return lambda world: world.answers["ecs:describe_tasks"]["tasks"][0].update(changes)


def _group(**changes: Any) -> Callable[[CloudWorld], None]:
    key = "autoscaling:describe_auto_scaling_groups"
    return lambda world: world.answers[key]["AutoScalingGroups"][0].update(changes)


def _instance(**changes: Any) -> Callable[[CloudWorld], None]:
    key = "ec2:describe_instances"
    return lambda world: world.answers[key]["Reservations"][0]["Instances"][0].update(changes)


def _alarm(**changes: Any) -> Callable[[CloudWorld], None]:
    key = "cloudwatch:describe_alarms"
    return lambda world: world.answers[key]["MetricAlarms"][0].update(changes)


def _measures(name: str, values: list[float]) -> Callable[[CloudWorld], None]:
    return lambda world: world.metrics.update({name: values})


def _version(version: str, **changes: Any) -> Callable[[CloudWorld], None]:
    return lambda world: world.answers["versions"][version].update(changes)


def _defines(**changes: Any) -> Callable[[CloudWorld], None]:
    return lambda world: world.answers["definitions"].update(
        {f"{FAMILY}:8": definition(8, **changes)}
    )


def _queue(which: str, **changes: Any) -> Callable[[CloudWorld], None]:
    return lambda world: world.answers["attributes"][which].update(changes)


def _shrinks_too_far(world: CloudWorld) -> None:
    world.wanted["desired"] = 2
    world.metrics["CPUUtilization"] = [36.0] * 60


def _more_requests(world: CloudWorld) -> None:
    """Half of them would get 7.2 a second each, and none was seen to serve more than 10."""
    world.wanted["desired"] = 2
    world.metrics["RequestCountPerTarget"] = [216.0] * 60


def _lacks(metric: str) -> Callable[[CloudWorld], None]:
    def change(world: CloudWorld) -> None:
        world.wanted["desired"] = 2
        del world.metrics[metric]

    return change


def _two_protected(world: CloudWorld) -> None:
    world.wanted["desired"] = 2
    (group,) = world.answers["autoscaling:describe_auto_scaling_groups"]["AutoScalingGroups"]
    for one in group["Instances"][:3]:
        one["ProtectedFromScaleIn"] = True


def _one_sick(world: CloudWorld) -> None:
    (group,) = world.answers["autoscaling:describe_auto_scaling_groups"]["AutoScalingGroups"]
    group["Instances"][0]["HealthStatus"] = "Unhealthy"


def _nobody_else(world: CloudWorld) -> None:
    world.answers["health"][WEB][1]["TargetHealth"]["State"] = "draining"


def _young(world: CloudWorld) -> None:
    world.answers["versions"]["8"]["LastModified"] = "2026-11-21T10:50:00.000+0000"


def _slow_queue(world: CloudWorld) -> None:
    world.answers |= {
        "lambda:list_event_source_mappings": {
            "EventSourceMappings": [
                {"EventSourceArn": f"arn:aws:kinesis:eu-central-1:{ACCOUNT}:stream/clicks"},
                {"EventSourceArn": f"arn:aws:sqs:eu-central-1:{ACCOUNT}:jobs"},
            ]
        },
        "sqs:get_queue_url": {"QueueUrl": "jobs"},
        "sqs:get_queue_attributes": {"Attributes": {"VisibilityTimeout": "100"}},
    }


_UNTAGGED: dict[str, Callable[[CloudWorld], None]] = {
    "lambda_set_memory": _answers("lambda:list_tags", {"Tags": {}}),
    "lambda_set_timeout": _answers("lambda:list_tags", {"Tags": {"nightdesk": "no"}}),
    "lambda_alias_rollback": _answers("lambda:list_tags", {}),
    "ecs_force_new_deployment": _service(tags=[]),
    "ecs_rollback_taskdef": _service(tags=[{"key": "nightdesk", "value": "denied"}]),
    "ecs_scale": _service(tags=[]),
    "ecs_stop_task": _task(tags=[]),
    "asg_set_desired": _group(Tags=[]),
    "ec2_reboot": _instance(Tags=[]),
    "cw_alarm_mute": _answers("cloudwatch:list_tags_for_resource", {"Tags": []}),
    "cw_alarm_unmute": _answers("cloudwatch:list_tags_for_resource", {"Tags": []}),
    "sqs_redrive": lambda world: world.answers["tags"].update(dead={}),
}

CASES: dict[tuple[str, str], Callable[[CloudWorld], None]] = {
    **{(operation, "tagged"): change for operation, change in _UNTAGGED.items()},
    ("lambda_set_memory", "update-settled"): _function(LastUpdateStatus="InProgress"),
    ("lambda_set_memory", "step"): _wants(memory_mb=513),
    ("lambda_set_timeout", "update-settled"): _function(State="Inactive"),
    ("lambda_set_timeout", "step"): _wants(timeout_s=4),
    ("lambda_set_timeout", "callers-wait"): _slow_queue,
    ("lambda_alias_rollback", "version-active"): _version("8", State="Inactive"),
    ("lambda_alias_rollback", "version-proven"): _young,
    ("lambda_alias_rollback", "same-role-network"): _version("8", Role="arn:other"),
    ("ecs_force_new_deployment", "service-active"): _service(
        deploymentController={"type": "CODE_DEPLOY"}
    ),
    ("ecs_force_new_deployment", "deployment-settled"): _service(runningCount=3),
    ("ecs_force_new_deployment", "deployment-room"): _service(
        deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 200}
    ),
    ("ecs_rollback_taskdef", "service-active"): _service(status="BROKEN"),
    ("ecs_rollback_taskdef", "no-rollback-running"): lambda world: world.answers[
        "ecs:list_service_deployments"
    ]["serviceDeployments"][0].update(status="ROLLBACK_IN_PROGRESS"),
    ("ecs_rollback_taskdef", "deployment-room"): _service(
        deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 100}
    ),
    ("ecs_rollback_taskdef", "revision-active"): _defines(status="INACTIVE"),
    ("ecs_rollback_taskdef", "previously-steady"): _answers(
        "ecs:list_service_deployments", {"serviceDeployments": []}
    ),
    ("ecs_rollback_taskdef", "same-roles"): _defines(taskRoleArn="arn:admin"),
    ("ecs_scale", "service-active"): _service(deploymentController={"type": "EXTERNAL"}),
    ("ecs_scale", "replica-service"): _service(schedulingStrategy="DAEMON"),
    ("ecs_scale", "deployment-settled"): _service(deployments=[]),
    ("ecs_scale", "autoscaling-bounds"): _answers(
        "application-autoscaling:describe_scalable_targets",
        {"ScalableTargets": [{"MinCapacity": 2, "MaxCapacity": 5}]},
    ),
    ("ecs_scale", "step"): _wants(desired=9),
    ("ecs_scale", "headroom"): _shrinks_too_far,
    ("ecs_scale", "requests"): _more_requests,
    ("ecs_stop_task", "task-running"): _task(desiredStatus="STOPPED"),
    ("ecs_stop_task", "of-service"): _task(group="family:cart"),
    ("ecs_stop_task", "others-running"): _service(runningCount=3),
    ("ecs_stop_task", "not-protected"): _answers(
        "ecs:get_task_protection", {"protectedTasks": [{"protectionEnabled": True}]}
    ),
    ("asg_set_desired", "no-kubernetes-node"): _group(
        Tags=[
            {"Key": "nightdesk", "Value": "allowed"},
            {"Key": "kubernetes.io/cluster/eu", "Value": "owned"},
        ]
    ),
    ("asg_set_desired", "group-bounds"): _group(MaxSize=5),
    ("asg_set_desired", "step"): lambda world: (
        _wants(desired=9)(world),
        _group(MaxSize=20)(world),
    )[0],
    ("asg_set_desired", "group-settled"): _one_sick,
    ("asg_set_desired", "no-instance-refresh"): _answers(
        "autoscaling:describe_instance_refreshes", {"InstanceRefreshes": [{"Status": "Baking"}]}
    ),
    ("asg_set_desired", "no-process-suspended"): _group(
        SuspendedProcesses=[{"ProcessName": "Launch"}]
    ),
    ("asg_set_desired", "protected-instances"): _two_protected,
    ("asg_set_desired", "headroom"): _shrinks_too_far,
    ("asg_set_desired", "requests"): _more_requests,
    ("ec2_reboot", "instance-running"): _instance(State={"Name": "stopping"}),
    ("ec2_reboot", "no-kubernetes-node"): _instance(
        Tags=[
            {"Key": "nightdesk", "Value": "allowed"},
            {"Key": "eks:cluster-name", "Value": "eu"},
        ]
    ),
    ("ec2_reboot", "ordinary-role"): _instance(
        Tags=[{"Key": "nightdesk", "Value": "allowed"}, {"Key": "Name", "Value": "Bastion-2"}]
    ),
    ("ec2_reboot", "status-check-failing"): _answers(
        "ec2:describe_instance_status", {"InstanceStatuses": []}
    ),
    ("ec2_reboot", "others-healthy"): _nobody_else,
    ("cw_alarm_mute", "never-muted"): _alarm(AlarmName="root login: security"),
    ("cw_alarm_mute", "only-tells-people"): _alarm(
        AlarmActions=["arn:aws:automate:eu-central-1:ec2:recover"]
    ),
    ("cw_alarm_mute", "not-muted-yet"): _answers(
        "cloudwatch:list_alarm_mute_rules", {"AlarmMuteRuleSummaries": [mute_rule("weekend")]}
    ),
    ("cw_alarm_unmute", "own-mutes-only"): _answers(
        "cloudwatch:list_alarm_mute_rules",
        {"AlarmMuteRuleSummaries": [mute_rule(OWN_RULE), mute_rule("weekend")]},
    ),
    ("sqs_redrive", "destination-tagged"): lambda world: world.answers["tags"].update(main={}),
    ("sqs_redrive", "no-move-running"): _answers(
        "sqs:list_message_move_tasks", {"Results": [{"Status": "RUNNING"}]}
    ),
    ("sqs_redrive", "fits-in-time"): _queue("dead", ApproximateNumberOfMessages="15001"),
    ("sqs_redrive", "not-growing"): _measures("ApproximateNumberOfMessagesVisible", [100.0, 120.0]),
    ("sqs_redrive", "no-customer-key"): _queue("main", KmsMasterKeyId="alias/orders"),
}

# Guards have more than one way to refuse; these show the others, one guard at a time.
MORE: list[tuple[str, str, Callable[[CloudWorld], None]]] = [
    (
        "lambda_set_timeout",
        "callers-wait",
        lambda world: (
            _wants(timeout_s=30)(world),
            _function(Timeout=28)(world),
            _answers(
                "lambda:get_policy",
                {
                    "Policy": '{"Statement": [{"Principal": '
                    '{"Service": "apigateway.amazonaws.com"}}]}'
                },
            )(world),
        )[0],
    ),
    ("lambda_alias_rollback", "same-role-network", _version("8", VpcConfig=None)),
    ("ecs_scale", "deployment-settled", _service(deployments=[{"status": "PRIMARY"}])),
    *(
        ("ecs_scale", "headroom", _lacks(metric))
        for metric in (
            "CPUUtilization",
            "MemoryUtilization",
            "CPUUtilization a week ago",
            "MemoryUtilization a week ago",
        )
    ),
    ("asg_set_desired", "headroom", _lacks("CPUUtilization a week ago")),
    ("ecs_stop_task", "not-protected", _answers("ecs:get_task_protection", {})),
    ("ecs_stop_task", "others-running", _service(runningCount=1, desiredCount=1)),
    ("ec2_reboot", "others-healthy", lambda world: world.answers["health"].update({WEB: []})),
    ("cw_alarm_mute", "never-muted", _alarm(Namespace="AWS/Billing")),
    (
        "cw_alarm_mute",
        "never-muted",
        _alarm(Metrics=[{"MetricStat": {"Metric": {"Namespace": "CloudTrailMetrics"}}}]),
    ),
    ("cw_alarm_mute", "not-muted-yet", _alarm(ActionsEnabled=False)),
    ("cw_alarm_mute", "only-tells-people", _alarm(OKActions=["nonsense"])),
    ("sqs_redrive", "fits-in-time", _queue("dead", ApproximateNumberOfMessages="0")),
    ("sqs_redrive", "not-growing", _measures("ApproximateNumberOfMessagesVisible", [])),
]
