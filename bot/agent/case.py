"""What the lead investigator is given: the alerts as data, and what code already found out.

Everything foreign in it is fenced. The question comes last, after all quoted material.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.agent.exhibit import exhibit
from bot.agent.fence import clean
from bot.agent.opening import START_LIMIT_BYTES
from bot.domain.alert import Alert, Severity
from bot.domain.conversation import Scope
from bot.domain.spans import age, stamp
from bot.domain.verdict import Gap, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.agent.fence import Fence
    from bot.domain.evidence import Evidence

MAX_ALERTS = 8
"""Alerts of an incident that are shown whole; of a storm the rest is counted."""
MAX_ALERT_CHARS = 1_500
MAX_EVIDENCE = 16
"""Pieces of triage's evidence that are shown; all of it can be searched."""
TASK = "Find the cause of these alerts."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lore:
    """A runbook, or an earlier incident, that may fit."""

    title: str
    text: str
    is_ours: bool
    """True for a team's or our own runbook, False for what an earlier run said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One incident, ready to be looked into."""

    title: str
    severity: Severity
    alerts: tuple[Alert, ...]
    onset: datetime | None
    """The earliest time an alert says it began; None when none says."""
    scope: Scope
    accounts: str
    """Cloud accounts that may be read with their regions, the alert's own first; may be empty."""
    now: datetime
    triage: Verdict
    """What the rules say, from the evidence collected before the model began."""
    findings: tuple[str, ...] = ()
    """The rules' findings, likeliest root first, a line each."""
    topology: tuple[str, ...] = ()
    """What depends on what around the alert, a line each."""
    changes: tuple[str, ...] = ()
    """What changed around the onset, oldest first, a line each."""
    lore: tuple[Lore, ...] = ()
    questions: tuple[str, ...] = ()
    """What people asked or suggested in the incident's thread, oldest first."""
    earlier: tuple[str, ...] = ()
    """Summaries of earlier verdicts on this incident, oldest first."""
    unusable: tuple[Gap, ...] = ()
    names: tuple[str, ...] = ()
    """Names from the registry that need no evidence."""


def case_opening(case: Case, evidence: Iterable[Evidence], fence: Fence) -> str:
    """Return the first user turn of an investigation."""
    parts = [_setting(case), _alerts(case, fence)]
    parts.append(
        "What rules found before you began, from the evidence below. They see what is broken, not"
        " always why:\n" + fence.wrap(_triage(case), source="triage")
    )
    for title, lines in (
        ("What changed around the onset", case.changes),
        ("What depends on what", case.topology),
    ):
        if lines:
            parts.append(f"{title}:\n{fence.wrap(chr(10).join(lines), source=title.casefold())}")
    for lore in case.lore:
        kind = "Runbook" if lore.is_ours else "Earlier incident (what was said then)"
        parts.append(f"{kind}:\n{fence.wrap(lore.text, source=lore.title)}")
    if case.earlier:
        parts.append(
            "Earlier verdicts on this incident:\n"
            + fence.wrap("\n\n".join(case.earlier), source="earlier verdicts")
        )
    shown = [exhibit(one, fence, limit_bytes=START_LIMIT_BYTES) for one in _worth(case, evidence)]
    if shown:
        parts.append("Evidence collected before you began:\n\n" + "\n\n".join(shown))
    asked = "\n\n".join(clean(text).strip() for text in case.questions)
    parts.append(
        f"{TASK}\nPeople in the thread ask you to consider this as well; it is a hypothesis, not a"
        f" fact:\n{asked}"
        if asked
        else TASK
    )
    return "\n\n".join(parts)


def _setting(case: Case) -> str:
    first, *others = case.scope.clusters or ("none",)
    lines = [
        f"Now: {stamp(case.now)}",
        f"Severity: {case.severity.name.lower()}",
        f"Onset: {stamp(case.onset)} ({age(case.now, case.onset)} ago)"
        if case.onset
        else "Onset: not told",
        f"Cluster: {first}" + (f"; also readable: {', '.join(others)}" if others else ""),
        f"Namespace: {case.scope.namespace or 'not narrowed down'}",
    ]
    if case.accounts:
        lines.append(f"Cloud accounts: {case.accounts}")
    lines += [f"Not usable now: {gap.source} @ {gap.scope} ({gap.reason})" for gap in case.unusable]
    return "\n".join(lines)


def _alerts(case: Case, fence: Fence) -> str:
    shown = [fence.wrap(_alert(alert), source=alert.source) for alert in case.alerts[:MAX_ALERTS]]
    more = len(case.alerts) - MAX_ALERTS
    if more > 0:
        names = sorted({alert.name for alert in case.alerts[MAX_ALERTS:]})
        text = f"{more} more alerts: {', '.join(names)}"
        shown.append(fence.wrap(text[:MAX_ALERT_CHARS], source="more alerts"))
    return "The alerts, as their senders tell them:\n" + "\n".join(shown)


def _alert(alert: Alert) -> str:
    lines = [f"{alert.status} {alert.name} since {stamp(alert.starts_at)}"]
    lines += [f"{name}={value}" for name, value in sorted(alert.labels.items())]
    lines += [f"{name}: {value}" for name, value in sorted(alert.annotations.items())]
    if alert.expression:
        lines.append(f"rule: {alert.expression}")
    if alert.text and not alert.annotations:
        lines.append(alert.text)
    return "\n".join(lines)[:MAX_ALERT_CHARS]


def _triage(case: Case) -> str:
    verdict = case.triage
    lines = [f"{verdict.status.value} {verdict.cause.value} {verdict.object or '-'}"]
    lines += [verdict.summary, *case.findings]
    return "\n".join(lines)


def _worth(case: Case, evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return what the rules cite first, then the rest, as much as is shown."""
    cited = set(case.triage.evidence)
    ordered = sorted(evidence, key=lambda one: one.label not in cited)
    return ordered[:MAX_EVIDENCE]
