"""HEALTHY only where nothing says that an alert goes on: not its server, not its own condition.

That nothing is failing does not mean that an alert is over: what was not measured is not healthy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.alert import AlertSource, AlertStatus
from bot.domain.verdict import Cause, Status
from bot.triage.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alert import Alert
    from bot.domain.verdict import Verdict
    from bot.triage.incident import AlertBrief
    from bot.triage.language.book import Book
    from bot.triage.measured.standing import Standing

# Rules of these families look at the state of objects, which triage looks at as well.
_OF_STATE = ("Kube", "Pod", "Node", "Deployment", "StatefulSet", "DaemonSet", "Job", "CrashLoop")


def unless_active(
    verdict: Verdict,
    brief: AlertBrief,
    standings: Sequence[Standing],
    book: Book,
    *,
    others: str,
    absent: str = "",
) -> Verdict:
    """Return HEALTHY only where nothing says that the alert goes on unseen by the rules.

    Args:
        verdict: What the rules say of objects; only HEALTHY is weighed here.
        brief: The incident.
        standings: What evaluating the alerts' own rules says.
        book: The language.
        others: Objects nearby that are failing, in words.
        absent: What the alerts name and is not there, in words.
    """
    if verdict.status is not Status.HEALTHY:
        return verdict
    verdict = _with(verdict, [one for one in standings if one.goes_on or one.is_over], book)
    reason = _reason(brief, standings, others=others, absent=absent)
    if not reason:
        return verdict
    return replace(
        verdict,
        status=Status.INCONCLUSIVE,
        cause=Cause.UNKNOWN,
        nothing_to_do=False,
        caveats=(*verdict.caveats, f"Its objects look well, but {reason}: not called healthy."),
        next_checks=verdict.next_checks or next_checks(brief),
    )


def next_checks(brief: AlertBrief) -> tuple[str, ...]:
    """Return what would decide whether the incident's first alert goes on."""
    first = brief.alerts[0]
    where = f" -n {first.scope.namespace}" if first.scope.namespace else " -A"
    if first.source is AlertSource.PERSON:
        return (f"kubectl get pods,services{where}", f"kubectl get events{where}")
    query = first.expression or f'ALERTS{{alertname="{first.name}"}}'
    return (query, f"kubectl get events{where}")


def _reason(brief: AlertBrief, standings: Sequence[Standing], *, others: str, absent: str) -> str:
    """Return why it is not healthy; empty where nothing speaks against that."""
    known = {id(one.alert): one for one in standings}
    told = [(alert, known.get(id(alert))) for alert in brief.alerts]
    active = [alert.name for alert, _ in told if alert.name in brief.still_active]
    holding = [alert.name for alert, one in told if one is not None and one.goes_on]
    over = all(_is_over(alert, one, brief) for alert, one in told)
    judged = all(_is_over(alert, one, brief) or _is_of_state(alert, one) for alert, one in told)
    elsewhere = [
        alert.scope.cluster
        for alert in brief.alerts
        if brief.is_guess and alert.scope.cluster not in {None, *brief.scope.clusters}
    ]
    if elsewhere:
        return f"no cluster that is known is called `{quoted(elsewhere[0] or '')}`"
    if absent:
        return f"{absent} is not there"
    if active:
        return f"the rule of {', '.join(dict.fromkeys(active))} is still active"
    if holding:
        return f"the condition of {', '.join(dict.fromkeys(holding))} still holds"
    if not judged:
        return "what the alert measures was not measured here"
    return f"{others} there is failing" if others and not over else ""


def _is_over(alert: Alert, standing: Standing | None, brief: AlertBrief) -> bool:
    return (
        alert.status is AlertStatus.RESOLVED
        or alert.name in brief.inactive
        or (standing is not None and standing.is_over)
    )


def _is_of_state(alert: Alert, standing: Standing | None) -> bool:
    """Tell whether what the alert measures is what its objects say of themselves."""
    if standing is not None and standing.is_evaluated:
        return standing.repeats_objects
    return alert.source is AlertSource.PERSON or alert.name.startswith(_OF_STATE)


def _with(verdict: Verdict, told: Sequence[Standing], book: Book) -> Verdict:
    """Return the verdict with what its alerts' conditions do, each said once."""
    lines = dict.fromkeys(one.said(book) for one in told)
    labels = (label for one in told for label in one.labels)
    return replace(
        verdict,
        summary="\n".join([verdict.summary, *lines]),
        evidence=tuple(dict.fromkeys((*verdict.evidence, *labels))),
    )
