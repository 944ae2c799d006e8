"""Alertmanager messages by a team's own template (shape 4): free text of `key: value` lines.

Firing and resolved alerts may share a message, which Slack's limits may have cut anywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts import severities
from bot.adapters.alerts.alertmanager_posts import group_told
from bot.adapters.alerts.keyed_text import keyed, listed
from bot.adapters.alerts.post import without_emoji
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import MOST_ALERTS, key_of, moment, told
from bot.domain.alert import Alert, AlertSource, AlertStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.adapters.alerts.post import Post

_NAMES: Final = ("alert", "alertname", "alert name", "rule")
_TITLES: Final = ("summary", "title")
_SEVERITIES: Final = ("severity", "priority", "level")
_STATUSES: Final = ("status", "state")
_TEXTS: Final = ("summary", "description", "message", "details")
_STARTS: Final = ("startsat", "started", "start", "since", "starts at", "start time")
_OVER: Final = re.compile(r"\b(?:resolved|recovered|ok|closed)\b", re.IGNORECASE)
_FIRES: Final = re.compile(r"\b(?:firing|triggered|alerting|active)\b", re.IGNORECASE)
_NAME_LINE: Final = re.compile(
    r"[\s•·▪*>-]*(?:alert|alertname|alert name|rule)\s{0,4}[:=].*", re.IGNORECASE
)
_HEADING: Final = re.compile(
    r"(?:@\w{1,40}\s+)?[\W_]*(?P<list>firing|resolved)(?:[:\s]{0,2}\d{1,6})?(?: alerts?)?[\W_]*"
    r"|\s*\[(?P<title>firing|resolved)(?::\d{1,6})?\].{0,400}",
    re.IGNORECASE,
)
"""A line that is nothing but the name of a list, or Alertmanager's own subject."""
_NOT_LABELS: Final = frozenset(
    {*_NAMES, *_TITLES, *_STATUSES, *_TEXTS, *_STARTS, *_SEVERITIES, "runbook", "dashboard",
     "graph", "source", "labels", "annotations", "prometheus", "http", "https"}
)  # fmt: skip


def read_template_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the alerts a templated message tells.

    None unless it names an alert, and says how bad it is or whether it fires: other apps' chatter
    has keys and values too.
    """
    if not (post.bot_id or post.author):
        return None
    parts = _divided(post.lines)
    found = [
        alert
        for status, lines in parts
        if (alert := _alert(lines, status, post, is_alone=len(parts) == 1)) is not None
    ]
    return tuple(found[:MOST_ALERTS]) or None


def _divided(lines: Iterable[str]) -> list[tuple[AlertStatus | None, list[str]]]:
    """Return one part for each alert named, with the status of the list it stands in."""
    status: AlertStatus | None = None
    parts: list[tuple[AlertStatus | None, list[str]]] = []
    preface: list[str] = []
    for entry in lines:
        heading = _HEADING.fullmatch(without_emoji(entry))
        if heading is not None:
            status = AlertStatus((heading["list"] or heading["title"]).casefold())
        is_name = _NAME_LINE.fullmatch(entry) is not None
        if is_name and (not parts or any(map(_NAME_LINE.fullmatch, parts[-1][1]))):
            parts.append((status, [*preface, entry] if not parts else [entry]))
        elif parts:
            parts[-1][1].append(entry)
        else:
            preface.append(entry)
    return parts


def _alert(
    lines: list[str], status: AlertStatus | None, post: Post, *, is_alone: bool
) -> Alert | None:
    keys, told_lines = keyed(lines), "\n".join(lines)
    name, rest = _split_name(_first(keys, _NAMES))
    severity = _first(keys, _SEVERITIES) or (rest if severities.is_word(rest) else "")
    said = status or _status(_first(keys, _STATUSES)) or _status_of_look(post)
    if not name or (not severity and said is None):
        return None
    labels = {
        key: value for key, value in listed(lines).items() if key.casefold() not in _NOT_LABELS
    }
    return shaped(
        source=AlertSource.ALERTMANAGER,
        name=name,
        status=said or AlertStatus.FIRING,
        severity=severities.of_word(severity),
        labels={"alertname": name} | labels | ({"severity": severity} if severity else {}),
        annotations={key: keys[key] for key in _TEXTS if key in keys},
        group_key=_group(post) or key_of(AlertSource.ALERTMANAGER, post.author, name),
        starts_at=moment(_first(keys, _STARTS)),
        links=[one for one in post.links if is_alone or one.url in told_lines],
        text=post.reading if is_alone else told_lines,
        is_partial=True,
    )


def _group(post: Post) -> str:
    """Return the group that a title left as Alertmanager's own tells; empty without one."""
    return next((key for part in post.attachments if (key := group_told(part))), "")


def _split_name(value: str) -> tuple[str, str]:
    """Return the name, and what follows it after a dash or in brackets, such as its severity."""
    match = re.fullmatch(
        r"(?P<name>.+?)\s*(?:\s[-\u2013\u2014]\s|[(\[])(?P<rest>[^()\[\]]*)[)\]]?", value
    )
    return (match["name"].strip(), match["rest"].strip()) if match else (value, "")


def _status(word: str) -> AlertStatus | None:
    if _OVER.search(word):
        return AlertStatus.RESOLVED
    return AlertStatus.FIRING if _FIRES.search(word) else None


def _status_of_look(post: Post) -> AlertStatus | None:
    """Return what heading and colour say where the words do not."""
    first = post.first
    heading = next(iter(post.lines), "")
    said = _status(heading)
    if said is not None or first is None:
        return said
    if first.color in {"good", "2eb886", "36a64f"}:
        return AlertStatus.RESOLVED
    return AlertStatus.FIRING if first.color in {"danger", "warning", "a30200"} else None


def _first(keys: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := told(keys.get(name)))), "")
