"""What moto lacks of changing calls: revisions of Lambda, deployments of ECS, mutes, moves, IAM.

Installed beside `tests.lab.aws.gaps`, for tests of the operator only; everything else stays moto's.
moto enforces no IAM: what a session may do is tested on the session policy itself.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from moto.autoscaling.responses import AutoScalingResponse
from moto.awslambda.exceptions import PreconditionFailedException
from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.iam.responses import IamResponse
from moto.sqs.models import sqs_backends
from moto.sqs.responses import SQSResponse

if TYPE_CHECKING:
    from moto.ecs.models import Service


@dataclass
class Writes:
    """The missing state of one account and region, as far as operations change it."""

    mute_rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    moves: list[dict[str, Any]] = field(default_factory=list)
    """Message moves of SQS, newest first."""
    move_status: str = "COMPLETED"
    """What a new move is at once."""
    service_deployments: list[dict[str, Any]] = field(default_factory=list)
    """Newest first."""
    deployment_status: str = "SUCCESSFUL"
    """What a new deployment is at once."""
    denied: set[str] = field(default_factory=set)
    """IAM actions that the simulation denies."""
    simulated: list[dict[str, Any]] = field(default_factory=list)


_WRITES: dict[tuple[str, str], Writes] = {}
_INNER: dict[str, Any] = {}
"""moto's own methods that ours call."""


def writes_of(account: str, region: str) -> Writes:
    """The state of a place, made when first asked for."""
    return _WRITES.setdefault((account, region), Writes())


def install_writes() -> None:
    """Give moto what it lacks, and forget what was; doing it again changes nothing else."""
    _WRITES.clear()
    if _INNER:
        return
    _INNER["configuration"] = LambdaFunction.get_configuration
    _INNER["update_configuration"] = LambdaResponse.update_function_configuration
    _INNER["update_alias"] = LambdaResponse.update_alias
    _INNER["update_service"] = EC2ContainerServiceBackend.update_service
    added: list[tuple[Any, str, Any]] = [
        (LambdaFunction, "get_configuration", _configuration),
        (LambdaResponse, "update_function_configuration", _update_configuration),
        (LambdaResponse, "update_alias", _update_alias),
        (EC2ContainerServiceBackend, "update_service", _update_service),
        (EC2ContainerServiceResponse, "list_service_deployments", _list_deployments),
        (EC2ContainerServiceResponse, "describe_service_revisions", _service_revisions),
        (EC2ContainerServiceResponse, "stop_service_deployment", _stop_deployment),
        (EC2ContainerServiceResponse, "get_task_protection", _task_protection),
        (AutoScalingResponse, "describe_instance_refreshes", _refreshes),
        (CloudWatchResponse, "put_alarm_mute_rule", _put_mute),
        (CloudWatchResponse, "get_alarm_mute_rule", _get_mute),
        (CloudWatchResponse, "delete_alarm_mute_rule", _delete_mute),
        (CloudWatchResponse, "list_alarm_mute_rules", _list_mutes),
        (SQSResponse, "start_message_move_task", _start_move),
        (SQSResponse, "list_message_move_tasks", _list_moves),
        (SQSResponse, "cancel_message_move_task", _cancel_move),
        (IamResponse, "simulate_principal_policy", _simulate),
    ]
    for owner, name, method in added:
        setattr(owner, name, method)


def _place(response: Any) -> Writes:
    return writes_of(response.current_account, response.region)


def _revision(content: dict[str, Any]) -> str:
    kept = {key: value for key, value in content.items() if key != "RevisionId"}
    return hashlib.sha256(json.dumps(kept, default=str).encode()).hexdigest()[:32]


def _configuration(self: LambdaFunction, *args: Any, **kwargs: Any) -> dict[str, Any]:
    found: dict[str, Any] = _INNER["configuration"](self, *args, **kwargs)
    return {**found, "RevisionId": _revision(found)}


