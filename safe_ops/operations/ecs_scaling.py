"""The operation that changes how many tasks an ECS service keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import Field

from safe_ops.errors import RefusedError
from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_services import (
    AUTOSCALING_BOUNDS,
    DEPLOYMENT_SETTLED,
    HEADROOM,
    REPLICA_SERVICE,
    SERVED_REQUESTS,
    SERVICE_ACTIVE,
    STEP,
)
from safe_ops.guardrails.requests import UNCOUNTED
from safe_ops.model.fields import entries, number, text
from safe_ops.model.plans import Call, Change, Drawing, Step, Tier
from safe_ops.model.rights import Grant, Rights
from safe_ops.operations.account import CloudOperation, check_untouched
from safe_ops.operations.account_metrics import METRICS, Gauge, usage_of
from safe_ops.operations.ecs_services import (
    READS,
    UPDATE_SERVICE,
    OfService,
    find_service,
    member_settled,
    missing,
    nothing_there,
    pins_of,
    steady,
    surveyed,
    target_groups,
    target_of,
    update_step,
    verification_of,
)
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import CloudSurvey, Object
    from safe_ops.operations.account import Account


class ScaleService(OfService):
    """Which service, and how many tasks of it."""

    desired: int = Field(ge=1, le=1_000, description="New desired count of tasks.")


class ServiceScaling(CloudOperation[ScaleService]):
    """Change how many tasks a service keeps."""

    name = "ecs_scale"
    title = "Scale an ECS service"
    parameters: type[Parameters] = ScaleService
    guards: tuple[Guard[CloudSurvey], ...] = (
        TAGGED,
        SERVICE_ACTIVE,
        REPLICA_SERVICE,
        DEPLOYMENT_SETTLED,
        AUTOSCALING_BOUNDS,
        STEP,
        HEADROOM,
        SERVED_REQUESTS,
    )
    rights = Rights(
        cloud_reads=(*READS, METRICS, "application-autoscaling:DescribeScalableTargets"),
        cloud_writes=(UPDATE_SERVICE,),
    )

    def read(self, wanted: ScaleService, account: Account) -> CloudSurvey:
        """Read the service, what scales it by itself, and how busy it is."""
        service = find_service(account, wanted)
        if service is None:
            return nothing_there(account, wanted)
        targets = account.read(
            "application-autoscaling:describe_scalable_targets",
            ServiceNamespace="ecs",
            ResourceIds=[f"service/{wanted.cluster}/{wanted.service}"],
            ScalableDimension="ecs:service:DesiredCount",
        )
        arn = text(service, "serviceArn")
        found = surveyed(
            account,
            service,
            (Grant(action=UPDATE_SERVICE, arn=arn),),
            {"scalable_targets": entries(targets, "ScalableTargets")},
        )
        dimensions = {"ClusterName": wanted.cluster, "ServiceName": wanted.service}
        return replace(
            found,
            usage=usage_of(
                account,
                cpu=Gauge(namespace="AWS/ECS", name="CPUUtilization", dimensions=dimensions),
                memory=Gauge(namespace="AWS/ECS", name="MemoryUtilization", dimensions=dimensions),
                target_groups=target_groups(service),
            ),
        )

    def drawn(
        self, wanted: ScaleService, survey: CloudSurvey, target: Object, place: Place
    ) -> Drawing:
        """Draw one change of the count, and the same backwards."""
        before = number(target, "desiredCount")
        if before == wanted.desired:
            raise RefusedError(
                f"{wanted.cluster}/{wanted.service} has a desired count of {before} already",
                code="parameters",
            )
        return Drawing(
            tier=Tier.T1 if wanted.desired > before else Tier.T2,
            target=target_of(wanted, survey.arn, place),
            pins=pins_of(target),
            changes=(Change(field="desiredCount", before=str(before), after=str(wanted.desired)),),
            steps=(_set_count(wanted, survey.arn, wanted.desired),),
            undo=(_set_count(wanted, survey.arn, before),),
            verification=verification_of(f"{wanted.desired} of {wanted.desired} tasks run"),
            blast_radius=(
                f"{before} tasks of {wanted.cluster}/{wanted.service} become {wanted.desired}",
            ),
            snapshot=pins_of(target),
            notes=_notes(survey, fewer=wanted.desired < before),
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See the count reached."""
        wanted = ScaleService.model_validate(plan.parameters)
        service = find_service(account, wanted)
        if service is None:
            return missing(f"{wanted.cluster}/{wanted.service}")
        desired = number(service, "desiredCount")
        if desired != wanted.desired:
            before = plan.drawing.undo[0].call.body["desiredCount"]
            progress = Progress.WAITING if desired == before else Progress.MISSED
            return Look(progress=progress, says=f"the desired count is {desired}")
        return steady(account, service)

    def bound(self, plan: Plan, call: Call, account: Account) -> dict[str, Json]:
        """Return nothing, if nobody else changed the count: ECS compares nothing itself."""
        found = find_service(account, ScaleService.model_validate(plan.parameters)) or {}
        check_untouched(plan, call, pins_of(found), member="desiredCount", pin="desired_count")
        return {}

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Compare the count with the call's; setting it twice is once."""
        wanted = ScaleService.model_validate(plan.parameters)
        found = number(find_service(account, wanted), "desiredCount")
        return member_settled(plan, call, found, member="desiredCount")


def _notes(survey: CloudSurvey, *, fewer: bool) -> tuple[str, ...]:
    scaled = "Application Auto Scaling may change the count again at any time."
    notes = (scaled,) if survey.answers["scalable_targets"] else ()
    counted = survey.usage is not None and survey.usage.requests
    return (*notes, UNCOUNTED) if fewer and not counted else notes


def _set_count(wanted: OfService, arn: str, count: int) -> Step:
    says = f"set the desired count of {wanted.cluster}/{wanted.service} to {count}"
    return update_step(says, wanted, arn, desiredCount=count)
