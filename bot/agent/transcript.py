"""Reading a stored transcript: what is still to be answered, what was asked before. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.domain.investigation import TextBlock, ToolResult, ToolUse, Turn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

NO_WORDS = "(no answer)"
"""Stands for an assistant turn without content, which no API takes back."""

DECLINED = "(declined)"
"""Stands for what a model had begun to write before it declined, which must not be used."""


def uses_of(turn: Turn) -> tuple[ToolUse, ...]:
    """Return the tool calls a turn asks for, in order."""
    return tuple(block for block in turn.blocks if isinstance(block, ToolUse))


def words_of(turn: Turn) -> str:
    """Return the prose of a turn."""
    texts = (block.text for block in turn.blocks if isinstance(block, TextBlock))
    return "\n".join(text for text in texts if text not in {NO_WORDS, DECLINED}).strip()


def canonical(use: ToolUse) -> str:
    """Return a key that is equal exactly for calls of the same tool with the same arguments."""
    arguments = json.dumps(use.arguments, sort_keys=True, ensure_ascii=False, default=str)
    return f"{use.name} {arguments}"


def earlier_uses(turns: Iterable[Turn], key: str) -> tuple[ToolUse, ...]:
    """Return the calls with this canonical key, oldest first."""
    return tuple(use for turn in turns for use in uses_of(turn) if canonical(use) == key)


def result_of(turns: Iterable[Turn], tool_use_id: str) -> ToolResult | None:
    """Return what the model was told of a call, or None if that is still due."""
    for turn in turns:
        for block in turn.blocks:
            if isinstance(block, ToolResult) and block.tool_use_id == tool_use_id:
                return block
    return None


def told_by(turns: Iterable[Turn], tools: Collection[str]) -> tuple[str, ...]:
    """Return what these tools told the model, refusals left out, oldest first."""
    turns = tuple(turns)
    asked = {use.tool_use_id for turn in turns for use in uses_of(turn) if use.name in tools}
    return tuple(
        block.text
        for turn in turns
        for block in turn.blocks
        if isinstance(block, ToolResult) and block.tool_use_id in asked and not block.is_error
    )


def last_words(turns: Sequence[Turn]) -> str:
    """Return the newest prose of the model, or an empty string."""
    for turn in reversed(turns):
        if turn.role == "assistant" and words_of(turn):
            return words_of(turn)
    return ""


def last_model(turns: Sequence[Turn]) -> str | None:
    """Return who wrote the newest assistant turn, as `provider:id`."""
    return next((turn.model for turn in reversed(turns) if turn.model is not None), None)


def user_turn(*blocks: ToolResult | str) -> Turn:
    """Return a user turn: results first, as the API wants them, then texts that say anything."""
    results = [block for block in blocks if isinstance(block, ToolResult)]
    texts = [TextBlock(text=block) for block in blocks if isinstance(block, str) and block.strip()]
    return Turn(role="user", blocks=(*results, *texts))