def _update_configuration(self: LambdaResponse) -> Any:
    wanted = self.json_body.pop("RevisionId", None)
    name = self.path.rsplit("/", 2)[-2]
    present = self.backend.get_function(name).get_configuration()["RevisionId"]
    if wanted not in {None, present}:
        raise PreconditionFailedException("The RevisionId provided does not match the latest one")
    return _INNER["update_configuration"](self)


def _update_alias(self: LambdaResponse) -> Any:
    name = self.path.rsplit("/", 2)[-1]
    alias = self.backend.get_alias(name=name, function_name=self.path.rsplit("/")[-3])
    if json.loads(self.body).get("RevisionId") not in {None, alias.revision_id}:
        raise PreconditionFailedException("The RevisionId provided does not match the latest one")
    answer = _INNER["update_alias"](self)
    alias.revision_id = str(uuid4())
    return answer


def _update_service(
    self: EC2ContainerServiceBackend, service_properties: dict[str, Any]
) -> Service:
    deploys = service_properties.get("force_new_deployment") or service_properties.get(
        "task_definition"
    )
    wanted = service_properties.get("task_definition")
    service: Service = _INNER["update_service"](self, service_properties)
    if not deploys:
        return service
    place = writes_of(self.account_id, self.region_name)
    number = len(place.service_deployments) + 1
    prefix = f"arn:aws:ecs:{self.region_name}:{self.account_id}"
    path = f"{service.cluster_name}/{service.name}"
    completed = place.deployment_status == "SUCCESSFUL"
    service.deployments = [
        {
            **service.deployments[0],
            "id": f"ecs-svc/new-{number}",
            "taskDefinition": wanted or service.task_definition,
            "rolloutState": "COMPLETED" if completed else "IN_PROGRESS",
        }
    ]
    place.service_deployments.insert(
        0,
        {
            "serviceDeploymentArn": f"{prefix}:service-deployment/{path}/new-{number}",
            "serviceArn": service.arn,
            "status": place.deployment_status,
            "targetServiceRevisionArn": (
                f"{prefix}:service-revision/{path}/{wanted or service.task_definition}"
            ),
        },
    )
    return service


def _list_deployments(self: EC2ContainerServiceResponse) -> ActionResult:
    states = self._get_param("status") or []
    return ActionResult(
        {
            "serviceDeployments": [
                one
                for one in _place(self).service_deployments
                if not states or one["status"] in states
            ]
        }
    )


def _service_revisions(self: EC2ContainerServiceResponse) -> ActionResult:
    arns = self._get_param("serviceRevisionArns")
    # The lab's revisions end in the ARN of their task definition.
    return ActionResult(
        {
            "serviceRevisions": [
                {"serviceRevisionArn": arn, "taskDefinition": arn[arn.index("arn:aws:ecs", 1) :]}
                for arn in arns
            ]
        }
    )


def _stop_deployment(self: EC2ContainerServiceResponse) -> ActionResult:
    arn = self._get_param("serviceDeploymentArn")
    for one in _place(self).service_deployments:
        if one["serviceDeploymentArn"] == arn:
            one["status"] = "ROLLBACK_REQUESTED"
            return ActionResult({"serviceDeploymentArn": arn})
    raise JsonRESTError("ServiceDeploymentNotFoundException", f"there is no {arn}")


def _task_protection(self: EC2ContainerServiceResponse) -> ActionResult:
    tasks = self._get_param("tasks")
    return ActionResult(
        {"protectedTasks": [{"taskArn": one, "protectionEnabled": False} for one in tasks]}
    )


def _refreshes(_self: AutoScalingResponse) -> ActionResult:
    return ActionResult({"InstanceRefreshes": []})


