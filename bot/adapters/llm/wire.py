"""A request of ours as the Messages API takes it, with the marks that make its head cacheable.

Plain dictionaries in and out; it must not import the SDK.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.domain.investigation import TextBlock, ToolResult, ToolUse, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.investigation import Block
    from bot.ports.model import ModelRequest, ToolSpec

CACHED = {"type": "ephemeral"}

MARKED_USER_TURNS = 2
"""Breakpoints that move along: the newest user turn is written, the one before is read. With
those on tools and system that makes four, which is the API's limit per request."""

NOTHING = "(nothing)"
"""The API refuses empty texts."""

Echo = Callable[[Turn], list[dict[str, Any]] | None]
"""Returns what a model sent for a turn, block by block, or None if that is not known."""


def body_of(request: ModelRequest, *, model: str, may_force: bool, echo: Echo) -> dict[str, Any]:
    """Return the arguments of a streaming `messages.create`.

    `echo` returns an assistant turn's content exactly as this model sent it, where that is
    known: models that think want their thoughts back unchanged. `may_force` is False for models
    that answer a forced tool with an error; for them the request's words have to do.
    """
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_output_tokens,
        "system": [{"type": "text", "text": request.system, "cache_control": CACHED}],
        "messages": _messages(request.turns, echo),
        "stream": True,
    }
    if request.tools:
        body["tools"] = _tools(request.tools)
        if request.must_call is not None and may_force:
            body["tool_choice"] = {"type": "tool", "name": request.must_call}
    return body


def _tools(specs: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = [
        {
            "name": spec.name,
            "description": spec.description,
            "input_schema": spec.input_schema,
        }
        for spec in sorted(specs, key=lambda spec: spec.name)
    ]
    tools[-1]["cache_control"] = CACHED
    return tools


def _messages(turns: Sequence[Turn], echo: Echo) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for turn in turns:
        content = echo(turn) or [_block(block) for block in turn.blocks]
        if messages and messages[-1]["role"] == turn.role:
            messages[-1]["content"] += content
        else:
            messages.append({"role": turn.role, "content": content})
    asked = [message for message in messages if message["role"] == "user"]
    for message in asked[-MARKED_USER_TURNS:]:
        message["content"][-1] = {**message["content"][-1], "cache_control": CACHED}
    return messages


def _block(block: Block) -> dict[str, Any]:
    match block:
        case TextBlock():
            return {"type": "text", "text": _text(block.text)}
        case ToolUse():
            return {
                "type": "tool_use",
                "id": block.tool_use_id,
                "name": block.name,
                "input": block.arguments,
            }
        case ToolResult():
            result: dict[str, Any] = {
                "type": "tool_result",
                "tool_use_id": block.tool_use_id,
                "content": _text(block.text),
            }
            return {**result, "is_error": True} if block.is_error else result


def _text(text: str) -> str:
    """Return text the API takes: not blank, and without lone surrogates."""
    text = text.encode(errors="replace").decode()
    return text if text.strip() else NOTHING
