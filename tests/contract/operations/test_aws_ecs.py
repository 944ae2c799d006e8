"""Operations on ECS through boto3 against moto: surveyed, drawn, rehearsed, sent, looked at.

moto's own gaps are filled in tests/lab/aws/writing.py and enforce nothing; that each read and write
is among the operation's rights is enforced by the actuator itself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from moto.ecs.models import ecs_backends
from moto.moto_api import state_manager

from safe_ops.errors import StaleError
from safe_ops.model.actions import CallOutcome
from safe_ops.operations.operation import Progress
from tests.contract.operations.aws_writes import (
    ACCOUNT,
    LOWER,
    NAME,
    REGION,
    Desk,
    running_lab,
)
from tests.lab.aws.writing import writes_of

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


@pytest.fixture
def tasks_that_stay() -> Iterator[None]:
    """moto moves a task on at each look; here it stays as it was set."""
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 100_000})
    yield
    state_manager.unset_transition("ecs::task")


def a_service(lab: AwsLab, name: str) -> Any:
    """A service at revision 2 of 2, four of four tasks running; revision 1 was deployed once."""
    client = lab.client(NAME, "ecs")
    client.create_cluster(clusterName="shop")
    arns = [
        client.register_task_definition(
            family=name,
            containerDefinitions=[
                {
                    "name": name,
                    "image": f"{name}:{number}",
                    "memory": 512,
                    "environment": [{"name": "TOKEN", "value": f"canary-{number}"}],
                }
            ],
        )["taskDefinition"]["taskDefinitionArn"]
        for number in (1, 2)
    ]
    client.create_service(
        cluster="shop",
        serviceName=name,
        taskDefinition=arns[-1],
        desiredCount=4,
        tags=LOWER,
    )
    service = next(
        one for one in ecs_backends[ACCOUNT][REGION].services.values() if one.name == name
    )
    service.running_count, service.pending_count = 4, 0
    service.deployments[0] |= {
        "rolloutState": "COMPLETED",
        "taskDefinition": arns[-1],
        "runningCount": 4,
    }
    prefix = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    writes_of(ACCOUNT, REGION).service_deployments[:] = [
        {
            "serviceDeploymentArn": f"{prefix}:service-deployment/shop/{name}/old",
            "status": "SUCCESSFUL",
            "targetServiceRevisionArn": f"{prefix}:service-revision/shop/{name}/{arns[0]}",
        }
    ]
    return client


class TestEcs:
    def test_a_service_is_deployed_anew(self, lab: AwsLab) -> None:
        a_service(lab, "anew")
        desk = Desk(lab, "ecs_force_new_deployment", {"cluster": "shop", "service": "anew"})
        plan = desk.plan()

        assert desk.refusals() == []
        assert desk.applied(plan) == [CallOutcome.UNKNOWN]
        assert desk.look(plan).progress is Progress.WAITING
        desk.rehearse(plan)
        desk.send(plan)
        assert desk.look(plan).progress is Progress.REACHED
        assert desk.applied(plan) == [CallOutcome.APPLIED]
        assert desk.draw().pins != plan.drawing.pins

    def test_a_deployment_that_still_runs_can_be_stopped(self, lab: AwsLab) -> None:
        a_service(lab, "stuck")
        desk = Desk(lab, "ecs_force_new_deployment", {"cluster": "shop", "service": "stuck"})
        plan = desk.plan()
        desk.writes.deployment_status = "IN_PROGRESS"
        desk.send(plan)
        desk.writes.deployment_status = "SUCCESSFUL"

        assert desk.look(plan).progress is Progress.WAITING
        assert desk.applied(plan, part="undo") == [CallOutcome.UNKNOWN]
        desk.send(plan, part="undo")
        assert desk.writes.service_deployments[0]["status"] == "ROLLBACK_REQUESTED"
        assert desk.applied(plan, part="undo") == [CallOutcome.APPLIED]

    def test_a_deployment_that_is_over_cannot_be_stopped(self, lab: AwsLab) -> None:
        a_service(lab, "over")
        desk = Desk(lab, "ecs_force_new_deployment", {"cluster": "shop", "service": "over"})
        plan = desk.plan()
        desk.send(plan)

        with pytest.raises(StaleError, match="no running deployment"):
            desk.send(plan, part="undo")

    def test_a_service_goes_back_to_a_revision_and_forth(self, lab: AwsLab) -> None:
        client = a_service(lab, "back")
        desk = Desk(
            lab, "ecs_rollback_taskdef", {"cluster": "shop", "service": "back", "revision": 1}
        )
        plan = desk.plan()

        assert desk.refusals() == []
        assert [(one.field, one.before, one.after) for one in plan.drawing.changes[1:]] == [
            ("back: image", "back:2", "back:1"),
            ("back: environment TOKEN", "(hidden)", "(another, hidden)"),
        ]
        assert "canary" not in repr(plan)
        assert desk.applied(plan) == [CallOutcome.NOT_APPLIED]
        desk.send(plan)
        assert desk.look(plan).progress is Progress.REACHED
        found = client.describe_services(cluster="shop", services=["back"])["services"][0]
        assert found["taskDefinition"].endswith("/back:1")
        desk.send(plan, part="undo")
        found = client.describe_services(cluster="shop", services=["back"])["services"][0]
        assert found["taskDefinition"].endswith("/back:2")
        assert desk.applied(plan, part="undo") == [CallOutcome.APPLIED]

    def test_a_revision_that_was_never_steady_is_refused(self, lab: AwsLab) -> None:
        a_service(lab, "unproven")
        desk = Desk(
            lab, "ecs_rollback_taskdef", {"cluster": "shop", "service": "unproven", "revision": 1}
        )
        desk.writes.service_deployments.clear()

        assert desk.refusals() == ["previously-steady"]

    def test_a_count_is_set_and_set_back(self, lab: AwsLab) -> None:
        client = a_service(lab, "counted")
        desk = Desk(lab, "ecs_scale", {"cluster": "shop", "service": "counted", "desired": 6})
        plan = desk.plan()

        assert desk.refusals() == []
        desk.send(plan)
        assert desk.look(plan).progress is Progress.REACHED
        desk.send(plan, part="undo")
        found = client.describe_services(cluster="shop", services=["counted"])["services"][0]
        assert found["desiredCount"] == 4

    def test_autoscalings_bounds_hold_for_us_too(self, lab: AwsLab) -> None:
        a_service(lab, "bounded")
        lab.client(NAME, "application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/shop/bounded",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=2,
            MaxCapacity=5,
        )
        desk = Desk(lab, "ecs_scale", {"cluster": "shop", "service": "bounded", "desired": 6})

        assert desk.refusals() == ["autoscaling-bounds"]

    def test_utilisation_from_cloudwatch_decides_over_scaling_down(self, lab: AwsLab) -> None:
        a_service(lab, "busy")
        desk = Desk(lab, "ecs_scale", {"cluster": "shop", "service": "busy", "desired": 2})
        dimensions = [
            {"Name": "ClusterName", "Value": "shop"},
            {"Name": "ServiceName", "Value": "busy"},
        ]
        assert desk.refusals() == ["headroom"]
        for metric, percent in (("CPUUtilization", 20.0), ("MemoryUtilization", 30.0)):
            _measure(desk, "AWS/ECS", metric, dimensions, percent)
        usage = desk.survey().usage

        assert usage is not None
        assert (usage.cpu_p95, usage.memory_p95) == (0.2, 0.3)
        # Nothing is known of a week ago, and the service may be older.
        assert desk.refusals() == ["headroom"]
        for metric in ("CPUUtilization", "MemoryUtilization"):
            _measure(desk, "AWS/ECS", metric, dimensions, 25.0, days_ago=7)
        assert desk.refusals() == []

    def test_requests_its_load_balancer_counts_decide_too(self, lab: AwsLab) -> None:
        a_service(lab, "asked")
        desk = Desk(lab, "ecs_scale", {"cluster": "shop", "service": "asked", "desired": 2})
        service = next(
            one for one in ecs_backends[ACCOUNT][REGION].services.values() if one.name == "asked"
        )
        name = "targetgroup/asked/0123456789abcdef"
        arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{name}"
        service.load_balancers = [{"targetGroupArn": arn, "containerPort": 80}]
        dimensions = [{"Name": "TargetGroup", "Value": name}]

        assert "requests could not be compared" in desk.draw().notes[-1]
        _measure(
            desk, "AWS/ApplicationELB", "RequestCountPerTarget", dimensions, 1200.0, days_ago=3
        )
        _measure(desk, "AWS/ApplicationELB", "RequestCountPerTarget", dimensions, 300.0)
        usage = desk.survey().usage

        assert usage is not None
        (load,) = usage.requests
        # Sums of a minute of the hour, of five minutes of the week with one sum each.
        assert (load.counted_by, load.each_s, load.busiest_s) == (name, 5.0, 4.0)
        assert "requests" in desk.refusals()
        assert not any("compared" in note for note in desk.draw().notes)

    @pytest.mark.usefixtures("tasks_that_stay")
    def test_a_task_is_stopped_once(self, lab: AwsLab) -> None:
        client = a_service(lab, "tasked")
        arn = client.run_task(
            cluster="shop",
            taskDefinition="tasked:2",
            launchType="FARGATE",
            tags=LOWER,
            networkConfiguration=_network(lab),
        )["tasks"][0]["taskArn"]
        task = ecs_backends[ACCOUNT][REGION].tasks["shop"][arn]
        task.group, task.status = "service:tasked", "RUNNING"
        desk = Desk(
            lab,
            "ecs_stop_task",
            {"cluster": "shop", "service": "tasked", "task": arn.rpartition("/")[2]},
        )
        plan = desk.plan()

        assert desk.refusals() == []
        assert desk.applied(plan) == [CallOutcome.NOT_APPLIED]
        assert desk.look(plan).progress is Progress.WAITING
        desk.send(plan)
        (stopped,) = client.describe_tasks(cluster="shop", tasks=[arn])["tasks"]
        assert stopped["stoppedReason"] == "A12"
        assert desk.applied(plan) == [CallOutcome.APPLIED]
        assert desk.look(plan).progress is Progress.REACHED


def _measure(
    desk: Desk,
    namespace: str,
    metric: str,
    dimensions: list[dict[str, str]],
    value: float,
    *,
    days_ago: int = 0,
) -> None:
    """Have CloudWatch measured it every seven minutes of an hour."""
    desk.lab.client(NAME, "cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": dimensions,
                "Value": value,
                "Timestamp": desk.now - timedelta(days=days_ago, minutes=minute),
            }
            for minute in range(1, 50, 7)
        ],
    )


def _network(lab: AwsLab) -> dict[str, Any]:
    subnets = lab.client(NAME, "ec2").describe_subnets()["Subnets"]
    return {"awsvpcConfiguration": {"subnets": [subnets[0]["SubnetId"]]}}
