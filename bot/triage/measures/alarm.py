"""One alert rule as its server has it: expression, state, what it watches, how often it fired."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState, Window
from bot.ports.metrics import ActiveAlert, Rule
from bot.tools.answer import Answer
from bot.tools.promql import discovery
from bot.tools.promql.durations import WEEK_S
from bot.tools.promql.reading import Reading, step_for
from bot.tools.promql.scoping import NAMESPACE
from bot.tools.promql.selectors import NAME, in_quotes, selector_text
from bot.triage.intent import resembling
from bot.triage.measures.condition import Condition, Span, spans
from bot.triage.measures.meter import Look
from bot.triage.objects import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from bot.domain.registry import Access
    from bot.ports.metrics import MetricsReader
    from bot.triage.estate import Estate
    from bot.triage.measures.meter import Meter

WEEK_MINUTES = WEEK_S // 60
ALERTS = "ALERTS"
"""The series in which a Prometheus server writes down which of its alerts are active."""
_STATES = ("firing", "pending", "inactive")
# Labels of an alert that name an object, and the kinds it may be of, the surest first.
_NAMING = (
    ("pod", ("pod",)),
    ("deployment", ("deployment",)),
    ("statefulset", ("statefulset",)),
    ("daemonset", ("daemonset",)),
    ("cronjob", ("cronjob",)),
    ("job_name", ("job", "cronjob")),
    ("workload", ("deployment", "statefulset", "daemonset")),
    ("service", ("deployment", "statefulset", "daemonset")),
    ("app", ("deployment", "statefulset", "daemonset")),
    ("node", ("node",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alert rule and its alerts, as far as the asker may see them."""

    rule: Rule
    active: tuple[ActiveAlert, ...]
    hidden: int
    """Alerts of it that the asker may not read."""
    is_recorded: bool
    """True when the server keeps a history of alerts."""

    @property
    def state(self) -> str:
        """firing, pending or inactive, by the alerts that the asker may see."""
        states = {alert.state for alert in self.active}
        return next((state for state in _STATES if state in states), "inactive")

    @property
    def since(self) -> datetime | None:
        """When the oldest of its alerts became active."""
        return min((one.active_since for one in self.active if one.active_since), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The alert rules of one server, and which of them a question names."""

    look: Look
    named: Alarm | None
    names: tuple[str, ...]
    firing: tuple[str, ...]
    """Names of rules with a firing alert that the asker may read."""

    def closest(self, words: Iterable[str]) -> str | None:
        """Return the name of the rule that one of the words resembles most."""
        known = {name.casefold(): name for name in self.names}
        found = (resembling(word, known) for word in words)
        return next((known[name] for name in found if name), None)


def read_rules(meter: Meter, texts: Sequence[str], *, access: Access, at: datetime) -> Rules:
    """Return the rule that the first of the texts to name one names, with its evidence."""
    named: list[Alarm] = []
    names: list[str] = []
    firing: list[str] = []

    def read(reader: MetricsReader) -> Reading:
        rules = [rule for rule in reader.rules() if rule.is_alert]
        names.extend(dict.fromkeys(rule.name for rule in rules))
        alerts = reader.alerts()
        seen = [one for one in alerts if _may_see(one, access, reader.name)]
        firing.extend(
            dict.fromkeys(
                dict(one.labels).get("alertname", "") for one in seen if one.state == "firing"
            )
        )
        meant = _named(texts, rules)
        if not meant:
            return Reading(answer=_listed(rules, firing))
        own = tuple(one for one in seen if _is_of(one, meant[0]))
        hidden = sum(_is_of(one, meant[0]) for one in alerts) - len(own)
        week = Window(start=at - timedelta(minutes=WEEK_MINUTES), end=at)
        recorded = reader.label_values(NAME, selector=ALERTS, window=week, limit=1)
        named.append(Alarm(rule=meant[0], active=own, hidden=hidden, is_recorded=bool(recorded)))
        return Reading(answer=discovery.rules_answer(meant, own, hidden=hidden))

    def words() -> str:
        return named[0].rule.name if named else "alerts"

    look = meter.find(read, words=words, source="rules")
    return Rules(
        look=look,
        named=named[0] if named else None,
        names=tuple(names),
        firing=tuple(firing),
    )


def fired(
    meter: Meter, alarm: Alarm, condition: Condition, namespace: str | None
) -> tuple[Look, tuple[Span, ...]]:
    """Return when it fired in the last week, to the half hour.

    Where the server keeps no history, it is when the condition held at the half hours themselves.
    """
    step_s = step_for(WEEK_S)
    if not alarm.is_recorded:
        look = meter.measure(condition.query, minutes=WEEK_MINUTES)
        series = look.reading.series if look.reading is not None else ()
        return look, spans(condition, series, step_s=step_s)
    matchers = [f"alertname={in_quotes(alarm.rule.name)}", 'alertstate="firing"']
    if namespace is not None:
        matchers.append(f"{NAMESPACE}={in_quotes(namespace)}")
    # Counting within each half hour, no alert between two points is missed.
    query = f"sum(count_over_time({selector_text(ALERTS, matchers)}[{step_s // 60}m]))"
    look = meter.measure(query, minutes=WEEK_MINUTES)
    series = look.reading.series if look.reading is not None else ()
    return look, spans(Condition(query=query), series, step_s=step_s)


def watched(alarm: Alarm, estates: Iterable[Estate]) -> tuple[ObjectRef, ...]:
    """Return the objects behind the labels of its active alerts, of those looked at."""
    found: dict[ObjectRef, None] = {}
    for estate in estates:
        known = _objects(estate)
        for alert in alarm.active:
            labels = dict(alert.labels)
            place = labels.get(NAMESPACE, "")
            wanted = [
                ObjectRef(
                    cluster=estate.cluster,
                    kind=kind,
                    namespace="" if kind == "node" else place,
                    name=labels[label],
                )
                for label, kinds in _NAMING
                if label in labels
                for kind in kinds
            ]
            found |= dict.fromkeys([ref for ref in wanted if ref in known][:1])
    return tuple(found)


def _objects(estate: Estate) -> set[ObjectRef]:
    refs = {pod.ref for pod in estate.pods} | {one.ref for one in estate.workloads}
    refs |= {estate.controller_of(batch.ref) for batch in estate.batches}
    return refs | {batch.ref for batch in estate.batches} | {node.ref for node in estate.nodes}


def _named(texts: Sequence[str], rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules of the name that the first text to name any names, active ones first."""
    for text in texts:
        found = [rule for rule in rules if _occurs(rule.name, text)]
        if found:
            longest = max((rule.name for rule in found), key=len)
            own = [rule for rule in found if rule.name == longest]
            return sorted(own, key=_urgency)[: discovery.MAX_RULES]
    return []


def _urgency(rule: Rule) -> int:
    return _STATES.index(rule.state) if rule.state in _STATES else len(_STATES)


def _occurs(name: str, text: str) -> bool:
    pattern = rf"(?<![\w-]){re.escape(name.casefold())}(?![\w-])"
    return bool(name) and re.search(pattern, text.casefold()) is not None


def _listed(rules: Sequence[Rule], firing: Sequence[str]) -> Answer:
    """Return the names of all rules: none of them was asked for by its name."""
    lines = [
        f"{rule.name}{' (firing)' if rule.name in firing else ''}"
        for rule in sorted(rules, key=lambda rule: (rule.name not in firing, rule.name))
    ]
    shown = list(dict.fromkeys(lines))[:100]
    body = "\n".join(shown) or "this server evaluates no alert rules"
    state = EvidenceState.OK if shown else EvidenceState.EMPTY
    return Answer(source="rules", body=body, state=state, rows=len(shown))


def _is_of(alert: ActiveAlert, rule: Rule) -> bool:
    return dict(alert.labels).get("alertname") == rule.name


def _may_see(alert: ActiveAlert, access: Access, cluster: str) -> bool:
    return access.may_read(cluster, dict(alert.labels).get(NAMESPACE))
