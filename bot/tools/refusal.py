"""How a read policy says no: a rule id, what was wrong, and the nearest form that is allowed.

The text goes to a model or a person, so what it quotes of the caller is made harmless first.
"""

from __future__ import annotations

from bot.domain.errors import ToolError

# Enough to recognise one's own word; a refusal must not carry a pasted log back.
_QUOTED_CHARS = 80


def refuse(rule: str, problem: str, nearest: str | None = None) -> ToolError:
    """Return the refusal to raise; `nearest` is a read that is allowed, or words on how to ask."""
    hint = f" Nearest allowed form: {nearest}" if nearest else ""
    return ToolError(f"{rule}: {problem}.{hint}", rule=rule)


def quoted(text: object, *, limit: int = _QUOTED_CHARS) -> str:
    """Return a short, printable ASCII rendering of something the caller sent."""
    shown = str(text)
    cut = shown if len(shown) <= limit else shown[:limit] + "..."
    return f"`{cut.encode('unicode_escape').decode('ascii').replace('`', '')}`"
