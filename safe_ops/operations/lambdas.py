"""Operations on a Lambda function's two sizes; nothing else of its configuration is ever sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from safe_ops.errors import RefusedError
from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_functions import (
    CALLERS_WAIT,
    MEMORY_STEP,
    TIMEOUT_STEP,
    UPDATE_SETTLED,
)
from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import dig, entries, number, text
from safe_ops.model.plans import Call, Change, Drawing, Step, Target, Tier, Verification
from safe_ops.model.rights import Grant, Rights
from safe_ops.model.surveys import CloudSurvey
from safe_ops.operations.account import SIMULATE, CloudOperation, check_same, is_undo
from safe_ops.operations.account_metrics import METRICS
from safe_ops.operations.function_errors import error_share, is_worse
from safe_ops.operations.lambda_aliases import AliasRollback
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.account import Account
    from safe_ops.operations.operation import Operation

FunctionName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Name of the function, not its ARN.")
]
_UPDATE = "lambda:UpdateFunctionConfiguration"
_API_GATEWAY = "apigateway.amazonaws.com"
# Configuration updates take seconds, of functions in a network up to minutes.
_DEADLINE_S = 900
_SETTLE_S = 300


class SetMemory(Parameters):
    """How much memory a function gets."""

    function: FunctionName
    memory_mb: int = Field(ge=128, le=10_240, description="New memory size in MB.")


class SetTimeout(Parameters):
    """How long a function may run."""

    function: FunctionName
    timeout_s: int = Field(ge=1, le=900, description="New timeout in seconds.")


class FunctionSetting(CloudOperation[SetMemory | SetTimeout]):
    """One size of a function: one instance for memory, one for the timeout."""

    rights = Rights(
        cloud_reads=(
            METRICS,
            SIMULATE,
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
            "lambda:ListAliases",
            "lambda:ListEventSourceMappings",
            "lambda:ListTags",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
        ),
        cloud_writes=(_UPDATE,),
    )
    _PINNED: ClassVar[dict[str, str]] = {
        "memory_mb": "MemorySize",
        "timeout_s": "Timeout",
        "code_sha256": "CodeSha256",
        "role": "Role",
    }

    def __init__(
        self,
        *,
        name: str,
        title: str,
        field: str,
        member: str,
        parameters: type[Parameters],
        guards: tuple[Guard[CloudSurvey], ...],
    ) -> None:
        self.name = name
        self.title = title
        self.parameters = parameters
        self.guards = guards
        self._field = field
        """Of the parameters, such as `memory_mb`."""
        self._member = member
        """Lambda's, such as `MemorySize`."""

    def read(self, wanted: SetMemory | SetTimeout, account: Account) -> CloudSurvey:
        """Read the function, who calls it, and how it fares."""
        found = account.read_if_there(
            "lambda:get_function_configuration", FunctionName=wanted.function
        )
        if found is None:
            return CloudSurvey(
                read_at=account.now, target=None, arn=f"lambda function {wanted.function}"
            )
        found.pop("Environment", None)
        arn = text(found, "FunctionArn")
        return CloudSurvey(
            read_at=account.now,
            target=found,
            arn=arn,
            tags=dict(account.read("lambda:list_tags", Resource=arn).get("Tags", {})),
            permissions=account.may((Grant(action=_UPDATE, arn=arn),)),
            answers={
                "visibility_s": _visibility(account, wanted.function),
                "behind_api_gateway": _behind_api_gateway(account, wanted.function),
                "aliases": entries(
                    account.read("lambda:list_aliases", FunctionName=wanted.function), "Aliases"
                ),
                "error_share": error_share(account, wanted.function),
            },
        )

    def drawn(
        self,
        wanted: SetMemory | SetTimeout,
        survey: CloudSurvey,
        target: Object,
        place: Place,
    ) -> Drawing:
        """Draw one update of one field, and the same backwards."""
        before, after = number(target, self._member), int(getattr(wanted, self._field))
        if before == after:
            raise RefusedError(
                f"{wanted.function} has {self._member} {after} already", code="parameters"
            )
        return Drawing(
            # A change of configuration is T2 by its nature; the policy may ask for less in dev.
            tier=Tier.T2,
            target=Target(
                place=place, kind="lambda function", name=wanted.function, uid=survey.arn
            ),
            pins={name: dig(target, member) for name, member in self._PINNED.items()}
            | {"arn": survey.arn},
            changes=(Change(field=self._member, before=str(before), after=str(after)),),
            steps=(self._step(wanted.function, survey.arn, after),),
            undo=(self._step(wanted.function, survey.arn, before),),
            verification=Verification(
                says=(
                    f"LastUpdateStatus Successful with {self._member} {after}",
                    "the share of failed and throttled calls is not worse than before",
                ),
                deadline_s=_DEADLINE_S,
                settle_s=_SETTLE_S,
            ),
            blast_radius=(
                f"1 function, {wanted.function} ($LATEST); running calls finish as they began",
            ),
            snapshot={
                "memory_mb": number(target, "MemorySize"),
                "timeout_s": number(target, "Timeout"),
                "error_share": survey.answers["error_share"],
            },
            notes=_untouched(survey.answers["aliases"]),
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See the update through, then compare errors with those before."""
        function, wanted = plan.target.name, self._value(plan.drawing.steps[0].call)
        found = account.read("lambda:get_function_configuration", FunctionName=function)
        now, status = number(found, self._member), text(found, "LastUpdateStatus")
        said = f"{self._member} is {now}, last update {status or 'unknown'}"
        # What is read just after an update may still be from before it.
        if status == "InProgress" or now == self._value(plan.drawing.undo[0].call):
            return Look(progress=Progress.WAITING, says=said)
        if status != "Successful" or now != wanted:
            return Look(progress=Progress.MISSED, says=said)
        before, share = dig(plan.drawing.snapshot, "error_share"), error_share(account, function)
        if is_worse(before, share):
            return Look(
                progress=Progress.WAITING,
                says=f"{said}; {share:.0%} of calls fail, {before or 0:.0%} did before",
            )
        return Look(progress=Progress.REACHED, says=said)

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Compare the field with the call's; AWS refuses a second update from one revision."""
        found = account.read("lambda:get_function_configuration", FunctionName=plan.target.name)
        now = number(found, self._member)
        if now == self._value(call):
            return CallOutcome.APPLIED
        before = self._value(plan.drawing.undo[0].call)
        if is_undo(plan, call):
            before = self._value(plan.drawing.steps[0].call)
        return CallOutcome.NOT_APPLIED if now == before else CallOutcome.UNKNOWN

    def bound(self, plan: Plan, call: Call, account: Account) -> dict[str, Json]:
        """Return the present revision, if the function is still as planned for."""
        found = account.read_if_there(
            "lambda:get_function_configuration", FunctionName=plan.target.name
        )
        expected = {member: plan.drawing.pins[name] for name, member in self._PINNED.items()} | {
            "FunctionArn": plan.target.uid
        }
        if is_undo(plan, call):
            expected[self._member] = self._value(plan.drawing.steps[0].call)
        check_same(expected, found or {}, name=f"function {plan.target.name}")
        return {"$revision": text(found, "RevisionId")}

    def _step(self, function: str, arn: str, value: int) -> Step:
        return Step(
            says=f"set {self._member} of {function} to {value}",
            call=Call(
                action="lambda:update_function_configuration",
                path=arn,
                body={
                    "FunctionName": function,
                    self._member: value,
                    "RevisionId": "$revision",
                },
                late_bound=("$revision",),
                grants=(Grant(action=_UPDATE, arn=arn),),
            ),
        )

    def _value(self, call: Call) -> int:
        return number(call.body, self._member)


def _visibility(account: Account, function: str) -> dict[str, int]:
    """Return how long each queue that feeds the function hides a message, in seconds."""
    found: dict[str, int] = {}
    mappings = account.read("lambda:list_event_source_mappings", FunctionName=function)
    for one in entries(mappings, "EventSourceMappings"):
        # arn:aws:sqs:eu-central-1:123456789012:orders
        parts = text(one, "EventSourceArn").split(":")
        if parts[2:3] != ["sqs"]:
            continue
        url = account.read("sqs:get_queue_url", QueueName=parts[5], QueueOwnerAWSAccountId=parts[4])
        attributes = account.read(
            "sqs:get_queue_attributes",
            QueueUrl=text(url, "QueueUrl"),
            AttributeNames=["VisibilityTimeout"],
        )
        found[parts[5]] = int(text(attributes, "Attributes", "VisibilityTimeout", default="0"))
    return found


def _behind_api_gateway(account: Account, function: str) -> bool:
    answer = account.read_if_there("lambda:get_policy", FunctionName=function)
    policy: Any = json.loads(text(answer, "Policy", default="{}"))
    return any(
        dig(one, "Principal", "Service") == _API_GATEWAY for one in entries(policy, "Statement")
    )


def _untouched(aliases: list[Object]) -> tuple[str, ...]:
    """Return what approvers should know of aliases: published versions keep their settings."""
    published = [
        f"{text(one, 'Name')} → {text(one, 'FunctionVersion')}"
        for one in aliases
        if text(one, "FunctionVersion") != "$LATEST"
    ]
    if not published:
        return ()
    served = ", ".join(published)
    return (f"Only $LATEST changes: callers of {served} see it once a version is published",)


OPERATIONS: tuple[Operation[Any], ...] = (
    FunctionSetting(
        name="lambda_set_memory",
        title="Set a Lambda function's memory",
        field="memory_mb",
        member="MemorySize",
        parameters=SetMemory,
        guards=(TAGGED, UPDATE_SETTLED, MEMORY_STEP),
    ),
    FunctionSetting(
        name="lambda_set_timeout",
        title="Set a Lambda function's timeout",
        field="timeout_s",
        member="Timeout",
        parameters=SetTimeout,
        guards=(TAGGED, UPDATE_SETTLED, TIMEOUT_STEP, CALLERS_WAIT),
    ),
    AliasRollback(),
)
