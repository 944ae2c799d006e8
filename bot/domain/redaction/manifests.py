"""The contents of Kubernetes Secrets in manifests that are printed as text.

A value of a Secret may stand under any name, so its place is what tells. Where an object is at
hand it is redacted by structure instead; this is for `kubectl get -o yaml` in a paste or a log.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.redaction.span import Span, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = re.compile(r"(?m)^(?P<indent>[ ]{0,16})(?P<field>data|stringData):[ \t]*\r?\n")
_ENTRY = re.compile(
    r"(?P<indent>[ ]{1,20})[\w.\-/\"']{1,253}:[ \t]{1,4}"
    r"(?P<value>[^\s][^\r\n]{0,32768}+)?\r?(?:\n|\Z)"
)
_LINE = re.compile(r"(?P<indent>[ ]{0,40})[^\n]*(?:\n|\Z)")
_ENCODED = re.compile(r"[\"']?[A-Za-z0-9+/]{4,}={0,2}[\"']?")
_SHORTEST = 4
_LONGEST_BLOCK_CHARS = 262_144
"""As much as any tool may answer; a stream waits for the end of the block so long."""


def manifest_secrets(subject: Subject, start: int) -> Iterator[Span]:
    """Yield the values below `stringData`, and below `data` where all are base64."""
    if "data:" not in subject.folded:
        return
    for found in _BLOCK.finditer(subject.text, start):
        values, closed = _entries(subject.text, found.end(), len(found.group("indent")))
        if values or not closed:
            end = values[-1][1] if closed else len(subject.text)
            subject.wholes.append((found.start(), end))
        plain = found.group("field") == "stringData"
        if not plain and not all(_is_encoded(subject.text[low:high]) for low, high in values):
            continue
        for low, high in values:
            if plain or high - low >= _SHORTEST:
                yield Span(start=low, end=high, kind="secret", since=found.start())


def _is_encoded(value: str) -> bool:
    return _ENCODED.fullmatch(value) is not None and len(value.strip("\"'")) % 4 == 0


def _entries(text: str, at: int, indent: int) -> tuple[list[tuple[int, int]], bool]:
    """Return where the values of a block stand, and whether its end was seen."""
    values: list[tuple[int, int]] = []
    begin = at
    while at < len(text) and at - begin < _LONGEST_BLOCK_CHARS:
        line = _LINE.match(text, at)
        if line is None or (line.group().strip() and len(line.group("indent")) <= indent):
            return values, True
        entry = _ENTRY.match(text, at)
        if entry is not None and entry.group("value"):
            low = entry.start("value")
            content = entry.group("value").rstrip()
            if content not in {"|", "|-", ">", ">-", "|+"} and not content.startswith("\u2039"):
                values.append((low, low + len(content)))
        elif line.group().strip() and entry is None:
            content = line.group().rstrip()
            values.append((at + len(line.group("indent")), at + len(content)))
        at = line.end()
    return values, at < len(text) or at - begin >= _LONGEST_BLOCK_CHARS
