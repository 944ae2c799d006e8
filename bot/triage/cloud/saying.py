"""Sentences of the answers to questions: alarms, errors, what could not be seen or told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.spans import age, stamp
from bot.triage.cloud import telling
from bot.triage.cloud.alarms import beyond
from bot.triage.cloud.locating import MAX_PLACES
from bot.triage.cloud.sight import AlarmSight, FunctionSight, ServiceSight
from bot.triage.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.verdict import Verdict
    from bot.ports.cloud import CloudPlace
    from bot.triage.cloud.looking import Seen
    from bot.triage.cloud.telling import Line, Telling

# Errors told one by one; the evidence has all of them.
MAX_ERRORS = 5
# Names given as examples of what there is.
MAX_NAMES = 6


def which(told: Telling, places: Sequence[CloudPlace]) -> str:
    """Return the request to name one of several places."""
    names = ", ".join(place.title for place in places[: 2 * MAX_PLACES])
    return told.book.say("aws_which", count=str(len(places)), scope=names)


def first_names(names: Sequence[str]) -> str:
    """Return some names of what there is."""
    return ", ".join(f"`{quoted(name)}`" for name in names[:MAX_NAMES]) or "-"


def unseen(told: Telling, seen: Seen) -> Verdict:
    """Return that nothing of what was asked about is there or could be read, and why."""
    lines: list[Line] = []
    for resource, main in seen.unseen:
        body = main.evidence.observation.body
        phrase = "aws_gone" if main.answered else "aws_blind"
        values = {"scope": resource.place.title, "reason": quoted(body)}
        if main.answered:
            values["object"] = quoted(resource.name)
        lines.append((told.book.say(phrase, **values), (main.label,)))
    target = seen.asked[0] if len(seen.asked) == 1 else None
    return telling.open_(told, lines, "nightdesk doctor", target=target)


def alarm_lines(told: Telling, alarm: AlarmSight) -> list[Line]:
    """Return whether an alarm is borne out by its metric."""
    values = {
        "object": quoted(alarm.resource.name),
        "at": stamp(alarm.changed_at),
        "age": age(alarm.at, alarm.changed_at),
    }
    if alarm.children:
        said = told.book.say("aws_alarm_composite", count=str(len(alarm.children)), **values)
    elif alarm.state == "OK":
        said = told.book.say("aws_alarm_ok", **values)
    elif not alarm.points:
        said = told.book.say("aws_alarm_blind", metric=quoted(alarm.metric), **values)
    else:
        phrase = "aws_alarm_real" if is_beyond(alarm) else "aws_alarm_stale"
        said = told.book.say(
            phrase,
            metric=quoted(alarm.metric),
            last=f"{alarm.points[-1][1]:g}",
            threshold=f"{alarm.threshold:g}" if alarm.threshold is not None else "?",
            **values,
        )
    return [(said, (alarm.label,))]


def is_beyond(alarm: AlarmSight) -> bool:
    """Tell whether the newest point of its metric crosses its threshold."""
    return bool(alarm.points) and beyond(alarm, alarm.points[-1][1]) is True


def alarm_check(alarm: AlarmSight) -> str:
    """Return the command that shows when it changed."""
    return (
        f"aws cloudwatch describe-alarm-history --alarm-name {alarm.resource.name}"
        f" --region {alarm.resource.place.region}"
    )


def error_lines(told: Telling, seen: Seen) -> list[Line]:
    """Return the newest error lines of what was asked about."""
    lines: list[Line] = []
    keys = {one.key for one in seen.asked}
    for sight in seen.sights:
        if not isinstance(sight, FunctionSight | ServiceSight) or sight.resource.key not in keys:
            continue
        name = quoted(sight.resource.name)
        if not sight.errors.read:
            continue
        heads = [line for line in sight.errors.lines if not line.continues]
        if not heads:
            lines.append((told.book.say("aws_no_errors", object=name), (sight.errors.label,)))
            continue
        shown = "\n".join(
            f"• {stamp(line.at)} `{quoted(line.text)}`" for line in heads[-MAX_ERRORS:][::-1]
        )
        said = told.book.say("aws_errors", object=name, count=str(len(heads)))
        lines.append((f"{said}\n{shown}", (sight.errors.label,)))
    return lines


def healthy_lines(told: Telling, seen: Seen, *, whole: bool) -> list[Line]:
    """Return that each resource is well, or that no fault of it was seen."""
    phrase = "aws_healthy" if whole else "aws_nothing_seen"
    return [
        (told.book.say(phrase, object=quoted(one.resource.name)), (one.label,))
        for one in seen.sights
        if not isinstance(one, AlarmSight)
    ]
