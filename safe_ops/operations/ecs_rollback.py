"""The operation that takes an ECS service back to an earlier revision of its task definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from safe_ops.errors import RefusedError
from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_services import (
    DEPLOYMENT_ROOM,
    NO_ROLLBACK_RUNNING,
    PREVIOUSLY_STEADY,
    REVISION_ACTIVE,
    SAME_ROLES,
    SERVICE_ACTIVE,
)
from safe_ops.model.fields import entries, number, text
from safe_ops.model.plans import Call, Change, Drawing, Step, Tier
from safe_ops.model.rights import Grant, Rights
from safe_ops.operations.account import CloudOperation, check_untouched
from safe_ops.operations.ecs_services import (
    READS,
    UPDATE_SERVICE,
    OfService,
    breaker_note,
    find_service,
    member_settled,
    missing,
    nothing_there,
    pins_of,
    primary,
    steady,
    surveyed,
    target_of,
    update_step,
    verification_of,
)
from safe_ops.operations.environments import changed_variables
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import CloudSurvey, Object
    from safe_ops.operations.account import Account

# ECS describes so many service revisions at once (ECS API reference, DescribeServiceRevisions).
_REVISIONS_MAX = 20
_COMPARED = ("image", "cpu", "memory", "memoryReservation")
# What may hold a secret is only said to differ.
_HIDDEN = ("command", "entryPoint", "healthCheck")


class RollBackTaskDefinition(OfService):
    """Which service, and the revision of its task definition's family to go back to."""

    revision: int = Field(ge=1, le=1_000_000, description="Revision to go back to.")


