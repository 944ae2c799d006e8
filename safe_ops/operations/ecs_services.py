"""Reading an ECS service: what its operations survey, and how they see that it is well again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import entries, number, text
from safe_ops.model.plans import Call, Step, Target, Verification
from safe_ops.model.rights import Grant
from safe_ops.model.surveys import CloudSurvey
from safe_ops.operations.account import SIMULATE, is_undo, tags_of
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.account import Account

ClusterName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", description="Name of the ECS cluster.")
]
ServiceName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", description="Name of the ECS service.")
]
UPDATE_SERVICE = "ecs:UpdateService"
READS = (
    SIMULATE,
    "ecs:DescribeServices",
    "elasticloadbalancing:DescribeTargetHealth",
)
"""What every operation on a service reads."""
DEADLINE_S = 1_800
SETTLE_S = 60
_GONE = frozenset({"INACTIVE", "DRAINING"})


class OfService(Parameters):
    """Which service."""

    cluster: ClusterName
    service: ServiceName


def find_service(account: Account, wanted: OfService) -> Object | None:
    """Return the service with its tags; None if there is none.

    Raises:
        UpstreamError: It cannot be known now.
    """
    answer = account.read_if_there(
        "ecs:describe_services",
        cluster=wanted.cluster,
        services=[wanted.service],
        include=["TAGS"],
    )
    found = entries(answer, "services")
    # ECS goes on to describe a deleted service for a while.
    return found[0] if found and text(found[0], "status") not in _GONE else None


def nothing_there(account: Account, wanted: OfService) -> CloudSurvey:
    """Return the survey of a service that does not exist."""
    return CloudSurvey(
        read_at=account.now, target=None, arn=f"ecs service {wanted.cluster}/{wanted.service}"
    )


def surveyed(
    account: Account, service: Object, grants: tuple[Grant, ...], answers: dict[str, Json]
) -> CloudSurvey:
    """Return the survey of a service, its permissions asked for."""
    return CloudSurvey(
        read_at=account.now,
        target=service,
        arn=text(service, "serviceArn"),
        tags=tags_of(service.get("tags")),
        permissions=account.may(grants),
        answers=answers,
    )


def target_of(wanted: OfService, arn: str, place: Place) -> Target:
    """Return the service as what is acted on."""
    return Target(
        place=place,
        kind="ecs service",
        namespace=wanted.cluster,
        name=wanted.service,
        uid=arn,
        service=f"{wanted.cluster}/{wanted.service}",
    )


def pins_of(service: Object) -> dict[str, Json]:
    """Return what must still be so when the first call is made."""
    return {
        "arn": text(service, "serviceArn"),
        "task_definition": text(service, "taskDefinition"),
        "desired_count": number(service, "desiredCount"),
        "deployment": text(primary(service), "id"),
    }


def primary(service: Object) -> Object:
    """Return the deployment that is to stay; empty if ECS names none."""
    return next(
        (one for one in entries(service, "deployments") if text(one, "status") == "PRIMARY"), {}
    )


def verification_of(*says: str) -> Verification:
    """Return what has to be so afterwards; the load balancer's word is always part of it."""
    return Verification(
        says=(*says, "no target of its load balancers is unhealthy"),
        deadline_s=DEADLINE_S,
        settle_s=SETTLE_S,
    )


def steady(account: Account, service: Object) -> Look:
    """Tell whether the present deployment is through and the load balancers agree."""
    deployment = primary(service)
    running, desired = number(service, "runningCount"), number(service, "desiredCount")
    state = text(deployment, "rolloutState", default="unknown")
    said = f"rollout {state}, {running} of {desired} tasks run"
    if state == "FAILED":
        reason = text(deployment, "rolloutStateReason")
        return Look(progress=Progress.MISSED, says=f"{said}: {reason}" if reason else said)
    if state != "COMPLETED" or running != desired or len(entries(service, "deployments")) > 1:
        return Look(progress=Progress.WAITING, says=said)
    sick = sum(unhealthy(account, group) for group in target_groups(service))
    if sick:
        return Look(progress=Progress.WAITING, says=f"{said}; {sick} targets are unhealthy")
    return Look(progress=Progress.REACHED, says=said)


def unhealthy(account: Account, target_group: str) -> int:
    """Return how many targets of a group the load balancer calls unhealthy."""
    answer = account.read("elbv2:describe_target_health", TargetGroupArn=target_group)
    return sum(
        text(one, "TargetHealth", "State") == "unhealthy"
        for one in entries(answer, "TargetHealthDescriptions")
    )


def breaker_note(service: Object) -> tuple[str, ...]:
    """Return a warning where ECS would go on with a deployment that fails."""
    breaker = service.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker") or {}
    if breaker.get("enable"):
        return ()
    return ("The service has no deployment circuit breaker: ECS would go on trying for hours.",)


def missing(wanted: str) -> Look:
    """Return the look of a service that is not there any more."""
    return Look(progress=Progress.MISSED, says=f"{wanted} does not exist any more")


def update_step(says: str, wanted: OfService, arn: str, **member: Json) -> Step:
    """Return the call that sets one member of a service."""
    return Step(
        says=says,
        call=Call(
            action="ecs:update_service",
            path=arn,
            body={"cluster": wanted.cluster, "service": wanted.service, **member},
            grants=(Grant(action=UPDATE_SERVICE, arn=arn),),
        ),
    )


def member_settled(plan: Plan, call: Call, found: Json, *, member: str) -> CallOutcome:
    """Compare what a member is now with a lost call and with its opposite.

    For plans of one `update_step` and one to undo it: setting a member twice is once.
    """
    if found == call.body[member]:
        return CallOutcome.APPLIED
    other = plan.drawing.steps[0] if is_undo(plan, call) else plan.drawing.undo[0]
    unchanged = found == other.call.body[member]
    return CallOutcome.NOT_APPLIED if unchanged else CallOutcome.UNKNOWN


def target_groups(service: Object) -> tuple[str, ...]:
    """Return the ARNs of the target groups the service's tasks are registered in."""
    return tuple(
        text(one, "targetGroupArn")
        for one in entries(service, "loadBalancers")
        if text(one, "targetGroupArn")
    )
