"""Prometheus Alertmanager's own Slack message, firing and resolved (shapes 1 to 3).

The message has values only: of the labels grouped by before the parenthesis, of the other common
labels in it. Label names, pods and annotations are to be looked up in Alertmanager's API; the
values are kept as annotations for that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts import scopes, severities
from bot.adapters.alerts.screening import NEVER_TROUBLE
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import host_of, key_of, line, link
from bot.domain.alert import Alert, AlertScope, AlertSource, AlertStatus, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.alerts.post import Attachment, Post

GROUP_VALUES: Final = "group_values"
"""Annotation with the values of the labels grouped by, joined by spaces."""
COMMON_VALUES: Final = "common_values"
"""Annotation with the values of the other labels all alerts of the group share."""
_TITLE: Final = re.compile(
    r"\s*\[(?P<status>FIRING|RESOLVED)(?::(?P<count>\d{1,6}))?\]\s*(?P<subject>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SUBJECT: Final = re.compile(
    r"(?P<group>[^()]*?)\s*(?:\((?P<common>[^()]*(?:\([^()]*\)[^()]*)*)\))?\s*"
)
_CAMEL: Final = re.compile(r"[A-Z][a-z0-9]+(?:[A-Z0-9][A-Za-z0-9]*)+")


def group_key(source: AlertSource, host: str, values: str) -> str:
    """Return the key of a group, the same from a Slack message and from a webhook.

    Args:
        source: Alertmanager, or Grafana, which groups in the same way.
        host: of the sender's own address.
        values: of the labels grouped by, as the subject has them.
    """
    return key_of(source, host, values)


def joined_values(labels: Mapping[str, str]) -> str:
    """Return labels' values as a subject has them: that of `alertname` first, then by name."""
    first = [labels["alertname"]] if "alertname" in labels else []
    return line(" ".join([*first, *(labels[n] for n in sorted(labels) if n != "alertname")]))


def read_alertmanager_post(post: Post) -> tuple[Alert, ...] | None:
    """Return one alert for each of the message's attachments that has Alertmanager's title."""
    found = [alert for part in post.attachments if (alert := _read(part, post)) is not None]
    return tuple(found) or None


def group_told(part: Attachment) -> str | None:
    """Return the key of the group whose subject an attachment's title is; None if it is none."""
    title = _TITLE.fullmatch(part.title)
    if title is None:
        return None
    group, _ = _subject(title)
    return group_key(AlertSource.ALERTMANAGER, host_of(part.title_link), group)


def _subject(title: re.Match[str]) -> tuple[str, str]:
    """Return the values before the parenthesis and those in it."""
    subject = line(title["subject"])
    parts = _SUBJECT.fullmatch(subject)
    return (parts["group"].strip(), (parts["common"] or "").strip()) if parts else (subject, "")


def _read(part: Attachment, post: Post) -> Alert | None:
    # Counts beside one another (`FIRING:1, RESOLVED:1`) are Grafana's way, and do not match.
    title = _TITLE.fullmatch(part.title or part.fallback.partition(" | ")[0])
    if title is None:
        return None
    group, common = _subject(title)
    name = _name(group.split(), common.split()) or group or common or "Alertmanager group"
    severity = _severity([*common.split(), *group.split()])
    is_over = title["status"].upper() == "RESOLVED"
    values = {GROUP_VALUES: group, COMMON_VALUES: common}
    return shaped(
        source=AlertSource.ALERTMANAGER,
        name=name,
        status=AlertStatus.RESOLVED if is_over else AlertStatus.FIRING,
        severity=severity,
        labels={"alertname": name} | ({"severity": severity.name.lower()} if common else {}),
        annotations=values,
        identity={"subject": line(title["subject"])},
        group_key=group_key(AlertSource.ALERTMANAGER, host_of(part.title_link), group),
        scope=_scope(f"{group} {common}"),
        links=[*link("Alertmanager", part.title_link), *post.links],
        text=post.reading,
        is_partial=True,
        count=int(title["count"] or 1),
    )


def _name(group: list[str], common: list[str]) -> str:
    """Return the rule's name: `alertname` is put first wherever it stands.

    A first word in camel case is the name; without one the group's first word is.
    """
    for words in (group, common):
        if words and (_CAMEL.fullmatch(words[0]) or words[0] in NEVER_TROUBLE):
            return words[0]
    return group[0] if group else (common[0] if common else "")


def _severity(words: list[str]) -> Severity:
    said = [severities.of_word(word) for word in words if severities.is_word(word)]
    return max(said, default=severities.UNSAID)


def _scope(values: str) -> AlertScope:
    region = next((code for word in values.split() if (code := scopes.region_code(word))), None)
    return AlertScope(region=region)
