"""How the grammar says no: a rule id, what was wrong, and the nearest form that is allowed.

The text goes to a model or a person, so what it quotes of the command is made harmless first.
"""

from __future__ import annotations

from bot.domain.errors import ToolError

# Enough to recognise one's own word; a refusal must not carry a pasted log back.
_QUOTED_CHARS = 60


def refuse(rule: str, problem: str, nearest: str) -> ToolError:
    """Return the refusal to raise; `nearest` is a command, or words on how to write one."""
    return ToolError(f"{rule}: {problem}. Nearest allowed form: {nearest}", rule=rule)


def quoted(text: str, *, limit: int = _QUOTED_CHARS) -> str:
    """Return a short, printable ASCII rendering of a piece of the command."""
    shown = text if len(text) <= limit else text[:limit] + "..."
    return f"`{shown.encode('unicode_escape').decode('ascii').replace('`', '')}`"
