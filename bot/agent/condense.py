"""Fits a long text into what the model is shown; nothing is left out without saying so."""

from __future__ import annotations

DEFAULT_LIMIT_BYTES = 16 * 1024
"""About 4,000 tokens: a result this long still leaves room for two dozen others."""

MIN_LIMIT_BYTES = 512
"""Below this the notice about what was cut would not leave room for the text."""

HEAD_SHARE = 0.4
"""Heads hold column names and first causes; tails hold what happened last, which is worth more."""


def condense(text: str, *, label: str, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> str:
    """Return the text, or its head and tail with a notice between that says how to see the rest.

    The result is at most `limit_bytes` (of UTF-8) long, and unchanged if the text fits. Lines
    stay whole unless a single one is too long.
    """
    if limit_bytes < MIN_LIMIT_BYTES:
        raise ValueError(f"limit_bytes is {limit_bytes}, at least {MIN_LIMIT_BYTES} is needed")
    raw = text.encode(errors="replace")
    if len(raw) <= limit_bytes:
        return text
    room = limit_bytes - len(_notice(label, len(raw), raw.count(b"\n")).encode())
    head = _first(raw, int(room * HEAD_SHARE))
    tail = _last(raw[len(head) :], room - len(head))
    middle = raw[len(head) : len(raw) - len(tail)]
    notice = _notice(label, len(middle), middle.count(b"\n"))
    return f"{head.decode()}{notice}{tail.decode()}"


def _notice(label: str, cut_bytes: int, lines: int) -> str:
    return (
        f"\n[... {cut_bytes:,} bytes, about {lines:,} lines, are left out here. Nothing may be "
        f'concluded from their absence: search_evidence(label="{label}", words="...") reads the '
        "whole text ...]\n"
    )


def _first(raw: bytes, room: int) -> bytes:
    """Return the longest run of whole lines, else characters, from the start that fits."""
    part = raw[:room]
    end = part.rfind(b"\n")
    return part[: end + 1] if end > room // 2 else _whole(part)


def _last(raw: bytes, room: int) -> bytes:
    part = raw[max(0, len(raw) - room) :]
    start = part.find(b"\n")
    if 0 <= start < room // 2:
        return part[start + 1 :]
    return part.decode(errors="ignore").encode()


def _whole(part: bytes) -> bytes:
    """Drop a character that was cut in two at the end."""
    return part.decode(errors="ignore").encode()
