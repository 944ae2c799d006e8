"""The operation that stops one task of an ECS service, which then starts another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_services import (
    NOT_PROTECTED,
    OF_SERVICE,
    OTHERS_RUNNING,
    TASK_RUNNING,
)
from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import entries, number, text
from safe_ops.model.plans import Call, Change, Drawing, Step, Target, Tier
from safe_ops.model.rights import Grant, Rights
from safe_ops.model.surveys import CloudSurvey
from safe_ops.operations.account import CloudOperation, tags_of
from safe_ops.operations.ecs_services import (
    READS,
    OfService,
    find_service,
    missing,
    steady,
    verification_of,
)
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.account import Account

_STOP = "ecs:StopTask"


class StopTask(OfService):
    """Which task of which service."""

    task: Annotated[
        str, Field(pattern=r"^[a-f0-9-]{32,36}$", description="Id of the task, not its ARN.")
    ]


class TaskStop(CloudOperation[StopTask]):
    """Stop one task; the service's scheduler replaces it."""

    name = "ecs_stop_task"
    title = "Stop one ECS task"
    parameters: type[Parameters] = StopTask
    guards: tuple[Guard[CloudSurvey], ...] = (
        TAGGED,
        TASK_RUNNING,
        OF_SERVICE,
        OTHERS_RUNNING,
        NOT_PROTECTED,
    )
    rights = Rights(
        cloud_reads=(*READS, "ecs:DescribeTasks", "ecs:GetTaskProtection"),
        cloud_writes=(_STOP,),
    )

    def read(self, wanted: StopTask, account: Account) -> CloudSurvey:
        """Read the task, whether it protects itself, and its service."""
        service, task = find_service(account, wanted), self._task(wanted, account)
        if service is None or task is None:
            return CloudSurvey(
                read_at=account.now,
                target=None,
                arn=f"ecs task {wanted.task} of {wanted.cluster}/{wanted.service}",
            )
        protection = account.read(
            "ecs:get_task_protection", cluster=wanted.cluster, tasks=[wanted.task]
        )
        arn = text(task, "taskArn")
        return CloudSurvey(
            read_at=account.now,
            target=task,
            arn=arn,
            # ECS copies a service's tags only where propagateTags says so.
            tags=tags_of(task.get("tags")),
            permissions=account.may((Grant(action=_STOP, arn=arn),)),
            answers={
                "service": service,
                "protection": entries(protection, "protectedTasks"),
            },
        )

    def drawn(self, wanted: StopTask, survey: CloudSurvey, target: Object, place: Place) -> Drawing:
        """Draw one stop, which nothing takes back."""
        service = survey.answers["service"]
        running = number(service, "runningCount")
        return Drawing(
            tier=Tier.T1,
            target=Target(
                place=place,
                kind="ecs task",
                namespace=wanted.cluster,
                name=wanted.task,
                uid=survey.arn,
                service=f"{wanted.cluster}/{wanted.service}",
            ),
            pins={
                "arn": survey.arn,
                "started_at": str(target.get("startedAt")),
                "task_definition": text(service, "taskDefinition"),
                "desired_count": number(service, "desiredCount"),
            },
            changes=(
                Change(
                    field="task",
                    before=f"running since {target.get('startedAt')}",
                    after="stopped; the service starts another",
                ),
            ),
            steps=(
                Step(
                    says=f"stop task {wanted.task} of {wanted.cluster}/{wanted.service}",
                    call=Call(
                        action="ecs:stop_task",
                        path=survey.arn,
                        body={
                            "cluster": wanted.cluster,
                            "task": wanted.task,
                            "reason": "$action",
                        },
                        late_bound=("$action",),
                        grants=(Grant(action=_STOP, arn=survey.arn),),
                    ),
                    gone_is_fine=True,
                ),
            ),
            cannot_be_undone="A stopped task does not start again; the service starts a new one.",
            verification=verification_of("the task is stopped and as many run as are desired"),
            blast_radius=(f"1 of {running} running tasks of {wanted.cluster}/{wanted.service}",),
            snapshot={"running": running, "task_definition": text(target, "taskDefinitionArn")},
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See the task go and the service fill up again."""
        wanted = _wanted(plan)
        task, service = self._task(wanted, account), find_service(account, wanted)
        if service is None:
            return missing(f"{wanted.cluster}/{wanted.service}")
        if task is not None and text(task, "lastStatus") != "STOPPED":
            status = text(task, "lastStatus")
            return Look(progress=Progress.WAITING, says=f"task {wanted.task} is {status}")
        return steady(account, service)

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Look what ECS wants of the task; stopping it twice is once."""
        task = self._task(_wanted(plan), account)
        if task is None or text(task, "desiredStatus") == "STOPPED":
            return CallOutcome.APPLIED
        return CallOutcome.NOT_APPLIED

    def _task(self, wanted: StopTask, account: Account) -> Object | None:
        answer = account.read_if_there(
            "ecs:describe_tasks", cluster=wanted.cluster, tasks=[wanted.task], include=["TAGS"]
        )
        found = entries(answer, "tasks")
        return found[0] if found else None


def _wanted(plan: Plan) -> StopTask:
    return StopTask.model_validate(plan.parameters)
