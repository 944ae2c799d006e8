"""The operation that moves a dead-letter queue's messages back to the queue they came from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from safe_ops.errors import RefusedError, StaleError
from safe_ops.guardrails.cloud import TAGGED
from safe_ops.guardrails.cloud_queues import (
    DESTINATION_TAGGED,
    FITS_IN_TIME,
    MOVE_MAX_S,
    NO_CUSTOMER_KEY,
    NO_MOVE_RUNNING,
    NOT_GROWING,
)
from safe_ops.model.actions import CallOutcome
from safe_ops.model.fields import dig, entries, number, text
from safe_ops.model.plans import Call, Change, Drawing, Step, Target, Tier, Verification
from safe_ops.model.rights import Grant, Rights
from safe_ops.model.surveys import CloudSurvey
from safe_ops.operations.account import SIMULATE, CloudOperation, is_undo
from safe_ops.operations.account_metrics import METRICS, Gauge, values
from safe_ops.operations.operation import Look, Parameters, Progress

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.account import Account
    from safe_ops.operations.operation import Operation

_START, _CANCEL = "sqs:StartMessageMoveTask", "sqs:CancelMessageMoveTask"
_RECEIVE, _DELETE, _SEND = "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage"
# SQS keeps depths at one-minute resolution; a quarter of an hour shows whether messages still come.
_GROWTH = timedelta(minutes=15)
_SETTLE_S = 120
_SLACK_S = 300
# Of what was moved; more than that back again means that the messages still fail.
_BACK_MAX = 0.1
_QUEUE_NAME = r"^[A-Za-z0-9_-]{1,80}(\.fifo)?$"


class Redrive(Parameters):
    """Which dead-letter queue, and how fast."""

    queue: str = Field(pattern=_QUEUE_NAME, description="Name of the dead-letter queue.")
    per_second: int = Field(ge=1, le=100, description="Messages moved per second at most.")


class DeadLetterRedrive(CloudOperation[Redrive]):
    """Move a dead-letter queue's messages back, so many a second."""

    name = "sqs_redrive"
    title = "Redrive a dead-letter queue"
    parameters: type[Parameters] = Redrive
    guards: tuple[Guard[CloudSurvey], ...] = (
        TAGGED,
        DESTINATION_TAGGED,
        NO_MOVE_RUNNING,
        FITS_IN_TIME,
        NOT_GROWING,
        NO_CUSTOMER_KEY,
    )
    rights = Rights(
        cloud_reads=(
            METRICS,
            SIMULATE,
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListDeadLetterSourceQueues",
            "sqs:ListMessageMoveTasks",
            "sqs:ListQueueTags",
        ),
        cloud_writes=(_CANCEL, _DELETE, _RECEIVE, _SEND, _START),
    )

    def read(self, wanted: Redrive, account: Account) -> CloudSurvey:
        """Read both queues, moves of before, and how the depth went."""
        found = account.read_if_there("sqs:get_queue_url", QueueName=wanted.queue)
        if found is None:
            return CloudSurvey(read_at=account.now, target=None, arn=f"sqs queue {wanted.queue}")
        url = text(found, "QueueUrl")
        attributes = _attributes(account, url)
        arn = text(attributes, "QueueArn")
        sources = account.read("sqs:list_dead_letter_source_queues", QueueUrl=url)
        source_urls = [str(one) for one in sources.get("queueUrls", ())]
        gauge = Gauge(
            namespace="AWS/SQS",
            name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": wanted.queue},
        )
        answers: dict[str, Json] = {
            "sources": source_urls,
            "destination": {},
            "destination_tags": {},
            "moves": _moves(account, arn),
            "depths": values(
                account, gauge, "Maximum", start=account.now - _GROWTH, end=account.now
            ),
        }
        grants: tuple[Grant, ...] = ()
        if len(source_urls) == 1:
            answers["destination"] = _attributes(account, source_urls[0])
            answers["destination_tags"] = _tags(account, source_urls[0])
            grants = _grants(arn, text(answers["destination"], "QueueArn"))
        return CloudSurvey(
            read_at=account.now,
            target=attributes,
            arn=arn,
            tags=_tags(account, url),
            permissions=account.may(grants),
            answers=answers,
        )

    def drawn(self, wanted: Redrive, survey: CloudSurvey, target: Object, place: Place) -> Drawing:
        """Draw one move to the one queue the messages came from, and its cancellation."""
        sources = survey.answers["sources"]
        if len(sources) != 1:
            raise RefusedError(
                f"{wanted.queue} is the dead-letter queue of {len(sources)} queues: only with"
                " exactly one is it clear where its messages belong",
                code="parameters",
            )
        destination = text(survey.answers["destination"], "QueueArn")
        name = destination.rpartition(":")[2]
        depth = int(text(target, "ApproximateNumberOfMessages", default="0"))
        return Drawing(
            tier=Tier.T2,
            target=Target(
                place=place, kind="sqs queue", name=wanted.queue, uid=survey.arn, service=name
            ),
            pins={
                "arn": survey.arn,
                "destination": destination,
                "last_move": _newest(survey.answers["moves"]),
            },
            changes=(
                Change(
                    field="messages",
                    before=f"about {depth} in {wanted.queue}",
                    after=f"in {name}, at most {wanted.per_second} a second",
                ),
            ),
            steps=(
                Step(
                    says=f"move the messages of {wanted.queue} to {name}",
                    call=Call(
                        action="sqs:start_message_move_task",
                        path=survey.arn,
                        body={
                            "SourceArn": survey.arn,
                            "DestinationArn": destination,
                            "MaxNumberOfMessagesPerSecond": wanted.per_second,
                        },
                        grants=_starting(survey.arn, destination),
                    ),
                ),
            ),
            undo=(
                Step(
                    says=f"cancel the move of {wanted.queue}'s messages",
                    call=Call(
                        action="sqs:cancel_message_move_task",
                        path=survey.arn,
                        body={"TaskHandle": "$move"},
                        late_bound=("$move",),
                        grants=_cancelling(survey.arn, destination),
                    ),
                ),
            ),
            verification=Verification(
                says=(
                    "SQS says the move is COMPLETED",
                    f"at most {_BACK_MAX:.0%} of the messages come back",
                ),
                deadline_s=min(MOVE_MAX_S, depth // wanted.per_second) + _SLACK_S + _SETTLE_S,
                settle_s=_SETTLE_S,
            ),
            blast_radius=(f"about {depth} messages, which {name}'s consumers get once more",),
            snapshot={"depth": depth},
            notes=("Cancelling stops the rest; messages already moved stay moved.",),
        )

    def seen(self, plan: Plan, account: Account) -> Look:
        """See the move through, then whether messages come back."""
        move = _own(plan, account)
        status, moved = text(move, "Status", default="not there"), _moved(move)
        said = f"the move is {status}, about {moved} messages moved"
        if status in {"FAILED", "CANCELLED"}:
            reason = text(move, "FailureReason")
            return Look(progress=Progress.MISSED, says=f"{said} {reason}".strip())
        if status != "COMPLETED":
            return Look(progress=Progress.WAITING, says=said)
        url = account.read("sqs:get_queue_url", QueueName=plan.target.name)
        back = int(
            text(
                _attributes(account, text(url, "QueueUrl")),
                "ApproximateNumberOfMessages",
                default="0",
            )
        )
        said = f"{said}; {back} in the dead-letter queue"
        allowed = _BACK_MAX * number(plan.drawing.snapshot, "depth")
        return Look(progress=Progress.REACHED if back <= allowed else Progress.WAITING, says=said)

    def settled(self, plan: Plan, call: Call, account: Account) -> CallOutcome:
        """Look for a move younger than the plan; that there is none yet proves nothing."""
        move = _own(plan, account)
        if is_undo(plan, call):
            stopped = text(move, "Status") in {"CANCELLED", "CANCELLING", "COMPLETED", "FAILED"}
            return CallOutcome.APPLIED if stopped else CallOutcome.NOT_APPLIED
        return CallOutcome.APPLIED if move else CallOutcome.UNKNOWN

    def bound(self, plan: Plan, call: Call, account: Account) -> dict[str, Json]:
        """Return the running move's handle, which SQS made up after the plan."""
        if not is_undo(plan, call):
            return {}
        handle = text(_own(plan, account), "TaskHandle")
        if not handle:
            raise StaleError(
                f"no move of {plan.target.name}'s messages is running any more: there is nothing"
                " to cancel"
            )
        return {"$move": handle}


def _attributes(account: Account, url: str) -> Object:
    answer = account.read("sqs:get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
    found: Object = answer.get("Attributes", {})
    return found


def _tags(account: Account, url: str) -> dict[str, str]:
    return dict(account.read("sqs:list_queue_tags", QueueUrl=url).get("Tags", {}))


def _moves(account: Account, arn: str) -> list[Object]:
    return entries(
        account.read("sqs:list_message_move_tasks", SourceArn=arn, MaxResults=10), "Results"
    )


def _newest(moves: list[Object]) -> int:
    """Return when the last move began, in milliseconds since the epoch; 0 if there was none."""
    return max((number(one, "StartedTimestamp") for one in moves), default=0)


def _own(plan: Plan, account: Account) -> Object:
    """Return the newest move that began after the plan was made; empty if there is none."""
    younger = [
        one
        for one in _moves(account, plan.target.uid)
        if number(one, "StartedTimestamp") > plan.drawing.pins["last_move"]
    ]
    return max(younger, key=lambda one: number(one, "StartedTimestamp"), default={})


def _moved(move: Object) -> int:
    return int(dig(move, "ApproximateNumberOfMessagesMoved") or 0)


def _starting(arn: str, destination: str) -> tuple[Grant, ...]:
    # SQS takes and sends the messages with the caller's own rights (SQS developer guide,
    # Configuring queue permissions for dead-letter queue redrive).
    return (
        *(Grant(action=action, arn=arn) for action in (_START, _RECEIVE, _DELETE)),
        Grant(action=_SEND, arn=destination),
    )


def _cancelling(arn: str, destination: str) -> tuple[Grant, ...]:
    return (
        *(Grant(action=action, arn=arn) for action in (_CANCEL, _RECEIVE, _DELETE)),
        Grant(action=_SEND, arn=destination),
    )


def _grants(arn: str, destination: str) -> tuple[Grant, ...]:
    return (*_starting(arn, destination), Grant(action=_CANCEL, arn=arn))


OPERATIONS: tuple[Operation[Any], ...] = (DeadLetterRedrive(),)
