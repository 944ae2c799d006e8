"""Text as it is, for people who decide by it: nothing hidden, nothing that looks like another.

Pure. A name may hold characters that are not seen, that turn the direction of reading, or that look
like others. Here they become visible, reversibly, and what may deceive is told. It must not know
cards.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_SPACES: Final = re.compile(" {4,}")
_WORD: Final = re.compile(r"[^\W_]+(?:[-_.][^\W_]+)*")
_MARK: Final = "⟨"
_UNSEEN_KINDS: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"})
"""Unicode's kinds of controls, formats (zero-width, bidi), surrogates, private, unassigned,
separators, and marks that sit on the character before them."""
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Hangul fillers and the empty braille pattern: letters and symbols that show nothing."""
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_SET_APART: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
"""Scripts that stand beside Latin words in one word and look like no Latin letter."""
_LATIN: Final = "LATIN"
_ASCII_VISIBLE: Final = re.compile(r"[\x20-\x7e]*")
_QUOTED: Final = 60


def visible(text: str) -> str:
    """Return the text with every unseen character as `⟨U+200B⟩` and padding as `⟨9 spaces⟩`.

    One line comes out, and no two texts look the same.
    """
    if _ASCII_VISIBLE.fullmatch(text) and "    " not in text:
        return text
    shown = "".join(f"⟨U+{ord(one):04X}⟩" if _is_unseen(one) else one for one in text)
    return _SPACES.sub(lambda found: f"⟨{len(found[0])} spaces⟩", shown)


def odd_name(name: str) -> str:
    """Return why a name may deceive; empty if it is printable ASCII, as names of objects are."""
    if _ASCII_VISIBLE.fullmatch(name):
        return ""
    odd = sorted({one for one in name if not _ASCII_VISIBLE.fullmatch(one)})
    listed = ", ".join(f"U+{ord(one):04X}" for one in odd[:5])
    return f"the name {_quoted(name)} holds characters that may look like others ({listed})"


def deceptive(text: str) -> str:
    """Return why a text may read as another; empty if nothing in it does."""
    if text.isascii():
        return ""
    if any(unicodedata.bidirectional(one) in _RIGHT_TO_LEFT for one in text):
        return f"{_quoted(text)} is read from right to left in part"
    for word in _WORD.findall(text):
        scripts = {_script(one) for one in word if one.isalpha()}
        foreign = scripts - _SET_APART - {_LATIN}
        if foreign & {"FULLWIDTH", "MATHEMATICAL"} or (foreign and _LATIN in scripts):
            named = " and ".join(sorted(script.title() for script in scripts))
            return f"{_quoted(word)} mixes scripts whose letters look alike ({named})"
    return ""


def _is_unseen(one: str) -> bool:
    if one == " ":
        return False
    kind = unicodedata.category(one)
    return kind in _UNSEEN_KINDS or kind == "Zs" or one in _BLANK_LETTERS or one == _MARK


@lru_cache(maxsize=1_000)
def _script(letter: str) -> str:
    return re.split("[ -]", unicodedata.name(letter, "UNNAMED"), maxsplit=1)[0]


def _quoted(text: str) -> str:
    shown = visible(text)
    return f"“{shown}”" if len(shown) <= _QUOTED else f"“{shown[:_QUOTED]}…”"
