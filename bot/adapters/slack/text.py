"""Words on their way into Slack: escaped, bounded, and unable to mention anybody.

Pure. It must not know blocks: builders decide where a text goes, this module makes it safe there.
Three dialects matter: `mrkdwn` (our own short lines; & < > are escaped), Markdown (what a model
wrote; goes into `markdown` blocks) and plain text (never interpreted).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

CUT_MARK: Final = "…"
# A word joiner: invisible, and it ends every pattern Slack would turn into a mention.
_BREAK: Final = "\u2060"
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_REFERENCE: Final = re.compile(r"<(?=[!@#])")
_BROADCAST: Final = re.compile(r"@(?=(?:channel|here|everyone)\b)", re.IGNORECASE)
_BOLD: Final = re.compile(r"\*\*([^*\n]+)\*\*")
_PERSON: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
_FENCE: Final = re.compile(r"^(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)


def printable(text: str) -> str:
    """Return the text without control characters and lone surrogates; tabs and newlines stay."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escape(text: str) -> str:
    """Return the text for a mrkdwn field: &, < and > are literal, nobody is mentioned."""
    safe = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _BROADCAST.sub(f"@{_BREAK}", safe)


def neutral_markdown(text: str) -> str:
    """Return Markdown that renders as written, with mentions and broadcasts taken apart."""
    return _BROADCAST.sub(f"@{_BREAK}", _REFERENCE.sub(f"<{_BREAK}", printable(text)))


def as_mrkdwn(markdown: str) -> str:
    """Return Markdown with its bold words marked as mrkdwn marks them; not escaped."""
    return _BOLD.sub(r"*\1*", markdown)


def inline_code(text: str, *, limit: int = 300) -> str:
    """Return one line of mrkdwn code; backticks inside become apostrophes."""
    line = " ".join(printable(text).replace("`", "'").split())
    return f"`{clip_escaped(line, limit)}`" if line else ""


def clip(text: str, limit: int) -> str:
    """Return at most `limit` characters, with an ellipsis in place of what was cut."""
    if len(text) <= limit:
        return text
    return text[: max(limit - len(CUT_MARK), 0)].rstrip() + CUT_MARK[:limit]


def clip_escaped(text: str, limit: int) -> str:
    """Return the escaped text within `limit` characters, never cutting through an entity."""
    escaped = escape(text)
    if len(escaped) <= limit:
        return escaped
    short = clip(escaped, limit)
    return re.sub(rf"&[a-z]{{0,3}}{CUT_MARK}$", CUT_MARK, short)


def first_line(text: str, limit: int) -> str:
    """Return the first line that says something, bounded."""
    lines = (line.strip() for line in printable(text).splitlines())
    return clip(next((line for line in lines if line), ""), limit)


def person(person_id: str) -> str:
    """Return a mrkdwn reference to a person; what is no Slack id is shown as it is."""
    return f"<@{person_id}>" if _PERSON.fullmatch(person_id) else clip_escaped(person_id, 60)


def when(moment: datetime) -> str:
    """Return a mrkdwn date each reader sees in local time, with UTC as the fallback."""
    utc = moment.astimezone(UTC)
    fallback = utc.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(utc.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


def when_iso(moment: str) -> str:
    """Return a mrkdwn date for an ISO 8601 text; the escaped text itself if it is none."""
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return clip_escaped(moment, 60)
    return when(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def utc(moment: datetime) -> str:
    """Return the moment for a place that takes plain text only."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def count(number: int, noun: str) -> str:
    """Return `1 row` or `3 rows`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def split_markdown(text: str, *, first: int, rest: int) -> list[str]:
    """Return the text in pieces of at most `first` and then `rest` characters.

    Cuts fall between paragraphs or lines where there are any; a code fence open at a cut is closed
    there and opened again in the next piece.
    """
    pieces: list[str] = []
    reopened = ""
    left = text
    while left:
        room = (rest if pieces else first) - len(reopened)
        if len(left) <= room:
            pieces.append(reopened + left)
            break
        # Room for the newline and the fence that closes the piece.
        at = _cut_at(left, max(room - 16, 1))
        piece = reopened + left[:at].rstrip()
        left = left[at:].lstrip("\n")
        fence = _open_fence(piece)
        pieces.append(f"{piece}\n{fence[0]}" if fence else piece)
        reopened = f"{fence[0]}{fence[1]}\n" if fence else ""
    return pieces


def _cut_at(text: str, room: int) -> int:
    for separator in ("\n\n", "\n", " "):
        at = text.rfind(separator, 0, room)
        if at > room // 2:
            return at
    return room


def _open_fence(text: str) -> tuple[str, str] | None:
    """Return the mark and the language of a code fence that is still open at the end."""
    opened: tuple[str, str] | None = None
    for found in _FENCE.finditer(text):
        if opened is None:
            opened = (found[1][:8], found[2].strip()[:20])
        elif found[1].startswith(opened[0]) and not found[2].strip():
            opened = None
    return opened
