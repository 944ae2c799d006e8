"""Verdicts where there is nothing to judge: no such name, no answer, no right, no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Cause, Status, Verdict
from bot.triage.intent import resembling
from bot.triage.quoting import plain_line, quoted
from bot.triage.scene import place, refs
from bot.triage.telling import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.evidence import Evidence
    from bot.triage.brief import TriageBrief
    from bot.triage.finding import Finding
    from bot.triage.language.book import Book
    from bot.triage.scene import Scene


def cannot(book: Book) -> Verdict:
    """Return what rules can answer, for a question they cannot."""
    return _open(book.say("cannot"), "kubectl get pods -A", "kubectl events -A --types=Warning")


def blind(book: Book, *, clusters: Sequence[str], unread: Sequence[Evidence]) -> Verdict:
    """Return that nothing could be seen, and why."""
    told: dict[str, tuple[str, str, str]] = {}
    for entry in unread:
        seen = entry.observation
        where = place(book, seen.cluster, seen.namespace)
        told.setdefault(seen.cluster, (where, seen.body, entry.label))
    summary = "\n".join(
        f"{book.say('blind', scope=where, reason=quoted(body))} {refs((label,))}"
        for where, body, label in told.values()
    )
    return _open(
        summary,
        "nightdesk doctor",
        f"kubectl auth can-i list pods --context={clusters[0]}",
        evidence=tuple(label for _, _, label in told.values()),
    )


def no_namespace(
    book: Book,
    name: str,
    *,
    clusters: Sequence[str],
    known: Sequence[str],
    cited: tuple[str, ...],
) -> Verdict:
    """Return that there is no such namespace, and which is closest."""
    said = book.say("absent_namespace", name=quoted(name), cluster=", ".join(clusters))
    return _open(
        f"{_with_closest(book, said, name, known)} {refs(cited)}",
        "kubectl get namespaces",
        "kubectl get pods -A",
        evidence=cited,
    )


def nobody(
    scene: Scene,
    name: str,
    *,
    known: Sequence[str],
    cited: tuple[str, ...],
    found: Sequence[Finding],
) -> Verdict:
    """Return that nothing has that name, which name is closest, and what is failing there."""
    said = scene.book.say("absent", name=quoted(name), scope=scene.place)
    labels = (*cited, *scene.cite("pods", "deployments", "statefulsets", "daemonsets"))
    lines = [f"{_with_closest(scene.book, said, name, known)} {refs(labels)}"]
    if found:
        there = tuple(dict.fromkeys(label for entry in found for label in entry.evidence))
        objects = named(entry.object for entry in found)
        lines.append(f"{scene.book.say('failing_there', objects=objects)} {refs(there)}")
        labels = (*labels, *there)
    if scene.not_read:
        lines.append(scene.not_read)
    return _open(
        "\n".join(lines),
        "kubectl get pods -A",
        "kubectl get namespaces",
        evidence=tuple(dict.fromkeys(labels)),
    )


def refused(book: Book, brief: TriageBrief, wanted: Sequence[Sequence[str]]) -> Verdict:
    """Return that the asker may not read this here, and what they may read."""
    clusters = brief.scope.clusters[: len(wanted)]
    granted = sorted({one for name in clusters for one in brief.access.namespaces(name)})
    scope = ", ".join(
        place(book, cluster, *names) for cluster, names in zip(clusters, wanted, strict=True)
    )
    summary = book.say("refused", scope=scope, granted=", ".join(granted) or "-")
    return _open(summary, *(f"kubectl get pods -n {one}" for one in granted if one.isalnum()))


def _with_closest(book: Book, said: str, name: str, known: Sequence[str]) -> str:
    closest = resembling(name, known)
    return f"{said} {book.say('closest', name=quoted(closest))}" if closest else said


def _open(summary: str, *checks: str, evidence: tuple[str, ...] = ()) -> Verdict:
    return Verdict(
        status=Status.INCONCLUSIVE,
        summary=summary,
        cause=Cause.UNKNOWN,
        next_checks=tuple(plain_line(check) for check in checks[:2]),
        evidence=evidence,
    )
