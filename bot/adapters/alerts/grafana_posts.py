"""Grafana-managed alerts as Grafana posts them in Slack (shape 8); all labels are in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts.alertmanager_posts import group_key
from bot.adapters.alerts.grafana_rules import grafana_alert
from bot.adapters.alerts.keyed_text import listed, section_name
from bot.adapters.alerts.values import MOST_ALERTS, host_of, line, link
from bot.domain.alert import Alert, AlertLink, AlertSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.adapters.alerts.post import Attachment, Post

_STATE: Final = re.compile(r"\W{0,4}(firing|resolved)\W{0,4}", re.IGNORECASE)
_TITLE: Final = re.compile(r"\s*\[[^\[\]]{1,80}\]\s*(?P<group>[^()]{0,400}).*", re.DOTALL)
_FOOTER: Final = re.compile(r"\s*Grafana\b", re.IGNORECASE)
_LINKS: Final = ("Source", "Silence", "Dashboard", "Panel", "Runbook")
_LINK_LINE: Final = re.compile(rf"({'|'.join(_LINKS)}):\s*(\S{{1,2048}})")


@dataclass(slots=True, kw_only=True)
class _Entry:
    """One alert while its lines are read."""

    is_over: bool
    values: str
    labels: list[str] = field(default_factory=list)
    annotations: list[str] = field(default_factory=list)
    links: list[AlertLink] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    section: str = ""

    def take(self, raw: str) -> None:
        """Put one more line where it belongs."""
        section, found = section_name(raw), _LINK_LINE.fullmatch(raw.strip())
        if section in {"labels", "annotations"}:
            self.section = section
        elif found is not None:
            self.links += link(found[1], found[2])
        elif raw.lstrip().startswith("-"):
            (self.labels if self.section == "labels" else self.annotations).append(raw)
        self.lines.append(raw)


def read_grafana_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the alerts listed in a Grafana message, firing and resolved ones alike."""
    found: list[Alert] = []
    for part in post.attachments:
        if _FOOTER.match(part.footer) or post.author.casefold() == "grafana":
            found += _alerts(part)
    return tuple(found[:MOST_ALERTS]) or None


def _alerts(part: Attachment) -> list[Alert]:
    title = _TITLE.fullmatch(part.title)
    group = line(title["group"]) if title else line(part.title)
    key = group_key(AlertSource.GRAFANA, host_of(part.title_link), group)
    found = []
    for entry in _entries(part.text):
        labels, annotations = listed(entry.labels), listed(entry.annotations)
        if "alertname" in labels:
            found.append(
                grafana_alert(
                    labels=labels,
                    annotations=annotations,
                    is_over=entry.is_over,
                    group_key=key,
                    links=[*entry.links, *link("Grafana", part.title_link)],
                    text="\n".join(entry.lines),
                    values=entry.values,
                )
            )
    return found


def _entries(text: str) -> Iterator[_Entry]:
    """Yield the alerts of a text; each begins with a line `Value:`, each list with its state."""
    is_over = False
    entry: _Entry | None = None
    for raw in text.splitlines():
        state = _STATE.fullmatch(raw)
        if state is not None:
            is_over = state[1].casefold() == "resolved"
        elif raw.startswith("Value:"):
            if entry is not None:
                yield entry
            entry = _Entry(is_over=is_over, values=raw.removeprefix("Value:").strip())
        elif entry is not None and raw.strip():
            entry.take(raw)
    if entry is not None:
        yield entry
