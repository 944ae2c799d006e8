"""Whether an alarm is real: rule, condition, history and the cluster itself, weighed in the open.

HEALTHY needs a condition that was evaluated on data and does not hold; CONFIRMED one that does.
Everything else is INCONCLUSIVE and says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.domain.registry import Access
from bot.domain.spans import age, stamp
from bot.domain.verdict import Cause, Status, TimelinePoint, Verdict
from bot.tools.promql.durations import spelled
from bot.triage.language.book import Book
from bot.triage.measures.alarm import fired, watched
from bot.triage.measures.evaluating import BLIND, Evaluated, Holds, evaluate, in_words
from bot.triage.measures.figures import moment
from bot.triage.measures.meter import Look, Meter
from bot.triage.objects import ObjectRef
from bot.triage.quoting import quoted
from bot.triage.scene import Scene, refs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.triage.measures.alarm import Alarm, Rules
    from bot.triage.measures.condition import Span

DEFAULT_MINUTES = 6 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAsked:
    """One question about an alarm on one cluster."""

    book: Book
    meter: Meter
    words: tuple[str, ...]
    """Words of the question that could be a name."""
    access: Access
    at: datetime
    minutes: int
    scene: Scene | None
    """The cluster as it was seen; None when it could not be."""
    judged: Callable[[tuple[ObjectRef, ...]], Verdict]
    """What the rules say of objects."""
    targets: tuple[ObjectRef, ...]
    """Objects the question names."""


def alarm_verdict(asked: AlarmAsked, rules: Rules) -> Verdict:
    """Return whether the alarm the question names is real, or that it names none."""
    if rules.named is None:
        return _unnamed(asked, rules)
    alarm = rules.named
    evaluated = evaluate(asked.meter, alarm.rule, at=asked.at, minutes=asked.minutes)
    lines = [f"{_state(asked, alarm)} {refs(rules.look.labels)}"]
    lines.append(f"{in_words(asked.book, evaluated)} {refs(evaluated.look.labels)}")
    past, fires = fired(asked.meter, alarm, evaluated.condition, _namespace(asked, alarm))
    lines.append(f"{_past(asked.book, alarm, past, fires)} {refs(past.labels)}")
    objects = watched(alarm, asked.scene.estates if asked.scene is not None else ())
    cited = (*rules.look.labels, *evaluated.look.labels, *past.labels)
    verdict = Verdict(
        status=Status.INCONCLUSIVE,
        summary="\n".join(lines),
        object=str(objects[0]) if len(objects) == 1 else None,
        cause=Cause.NONE if evaluated.holds is Holds.NO else Cause.UNKNOWN,
        since=stamp(alarm.since) if alarm.since else None,
        timeline=_timeline(asked.book, alarm, evaluated),
        evidence=cited,
        next_checks=("nightdesk doctor", f"promql ALERTS{{alertname={alarm.rule.name!r}}}"),
    )
    return _with_objects(asked, verdict, alarm, evaluated, objects or asked.targets)


def _state(asked: AlarmAsked, alarm: Alarm) -> str:
    book, rule = asked.book, alarm.rule
    values = {"alarm": quoted(rule.name), "cluster": asked.meter.cluster}
    if alarm.active and alarm.since is not None:
        said = book.say(
            f"alarm_{alarm.state}",
            **values,
            at=stamp(alarm.since),
            age=age(asked.at, alarm.since),
            count=str(len(alarm.active)),
        )
    else:
        said = book.say("alarm_elsewhere" if alarm.hidden else "alarm_inactive", **values)
    expression = book.say("alarm_rule", expression=quoted(rule.query), length=spelled(rule.for_s))
    broken = rule.health not in {"", "ok", "unknown"}
    return " ".join([said, expression, *([book.say("alarm_broken")] if broken else [])])


def _past(book: Book, alarm: Alarm, look: Look, fires: Sequence[Span]) -> str:
    is_missing = look.state is EvidenceState.EMPTY and not alarm.is_recorded
    if look.state in BLIND or is_missing:
        return book.say("fired_unknown", reason=look.reason)
    if alarm.is_recorded:
        if not fires:
            return book.say("fired_never")
        return book.say("fired", count=str(len(fires)), at=moment(fires[-1][0]))
    return book.say("held_in_week", count=str(len(fires)))


def _namespace(asked: AlarmAsked, alarm: Alarm) -> str | None:
    """Return the namespace whose history the asker may read; None for all of them."""
    if asked.access.may_read(asked.meter.cluster, None):
        return None
    names = [dict(one.labels).get("namespace") for one in alarm.active]
    names += [ref.namespace for ref in asked.targets]
    surveys = asked.scene.surveys if asked.scene is not None else ()
    names += [name for survey in surveys for name in survey.namespaces]
    return next((name for name in names if name), None)


def _with_objects(
    asked: AlarmAsked,
    verdict: Verdict,
    alarm: Alarm,
    evaluated: Evaluated,
    objects: tuple[ObjectRef, ...],
) -> Verdict:
    """Return the verdict, weighed with what the cluster itself says of what the alarm is about."""
    judged = None
    about = f"{asked.book.say('objects_none')} {refs(verdict.evidence[:1])}"
    if asked.scene is None:
        about = asked.book.say("objects_unseen")
    elif objects or evaluated.is_mirrored:
        judged = asked.judged(objects)
        said = asked.book.say("objects_ill" if _is_ill(judged) else "objects_well")
        about = f"{said} {judged.summary}"
    status, head = _weighed(asked, alarm, evaluated, judged)
    conclusion = f"{asked.book.say(head)} {refs(verdict.evidence)}"
    whole = replace(
        judged or verdict,
        status=status,
        summary=f"{conclusion}\n{verdict.summary}\n{about}",
        object=(judged.object if judged else None) or verdict.object,
        since=verdict.since or (judged.since if judged else None),
        cause=judged.cause if judged and _is_ill(judged) else verdict.cause,
        timeline=_in_order(verdict, judged),
        evidence=tuple(dict.fromkeys((*verdict.evidence, *(judged.evidence if judged else ())))),
        next_checks=(judged.next_checks if judged else ()) or verdict.next_checks,
    )
    if status is not Status.HEALTHY:
        return replace(whole, nothing_to_do=False)
    return replace(whole, cause=Cause.NONE, nothing_to_do=True, next_checks=())


def _weighed(
    asked: AlarmAsked, alarm: Alarm, evaluated: Evaluated, judged: Verdict | None
) -> tuple[Status, str]:
    """Return how sure the answer is, and the key of the sentence that says it."""
    is_ill = judged is not None and _is_ill(judged)
    is_well = judged is None or judged.status is Status.HEALTHY
    holds = evaluated.holds
    if holds is Holds.YES or (alarm.active and is_ill):
        return Status.CONFIRMED, "real_yes"
    if alarm.active or alarm.hidden:
        return Status.INCONCLUSIVE, "real_unclear"
    if is_ill:
        return Status.INCONCLUSIVE, "real_no_but_ill"
    is_mirrored = evaluated.is_mirrored and judged is not None
    if (holds is Holds.NO or is_mirrored) and is_well and asked.scene is not None:
        return Status.HEALTHY, "real_no"
    return Status.INCONCLUSIVE, "real_unclear"


def _is_ill(judged: Verdict) -> bool:
    return judged.cause is not Cause.NONE


def _in_order(verdict: Verdict, judged: Verdict | None) -> tuple[TimelinePoint, ...]:
    points = (*verdict.timeline, *(judged.timeline if judged is not None else ()))
    return tuple(sorted(points, key=lambda point: point.at))


def _timeline(book: Book, alarm: Alarm, evaluated: Evaluated) -> tuple[TimelinePoint, ...]:
    if not evaluated.spans:
        return ()
    start_s, end_s = evaluated.spans[-1]
    name = quoted(alarm.rule.name)
    points = [
        TimelinePoint(
            at=moment(start_s), what=book.say("began", alarm=name), evidence=evaluated.look.labels
        )
    ]
    if evaluated.holds is Holds.NO:
        points.append(
            TimelinePoint(
                at=moment(end_s), what=book.say("ended", alarm=name), evidence=evaluated.look.labels
            )
        )
    return tuple(points)


def _unnamed(asked: AlarmAsked, rules: Rules) -> Verdict:
    """Return which alarms there are: the question names none of them."""
    book, look = asked.book, rules.look
    if look.state in BLIND:
        said = book.say("rules_unread", cluster=asked.meter.cluster, reason=look.reason)
    elif not rules.names:
        said = book.say("rules_none", cluster=asked.meter.cluster)
    else:
        said = book.say("alarm_unknown", cluster=asked.meter.cluster)
        if closest := rules.closest(asked.words):
            said += f" {book.say('closest', name=quoted(closest))}"
        firing = ", ".join(f"`{quoted(name)}`" for name in rules.firing[:10])
        said += (
            f" {book.say('alarms_firing', names=firing) if firing else book.say('alarms_quiet')}"
        )
    return Verdict(
        status=Status.INCONCLUSIVE,
        summary=f"{said} {refs(look.labels)}",
        cause=Cause.UNKNOWN,
        evidence=look.labels,
        next_checks=("nightdesk doctor", "promql ALERTS"),
    )
