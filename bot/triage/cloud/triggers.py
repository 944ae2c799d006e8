"""What changed right before a fault: a deployment, a version, an image, somebody's call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.spans import stamp
from bot.domain.verdict import Cause
from bot.triage.cloud.finding import Advice, Statement, Trigger
from bot.triage.cloud.resource import short_name
from bot.triage.cloud.sight import FunctionSight, ServiceSight

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.triage.cloud.finding import CloudFinding
    from bot.triage.cloud.sight import Sight, Write

# A fault that begins later than this after a change most likely has another reason.
WITHIN = timedelta(hours=1)
# Metrics come by the minute and logs by the second: a fault may seem to begin a little early.
SLACK = timedelta(minutes=3)
# Faults no deployment can bring.
_UNMOVED = frozenset({Cause.FAILOVER, Cause.STORAGE, Cause.UNKNOWN})


def triggered(found: CloudFinding, sight: Sight, writes: Sequence[Write]) -> CloudFinding:
    """Return the finding with the change that came right before it, if there was one."""
    if found.since is None or found.cause in _UNMOVED:
        return found
    trigger = None
    if isinstance(sight, ServiceSight):
        trigger = _deployed(found, sight)
    elif isinstance(sight, FunctionSight):
        trigger = _versioned(found, sight)
    if trigger is None:
        trigger = _written(found, writes)
    if trigger is None:
        return found
    relief = (*trigger.relief, *found.relief)
    return replace(found, trigger=trigger, relief=relief)


def is_before(found: CloudFinding, at: datetime) -> bool:
    """Tell whether a time lies right before the onset of a fault."""
    since = found.since
    return since is not None and -SLACK <= since - at <= WITHIN


def _deployed(found: CloudFinding, sight: ServiceSight) -> Trigger | None:
    newest = sight.deployments[0] if sight.deployments else None
    if newest is None or newest.at is None or not is_before(found, newest.at):
        return None
    image = sight.images[0] if sight.images else None
    pushed = stamp(image.pushed_at) if image is not None and image.pushed_at else "-"
    phrase = "aws_began_with_image" if pushed != "-" else "aws_began_with"
    values = {
        "revision": newest.revision,
        "at": stamp(newest.at),
        "image": image.name if image is not None else "-",
        "pushed": pushed,
    }
    back: tuple[Advice, ...] = ()
    earlier = sight.before.revision if sight.before is not None else _one_before(newest.revision)
    if earlier and found.cause is not Cause.CREDENTIALS_MISSING:
        back = (_roll_back(sight, newest.revision, earlier),)
    return Trigger(
        at=newest.at,
        statement=Statement(phrase=phrase, values=values, evidence=(sight.label,)),
        relief=back,
    )


def _one_before(revision: str) -> str:
    family, _, number = revision.rpartition(":")
    return f"{family}:{int(number) - 1}" if number.isdigit() and int(number) > 1 else ""


def _roll_back(sight: ServiceSight, newest: str, earlier: str) -> Advice:
    images = [image.name for image in sight.images]
    return Advice(
        action="aws_rollback_action",
        risk="aws_rollback_risk",
        undo="aws_rollback_undo",
        values={
            "object": sight.resource.name,
            "cluster": sight.resource.cluster,
            "earlier": earlier,
            "newest": newest,
            "image": images[-1] if len(images) > 1 else "-",
            "region": sight.resource.place.region,
        },
        check=(
            f"aws ecs describe-services --cluster {sight.resource.cluster} --services"
            f" {sight.resource.name} --region {sight.resource.place.region}"
        ),
        operation="ecs_rollback_taskdef",
        parameters={
            "place": sight.resource.place.title,
            "cluster": sight.resource.cluster,
            "service": sight.resource.name,
            "revision": earlier.rpartition(":")[2],
        },
    )


def _versioned(found: CloudFinding, sight: FunctionSight) -> Trigger | None:
    newest = sight.revisions[-1] if sight.revisions else None
    if newest is None or newest.at is None or not newest.changes or not is_before(found, newest.at):
        return None
    return Trigger(
        at=newest.at,
        statement=Statement(
            phrase="aws_began_with_version",
            values={
                "version": newest.name,
                "at": stamp(newest.at),
                "change": "; ".join(newest.changes[:3]),
            },
            evidence=(sight.label,),
        ),
    )


def _written(found: CloudFinding, writes: Sequence[Write]) -> Trigger | None:
    own = {found.resource.name, found.resource.arn}
    near = [
        write
        for write in writes
        if write.done
        and write.place == found.resource.place.title
        and is_before(found, write.at)
        and any(part in own or short_name(part) in own for part in write.subject.split(", "))
    ]
    if not near:
        return None
    newest = max(near, key=lambda write: write.at)
    return Trigger(
        at=newest.at,
        statement=Statement(
            phrase="aws_began_with_call",
            values={"change": newest.what, "person": newest.by, "at": stamp(newest.at)},
            evidence=(newest.label,),
        ),
    )
