"""How the read policy says no: a rule id, what was wrong, and the nearest read that is allowed."""

from __future__ import annotations

from bot.domain.errors import ToolError

# Enough to recognise one's own word; a refusal must not carry a pasted text back.
_QUOTED_CHARS = 80


def refuse(rule: str, problem: str, nearest: str | None = None) -> ToolError:
    """Return the refusal to raise; `nearest` is a listed read, or words on how to ask."""
    hint = f" Nearest allowed form: {nearest}" if nearest else ""
    return ToolError(f"{rule}: {problem}.{hint}", rule=rule)


def quoted(text: object) -> str:
    """Return a short, printable ASCII rendering of something the caller sent."""
    shown = str(text)
    cut = shown if len(shown) <= _QUOTED_CHARS else shown[:_QUOTED_CHARS] + "..."
    return f"`{cut.encode('unicode_escape').decode('ascii').replace('`', '')}`"
