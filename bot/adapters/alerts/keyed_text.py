"""`Key: value` lines as people's own templates write them, read tolerantly.

It must not know what a key means: the parsers that use it do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts.post import without_emoji

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINE: Final = re.compile(
    r"[\s•·▪*>-]*(?P<key>[A-Za-z][\w ./@-]{0,48}?)\s{0,4}(?::|=|\u2192)(?!//)\s*(?P<value>.*)"
)
_SECTION: Final = re.compile(r"[\s*]*(?P<name>[A-Za-z][\w ]{0,30})\s*:?\s*")


def keyed(lines: Iterable[str]) -> dict[str, str]:
    """Return keys in lower case with their first values; a value may follow on the next line."""
    found: dict[str, str] = {}
    waiting = ""
    for entry in lines:
        match = _LINE.fullmatch(entry[:2_000])
        if match is None:
            if waiting:
                found.setdefault(waiting, entry.strip()[:2_000])
            waiting = ""
            continue
        key, value = match["key"].strip().casefold(), _unquoted(match["value"])
        waiting = "" if value else key
        if value:
            found.setdefault(key, value)
    return found


def listed(lines: Iterable[str]) -> dict[str, str]:
    """Return `name = value` or `- name: value` lines with the names as they are written."""
    found: dict[str, str] = {}
    for entry in lines:
        match = _LINE.fullmatch(entry[:2_000])
        if match is not None and " " not in match["key"].strip() and match["value"].strip():
            found.setdefault(match["key"].strip(), _unquoted(match["value"]))
    return found


def section_name(entry: str) -> str:
    """Return a line that only names what follows, such as `Labels:`, in lower case."""
    match = _SECTION.fullmatch(without_emoji(entry)[:80])
    return match["name"].strip().casefold() if match and ":" in entry else ""


def _unquoted(value: str) -> str:
    return value.strip().strip("`\"'*_").strip()
