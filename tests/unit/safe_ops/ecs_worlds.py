"""Small ECS services as AWS answers them, one for each operation, in which everything is well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.unit.safe_ops.accounts import (
    ACCOUNT,
    FAMILY,
    NOW,
    SERVICE,
    TASK,
    TASK_ID,
    CloudWorld,
    Gone,
)


def _deployment(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{number}",
        "status": "PRIMARY",
        "taskDefinition": f"{FAMILY}:{number}",
        "rolloutState": "COMPLETED",
        **changes,
    }


def _service(**changes: Any) -> dict[str, Any]:
    return {
        "serviceArn": SERVICE,
        "serviceName": "cart",
        "status": "ACTIVE",
        "schedulingStrategy": "REPLICA",
        "taskDefinition": f"{FAMILY}:9",
        "desiredCount": 4,
        "runningCount": 4,
        "deployments": [_deployment(9)],
        "deploymentConfiguration": {
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
        "createdAt": NOW - timedelta(days=30),
        "loadBalancers": [{"targetGroupArn": "tg-cart"}, {"loadBalancerName": "old"}],
        "tags": [{"key": "nightdesk", "value": "allowed"}],
        **changes,
    }


def _service_answers() -> dict[str, Any]:
    return {
        "ecs:describe_services": {"services": [_service()]},
        "ecs:list_service_deployments": {"serviceDeployments": []},
        "elbv2:describe_target_health": {
            "TargetHealthDescriptions": [
                {"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"State": "healthy"}}
            ]
        },
    }


def force_world() -> CloudWorld:
    return CloudWorld(
        operation="ecs_force_new_deployment",
        wanted={"cluster": "shop", "service": "cart"},
        answers=_service_answers(),
    )


def definition(number: int, *, image: str = "", **changes: Any) -> dict[str, Any]:
    return {
        "taskDefinitionArn": f"{FAMILY}:{number}",
        "status": "ACTIVE",
        "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/cart",
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/ecs",
        "containerDefinitions": [
            {
                "name": "cart",
                "image": image or f"cart:{number}",
                "memory": 512,
                "command": ["serve", f"--token=t{number}"],
                "environment": [{"name": "DB_PASSWORD", "value": f"hunter{number}"}],
                "secrets": [{"name": "KEY", "valueFrom": "arn:secret"}],
            }
        ],
        **changes,
    }


def taskdef_world() -> CloudWorld:
    deployed = [
        {"status": "STOPPED", "targetServiceRevisionArn": "rev-9"},
        {"status": "SUCCESSFUL", "targetServiceRevisionArn": "rev-8"},
    ]
    world = CloudWorld(
        operation="ecs_rollback_taskdef",
        wanted={"cluster": "shop", "service": "cart", "revision": 8},
        answers=_service_answers()
        | {
            "ecs:list_service_deployments": {"serviceDeployments": deployed},
            "ecs:describe_service_revisions": {
                "serviceRevisions": [{"taskDefinition": f"{FAMILY}:8"}]
            },
            "definitions": {f"{FAMILY}:8": definition(8), f"{FAMILY}:9": definition(9)},
        },
    )
    world.answers["ecs:describe_task_definition"] = lambda taskDefinition: (  # noqa: N803
        {"taskDefinition": world.answers["definitions"][taskDefinition]}
        if taskDefinition in world.answers["definitions"]
        else Gone
    )
    return world


def scale_world(desired: int = 6) -> CloudWorld:
    return CloudWorld(
        operation="ecs_scale",
        wanted={"cluster": "shop", "service": "cart", "desired": desired},
        answers=_service_answers()
        | {"application-autoscaling:describe_scalable_targets": {"ScalableTargets": []}},
        metrics={
            "CPUUtilization": [20.0] * 60,
            "CPUUtilization a week ago": [25.0] * 60,
            "MemoryUtilization": [30.0] * 60,
            "MemoryUtilization a week ago": [30.0] * 60,
            # By the minute for the hours, by five minutes for the week: 2, 3 and 10 a second.
            "RequestCountPerTarget": [120.0] * 60,
            "RequestCountPerTarget a week ago": [180.0] * 60,
            "RequestCountPerTarget in a week": [900.0, 3000.0],
        },
    )


def stop_world() -> CloudWorld:
    return CloudWorld(
        operation="ecs_stop_task",
        wanted={"cluster": "shop", "service": "cart", "task": TASK_ID},
        answers=_service_answers()
        | {
            "ecs:describe_tasks": {
                "tasks": [
                    {
                        "taskArn": TASK,
                        "taskDefinitionArn": f"{FAMILY}:9",
                        "group": "service:cart",
                        "lastStatus": "RUNNING",
                        "desiredStatus": "RUNNING",
                        "startedAt": NOW - timedelta(days=1),
                        "tags": [{"key": "nightdesk", "value": "allowed"}],
                    }
                ]
            },
            "ecs:get_task_protection": {
                "protectedTasks": [{"taskArn": TASK, "protectionEnabled": False}]
            },
        },
    )
