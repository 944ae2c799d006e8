"""PagerDuty's incidents, from its Slack app (shape 14, layout not documented) and its webhook v3.

The app edits one message through Triggered, Acknowledged and Resolved; the incident's number is
the identity on both roads. https://developer.pagerduty.com/docs/webhooks-overview
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts import severities
from bot.adapters.alerts.keyed_text import keyed
from bot.adapters.alerts.post import without_emoji, without_links
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import host_of, key_of, line, link, moment, prose, told
from bot.domain.alert import (
    Alert,
    AlertObject,
    AlertScope,
    AlertSource,
    AlertStatus,
    Severity,
)
from bot.domain.alert_identity import fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.adapters.alerts.post import Post
    from bot.domain.alert import AlertLink

_STATES: Final = {
    "triggered": AlertStatus.FIRING,
    "acknowledged": AlertStatus.ACKNOWLEDGED,
    "resolved": AlertStatus.RESOLVED,
}
_NUMBER: Final = re.compile(r"#(\d{1,12})\b")
_STATE: Final = re.compile(r"^\W*(Triggered|Acknowledged|Resolved)\b", re.IGNORECASE)
_LEADING: Final = re.compile(
    r"^[^\w#]*(?:(?:Triggered|Acknowledged|Resolved|Incident)\b[^\w#]*){0,4}(?:#\d{1,12}\W*)?",
    re.IGNORECASE,
)
_HOST: Final = "pagerduty.com"


def read_pagerduty_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the incident of a message of PagerDuty's app, in the state it has now."""
    url = next((entry.url for entry in post.links if _is_incident(entry.url)), "")
    if not url and post.author.casefold() != "pagerduty":
        return None
    lines = [without_links(entry) for entry in post.lines]
    number = next((found[1] for entry in lines if (found := _NUMBER.search(entry))), "")
    status = _state(lines)
    heading = next((text for entry in lines if (text := _LEADING.sub("", entry).strip())), "")
    if not number or status is None or not heading:
        return None
    keys = keyed(lines)
    urgency = told(keys.get("priority")) or told(keys.get("urgency"))
    return (
        _incident(
            number=number,
            title=without_emoji(heading),
            status=status,
            severity=severities.of_word(urgency, severities.of_words(heading)),
            host=host_of(url),
            service=told(keys.get("service")) or told(keys.get("impacted service")),
            links=post.links,
            text=post.reading,
        ),
    )


def _is_incident(url: str) -> bool:
    host = host_of(url)
    return (host == _HOST or host.endswith(f".{_HOST}")) and "/incidents/" in url


def _state(lines: Iterable[str]) -> AlertStatus | None:
    """Return the last state of the course a message tells: it ends with the resolution."""
    said = [_STATES[found[1].casefold()] for entry in lines if (found := _STATE.search(entry))]
    said += [
        _STATES[word.casefold()]
        for word in (keyed(lines).get("status", ""),)
        if word.casefold() in _STATES
    ]
    course = [AlertStatus.FIRING, AlertStatus.ACKNOWLEDGED, AlertStatus.RESOLVED]
    return max(said, key=course.index, default=None)


def read_pagerduty_webhook(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return the incident of a v3 event; None for other bodies.

    Events that tell no state of an incident (a ping, a note, a changed service) are taken and tell
    nothing: PagerDuty turns off a webhook that refuses what it subscribed to.
    """
    event = body.get("event")
    if not isinstance(event, dict):
        return None
    kind, content = line(event.get("event_type")), event.get("data")
    if not kind:
        return None
    fields: Mapping[str, Any] = content if isinstance(content, dict) else {}
    status, number = _STATES.get(line(fields.get("status"))), line(fields.get("number"))
    if not kind.startswith("incident.") or status is None or not number:
        return ()
    url = fields.get("html_url")
    word = _summary(fields.get("priority")) or told(fields.get("urgency"))
    is_over = status is AlertStatus.RESOLVED
    return (
        _incident(
            number=number,
            title=line(fields.get("title")),
            status=status,
            severity=severities.of_word(word),
            host=host_of(url),
            service=_summary(fields.get("service")),
            links=list(link("PagerDuty", url)),
            text=prose(fields.get("title")),
            dedup_key=told(fields.get("incident_key")),
            starts_at=moment(fields.get("created_at")),
            ends_at=moment(event.get("occurred_at")) if is_over else None,
        ),
    )


def _summary(value: object) -> str:
    return told(value.get("summary")) if isinstance(value, dict) else ""


def _incident(
    *,
    number: str,
    title: str,
    status: AlertStatus,
    severity: Severity,
    host: str,
    service: str,
    links: Sequence[AlertLink],
    text: str,
    dedup_key: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Alert:
    labels = {"incident_number": number, "service": service, "dedup_key": dedup_key}
    return shaped(
        source=AlertSource.PAGERDUTY,
        name=title or f"PagerDuty incident {number}",
        status=status,
        severity=severity,
        labels=labels,
        # A title can be edited, and the message may name no address: the number alone identifies.
        fingerprint=fingerprint_of(AlertSource.PAGERDUTY, "incident", {"number": number}),
        group_key=key_of(AlertSource.PAGERDUTY, number),
        starts_at=starts_at,
        ends_at=ends_at,
        scope=AlertScope(
            objects=(AlertObject(kind="service", name=service),) if service else (),
        ),
        links=links,
        text=text,
        annotations={"host": host},
        is_partial=True,
    )
