"""What one rule is: a literal that must be there, and the form of the secret that begins at it.

The literal is looked for first, which is many times as fast as any expression; only where it
stands is the expression tried. Every expression is linear: no quantifier within a quantifier
unless each round begins with a character that the round before cannot have taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.domain.redaction.span import Span, Subject

# A word begins here; escapes such as \n, %3D, \u003d or a terminal's colour end in letters too.
_WORD_BEGINS = (
    r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u00[0-9A-Fa-f]{2})"
    r"|(?<=\[\dm)|(?<=\[\d\dm))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One form of secret."""

    kind: str
    anchors: tuple[str, ...]
    """Literals one of which stands in every match; in lower case if `any_case`."""
    form: str
    """Expression tried at an anchor; a group named `s` is the secret, else all of it."""
    any_case: bool = False
    word: bool = False
    """Only at the beginning of a word, for anchors too short to be telling."""
    before: int = 0
    """How many characters before the anchor the form begins."""
    judge: Callable[[str], bool] | None = None
    """Tells whether what the form found is a secret; None if its form is proof enough."""


class Search:
    """A rule made ready: its expression is compiled once."""

    __slots__ = ("_group", "_pattern", "_rule")

    def __init__(self, rule: Rule) -> None:
        flags = re.IGNORECASE if rule.any_case else re.NOFLAG
        self._rule = rule
        self._pattern = re.compile((_WORD_BEGINS if rule.word else "") + rule.form, flags)
        self._group = "s" if "s" in self._pattern.groupindex else 0

    def spans(self, subject: Subject, start: int) -> Iterator[Span]:
        """Yield where the rule finds a secret, from a position on."""
        searched = subject.folded if self._rule.any_case else subject.text
        for anchor in self._rule.anchors:
            at = searched.find(anchor, start)
            while at >= 0:
                found = self._at(subject.text, max(at - self._rule.before, 0))
                if found is not None:
                    yield found
                at = searched.find(anchor, at + 1 if found is None else max(found.end, at + 1))

    def _at(self, text: str, at: int) -> Span | None:
        match = self._pattern.match(text, at)
        if match is None:
            return None
        judge = self._rule.judge
        if judge is not None and not judge(match.group(self._group)):
            return None
        start, end = match.span(self._group)
        if start == end:
            return None
        return Span(
            start=start, end=end, kind=self._rule.kind, since=at, open=match.end() == len(text)
        )
