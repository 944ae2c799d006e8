"""Guards of operations on SQS queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.guardrails.cloud import ALLOWED, TAG
from safe_ops.model.fields import entries, text
from safe_ops.model.guarding import Guard, passes, refuses

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import CloudSurvey

MOVE_MAX_S = 1_500
"""As long as a move may take, so that its end is still seen by the action itself."""
_MOVING = frozenset({"RUNNING", "CANCELLING"})


def depth_of(case: Case[CloudSurvey]) -> int:
    """Return how many messages the dead-letter queue shows."""
    return int(text(case.survey.target, "ApproximateNumberOfMessages", default="0"))


def _destination_tagged(case: Case[CloudSurvey]) -> Ruling:
    name, found = "destination-tagged", case.survey.answers["destination_tags"].get(TAG)
    queue = text(case.survey.answers["destination"], "QueueArn").rpartition(":")[2]
    if found == ALLOWED:
        return passes(name, f"{queue} has the tag {TAG}={ALLOWED}")
    return refuses(
        name,
        f"{queue}, where the messages would go, has not the tag {TAG}={ALLOWED}: its owner has to"
        " set it",
    )


def _not_moving(case: Case[CloudSurvey]) -> Ruling:
    name = "no-move-running"
    states = [text(one, "Status") for one in entries(case.survey.answers["moves"])]
    if not _MOVING.intersection(states):
        return passes(name, "no message move is under way")
    return refuses(name, "messages of this queue are being moved already: wait until that is over")


def _in_time(case: Case[CloudSurvey]) -> Ruling:
    name, depth, rate = "fits-in-time", depth_of(case), int(case.parameters["per_second"])
    if depth == 0:
        return refuses(name, "the queue shows no messages: there is nothing to move")
    takes_s = depth / rate
    said = f"about {depth} messages at {rate} per second take {takes_s:.0f} s"
    if takes_s <= MOVE_MAX_S:
        return passes(name, f"{said}; up to {MOVE_MAX_S} s is allowed")
    return refuses(name, f"{said}, and up to {MOVE_MAX_S} s is allowed: take a higher rate")


def _not_growing(case: Case[CloudSurvey]) -> Ruling:
    name, counts = "not-growing", case.survey.answers["depths"]
    if not counts:
        return refuses(
            name,
            "CloudWatch has no depth of the last quarter of an hour: whether messages still fail"
            " cannot be known",
        )
    said = f"{counts[0]:.0f} messages a quarter of an hour ago, {counts[-1]:.0f} now"
    if counts[-1] <= counts[0]:
        return passes(name, said)
    return refuses(
        name, f"{said}: messages still fail, so moving them back would fail too; repair that first"
    )


def _no_key(case: Case[CloudSurvey]) -> Ruling:
    name = "no-customer-key"
    keys = [
        text(one, "KmsMasterKeyId")
        for one in (case.survey.target, case.survey.answers["destination"])
        if text(one, "KmsMasterKeyId")
    ]
    if not keys:
        return passes(name, "neither queue is encrypted with a key of KMS's")
    return refuses(
        name,
        f"the messages are encrypted with {keys[0]}, and Nightdesk uses no keys: move them by hand",
    )


DESTINATION_TAGGED: Guard[CloudSurvey] = Guard(
    name="destination-tagged", decide=_destination_tagged
)
NO_MOVE_RUNNING: Guard[CloudSurvey] = Guard(name="no-move-running", decide=_not_moving)
FITS_IN_TIME: Guard[CloudSurvey] = Guard(name="fits-in-time", decide=_in_time)
NOT_GROWING: Guard[CloudSurvey] = Guard(name="not-growing", decide=_not_growing)
NO_CUSTOMER_KEY: Guard[CloudSurvey] = Guard(name="no-customer-key", decide=_no_key)