def _put_mute(self: CloudWatchResponse) -> ActionResult:
    name = self._get_param("Name")
    arn = f"arn:aws:cloudwatch:{self.region}:{self.current_account}:alarm-mute-rule:{name}"
    _place(self).mute_rules[name] = {
        "Name": name,
        "AlarmMuteRuleArn": arn,
        "Description": self._get_param("Description"),
        "Rule": self._get_param("Rule"),
        "MuteTargets": self._get_param("MuteTargets"),
        "ExpireDate": self._get_param("ExpireDate"),
        "Status": "ACTIVE",
    }
    return EmptyResult()


def _get_mute(self: CloudWatchResponse) -> ActionResult:
    found = _place(self).mute_rules.get(self._get_param("AlarmMuteRuleName"))
    if found is None:
        raise JsonRESTError("ResourceNotFoundException", "there is no such mute rule")
    return ActionResult(found)


def _delete_mute(self: CloudWatchResponse) -> ActionResult:
    _place(self).mute_rules.pop(self._get_param("AlarmMuteRuleName"), None)
    return EmptyResult()


def _list_mutes(self: CloudWatchResponse) -> ActionResult:
    alarm = self._get_param("AlarmName")
    return ActionResult(
        {
            "AlarmMuteRuleSummaries": [
                {
                    "AlarmMuteRuleArn": one["AlarmMuteRuleArn"],
                    "Status": one["Status"],
                    "ExpireDate": one["ExpireDate"],
                }
                for one in _place(self).mute_rules.values()
                if alarm in one["MuteTargets"]["AlarmNames"]
            ]
        }
    )


def _start_move(self: SQSResponse) -> ActionResult:
    place, source = _place(self), self._get_param("SourceArn")
    destination = self._get_param("DestinationArn")
    backend = sqs_backends[self.current_account][self.region]
    dead, main = (backend.queues[arn.rpartition(":")[2]] for arn in (source, destination))
    moved = len(dead._messages)  # noqa: SLF001 -- moto has no move, so the lab moves them
    if place.move_status == "COMPLETED":
        for message in list(dead._messages):  # noqa: SLF001 -- as above
            main.add_message(message)
        dead._messages.clear()  # noqa: SLF001 -- as above
    handle = f"move-{len(place.moves) + 1}"
    place.moves.insert(
        0,
        {
            "TaskHandle": handle,
            "Status": place.move_status,
            "SourceArn": source,
            "DestinationArn": destination,
            "MaxNumberOfMessagesPerSecond": self._get_param("MaxNumberOfMessagesPerSecond"),
            "ApproximateNumberOfMessagesMoved": moved,
            "StartedTimestamp": 1_000 * (len(place.moves) + 1),
        },
    )
    return ActionResult({"TaskHandle": handle})


def _list_moves(self: SQSResponse) -> ActionResult:
    source = self._get_param("SourceArn")
    found = [one for one in _place(self).moves if one["SourceArn"] == source]
    # AWS gives a handle for running moves only.
    shown = [
        {key: value for key, value in one.items() if key != "TaskHandle" or _runs(one)}
        for one in found
    ]
    return ActionResult({"Results": shown})


def _runs(move: dict[str, Any]) -> bool:
    return bool(move["Status"] == "RUNNING")


def _cancel_move(self: SQSResponse) -> ActionResult:
    for one in _place(self).moves:
        if one["TaskHandle"] == self._get_param("TaskHandle"):
            one["Status"] = "CANCELLED"
    return ActionResult({"ApproximateNumberOfMessagesMoved": 0})


def _simulate(self: IamResponse) -> ActionResult:
    # IAM is global: what the simulation answers is kept with the account's other global state.
    place = writes_of(self.current_account, "global")
    actions, arns = self._get_param("ActionNames", []), self._get_param("ResourceArns", [])
    place.simulated.append({"actions": actions, "arns": arns})
    return ActionResult(
        {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalResourceName": arn,
                    "EvalDecision": "implicitDeny" if action in place.denied else "allowed",
                }
                for action in actions
                for arn in arns
            ],
            "IsTruncated": False,
        }
    )
