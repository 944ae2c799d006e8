"""What was deployed when: revisions, versions, image pushes, stacks and calls on one time line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.spans import age, stamp
from bot.domain.verdict import Cause, Status, TimelinePoint, Verdict
from bot.triage.cloud.collecting import look
from bot.triage.cloud.looking import look_around, writes_of
from bot.triage.cloud.resource import short_name
from bot.triage.cloud.sight import FunctionSight, ServiceSight
from bot.triage.cloud.telling import Telling
from bot.triage.quoting import quoted
from bot.triage.scene import refs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bot.ports.cloud import CloudPlace
    from bot.triage.cloud.asking import CloudQuestion
    from bot.triage.cloud.collecting import Collector
    from bot.triage.cloud.resource import Resource
    from bot.triage.cloud.sight import Sight, Write

DEFAULT_HOURS = 24
MAX_CHANGES = 12
# What one look at changes may span.
_MAX_MINUTES = 1_440

Change = tuple["datetime", str, tuple[str, ...]]
"""When, what, and the labels that tell it."""


def told(
    collector: Collector,
    telling: Telling,
    question: CloudQuestion,
    *,
    places: Sequence[CloudPlace],
    meant: Sequence[Resource],
) -> Verdict:
    """Return the changes of some hours, newest first, of the resources meant or of everything."""
    hours = question.hours or DEFAULT_HOURS
    minutes = min(_MAX_MINUTES, hours * 60)
    where = list(dict.fromkeys(one.place for one in meant)) or list(places)
    looks = collector.take([look(place, "changes", minutes=minutes) for place in where])
    writes = [
        write
        for place, one in zip(where, looks, strict=True)
        for write in writes_of(one, place.title)
    ]
    names = {one.name for one in meant}
    own = [write for write in writes if write.done and (not names or _is_about(write, names))]
    changes = [_written(telling, write) for write in own]
    if meant:
        seen = look_around(collector, meant)
        keys = {one.key for one in meant}
        for sight in seen.sights:
            if sight.resource.key in keys:
                changes += list(_of(telling, sight))
    now = collector.clock.now()
    recent = sorted(
        (one for one in changes if now - one[0] <= timedelta(hours=hours)), reverse=True
    )
    shown = Telling(book=telling.book, taken=collector.taken)
    scope = ", ".join(f"`{quoted(one.name)}`" for one in meant) or ", ".join(
        place.title for place in where
    )
    blind = [one for one in looks if not one.answered]
    cited = tuple(
        dict.fromkeys(
            (*(one.label for one in looks), *(label for one in recent for label in one[2]))
        )
    )
    if recent:
        head = shown.book.say("aws_changes", count=str(len(recent)), scope=scope, hours=str(hours))
        lines = [head] + [
            f"• {stamp(at)} ({age(now, at)}): {what} {refs(labels)}"
            for at, what, labels in recent[:MAX_CHANGES]
        ]
    else:
        head = shown.book.say("aws_no_changes", scope=scope, hours=str(hours))
        lines = [f"{head} {refs(tuple(one.label for one in looks))}"]
    if hours * 60 > _MAX_MINUTES:
        lines.append(shown.book.say("aws_changes_day"))
    if shown.not_read:
        lines.append(shown.not_read)
    return Verdict(
        status=Status.INCONCLUSIVE if blind and not recent else Status.CONFIRMED,
        summary="\n".join(lines),
        object=str(meant[0]) if len(meant) == 1 else None,
        cause=Cause.UNKNOWN if blind and not recent else Cause.NONE,
        evidence=cited,
        nothing_to_do=not (blind and not recent),
        timeline=tuple(
            TimelinePoint(at=stamp(at), what=what, evidence=labels)
            for at, what, labels in reversed(recent[:MAX_CHANGES])
        ),
    )


def _is_about(write: Write, names: set[str]) -> bool:
    parts = write.subject.split(", ")
    return any(part in names or short_name(part) in names for part in parts)


def _written(telling: Telling, write: Write) -> Change:
    said = telling.book.say(
        "aws_change_call",
        change=quoted(write.what),
        subject=quoted(write.subject or "-"),
        person=quoted(write.by),
    )
    return write.at, said, (write.label,)


def _of(telling: Telling, sight: Sight) -> Iterator[Change]:
    """Yield a resource's own history."""
    name = quoted(sight.resource.name)
    if isinstance(sight, FunctionSight):
        for revision in sight.revisions:
            if revision.at is not None:
                changed = quoted("; ".join(revision.changes[:3]) or "-")
                said = telling.book.say(
                    "aws_change_version", object=name, version=revision.name, change=changed
                )
                yield revision.at, said, (sight.label,)
    elif isinstance(sight, ServiceSight):
        for deployment in sight.deployments:
            if deployment.at is not None:
                said = telling.book.say(
                    "aws_change_deployment", object=name, revision=quoted(deployment.revision)
                )
                yield deployment.at, said, (sight.label,)
        for image in sight.images:
            if image.pushed_at is not None:
                said = telling.book.say("aws_change_image", image=quoted(image.name))
                yield image.pushed_at, said, (sight.label,)
