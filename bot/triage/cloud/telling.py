"""Findings about clouds in words: a verdict in the asker's language, every sentence with labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.domain.spans import stamp
from bot.domain.verdict import (
    Cause,
    Hypothesis,
    HypothesisState,
    Status,
    Step,
    TimelinePoint,
    Verdict,
)
from bot.triage.cloud.collecting import Taken
from bot.triage.cloud.ranking import sureness
from bot.triage.language.book import Book
from bot.triage.quoting import quoted
from bot.triage.scene import refs

if TYPE_CHECKING:
    from bot.triage.cloud.finding import Advice, CloudFinding, Statement
    from bot.triage.cloud.resource import Resource

# Sureness from which a finding's facts leave no other explanation.
CONFIRMED_FROM = 0.85
MAX_HYPOTHESES = 5
_MAX_NAMED = 5
_GAPS = {
    EvidenceState.DENIED: "gap_denied",
    EvidenceState.UNREACHABLE: "gap_unreachable",
    EvidenceState.TRUNCATED: "gap_truncated",
}

Line = tuple[str, tuple[str, ...]]
"""A sentence and its labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a verdict has to know besides findings: the language, and what was read."""

    book: Book
    taken: Sequence[Taken]

    @property
    def not_read(self) -> str:
        """What could not be read whole, in a sentence; empty when all was."""
        told = []
        for state, phrase in _GAPS.items():
            sources = dict.fromkeys(
                f"{seen.source} ({seen.cluster})"
                for one in self.taken
                if (seen := one.evidence.observation).state is state
            )
            if sources:
                told.append(self.book.say(phrase, sources=", ".join(sources)))
        return self.book.say("not_read", gaps="; ".join(told)) if told else ""

    @property
    def blind(self) -> tuple[str, ...]:
        """Labels of what gave no answer."""
        return tuple(one.label for one in self.taken if not one.answered)

    def line(self, statement: Statement) -> Line:
        """Return one sentence, what fills it made harmless."""
        values = {name: quoted(value) for name, value in statement.values.items()}
        return self.book.say(statement.phrase, **values), statement.evidence


def faults(telling: Telling, found: Sequence[CloudFinding], before: Sequence[Line] = ()) -> Verdict:
    """Return the deepest fault with its evidence, and the others by name."""
    first, *others = found
    lines = [*before, telling.line(first.statement)]
    lines += [telling.line(one) for one in first.more]
    if first.trigger is not None:
        lines.append(telling.line(first.trigger.statement))
    lines += [telling.line(one) for one in first.ruled_out]
    rest = [one for one in others if one.resource.key != first.resource.key or not one.over]
    if rest:
        lines.append(_others(telling, rest))
    return Verdict(
        status=_status(first),
        summary=_summary(telling, lines),
        object=str(first.resource),
        cause=first.cause,
        category=first.category,
        since=stamp(first.since) if first.since else None,
        trigger=telling.line(first.trigger.statement)[0] if first.trigger else None,
        hypotheses=_hypotheses(telling, found),
        timeline=_timeline(telling, first),
        mitigation=tuple(_step(telling, one) for one in first.relief),
        permanent=tuple(_step(telling, one) for one in first.cure),
        code_change=_code_change(telling, first),
        evidence=_labels(lines),
        next_checks=_checks(found),
    )


def recovered(
    telling: Telling, found: Sequence[CloudFinding], before: Sequence[Line] = ()
) -> Verdict:
    """Return that it is over, and what it was."""
    first = found[0]
    said = telling.book.say("aws_recovered", object=quoted(first.resource.name))
    lines = [*before, (said, first.statement.evidence), telling.line(first.statement)]
    if first.trigger is not None:
        lines.append(telling.line(first.trigger.statement))
    return Verdict(
        status=Status.HEALTHY,
        summary=_summary(telling, lines),
        object=str(first.resource),
        cause=Cause.NONE,
        since=stamp(first.since) if first.since else None,
        hypotheses=_hypotheses(telling, found),
        timeline=_timeline(telling, first),
        evidence=_labels(lines),
        nothing_to_do=True,
        next_checks=_checks(found),
    )


def healthy(
    telling: Telling, lines: Sequence[Line], target: Resource | None, *, whole: bool
) -> Verdict:
    """Return that nothing is wrong, as far as could be seen."""
    return Verdict(
        status=Status.HEALTHY if whole else Status.INCONCLUSIVE,
        summary=_summary(telling, lines),
        object=str(target) if target is not None else None,
        cause=Cause.NONE if whole else Cause.UNKNOWN,
        evidence=_labels(lines),
        nothing_to_do=whole,
        next_checks=() if whole else ("nightdesk doctor",),
    )


def open_(
    telling: Telling, lines: Sequence[Line], *checks: str, target: Resource | None = None
) -> Verdict:
    """Return that it cannot be told, and why."""
    return Verdict(
        status=Status.INCONCLUSIVE,
        summary=_summary(telling, lines),
        object=str(target) if target is not None else None,
        cause=Cause.UNKNOWN,
        evidence=_labels(lines),
        next_checks=checks[:2],
    )


def _summary(telling: Telling, lines: Sequence[Line]) -> str:
    told = [f"{said} {refs(labels)}".rstrip() for said, labels in lines]
    return "\n".join([*told, telling.not_read] if telling.not_read else told)


def _labels(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for _, labels in lines for label in labels))


def _status(found: CloudFinding) -> Status:
    if found.cause is Cause.UNKNOWN:
        return Status.INCONCLUSIVE
    return Status.CONFIRMED if round(sureness(found), 6) >= CONFIRMED_FROM else Status.LIKELY


def _others(telling: Telling, rest: Sequence[CloudFinding]) -> Line:
    names = list(dict.fromkeys(f"`{quoted(one.resource.name)}` ({one.cause})" for one in rest))
    more = [f"+{len(names) - _MAX_NAMED}"] if len(names) > _MAX_NAMED else []
    labels = tuple(dict.fromkeys(label for one in rest for label in one.statement.evidence))
    objects = ", ".join([*names[:_MAX_NAMED], *more])
    return telling.book.say("others", count=str(len(names)), objects=objects), labels


def _hypotheses(telling: Telling, found: Sequence[CloudFinding]) -> tuple[Hypothesis, ...]:
    told = [
        Hypothesis(
            statement=telling.line(one.statement)[0],
            state=HypothesisState.OPEN if one.symptom else HypothesisState.SUPPORTED,
            evidence=one.statement.evidence,
        )
        for one in found[:MAX_HYPOTHESES]
    ]
    told += [
        Hypothesis(
            statement=telling.line(one)[0], state=HypothesisState.RULED_OUT, evidence=one.evidence
        )
        for one in found[0].ruled_out
    ]
    return tuple(told)


def _timeline(telling: Telling, first: CloudFinding) -> tuple[TimelinePoint, ...]:
    points = []
    if first.trigger is not None:
        said, labels = telling.line(first.trigger.statement)
        points.append((first.trigger.at, said, labels))
    if first.since is not None:
        said, labels = telling.line(first.statement)
        points.append((first.since, said, labels))
    return tuple(
        TimelinePoint(at=stamp(at), what=said, evidence=labels)
        for at, said, labels in sorted(points, key=lambda point: point[0])
    )


def _step(telling: Telling, advice: Advice) -> Step:
    values = {name: quoted(value) for name, value in advice.values.items()}
    return Step(
        action=telling.book.step(advice.action, **values),
        check=advice.check,
        risk=telling.book.step(advice.risk, **values),
        undo=telling.book.step(advice.undo, **values),
        operation=advice.operation,
        parameters=dict(advice.parameters),
        from_text=advice.from_text,
    )


def _code_change(telling: Telling, first: CloudFinding) -> str | None:
    """Return what the code shall do instead, for who mends it."""
    if first.blame is None or first.category.value != "application":
        return None
    phrase = "aws_code_null" if first.blame.is_null else "aws_code"
    values = {
        "object": quoted(first.resource.name),
        "place": quoted(first.blame.where or "?"),
        "line": quoted(f"{first.blame.error}: {first.blame.message}"),
    }
    return telling.book.step(phrase, **values)


def _checks(found: Sequence[CloudFinding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.check for one in found if one.check))[:2]
