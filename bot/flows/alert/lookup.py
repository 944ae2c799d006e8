"""What an alert message lacks, read where alerts are routed and where their rules are evaluated.

Slack messages of most senders carry neither the labels nor the rule. A cluster's Alertmanager knows
the labels, and who silenced the alert, for as long as it fires; its metrics server knows the rule
too. Which of their alerts is meant is `completion`'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.agent.session import Session
from bot.domain.alert import Alert, AlertSource
from bot.domain.errors import ToolError, UpstreamError
from bot.domain.evidence import Evidence
from bot.domain.registry import Access
from bot.flows.alert.completion import ActiveOne, completed, meant
from bot.flows.alert.sight import MAX_SHOWN, Sight
from bot.ports.clock import Clock
from bot.ports.metrics import Rule
from bot.triage.quoting import plain_line, quoted
from bot.triage.survey import entered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.evidence import Observation
    from bot.ports.alert_state import AlertStates, KnownAlert
    from bot.ports.metrics import ActiveAlert, MetricsSources

# Senders whose alerts a Prometheus-compatible server evaluates.
_EVALUATED = frozenset({AlertSource.ALERTMANAGER, AlertSource.GRAFANA, AlertSource.ROBUSTA})
MAX_NAMES = 10
"""Names an Alertmanager is asked for, one call each; of a storm the first."""
MAX_SILENCES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The alerts with what was found, and where that stands in the ledger."""

    alerts: tuple[Alert, ...]
    evidence: tuple[Evidence, ...] = ()
    still_active: tuple[str, ...] = ()
    """Names of alerts that a server of theirs says are active now."""
    inactive: tuple[str, ...] = ()
    """Names of alerts whose rule is known where it is evaluated, and which are active nowhere."""
    silenced: tuple[str, ...] = ()
    """Names of alerts that Alertmanager keeps quiet about, some or all of those meant."""
    caveats: tuple[str, ...] = ()
    """A sentence for each of these: by which silence, or behind which alert."""


def look_up(
    alerts: Sequence[Alert],
    *,
    clusters: Sequence[str],
    states: AlertStates,
    sources: MetricsSources,
    access: Access,
    session: Session,
    clock: Clock,
) -> Looked:
    """Return the alerts with the labels, annotations and queries their servers tell.

    Labels are Alertmanager's where it holds the alert, else Prometheus's.

    Raises:
        CancelledByPersonError, LeaseLostError: As the session's `check` says.
    """
    wanted = tuple(dict.fromkeys(one.name for one in alerts if one.source in _EVALUATED))
    if not wanted:
        return Looked(alerts=tuple(alerts))
    search = _Search(
        alerts=tuple(alerts), wanted=wanted, access=access, session=session, clock=clock
    )
    for cluster in clusters:
        search.ask_alertmanager(states, cluster)
        search.ask_prometheus(sources, cluster)
    return search.result()


