"""Functions and container services of a scenario, with the ends of their tasks."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import lambda_backends
from moto.ecs.models import Task, ecs_backends

if TYPE_CHECKING:
    from datetime import datetime

    from tests.lab.aws.estate import AccountBuilder

Object = dict[str, Any]


def add_functions(builder: AccountBuilder, given: Object) -> None:
    """Functions, each version published; the last is also $LATEST."""
    role = builder.client("iam").create_role(
        RoleName="lambda", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
    )["Role"]["Arn"]
    client = builder.client("lambda")
    for name, function in given.items():
        for place, version in enumerate(function["versions"]):
            settings = {
                "MemorySize": version["memory"],
                "Timeout": version["timeout"],
                "Environment": {"Variables": version["env"]},
            }
            if place == 0:
                client.create_function(
                    FunctionName=name,
                    Runtime="python3.13",
                    Role=role,
                    Handler=version.get("handler", "app.handler"),
                    Code={"ZipFile": packaged(version.get("files") or _files())},
                    **settings,
                )
            else:
                client.update_function_configuration(FunctionName=name, **settings)
                client.update_function_code(
                    FunctionName=name, ZipFile=packaged(version.get("files") or _files(place))
                )
            client.publish_version(FunctionName=name)
        _date_versions(builder, name, function["versions"])
        if "reserved" in function:
            client.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=function["reserved"]
            )


def _date_versions(builder: AccountBuilder, name: str, versions: list[Object]) -> None:
    """Versions are as old as `changed` says; $LATEST is as old as the newest."""
    backend = lambda_backends[builder.account_id][builder.region]
    for place, version in enumerate(versions):
        if "changed" in version:
            at = builder.at(version["changed"]).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
            for qualifier in (str(place + 1), *(["$LATEST"] if version is versions[-1] else [])):
                backend.get_function(name, qualifier=qualifier).last_modified = at


def add_clusters(builder: AccountBuilder, given: Object) -> None:
    """ECS clusters with their services, deployments, events and stopped tasks."""
    client = builder.client("ecs")
    for cluster, services in given.items():
        client.create_cluster(clusterName=cluster)
        for name, service in services.items():
            arns = [_revision(client, name, revision) for revision in service["revisions"]]
            client.create_service(
                cluster=cluster,
                serviceName=name,
                taskDefinition=arns[-1],
                desiredCount=service["desired"],
                loadBalancers=[
                    {"targetGroupArn": arn, "containerName": name, "containerPort": 8080}
                    for arn in ([builder.target_group] if service.get("behind") else [])
                ],
            )
            _set_state(builder, cluster, name, service, arns)


def _revision(client: Any, name: str, given: Object) -> str:
    answer = client.register_task_definition(
        family=name,
        containerDefinitions=[
            {
                "name": name,
                "image": given["image"],
                "memory": given["memory"],
                "environment": [
                    {"name": key, "value": value} for key, value in given["env"].items()
                ],
                "secrets": [
                    {"name": key, "valueFrom": value} for key, value in given["secrets"].items()
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": f"/ecs/{name}"},
                },
            }
        ],
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def _set_state(
    builder: AccountBuilder, cluster: str, name: str, given: Object, arns: list[str]
) -> None:
    """Write what moto leaves at its beginning: deployments, events, tasks that ended."""
    backend = ecs_backends[builder.account_id][builder.region]
    service = next(one for one in backend.services.values() if one.name == name)
    service.running_count, service.pending_count = given["running"], 0
    service.deployments = [
        {
            "id": f"ecs-svc/{deployment['revision']}",
            "status": deployment["status"],
            "taskDefinition": arns[deployment["revision"] - 1],
            "desiredCount": deployment["desired"],
            "runningCount": deployment["running"],
            "pendingCount": 0,
            "failedTasks": deployment["failed"],
            "rolloutState": deployment["state"],
            "rolloutStateReason": deployment["reason"],
            "createdAt": builder.at(deployment["at"]),
            "updatedAt": builder.at(deployment["at"]),
        }
        for deployment in given["deployments"]
    ]
    service.events = [
        {"id": str(place), "createdAt": builder.at(event["at"]), "message": event["text"]}
        for place, event in enumerate(given.get("events", []))
    ]
    for stopped in given.get("stopped", []):
        task = Task(
            cluster=backend.clusters[cluster],
            task_definition=backend.describe_task_definition(arns[stopped["revision"] - 1]),
            container_instance_arn=None,
            resource_requirements=None,
            backend=backend,
            group=f"service:{name}",
            started_by=f"ecs-svc/{name}",
        )
        _stop(task, builder.at(stopped["at"]), stopped)
        backend.tasks.setdefault(cluster, {})[task.task_arn] = task


def _stop(task: Any, at: datetime, given: Object) -> None:
    task.desired_status = "STOPPED"
    task.last_status = "STOPPED"
    task.stopped_reason = given["reason"]
    task.stop_code = given["code"]
    task.stopped_at = at
    container = task.containers[0]
    container.last_status = "STOPPED"
    container.exitCode = given["exit"]
    container.reason = given.get("why")


def packaged(files: dict[str, str]) -> bytes:
    """A package with these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return packed.getvalue()


def _files(number: int = 0) -> dict[str, str]:
    return {"app.py": f"def handler(event, context):\n    return {number}\n"}
