"""Operations on ECS; here the one that deploys a service once more as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safe_ops.errors import StaleError
from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_services import (
    DEPLOYMENT_ROOM,
    DEPLOYMENT_SETTLED,
    SERVICE_ACTIVE,
)
from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import entries, number, text
from safe_ops.model.plans import Call, Change, Drawing, Step, Tier
from safe_ops.model.rights import Grant, Rights
from safe_ops.operations.account import CloudOperation, check_same, is_undo
from safe_ops.operations.ecs_rollback import TaskDefinitionRollback
from safe_ops.operations.ecs_scaling import ServiceScaling
from safe_ops.operations.ecs_services import (
    READS,
    UPDATE_SERVICE,
    OfService,
    breaker_note,
    find_service,
    missing,
    nothing_there,
    pins_of,
    primary,
    steady,
    surveyed,
    target_of,
    verification_of,
)
from safe_ops.operations.ecs_tasks import TaskStop
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import CloudSurvey, Object
    from safe_ops.operations.account import Account
    from safe_ops.operations.operation import Operation

_STOP_DEPLOYMENT = "ecs:StopServiceDeployment"
_WHOLE = 100


class ForceDeployment(OfService):
    """Which service to deploy once more as it is."""


class ForcedDeployment(CloudOperation[ForceDeployment]):
    """Replace all tasks of a service by new ones of the same revision."""

    name = "ecs_force_new_deployment"
    title = "Deploy an ECS service anew"
    parameters: type[Parameters] = ForceDeployment
    guards: tuple[Guard[CloudSurvey], ...] = (
        TAGGED,
        SERVICE_ACTIVE,
        DEPLOYMENT_SETTLED,
        DEPLOYMENT_ROOM,
    )
    rights = Rights(
        cloud_reads=(*READS, "ecs:ListServiceDeployments"),
        cloud_writes=(_STOP_DEPLOYMENT, UPDATE_SERVICE),
    )

    def read(self, wanted: ForceDeployment, account: Account) -> CloudSurvey:
        """Read the service."""
        service = find_service(account, wanted)
        if service is None:
            return nothing_there(account, wanted)
        arn = text(service, "serviceArn")
        grants = (
            Grant(action=UPDATE_SERVICE, arn=arn),
            *_stop_deployment(wanted, arn).call.grants,
        )
        return surveyed(account, service, grants, {})

    def drawn(
        self, wanted: ForceDeployment, survey: CloudSurvey, target: Object, place: Place
    ) -> Drawing:
        """Draw one deployment, and its end by ECS's own rollback."""
        least = number(target, "deploymentConfiguration", "minimumHealthyPercent", default=_WHOLE)
        revision, running = text(target, "taskDefinition"), number(target, "runningCount")
        return Drawing(
            # Fewer than all tasks serve meanwhile where the service allows it.
            tier=Tier.T2 if least >= _WHOLE else Tier.T3,
            target=target_of(wanted, survey.arn, place),
            pins=pins_of(target),
            changes=(
                Change(
                    field="deployment",
                    before=f"{text(primary(target), 'id')} of {revision}",
                    after=f"a new one of {revision}",
                ),
            ),
            steps=(
                Step(
                    says=f"deploy {wanted.cluster}/{wanted.service} anew",
                    call=Call(
                        action="ecs:update_service",
                        path=survey.arn,
                        body={
                            "cluster": wanted.cluster,
                            "service": wanted.service,
                            "forceNewDeployment": True,
                        },
                        grants=(Grant(action=UPDATE_SERVICE, arn=survey.arn),),
                    ),
                ),
            ),
            undo=(_stop_deployment(wanted, survey.arn),),
            verification=verification_of(
                "a new deployment is COMPLETED", "as many tasks run as are desired"
            ),
            blast_radius=(
                f"all {running} tasks of {wanted.cluster}/{wanted.service}",
                f"at least {least} % of them serve at any time",
            ),
            snapshot=pins_of(target),
            notes=breaker_note(target),
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See a deployment other than the one before finish."""
        wanted = ForceDeployment.model_validate(plan.parameters)
        service = find_service(account, wanted)
        if service is None:
            return missing(f"{wanted.cluster}/{wanted.service}")
        if text(primary(service), "id") == plan.drawing.pins["deployment"]:
            return Look(progress=Progress.WAITING, says="ECS shows no new deployment yet")
        return steady(account, service)

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Look for another deployment; that there is none yet proves nothing."""
        wanted = ForceDeployment.model_validate(plan.parameters)
        if is_undo(plan, call):
            return CallOutcome.UNKNOWN if _running(account, wanted) else CallOutcome.APPLIED
        service = find_service(account, wanted) or {}
        deployment = primary(service)
        same_revision = text(deployment, "taskDefinition") == plan.drawing.pins["task_definition"]
        if text(deployment, "id") != plan.drawing.pins["deployment"] and same_revision:
            return CallOutcome.APPLIED
        return CallOutcome.UNKNOWN

    def bound(self, plan: Plan, call: Call, account: Account) -> dict[str, Json]:
        """Return the running deployment's ARN, which ECS made up after the plan.

        Raises:
            StaleError: Somebody else deployed meanwhile, or nothing is there to be stopped.
        """
        wanted = ForceDeployment.model_validate(plan.parameters)
        now = pins_of(find_service(account, wanted) or {})
        if not is_undo(plan, call):
            check_same(plan.drawing.pins, now, name=plan.target.name)
            return {}
        ours = {name: plan.drawing.pins[name] for name in ("arn", "task_definition")}
        check_same(ours, now, name=plan.target.name)
        running = _running(account, wanted)
        if not running:
            raise StaleError(
                f"{wanted.cluster}/{wanted.service} has no running deployment any more: there is"
                " nothing to stop"
            )
        return {"$deployment": running[0]}


def _stop_deployment(wanted: OfService, arn: str) -> Step:
    # Ids of deployments are ECS's: of this service's all, the session may stop any.
    prefix, _colon, _rest = arn.partition(":service/")
    deployments = f"{prefix}:service-deployment/{wanted.cluster}/{wanted.service}/*"
    return Step(
        says=f"stop the new deployment of {wanted.cluster}/{wanted.service} and roll it back",
        call=Call(
            action="ecs:stop_service_deployment",
            path=arn,
            body={"serviceDeploymentArn": "$deployment", "stopType": "ROLLBACK"},
            late_bound=("$deployment",),
            grants=(
                Grant(action=_STOP_DEPLOYMENT, arn=arn),
                Grant(action=_STOP_DEPLOYMENT, arn=deployments),
            ),
        ),
    )


def _running(account: Account, wanted: OfService) -> list[str]:
    """Return the ARNs of the service's running deployments, newest first as ECS lists them."""
    answer = account.read(
        "ecs:list_service_deployments",
        cluster=wanted.cluster,
        service=wanted.service,
        status=["PENDING", "IN_PROGRESS"],
    )
    return [text(one, "serviceDeploymentArn") for one in entries(answer, "serviceDeployments")]


OPERATIONS: tuple[Operation[Any], ...] = (
    ForcedDeployment(),
    TaskDefinitionRollback(),
    ServiceScaling(),
    TaskStop(),
)