@dataclass(slots=True, kw_only=True)
class _Search:
    """One look-up, and what it has found so far."""

    alerts: tuple[Alert, ...]
    wanted: tuple[str, ...]
    access: Access
    session: Session
    clock: Clock
    routed: list[ActiveOne] = field(default_factory=list)
    """Alerts that Alertmanagers hold."""
    evaluated: list[ActiveOne] = field(default_factory=list)
    """Alerts that metrics servers hold."""
    rules: list[Rule] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    def ask_alertmanager(self, states: AlertStates, cluster: str) -> None:
        """Read what the cluster's Alertmanager holds, a name at a time, if it has one."""
        try:
            reader = states.reader(cluster)
        except KeyError:
            return
        for number, name in enumerate(self.wanted[:MAX_NAMES], start=1):
            self.session.check()
            seen = Sight(
                clock=self.clock,
                cluster=cluster,
                tool="alertmanager",
                source="alerts",
                query=f'GET /api/v2/alerts?filter=alertname="{plain_line(name)}"',
            )
            label = f"alerts-{cluster}-{number}"
            try:
                found = [self._known(one, cluster) for one in reader.alerts(name)]
            except (UpstreamError, ToolError) as error:
                # Another name would not be answered either.
                self._enter(label, seen.failed(error))
                return
            self.routed += found
            self._enter(label, seen.listed([], self._ordered(found, has_all_labels=True)))

    def ask_prometheus(self, sources: MetricsSources, cluster: str) -> None:
        """Read the rules and active alerts of the cluster's metrics server, if it has one."""
        try:
            reader = sources.reader(cluster)
        except KeyError:
            return
        self.session.check()
        seen = Sight(
            clock=self.clock, cluster=cluster, tool="promql", source="alert rules", query="ALERTS"
        )
        try:
            rules = [one for one in reader.rules() if one.is_alert and one.name in self.wanted]
            found = [self._evaluated(one, cluster) for one in reader.alerts()]
        except (UpstreamError, ToolError) as error:
            self._enter(f"alert-rules-{cluster}", seen.failed(error))
            return
        found = [one for one in found if one.name in self.wanted]
        self.rules += rules
        self.evaluated += found
        ordered = self._ordered(found, has_all_labels=False)
        self._enter(f"alert-rules-{cluster}", seen.listed(rules, ordered))

    def result(self) -> Looked:
        """Return what all servers together tell."""
        active = {one.name: None for one in (*self.routed, *self.evaluated)}
        silent: dict[str, str] = {}
        found = []
        for alert in self.alerts:
            if alert.source not in _EVALUATED:
                found.append(alert)
                continue
            routed = meant(alert, self.routed, has_all_labels=True)
            like = routed or meant(alert, self.evaluated, has_all_labels=False)
            found.append(_with_query(alert, completed(alert, like), self.rules))
            sentence = _silence(alert.name, [one for one in routed if one.is_readable])
            if sentence:
                silent.setdefault(alert.name, sentence)
        return Looked(
            alerts=tuple(found),
            evidence=tuple(self.evidence),
            still_active=tuple(active),
            inactive=tuple(dict.fromkeys(one.name for one in self.rules if one.name not in active)),
            silenced=tuple(silent),
            caveats=tuple(silent.values()),
        )

    def _enter(self, name: str, observation: Observation) -> None:
        self.evidence.append(entered(self.session, name, observation))

    def _ordered(self, active: Sequence[ActiveOne], *, has_all_labels: bool) -> list[ActiveOne]:
        """Return the alerts, those first that the incident's first alerts may mean."""
        names = {one.name for one in active}
        ours = [one for one in self.alerts if one.name in names][:MAX_SHOWN]
        first = {
            id(one) for alert in ours for one in meant(alert, active, has_all_labels=has_all_labels)
        }
        return sorted(active, key=lambda one: id(one) not in first)

    def _known(self, one: KnownAlert, cluster: str) -> ActiveOne:
        labels = dict(one.labels)
        return ActiveOne(
            cluster=cluster,
            labels=labels,
            annotations=dict(one.annotations),
            since=one.starts_at,
            state=one.state.value,
            fingerprint=one.fingerprint,
            expression=one.expression,
            silenced_by=one.silenced_by,
            inhibited_by=one.inhibited_by,
            is_readable=self._may_read(cluster, labels.get("namespace")),
        )

    def _evaluated(self, one: ActiveAlert, cluster: str) -> ActiveOne:
        labels = dict(one.labels)
        return ActiveOne(
            cluster=cluster,
            labels=labels,
            annotations=dict(one.annotations),
            since=one.active_since,
            state=f"{one.state} value {one.value}",
            is_readable=self._may_read(cluster, labels.get("namespace")),
        )

    def _may_read(self, cluster: str, namespace: str | None) -> bool:
        return namespace is None or self.access.may_read(cluster, namespace)


def _with_query(told: Alert, alert: Alert, rules: Sequence[Rule]) -> Alert:
    """Return the alert with the query of its rule, unless several rules could be its."""
    if told.expression:
        return alert
    queries = {
        rule.query
        for rule in rules
        if rule.name == alert.name
        and all(alert.labels.get(name, value) == value for name, value in rule.labels)
    }
    return replace(alert, expression=queries.pop()) if len(queries) == 1 else alert


def _silence(name: str, like: Sequence[ActiveOne]) -> str:
    """Return what keeps quiet about the alerts, as a sentence; empty where nothing does."""
    quiet = [one for one in like if one.silenced_by or one.inhibited_by]
    if not quiet:
        return ""
    subject = f"`{quoted(name)}` is"
    if len(quiet) < len(like):
        subject = f"{len(quiet)} of {len(like)} `{quoted(name)}` alerts are"
    causes = [
        f"{how} by {_ids(ids)}"
        for how, ids in (
            ("silenced", [each for one in quiet for each in one.silenced_by]),
            ("inhibited", [each for one in quiet for each in one.inhibited_by]),
        )
        if ids
    ]
    return f"{subject} {' and '.join(causes)} in Alertmanager, which notifies nobody of it."


def _ids(ids: Sequence[str]) -> str:
    several = list(dict.fromkeys(ids))
    more = [f"+{len(several) - MAX_SILENCES}"] if len(several) > MAX_SILENCES else []
    return ", ".join([*(f"`{quoted(one)}`" for one in several[:MAX_SILENCES]), *more])