class TaskDefinitionRollback(CloudOperation[RollBackTaskDefinition]):
    """Deploy an earlier revision that once was deployed to the end."""

    name = "ecs_rollback_taskdef"
    title = "Roll an ECS service back"
    parameters: type[Parameters] = RollBackTaskDefinition
    guards: tuple[Guard[CloudSurvey], ...] = (
        TAGGED,
        SERVICE_ACTIVE,
        NO_ROLLBACK_RUNNING,
        DEPLOYMENT_ROOM,
        REVISION_ACTIVE,
        PREVIOUSLY_STEADY,
        SAME_ROLES,
    )
    rights = Rights(
        cloud_reads=(
            *READS,
            "ecs:DescribeServiceRevisions",
            "ecs:DescribeTaskDefinition",
            "ecs:ListServiceDeployments",
        ),
        cloud_writes=(UPDATE_SERVICE,),
    )

    def read(self, wanted: RollBackTaskDefinition, account: Account) -> CloudSurvey:
        """Read the service, both revisions, and which were ever deployed to the end."""
        service = find_service(account, wanted)
        if service is None:
            return nothing_there(account, wanted)
        arn = text(service, "serviceArn")
        served_arn = text(service, "taskDefinition")
        family, _colon, _revision = served_arn.rpartition(":")
        served = _definition(account, served_arn)
        older = _definition(account, f"{family}:{wanted.revision}")
        deployments = entries(
            account.read(
                "ecs:list_service_deployments", cluster=wanted.cluster, service=wanted.service
            ),
            "serviceDeployments",
        )
        return surveyed(
            account,
            service,
            (Grant(action=UPDATE_SERVICE, arn=arn),),
            {
                "differences": _differences(served, older),
                "served": _without_values(served),
                "wanted": _without_values(older),
                "service_deployments": deployments,
                "proven": _proven(account, deployments),
            },
        )

    def drawn(
        self,
        wanted: RollBackTaskDefinition,
        survey: CloudSurvey,
        target: Object,
        place: Place,
    ) -> Drawing:
        """Draw one update to the earlier revision, and one back to the revision left."""
        served = text(target, "taskDefinition")
        family, _colon, revision = served.rpartition(":")
        if not revision.isdecimal() or wanted.revision >= int(revision):
            raise RefusedError(
                f"{wanted.cluster}/{wanted.service} runs {served}: revision {wanted.revision} is"
                " not an earlier one, so going there is no rollback",
                code="parameters",
            )
        older = f"{family}:{wanted.revision}"
        return Drawing(
            tier=Tier.T2,
            target=target_of(wanted, survey.arn, place),
            pins=pins_of(target),
            changes=(
                Change(field="taskDefinition", before=served, after=older),
                *survey.answers["differences"],
            ),
            steps=(_step(wanted, survey.arn, older),),
            undo=(_step(wanted, survey.arn, served),),
            verification=verification_of(
                f"a deployment of {older} is COMPLETED", "as many tasks run as are desired"
            ),
            blast_radius=(
                f"all {number(target, 'runningCount')} tasks of {wanted.cluster}/{wanted.service}",
            ),
            snapshot=pins_of(target),
            notes=breaker_note(target),
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See the earlier revision deployed to the end."""
        wanted = RollBackTaskDefinition.model_validate(plan.parameters)
        service = find_service(account, wanted)
        if service is None:
            return missing(f"{wanted.cluster}/{wanted.service}")
        if text(primary(service), "id") == plan.drawing.pins["deployment"]:
            return Look(progress=Progress.WAITING, says="ECS shows no new deployment yet")
        deployed = text(primary(service), "taskDefinition")
        if deployed != plan.drawing.steps[0].call.body["taskDefinition"]:
            return Look(progress=Progress.MISSED, says=f"ECS deploys {deployed or 'nothing'}")
        return steady(account, service)

    def bound(self, plan: Plan, call: Call, account: Account) -> dict[str, Json]:
        """Return nothing, if nobody else deployed meanwhile: ECS compares nothing itself."""
        found = find_service(account, RollBackTaskDefinition.model_validate(plan.parameters)) or {}
        check_untouched(plan, call, pins_of(found), member="taskDefinition", pin="task_definition")
        return {}

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Compare the service's revision with the call's; setting it twice is once."""
        wanted = RollBackTaskDefinition.model_validate(plan.parameters)
        found = text(find_service(account, wanted), "taskDefinition")
        return member_settled(plan, call, found, member="taskDefinition")


def _step(wanted: OfService, arn: str, definition: str) -> Step:
    says = f"deploy {definition.rpartition('/')[2]} on {wanted.cluster}/{wanted.service}"
    return update_step(says, wanted, arn, taskDefinition=definition)


def _definition(account: Account, arn: str) -> Object:
    """Return a task definition; empty where there is none."""
    answer = account.read_if_there("ecs:describe_task_definition", taskDefinition=arn) or {}
    found: Object = answer.get("taskDefinition", {})
    return found


def _proven(account: Account, deployments: list[Object]) -> list[str]:
    """Return the task definitions whose deployment on the service ECS once finished."""
    revisions = [
        text(one, "targetServiceRevisionArn")
        for one in deployments
        if text(one, "status") == "SUCCESSFUL"
    ][:_REVISIONS_MAX]
    if not revisions:
        return []
    answer = account.read("ecs:describe_service_revisions", serviceRevisionArns=revisions)
    return sorted({text(one, "taskDefinition") for one in entries(answer, "serviceRevisions")})


def _differences(before: Object, after: Object) -> tuple[Change, ...]:
    """Return what differs between two definitions, container by container, values hidden."""
    olds = {text(one, "name"): one for one in entries(before, "containerDefinitions")}
    news = {text(one, "name"): one for one in entries(after, "containerDefinitions")}
    changes: list[Change] = []
    for name in sorted(olds.keys() | news.keys()):
        old, new = olds.get(name, {}), news.get(name, {})
        found = [
            Change(field=member, before=_shown(old.get(member)), after=_shown(new.get(member)))
            for member in _COMPARED
            if old.get(member) != new.get(member)
        ]
        found += [
            Change(field=member, before="(hidden)", after="(another, hidden)")
            for member in _HIDDEN
            if old.get(member) != new.get(member)
        ]
        found += changed_variables(
            _pairs(old, "environment", "value"), _pairs(new, "environment", "value")
        )
        found += changed_variables(
            _pairs(old, "secrets", "valueFrom"), _pairs(new, "secrets", "valueFrom")
        )
        changes += [
            Change(field=f"{name}: {one.field}", before=one.before, after=one.after)
            for one in found
        ]
    return tuple(changes)


def _shown(value: Any) -> str:
    return "(not set)" if value is None else str(value)


def _pairs(container: Object, member: str, value: str) -> dict[str, str]:
    return {text(one, "name"): text(one, value) for one in entries(container, member)}


def _without_values(definition: Object) -> Object:
    """Return what guards need of a definition; nothing a container is told is in it."""
    kept = ("taskDefinitionArn", "status", "taskRoleArn", "executionRoleArn")
    return {member: definition[member] for member in kept if member in definition}
