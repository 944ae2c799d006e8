"""Findings in words: a verdict in the asker's language, every sentence with its labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.spans import stamp
from bot.domain.verdict import (
    Category,
    Cause,
    Hypothesis,
    HypothesisState,
    Status,
    TimelinePoint,
    Verdict,
)
from bot.triage.quoting import quoted
from bot.triage.ranking import explains
from bot.triage.remedies.advising import advised
from bot.triage.rules.rollouts import trigger
from bot.triage.scene import refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.triage.finding import Finding
    from bot.triage.objects import ObjectRef
    from bot.triage.rules.rollouts import Change
    from bot.triage.scene import Scene

MAX_NAMED = 5
MAX_HYPOTHESES = 5
# Weight from which a finding's facts leave no other explanation.
CONFIRMED_FROM = 0.85
# What a rollout just before the onset adds: two facts that know nothing of each other agree.
TRIGGER_ADDS = 0.1


def faults(scene: Scene, found: Sequence[Finding]) -> Verdict:
    """Return the deepest fault with its evidence, and the others by name."""
    first, *others = found
    change = trigger(scene.estate(first.object), first)
    if change is not None and first.cause is Cause.UNKNOWN:
        first = _of_revision(scene, first)
    stopped = [entry for entry in others if explains(first, entry)]
    sentences = _told(scene, first)
    if change is not None:
        sentences.append((_began(scene, change), _cited(scene, change)))
    for entry in stopped[:1]:
        follows = scene.book.say("follows", object=quoted(entry.object.name))
        labels = (entry.words.label,) if entry.words is not None else entry.evidence
        sentences.append((follows, labels))
    rest = [entry for entry in others if entry not in stopped[:1]]
    if rest:
        labels = tuple(dict.fromkeys(label for entry in rest for label in entry.evidence))
        objects = named(entry.object for entry in rest)
        sentences.append((scene.book.say("others", count=str(len(rest)), objects=objects), labels))
    lines = [f"{said} {refs(labels)}" for said, labels in sentences]
    since = change.at if change is not None else first.since
    timeline = _timeline(scene, first, change)
    advice = advised(scene, first, rest, change=change)
    cited = [label for _, labels in sentences for label in labels]
    cited += [label for point in timeline for label in point.evidence]
    return Verdict(
        status=_status(first, change),
        summary="\n".join([*lines, scene.not_read] if scene.not_read else lines),
        object=str(first.object),
        cause=first.cause,
        category=first.category,
        since=stamp(since) if since else None,
        trigger=_began(scene, change) if change else None,
        hypotheses=tuple(_hypothesis(scene, entry) for entry in found[:MAX_HYPOTHESES]),
        timeline=timeline,
        mitigation=advice.relief,
        permanent=advice.cure,
        code_change=advice.code_change,
        evidence=tuple(dict.fromkeys(cited)),
        next_checks=_checks(first, others),
    )


def _of_revision(scene: Scene, found: Finding) -> Finding:
    """Return the fault as the newest revision's, where pods of the one before go on well."""
    before = scene.estate(found.object).revisions_of(found.object)[:-1]
    if not any(one.ready and one.ready >= one.desired for one in before):
        return found
    return replace(found, cause=Cause.BAD_ROLLOUT, category=Category.CHANGE)


def named(objects: Iterable[ObjectRef]) -> str:
    """Return objects by name and kind, the first few of them.

    Only the name is in code: lists show names, and what is in code has to be found in them.
    """
    names = list(dict.fromkeys(f"`{quoted(one.name)}` ({one.kind})" for one in objects))
    more = [f"+{len(names) - MAX_NAMED}"] if len(names) > MAX_NAMED else []
    return ", ".join([*names[:MAX_NAMED], *more])


def _told(scene: Scene, found: Finding) -> list[tuple[str, tuple[str, ...]]]:
    """Return what is said of one fault, sentence by sentence, with the labels of each."""
    told = [(_sentence(scene, found), found.evidence)]
    if found.words is not None:
        phrase = "last_words" if found.values.get("exit_code") else "logged"
        parts = [scene.book.say(phrase, line=quoted(found.words.line))]
        if found.words.phrase:
            subject = quoted(found.words.subject)
            parts.insert(0, scene.book.say(found.words.phrase, subject=subject))
        told.append((" ".join(parts), (found.words.label,)))
    return told


def _status(found: Finding, change: Change | None) -> Status:
    if found.cause is Cause.UNKNOWN:
        return Status.INCONCLUSIVE
    weight = found.weight + (TRIGGER_ADDS if change is not None else 0)
    return Status.CONFIRMED if round(weight, 6) >= CONFIRMED_FROM else Status.LIKELY


def _checks(first: Finding, others: Sequence[Finding]) -> tuple[str, ...]:
    where = f"-n {first.object.namespace}" if first.object.namespace else "-A"
    checks = [first.check, *(entry.check for entry in others[:1])]
    if first.cause is Cause.UNKNOWN:
        checks.insert(1, f"kubectl events {where} --types=Warning")
    return tuple(dict.fromkeys(check for check in checks if check))[:2]


def _sentence(scene: Scene, found: Finding) -> str:
    values = {name: quoted(value) for name, value in found.values.items()}
    return scene.book.say(found.phrase, **{"object": quoted(found.object.name), **values})


def _hypothesis(scene: Scene, found: Finding) -> Hypothesis:
    told = _told(scene, found)
    return Hypothesis(
        statement=" ".join(said for said, _ in told),
        state=HypothesisState.SUPPORTED,
        evidence=tuple(dict.fromkeys(label for _, labels in told for label in labels)),
    )


def _cited(scene: Scene, change: Change) -> tuple[str, ...]:
    ref = change.revision.ref
    return scene.estate(ref).cite("replicasets", namespace=ref.namespace)


def _began(scene: Scene, change: Change) -> str:
    return scene.book.say(
        "began_with",
        revision=str(change.revision.number),
        age=scene.since(change.revision.ref, change.at),
        images=quoted(", ".join(change.revision.images)),
    )


def _timeline(scene: Scene, first: Finding, change: Change | None) -> tuple[TimelinePoint, ...]:
    points = []
    if change is not None:
        points.append((change.at, _began(scene, change), _cited(scene, change)))
    if first.since is not None:
        # The beginning of a fault is read off its pods and what was told of them.
        told = scene.estate(first.object).cite("pods", "events", namespace=first.object.namespace)
        labels = tuple(dict.fromkeys((*first.evidence, *told)))
        points.append((first.since, _sentence(scene, first), labels))
    return tuple(
        TimelinePoint(at=stamp(at), what=what, evidence=cited)
        for at, what, cited in sorted(points, key=lambda point: point[0])
    )
