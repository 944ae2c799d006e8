"""Foreign text made plain: what a terminal or a reader would not show as itself is made visible.

Escape sequences that only colour are taken out and counted; every other invisible character
(controls, zero-width, direction marks) is written as its escape, so that nothing can hide.
"""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI: colours, cursor
    r"|\x1b\][^\x07\x1b\n]{0,2048}(?:\x07|\x1b\\)"  # OSC: titles, links
    r"|\x1b[ -/]{0,4}[0-~]"  # the short ones
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    """Return the text with sequences removed and invisible characters escaped; idempotent."""
    return plain_counted(text)[0]


def plain_counted(text: str) -> tuple[str, int]:
    """Return the plain text, and how many sequences were removed or characters escaped."""
    text, removed = _SEQUENCE.subn("", text.replace("\r\n", "\n"))
    text, escaped = _INVISIBLE.subn(_escape, text)
    return text, removed + escaped


def _escape(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode("ascii")
