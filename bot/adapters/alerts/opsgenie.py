"""Opsgenie's Slack app (shape 14, layout not documented): priority, alias and short id are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts import scopes, severities
from bot.adapters.alerts.keyed_text import keyed
from bot.adapters.alerts.post import without_emoji, without_links
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import host_of, key_of, told
from bot.domain.alert import Alert, AlertSource, AlertStatus

if TYPE_CHECKING:
    from bot.adapters.alerts.post import Post

_TITLE: Final = re.compile(r"[^\w#]*(?:#(?P<id>\d{1,12})\b)?\s*:?\s*(?P<rest>.{1,400})", re.DOTALL)
_PRIORITY: Final = re.compile(r"\bP[1-5]\b")
_PRIORITY_TAG: Final = re.compile(r"[\[(]?\bP[1-5]\b[\])]?")
_OVER: Final = re.compile(r"\b(?:closed|resolved)\b", re.IGNORECASE)
_TAKEN: Final = re.compile(r"\backnowledged\b|\backed\b", re.IGNORECASE)
_HOST: Final = "opsgenie.com"
_TAG: Final = re.compile(r"([\w.-]{1,60})[:=]([^,\s]{1,200})")


def read_opsgenie_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the alert of a message of Opsgenie's app; its alias is the key to group by."""
    is_linked = any(f".{host_of(entry.url)}".endswith(f".{_HOST}") for entry in post.links)
    if not is_linked and post.author.casefold() != "opsgenie":
        return None
    lines = [without_links(entry) for entry in post.lines]
    first = post.first
    heading = first.title if first is not None and first.title else next(iter(lines), "")
    title = _TITLE.fullmatch(without_links(heading).strip())
    if title is None:
        return None
    keys = keyed(lines)
    priority = _PRIORITY.search(told(keys.get("priority")) or heading or "")
    name = without_emoji(_PRIORITY_TAG.sub(" ", title["rest"]).strip(" -:")) or "Opsgenie alert"
    alias = told(keys.get("alias"))
    key = alias or title["id"] or name
    tags = dict(_TAG.findall(keys.get("tags", "")[:2_000]))
    return (
        shaped(
            source=AlertSource.OPSGENIE,
            name=name,
            status=_status(post, lines, told(keys.get("status"))),
            severity=severities.of_word(priority[0]) if priority else severities.of_words(name),
            labels={"alias": alias, "tiny_id": title["id"] or "", **tags},
            identity={"key": key},
            group_key=key_of(AlertSource.OPSGENIE, key),
            scope=scopes.of_labels(tags),
            links=post.links,
            text=post.reading,
            is_partial=True,
        ),
    )


def _status(post: Post, lines: list[str], said: str) -> AlertStatus:
    """Return the state: what its field says, else the words around the title (not the title)."""
    first = post.first
    around = said or (first.pretext if first is not None else "") or post.text
    around = around or (lines[0] if first is None and lines else "")
    if _OVER.search(around):
        return AlertStatus.RESOLVED
    return AlertStatus.ACKNOWLEDGED if _TAKEN.search(around) else AlertStatus.FIRING
