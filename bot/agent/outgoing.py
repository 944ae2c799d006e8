"""The last look at a model's prose before people see it: no pings, no foreign links, no tricks.

It works on text alone, whatever the text is shown in; escaping for Slack is the sink's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.agent.fence import clean

if TYPE_CHECKING:
    from bot.domain.verdict import Step, Verdict

_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_MARKDOWN_LINK = re.compile(r"\[([^\]\n]*)\]\(\s*<?([^)\s>]*)>?[^)\n]*\)")
_SLACK_TOKEN = re.compile(r"<([!@#][^<>\n]*)>")
_SLACK_LINK = re.compile(
    r"<((?:https?|mailto|slack|tel):[^<>|\n]*)(?:\|([^<>\n]*))?>", re.IGNORECASE
)
# Markdown makes a link of `www.` as well; other bare hosts stay, for images are called like them.
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*://|\bwww\.(?=\w))[^\s<>\"'`)\]]+", re.IGNORECASE)
_BROADCAST = re.compile(r"@+(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)

REMOVED = "(link removed)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """The filter of one run."""

    links: tuple[str, ...] = ()
    """URL prefixes that may be shown, such as `https://grafana.example.com/`."""
    mask: Callable[[str], str] = str
    """Takes secrets out; evidence holds none, but a model can put one together."""

    def text(self, text: str) -> str:
        """Return the text as people may see it; filtering that again changes nothing."""
        before, text = "", self.mask(clean(text)).strip()
        while text != before:
            # What is left after one removal may join to something that has to go as well.
            before, text = text, self._once(text)
        return text

    def _once(self, text: str) -> str:
        text = _IMAGE.sub(lambda found: found[1], text)
        text = _MARKDOWN_LINK.sub(lambda found: self._link(found[2], found[1]), text)
        text = _SLACK_LINK.sub(lambda found: self._link(found[1], found[2] or ""), text)
        text = _SLACK_TOKEN.sub(lambda found: _name_of(found[1]), text)
        text = _URL.sub(lambda found: self._link(found[0], ""), text)
        return _BROADCAST.sub("", text).strip()

    def verdict(self, verdict: Verdict) -> Verdict:
        """Return the verdict with every text of it filtered."""
        return replace(
            verdict,
            summary=self.text(verdict.summary),
            object=self._optional(verdict.object),
            since=self._optional(verdict.since),
            trigger=self._optional(verdict.trigger),
            hypotheses=tuple(
                replace(one, statement=self.text(one.statement)) for one in verdict.hypotheses
            ),
            timeline=tuple(
                replace(one, at=self.text(one.at), what=self.text(one.what))
                for one in verdict.timeline
            ),
            mitigation=tuple(self._step(one) for one in verdict.mitigation),
            permanent=tuple(self._step(one) for one in verdict.permanent),
            code_change=self._optional(verdict.code_change),
            next_checks=tuple(self.text(one) for one in verdict.next_checks),
        )

    def _optional(self, text: str | None) -> str | None:
        return (self.text(text) or None) if text is not None else None

    def _step(self, step: Step) -> Step:
        return replace(
            step,
            action=self.text(step.action),
            check=self.text(step.check),
            risk=self.text(step.risk),
            undo=self.text(step.undo),
        )

    def _link(self, url: str, words: str) -> str:
        if _allowed(url, self.links):
            return f"{words} {url}".strip()
        return words or REMOVED


def without_addresses(text: str) -> str:
    """Return the text without addresses, for places where Slack might make them links."""
    return _URL.sub(REMOVED, text)


def _allowed(url: str, prefixes: tuple[str, ...]) -> bool:
    return any(url.startswith(prefix) for prefix in prefixes)


def _name_of(token: str) -> str:
    """Return what a mention says, without the power to notify anybody."""
    target, _, words = token.partition("|")
    return (words or target.partition("^")[2] or target[1:]).lstrip("!@#")
