"""What an alert message lacks, read where the rule is evaluated: labels, annotations, the query.

Slack messages of most senders carry neither the labels nor the rule. The metrics server of the
cluster knows both for as long as the alert is active. Nothing is guessed: an alert that matches
more than one active one keeps only what all of them share.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from bot.domain.alert import Alert, AlertObject, AlertScope, AlertSource
from bot.domain.errors import ToolError, UpstreamError
from bot.domain.evidence import Evidence, EvidenceState, Observation
from bot.domain.spans import stamp
from bot.triage.survey import entered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.agent.session import Session
    from bot.ports.clock import Clock
    from bot.ports.metrics import ActiveAlert, MetricsSources, Rule

log = structlog.get_logger()

# Labels that name an object, and the kind each names; the first that is there is the narrowest.
OBJECT_LABELS = (
    ("pod", "pod"),
    ("deployment", "deployment"),
    ("statefulset", "statefulset"),
    ("daemonset", "daemonset"),
    ("job_name", "job"),
    ("cronjob", "cronjob"),
    ("persistentvolumeclaim", "persistentvolumeclaim"),
    ("horizontalpodautoscaler", "horizontalpodautoscaler"),
    ("node", "node"),
    ("service", "service"),
)
# Labels that say who measured, not what is ill.
_MEASURERS = frozenset({"kube-state-metrics", "prometheus-kube-state-metrics", "node-exporter"})
# Senders whose alerts a Prometheus-compatible server evaluates.
_EVALUATED = frozenset({AlertSource.ALERTMANAGER, AlertSource.GRAFANA, AlertSource.ROBUSTA})
MAX_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The alerts with what was found, and where that stands in the ledger."""

    alerts: tuple[Alert, ...]
    evidence: tuple[Evidence, ...] = ()
    still_active: tuple[str, ...] = ()
    """Names of alerts that the server that evaluates them says are active now."""
    inactive: tuple[str, ...] = ()
    """Names of alerts whose rule that server has, and which are not active now."""


def look_up(
    alerts: Sequence[Alert],
    *,
    clusters: Sequence[str],
    sources: MetricsSources,
    session: Session,
    clock: Clock,
) -> Looked:
    """Return the alerts with the labels, annotations and queries their server tells.

    Raises:
        CancelledByPersonError, LeaseLostError: As the session's `check` says.
    """
    wanted = {alert.name for alert in alerts if alert.source in _EVALUATED}
    if not wanted:
        return Looked(alerts=tuple(alerts))
    found = tuple(alerts)
    evidence: list[Evidence] = []
    active_names: dict[str, None] = {}
    known: dict[str, None] = {}
    for cluster in clusters:
        session.check()
        try:
            reader = sources.reader(cluster)
        except KeyError:
            continue
        began = clock.monotonic()
        try:
            rules = [one for one in reader.rules() if one.is_alert and one.name in wanted]
            active = [one for one in reader.alerts() if _name(one) in wanted]
        except (UpstreamError, ToolError) as error:
            seen = _observation(
                cluster, str(error), EvidenceState.UNREACHABLE, clock=clock, began=began
            )
            evidence.append(entered(session, f"alert-rules-{cluster}", seen))
            continue
        known |= dict.fromkeys(rule.name for rule in rules)
        active_names |= dict.fromkeys(
            _name(one) for one in active if one.state in {"firing", "pending"}
        )
        if not rules and not active:
            continue
        seen = _observation(
            cluster,
            "\n".join([*map(_rule_line, rules), *map(_alert_line, active[:MAX_SHOWN])]),
            EvidenceState.OK,
            clock=clock,
            began=began,
            rows=len(rules) + len(active),
        )
        evidence.append(entered(session, f"alert-rules-{cluster}", seen))
        found = tuple(_completed(alert, rules, active, cluster) for alert in found)
    return Looked(
        alerts=found,
        evidence=tuple(evidence),
        still_active=tuple(active_names),
        inactive=tuple(name for name in known if name not in active_names),
    )


def _completed(
    alert: Alert, rules: Sequence[Rule], active: Sequence[ActiveAlert], cluster: str
) -> Alert:
    """Return the alert with what its rule and the active alerts like it tell."""
    if alert.source not in _EVALUATED:
        return alert
    rule = next((one for one in rules if one.name == alert.name), None)
    if rule is not None and not alert.expression:
        alert = replace(alert, expression=rule.query)
    like = [one for one in active if _name(one) == alert.name and _agrees(alert, one)]
    if not like:
        return alert
    labels = _shared([dict(one.labels) for one in like])
    annotations = _shared([dict(one.annotations) for one in like])
    starts = [one.active_since for one in like if one.active_since is not None]
    return replace(
        alert,
        labels={**labels, **alert.labels},
        annotations={**annotations, **alert.annotations},
        starts_at=alert.starts_at or min(starts, default=None),
        scope=_scope(alert.scope, [dict(one.labels) for one in like], cluster),
        is_partial=False,
    )


def _agrees(alert: Alert, active: ActiveAlert) -> bool:
    """Tell whether no label of the message contradicts the active alert."""
    labels = dict(active.labels)
    told = {name: value for name, value in alert.labels.items() if name in labels}
    namespace = alert.scope.namespace
    if namespace and labels.get("namespace") not in {None, namespace}:
        return False
    return all(labels[name] == value for name, value in told.items())


def _shared(many: Sequence[dict[str, str]]) -> dict[str, str]:
    first, *others = many
    return {
        name: value
        for name, value in first.items()
        if all(other.get(name) == value for other in others)
    }


def _scope(scope: AlertScope, many: Sequence[dict[str, str]], cluster: str) -> AlertScope:
    namespaces = Counter(labels["namespace"] for labels in many if labels.get("namespace"))
    objects = dict.fromkeys((*scope.objects, *(one for labels in many for one in named(labels))))
    shared = next(iter(namespaces)) if len(namespaces) == 1 else None
    return replace(
        scope,
        cluster=scope.cluster or cluster,
        namespace=scope.namespace or shared,
        objects=tuple(objects),
    )


def named(labels: dict[str, str]) -> tuple[AlertObject, ...]:
    """Return the objects that labels name, the narrowest first."""
    return tuple(
        AlertObject(kind=kind, name=labels[label])
        for label, kind in OBJECT_LABELS
        if labels.get(label) and labels[label] not in _MEASURERS
    )


def _name(active: ActiveAlert) -> str:
    return dict(active.labels).get("alertname", "")


def _rule_line(rule: Rule) -> str:
    return f"rule {rule.name} ({rule.state or 'no state'}, for {rule.for_s:g}s): {rule.query}"


def _alert_line(active: ActiveAlert) -> str:
    labels = " ".join(f"{name}={value}" for name, value in active.labels)
    since = stamp(active.active_since)
    return f"active {active.state} since {since} value {active.value}: {labels}"


def _observation(
    cluster: str,
    body: str,
    state: EvidenceState,
    *,
    clock: Clock,
    began: float,
    rows: int | None = None,
) -> Observation:
    return Observation(
        tool="promql",
        source="alert rules",
        query="ALERTS",
        cluster=cluster,
        namespace=None,
        state=state,
        body=body,
        collected_at=clock.now(),
        took_s=clock.monotonic() - began,
        rows=rows,
    )
