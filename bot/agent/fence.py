"""Foreign text as data: cleaned of what cannot be seen, between tags it cannot close.

Whoever can write a log line, an annotation or an event can write to the model. The tag's name
carries a random part that is new in each run, so no text written earlier can hold it; should it
turn up all the same, it is taken out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""Terminal sequences: colours, cursor moves, window titles and hyperlinks (ECMA-48)."""

_KEPT = frozenset("\n\t")

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that are not seen: controls, zero-width and bidirectional formats, lone
surrogates, private use, and the two line separators that are not a line feed."""

_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u034f\u180b\u180c\u180d\u180f")
"""Letters and marks that look like nothing (Hangul fillers, joiners, Mongolian selectors)."""


def clean(text: str) -> str:
    """Return the text with invisible characters written out as `<U+202E>`.

    Terminal sequences become one `<ESC>` each; carriage returns before a line feed go.
    """
    text = _TERMINAL.sub("<ESC>", text.replace("\r\n", "\n"))
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _KEPT:
        return character
    hidden = unicodedata.category(character) in _HIDDEN or character in _BLANK_LETTERS
    return f"<U+{ord(character):04X}>" if hidden or _is_tag(character) else character


def _is_tag(character: str) -> bool:
    """Tell whether it is a variation selector or a tag, both of which can smuggle whole texts."""
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e0fff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The tags of one run."""

    nonce: str
    """Random, at least 8 hexadecimal digits."""

    @property
    def tag(self) -> str:
        """Name of the opening and closing tag."""
        return f"data-{self.nonce}"

    def wrap(self, text: str, *, source: str) -> str:
        """Return the text as data from that source."""
        origin = self._defused(clean(source)).translate(_IN_ATTRIBUTE)
        body = self._defused(clean(text))
        return f'<{self.tag} source="{origin}">\n{body}\n</{self.tag}>'

    def _defused(self, text: str) -> str:
        return re.sub(re.escape(self.nonce), "removed", text, flags=re.IGNORECASE)


_IN_ATTRIBUTE = str.maketrans({'"': "'", "<": "(", ">": ")", "\n": " ", "\t": " "})
