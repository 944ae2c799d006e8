"""Datadog's monitors, from its Slack message (shape 13) and from its webhook.

The webhook is read with Datadog's default payload and with ours (the sample `datadog_webhook`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts import scopes, severities
from bot.adapters.alerts.post import without_links
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import (
    ANNOTATION_CHARS,
    host_of,
    key_of,
    line,
    link,
    moment,
    prose,
    query_of,
)
from bot.domain.alert import Alert, AlertSource, AlertStatus, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.adapters.alerts.post import Post
    from bot.domain.alert import AlertLink

_BRACKET: Final = re.compile(r"\s*\[([^\[\]]{1,400})\]")
_PRIORITY: Final = re.compile(r"P[1-5]")
_TRANSITION: Final = re.compile(
    r"(?:Re-?)?(?P<word>Triggered|Warn|No Data|Recovered|Renotify)"
    r"(?: on \{(?P<tags>[^{}]*)\})?"
)
_STATES: Final = {
    "Triggered": (AlertStatus.FIRING, Severity.HIGH),
    "Renotify": (AlertStatus.FIRING, Severity.HIGH),
    "Warn": (AlertStatus.FIRING, Severity.WARNING),
    "No Data": (AlertStatus.BLIND, Severity.WARNING),
    "Recovered": (AlertStatus.RESOLVED, Severity.WARNING),
}
_MENTION: Final = re.compile(r"(?<![\w@.])@[\w.+-]{1,200}(?:@[\w.-]{1,200})?[ \t]*")
_MONITOR: Final = re.compile(r"/monitors?/(\d{1,20})|monitor_id=(\d{1,20})")
_VARIABLE: Final = re.compile(r"\$[A-Z_]{2,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heading:
    """`[P2] [Triggered on {host:x,env:prod}] Name`, taken apart."""

    name: str
    status: AlertStatus
    severity: Severity
    tags: Mapping[str, str]


def read_datadog_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the monitors told by a message's attachments; None if no title is a monitor's."""
    found = []
    for part in post.attachments:
        heading = _heading(part.title or part.fallback)
        if heading is not None:
            found.append(
                _alert(
                    heading,
                    url=part.title_link,
                    text=f"{heading.name}\n{part.text}",
                    links=[*link("Datadog", part.title_link), *post.links],
                )
            )
    if not found and (heading := _heading(without_links(next(iter(post.lines), "")))) is not None:
        url = next((entry.url for entry in post.links if _MONITOR.search(entry.url)), "")
        found.append(_alert(heading, url=url, text=post.reading, links=post.links))
    return tuple(found) or None


def read_datadog_webhook(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return the monitor of a webhook; None if neither its title nor its fields tell a state."""
    told = {
        name: "" if _VARIABLE.fullmatch(text) else text
        for name, value in list(body.items())[:100]
        if (text := prose(value) or line(value))
    }
    heading = _heading(told.get("title", "")) or _heading_of_fields(told)
    if heading is None:
        return None
    told_tags = _tags(f"{told.get('scope', '')},{told.get('tags', '')}")
    priority = told.get("priority", "")
    whole = _Heading(
        name=heading.name,
        status=heading.status,
        severity=severities.of_word(priority, heading.severity),
        tags={**heading.tags, **told_tags},
    )
    at = moment(told.get("date") or told.get("last_updated"))
    return (
        _alert(
            whole,
            url=told.get("link", ""),
            text=told.get("body", "") or told.get("status", ""),
            links=list(link("Datadog", told.get("link"))),
            monitor=told.get("alert_id", ""),
            group_tags=_tags(told["scope"]) if told.get("scope") else heading.tags,
            at=at,
            expression=told.get("query", ""),
        ),
    )


def _heading(title: str) -> _Heading | None:
    """Return the parts of a title; the brackets come in any order, priority mostly first."""
    at, priority, transition = 0, "", None
    while (bracket := _BRACKET.match(title, at)) is not None:
        at = bracket.end()
        inside = bracket[1].strip()
        if _PRIORITY.fullmatch(inside):
            priority = inside
        elif transition is None:
            transition = _TRANSITION.fullmatch(inside)
            if transition is None:
                return None
        else:
            # A bracket after the state belongs to the monitor's own name.
            at = bracket.start()
            break
    if transition is None or transition["word"] not in _STATES:
        return None
    status, severity = _STATES[transition["word"]]
    return _Heading(
        name=line(title[at:]) or "Datadog monitor",
        status=status,
        severity=severities.of_word(priority, severity),
        tags=_tags(transition["tags"] or ""),
    )


def _heading_of_fields(told: Mapping[str, str]) -> _Heading | None:
    transition = _TRANSITION.fullmatch(told.get("transition", ""))
    name = told.get("alert_title") or told.get("title", "")
    if transition is None or transition["word"] not in _STATES or not name:
        return None
    status, severity = _STATES[transition["word"]]
    return _Heading(name=name, status=status, severity=severity, tags={})


def _alert(
    heading: _Heading,
    *,
    url: str,
    text: str,
    links: Sequence[AlertLink],
    monitor: str = "",
    group_tags: Mapping[str, str] | None = None,
    at: datetime | None = None,
    expression: str = "",
) -> Alert:
    query = query_of(url)
    found = _MONITOR.search(url)
    monitor = monitor or ((found[1] or found[2]) if found else "")
    labels = {**_tags(query.get("group", "")), **heading.tags}
    groups = heading.tags if group_tags is None else group_tags
    own = {"monitor_id": monitor} if monitor else {}
    is_over = heading.status is AlertStatus.RESOLVED
    return shaped(
        source=AlertSource.DATADOG,
        name=heading.name,
        status=heading.status,
        severity=heading.severity,
        labels=labels | own,
        identity={**own, **{key: groups[key] for key in sorted(groups)}},
        group_key=key_of(AlertSource.DATADOG, host_of(url), monitor or heading.name),
        # The window begins before the monitor's condition was met, never after.
        starts_at=None if is_over else at or moment(query.get("from_ts")),
        ends_at=(at or moment(query.get("to_ts"))) if is_over else None,
        scope=scopes.of_labels(labels),
        links=links,
        text=_MENTION.sub("", text),
        expression=prose(expression, ANNOTATION_CHARS),
        is_partial=not expression,
    )


def _tags(text: str) -> dict[str, str]:
    """Return `host:x,env:prod` as labels; a tag without a value is left out."""
    tags: dict[str, str] = {}
    for tag in text[:2_000].split(","):
        name, _, value = tag.strip().partition(":")
        if name and value and not name.isspace():
            tags.setdefault(name.strip(), value.strip())
    return tags
