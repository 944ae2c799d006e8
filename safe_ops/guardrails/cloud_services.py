"""Guards of operations on ECS services."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from safe_ops.guardrails.cloud import capacity_step_ruling, fewer_ruling, headroom_ruling
from safe_ops.guardrails.requests import REQUESTS
from safe_ops.model.fields import dig, entries, number, text
from safe_ops.model.guarding import Guard, passes, refuses

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import CloudSurvey

RUNNING_MIN = 2
"""Of which one may be stopped."""
_MOVING = frozenset({"STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
_ROLES = {"taskRoleArn": "task role", "executionRoleArn": "execution role"}


def _active(case: Case[CloudSurvey]) -> Ruling:
    name, status = "service-active", text(case.survey.target, "status", default="unknown")
    controller = text(case.survey.target, "deploymentController", "type", default="ECS")
    if status != "ACTIVE":
        return refuses(name, f"the service is {status}: it takes no changes")
    if controller != "ECS":
        return refuses(name, f"{controller} deploys this service, not ECS: make the change there")
    return passes(name, "the service is ACTIVE and ECS deploys it")


def _settled(case: Case[CloudSurvey]) -> Ruling:
    name, service = "deployment-settled", case.survey.target
    deployments = entries(service, "deployments")
    running, desired = number(service, "runningCount"), number(service, "desiredCount")
    states = ", ".join(
        f"{text(one, 'status')} {text(one, 'rolloutState', default='unknown')}"
        for one in deployments
    )
    said = f"deployments: {states or 'none'}; {running} of {desired} tasks run"
    settled = [text(one, "rolloutState") for one in deployments] == ["COMPLETED"]
    if settled and running == desired:
        return passes(name, said)
    return refuses(name, f"{said}: wait until the service is steady, or roll it back")


def _no_rollback(case: Case[CloudSurvey]) -> Ruling:
    name = "no-rollback-running"
    moving = [
        text(one, "status")
        for one in entries(case.survey.answers["service_deployments"])
        if text(one, "status") in _MOVING
    ]
    if not moving:
        return passes(name, "ECS is not rolling the service back itself")
    return refuses(name, f"ECS is at it already ({moving[0]}): wait until that is over")


def _room(case: Case[CloudSurvey]) -> Ruling:
    name, service = "deployment-room", case.survey.target
    desired = number(service, "desiredCount")
    least = number(service, "deploymentConfiguration", "minimumHealthyPercent", default=100)
    most = number(service, "deploymentConfiguration", "maximumPercent", default=200)
    # ECS rounds the lower limit up and the upper one down (ECS developer guide, rolling update).
    floor, ceiling = math.ceil(desired * least / 100), desired * most // 100
    said = (
        f"{least} % to {most} % of {desired} tasks: at least {floor} run and at most {ceiling}"
        " during the deployment"
    )
    if floor < 1:
        return refuses(name, f"{said}; none would serve meanwhile: raise minimumHealthyPercent")
    if ceiling <= floor:
        return refuses(name, f"{said}; it could never go on: raise maximumPercent")
    return passes(name, said)


def _revision_active(case: Case[CloudSurvey]) -> Ruling:
    name = "revision-active"
    status = text(case.survey.answers["wanted"], "status", default="unknown")
    revision = case.parameters["revision"]
    if status == "ACTIVE":
        return passes(name, f"revision {revision} is ACTIVE")
    return refuses(name, f"revision {revision} is {status}: take one that is ACTIVE")


def _was_steady(case: Case[CloudSurvey]) -> Ruling:
    name = "previously-steady"
    wanted = text(case.survey.answers["wanted"], "taskDefinitionArn")
    proven = case.survey.answers["proven"]
    if wanted and wanted in proven:
        return passes(name, f"ECS once finished a deployment of {wanted} on this service")
    return refuses(
        name,
        f"ECS knows of no finished deployment of revision {case.parameters['revision']} on this"
        f" service; finished were: {', '.join(proven) or 'none'}",
    )


def _same_roles(case: Case[CloudSurvey]) -> Ruling:
    name = "same-roles"
    served, wanted = case.survey.answers["served"], case.survey.answers["wanted"]
    differs = [
        what for member, what in _ROLES.items() if text(served, member) != text(wanted, member)
    ]
    if not differs:
        return passes(name, "task role and execution role are the same")
    return refuses(
        name,
        f"revision {case.parameters['revision']} has another {' and '.join(differs)}: that would"
        " change rights, which is done by hand",
    )


def _scaling_bounds(case: Case[CloudSurvey]) -> Ruling:
    name, after = "autoscaling-bounds", int(case.parameters["desired"])
    targets = case.survey.answers["scalable_targets"]
    if not targets:
        return passes(name, "no Application Auto Scaling target owns the count")
    low, high = number(targets[0], "MinCapacity"), number(targets[0], "MaxCapacity")
    if low <= after <= high:
        return passes(name, f"{after} is within autoscaling's {low} to {high}")
    return refuses(
        name, f"{after} is outside autoscaling's {low} to {high}: change these bounds first"
    )


def _replicas(case: Case[CloudSurvey]) -> Ruling:
    name = "replica-service"
    strategy = text(case.survey.target, "schedulingStrategy", default="unknown")
    if strategy == "REPLICA":
        return passes(name, "the service keeps a count of tasks")
    return refuses(name, f"the service is a {strategy} one: its count follows its instances")


def _step(case: Case[CloudSurvey]) -> Ruling:
    return capacity_step_ruling(
        "step",
        what="tasks",
        before=number(case.survey.target, "desiredCount"),
        after=case.parameters["desired"],
    )


def _headroom(case: Case[CloudSurvey]) -> Ruling:
    return headroom_ruling(
        "headroom",
        case,
        before=number(case.survey.target, "desiredCount"),
        after=case.parameters["desired"],
        made_at=dig(case.survey.target, "createdAt"),
    )


def _requests(case: Case[CloudSurvey]) -> Ruling:
    before, after = number(case.survey.target, "desiredCount"), int(case.parameters["desired"])
    return fewer_ruling(case, before=before, after=after, each="task")


def _others_run(case: Case[CloudSurvey]) -> Ruling:
    name = "others-running"
    running = number(case.survey.answers["service"], "runningCount")
    desired = number(case.survey.answers["service"], "desiredCount")
    if running >= RUNNING_MIN and running >= desired:
        return passes(name, f"{running} of {desired} tasks run, this one among them")
    return refuses(
        name, f"{running} of {desired} tasks run: stopping one more would leave too few; scale up"
    )


def _task_runs(case: Case[CloudSurvey]) -> Ruling:
    name, task = "task-running", case.survey.target
    last, wanted = text(task, "lastStatus"), text(task, "desiredStatus")
    if last == wanted == "RUNNING":
        return passes(name, "the task is RUNNING")
    return refuses(name, f"the task is {last} and ECS wants it {wanted}: leave it to ECS")


def _of_service(case: Case[CloudSurvey]) -> Ruling:
    name, group = "of-service", text(case.survey.target, "group", default="none")
    if group == f"service:{case.parameters['service']}":
        return passes(name, f"the task belongs to {group}, which replaces it")
    return refuses(name, f"the task belongs to {group}: nothing would start another in its place")


def _unprotected(case: Case[CloudSurvey]) -> Ruling:
    name = "not-protected"
    found = case.survey.answers["protection"]
    if not found:
        return refuses(name, "ECS does not say whether the task is protected: try again")
    if found[0].get("protectionEnabled"):
        return refuses(name, "the task protects itself from being stopped: it is at work, wait")
    return passes(name, "the task does not protect itself from being stopped")


SERVICE_ACTIVE: Guard[CloudSurvey] = Guard(name="service-active", decide=_active)
DEPLOYMENT_SETTLED: Guard[CloudSurvey] = Guard(name="deployment-settled", decide=_settled)
NO_ROLLBACK_RUNNING: Guard[CloudSurvey] = Guard(name="no-rollback-running", decide=_no_rollback)
DEPLOYMENT_ROOM: Guard[CloudSurvey] = Guard(name="deployment-room", decide=_room)
REVISION_ACTIVE: Guard[CloudSurvey] = Guard(name="revision-active", decide=_revision_active)
PREVIOUSLY_STEADY: Guard[CloudSurvey] = Guard(name="previously-steady", decide=_was_steady)
SAME_ROLES: Guard[CloudSurvey] = Guard(name="same-roles", decide=_same_roles)
AUTOSCALING_BOUNDS: Guard[CloudSurvey] = Guard(name="autoscaling-bounds", decide=_scaling_bounds)
REPLICA_SERVICE: Guard[CloudSurvey] = Guard(name="replica-service", decide=_replicas)
STEP: Guard[CloudSurvey] = Guard(name="step", decide=_step)
HEADROOM: Guard[CloudSurvey] = Guard(name="headroom", decide=_headroom)
SERVED_REQUESTS: Guard[CloudSurvey] = Guard(name=REQUESTS, decide=_requests)
OTHERS_RUNNING: Guard[CloudSurvey] = Guard(name="others-running", decide=_others_run)
TASK_RUNNING: Guard[CloudSurvey] = Guard(name="task-running", decide=_task_runs)
OF_SERVICE: Guard[CloudSurvey] = Guard(name="of-service", decide=_of_service)
NOT_PROTECTED: Guard[CloudSurvey] = Guard(name="not-protected", decide=_unprotected)
