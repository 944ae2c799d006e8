"""Sentry's Slack app (shape 14): metric alerts with a start time in the footer, and issues."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts.keyed_text import keyed
from bot.adapters.alerts.post import without_emoji, without_links
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import host_of, key_of, moment, told
from bot.domain.alert import Alert, AlertObject, AlertScope, AlertSource, AlertStatus, Severity

if TYPE_CHECKING:
    from datetime import datetime

    from bot.adapters.alerts.post import Post
    from bot.domain.alert import AlertLink

_STARTED: Final = re.compile(r"<!date\^(\d{9,11})\^")
_TITLE: Final = re.compile(
    r"\W*(?:(?P<state>Critical|Warning|Resolved)\s*:\s*)?(?P<name>.{1,400})", re.DOTALL
)
_METRIC: Final = re.compile(r"/(?:alerts/rules/details|monitors)/(\d{1,20})|/alerts/(\d{1,20})")
_ISSUE: Final = re.compile(r"/issues/(\d{1,20})")
_COLORS: Final = {
    "e03e2f": Severity.CRITICAL,
    "fa4747": Severity.CRITICAL,
    "ffc227": Severity.WARNING,
    "fec227": Severity.WARNING,
    "e9b949": Severity.WARNING,
}
"""Sentry's own colours for fatal, error and warning; green is for what is over."""
_GREEN: Final = frozenset({"4dc771", "57be8c", "33bf9e", "2ba185"})


def read_sentry_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the metric alert or issue of a message of Sentry's app."""
    url = next((entry.url for entry in post.links if _is_ours(entry)), "")
    metric, issue = _METRIC.search(url), _ISSUE.search(url)
    first = post.first
    footer = first.raw_footer if first is not None else ""
    if not (metric or issue or ("Sentry" in footer and post.author.casefold() == "sentry")):
        return None
    heading = (first.title if first is not None else "") or next(iter(post.lines), "")
    title = _TITLE.fullmatch(without_emoji(without_links(heading)))
    if title is None:
        return None
    state, color = title["state"] or "", first.color if first is not None else ""
    is_over = state == "Resolved" or (not state and color in _GREEN)
    number = next((n for found in (metric, issue) if found for n in found.groups() if n), "")
    project = told(keyed(post.lines).get("project"))
    return (
        shaped(
            source=AlertSource.SENTRY,
            name=title["name"],
            status=AlertStatus.RESOLVED if is_over else AlertStatus.FIRING,
            severity=_severity(state, color, is_issue=issue is not None),
            labels={"project": project, "sentry_id": number},
            identity={"key": number or title["name"]},
            group_key=key_of(AlertSource.SENTRY, host_of(url), number or title["name"]),
            starts_at=None if is_over else _started(footer, post),
            scope=AlertScope(
                objects=(AlertObject(kind="service", name=project),) if project else ()
            ),
            links=post.links,
            text=post.reading,
            is_partial=True,
        ),
    )


def _is_ours(entry: AlertLink) -> bool:
    host = host_of(entry.url)
    is_sentry = host.startswith("sentry.") or host.endswith(".sentry.io")
    return is_sentry and bool(_METRIC.search(entry.url) or _ISSUE.search(entry.url))


def _severity(state: str, color: str, *, is_issue: bool) -> Severity:
    if state in {"Critical", "Warning"}:
        return Severity.CRITICAL if state == "Critical" else Severity.WARNING
    return _COLORS.get(color, Severity.HIGH if is_issue else Severity.WARNING)


def _started(footer: str, post: Post) -> datetime | None:
    """Return the moment in Slack's date token, where a footer or the text has one."""
    found = _STARTED.search(footer) or _STARTED.search(post.raw_text)
    return moment(found[1]) if found else None
