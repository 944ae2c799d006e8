"""The first message of an incident's thread, where no message of a sender begins it.

Pure. Everything an alert says is foreign: it is escaped, bounded, and mentions nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.card import Block, Card
from bot.adapters.slack.blocks.links import link
from bot.adapters.slack.text import clip, clip_escaped, count, escape, inline_code, when
from bot.domain.alert import AlertStatus, Severity
from bot.domain.incident import IncidentState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.alert import Alert, AlertLink, AlertScope
    from bot.domain.conversation import ChannelId
    from bot.domain.incident import Incident

SEVERITIES: Final = {
    Severity.LOW: "Low",
    Severity.WARNING: "Warning",
    Severity.HIGH: "High",
    Severity.CRITICAL: "Critical",
}
_STATUSES: Final = {
    AlertStatus.FIRING: "firing",
    AlertStatus.RESOLVED: "resolved",
    AlertStatus.ACKNOWLEDGED: "acknowledged",
    AlertStatus.BLIND: "no data",
    AlertStatus.NOTICE: "notice",
}
_FLAPPING: Final = 2
"""Times it fired again from which on that is what is worth saying."""
_TITLE: Final = 300
_ALERTS: Final = 8
_LINKS: Final = 6
_OBJECTS: Final = 4
_TEXT: Final = 500
_SOURCES: Final = 4


def incident_card(
    incident: Incident,
    alerts: Sequence[Alert],
    *,
    watched: Sequence[ChannelId] = (),
    link_hosts: Sequence[str] = (),
) -> Card:
    """Return the incident as it stands.

    `watched` are the channels a shadowed one may be from; to other hosts than `link_hosts` nothing
    is linked.
    """
    severity, state = SEVERITIES[incident.severity], state_words(incident)
    title = clip_escaped(" ".join(incident.title.split()), _TITLE) or "An alert without a name"
    since = _since(incident, alerts)
    facts = [f"*Since* {when(since)}", _counts(incident)]
    if sources := _sources(alerts):
        facts.append(f"told by {sources}")
    blocks: list[Block] = [
        parts.section(f"*{severity}* · *{escape(state)}*\n*{title}*"),
        *_shadow(incident, watched),
        parts.section("\n".join(line for line in (" · ".join(facts), _where(incident)) if line)),
        *_told(alerts),
        *_links(alerts, link_hosts),
        *_history(incident),
    ]
    return Card(
        text=clip(f"{severity} alert, {state}: {title} ({_counts(incident)})", 2_000),
        blocks=tuple(blocks),
    )


def state_words(incident: Incident) -> str:
    """Return where it stands, in words."""
    again = f", flapping ({incident.reopened} times again)"
    flapping = again if incident.reopened >= _FLAPPING else ""
    match incident.state:
        case IncidentState.OPEN:
            return f"{'firing' if incident.firing else 'open, nothing fires now'}{flapping}"
        case IncidentState.RESOLVED:
            return f"resolved{flapping}"
        case IncidentState.MERGED:
            return "part of a storm, told in its thread"


def _since(incident: Incident, alerts: Sequence[Alert]) -> datetime:
    starts = [alert.starts_at for alert in alerts if alert.starts_at is not None]
    return min(starts, default=incident.opened_at)


def _counts(incident: Incident) -> str:
    counted = f"{count(incident.alerts, 'alert')}, {incident.firing} firing"
    if incident.messages > incident.alerts:
        counted += f", {count(incident.messages, 'message')}"
    return counted


def _sources(alerts: Sequence[Alert]) -> str:
    names = dict.fromkeys(alert.source.value.replace("_", " ") for alert in alerts)
    return escape(", ".join(list(names)[:_SOURCES]))


def _where(incident: Incident) -> str:
    scope = incident.scope
    pieces = [
        f"{label} {inline_code(value, limit=120)}"
        for label, value in (
            ("cluster", scope.cluster),
            ("account", scope.account),
            ("region", scope.region),
            ("namespace", scope.namespace),
        )
        if value
    ]
    pieces += _objects(scope)
    return f"*Where* {' · '.join(pieces)}" if pieces else ""


def _objects(scope: AlertScope) -> list[str]:
    shown = [
        f"{clip_escaped(one.kind.replace('_', ' '), 40)} {inline_code(one.name, limit=120)}"
        for one in scope.objects[:_OBJECTS]
    ]
    rest = len(scope.objects) - len(shown)
    return [*shown, f"{rest} more"] if rest > 0 else shown


def _shadow(incident: Incident, watched: Sequence[ChannelId]) -> list[Block]:
    if not incident.is_shadow:
        return []
    rooms = ", ".join(f"<#{channel}>" for channel in watched)
    origin = f" The alert came to {rooms}, where nothing is said." if rooms else ""
    return [parts.context(f"*Shadow:* looked into for this channel only.{origin}")]


def _told(alerts: Sequence[Alert]) -> list[Block]:
    """Return the one alert's own words, or a line for each of several."""
    if len(alerts) == 1:
        words = _words(alerts[0])
        return [parts.section(words)] if words else []
    lines = [_alert_line(alert) for alert in alerts[:_ALERTS]]
    if len(alerts) > _ALERTS:
        lines.append(f"… and {count(len(alerts) - _ALERTS, 'more alert')}")
    return parts.paragraphs(lines)


def _words(alert: Alert) -> str:
    for name in ("summary", "description", "message"):
        if alert.annotations.get(name, "").strip():
            return clip_escaped(" ".join(alert.annotations[name].split()), _TEXT)
    return clip_escaped(" ".join(alert.text.split()), _TEXT)


def _alert_line(alert: Alert) -> str:
    pieces = [
        f"• *{_STATUSES[alert.status]}* {inline_code(alert.name or '(no name)', limit=120)}",
        *_objects(alert.scope)[:2],
    ]
    if alert.starts_at is not None:
        pieces.append(when(alert.starts_at))
    return " · ".join(pieces)


def _links(alerts: Sequence[Alert], hosts: Sequence[str]) -> list[Block]:
    found: dict[str, AlertLink] = {}
    for alert in alerts:
        for one in alert.links:
            found.setdefault(one.url, one)
    shown = [link(one.url, one.title, hosts=hosts) for one in list(found.values())[:_LINKS]]
    return [parts.context(*shown)] if shown else []


def _history(incident: Incident) -> list[Block]:
    notes = []
    if incident.is_storm:
        notes.append("A storm: alerts that came together are one incident.")
    if incident.recurrence_of is not None:
        notes.append("The same alert was looked into before.")
    if incident.state is IncidentState.RESOLVED and incident.resolved_at is not None:
        notes.append(f"Resolved {when(incident.resolved_at)}.")
    return [parts.context(" ".join(notes))] if notes else []
