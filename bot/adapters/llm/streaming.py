"""Puts a reply together from the events of a stream, and tells a whole one from a torn one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.domain.investigation import TextBlock, ToolUse
from bot.ports.model import StopReason

if TYPE_CHECKING:
    from collections.abc import Iterable

MALFORMED = "malformed_json"
"""The only argument of a call whose input was no JSON object; no tool has it, so every toolbox
refuses it with the arguments it does want."""

MAX_MALFORMED = 500
"""Characters kept of such an input."""
MAX_DEPTH = 32
"""Levels of a tool's arguments. None takes more than a few; of thousands, which somebody may talk a
model into, everything that walks through them would fail."""

_STOPS = {
    "end_turn": StopReason.END_TURN,
    "stop_sequence": StopReason.END_TURN,
    "pause_turn": StopReason.END_TURN,
    "tool_use": StopReason.TOOL_USE,
    "max_tokens": StopReason.MAX_TOKENS,
    "model_context_window_exceeded": StopReason.MAX_TOKENS,
    "refusal": StopReason.REFUSAL,
}

_USAGE = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)


class TornStreamError(Exception):
    """The stream ended before the reply did."""


@dataclass(slots=True, kw_only=True)
class Received:
    """One reply, as the provider sent it."""

    content: list[dict[str, Any]] = field(default_factory=list)
    """Blocks as they are sent back in later requests, thinking included."""
    stop: StopReason = StopReason.END_TURN
    tokens: dict[str, int] = field(default_factory=dict)

    def blocks(self) -> tuple[TextBlock | ToolUse, ...]:
        """Return the blocks the loop works with.

        A call at the end of a reply that ran out of tokens may be cut, and is left out.
        """
        content = self.content
        cut = self.stop is StopReason.MAX_TOKENS and content[-1:]
        if cut and cut[0]["type"] == "tool_use":
            content = content[:-1]
        return tuple(block for one in content if (block := _ours(one)) is not None)


def receive(events: Iterable[Any]) -> Received:
    """Return the whole reply.

    Raises:
        TornStreamError: The stream ended without `message_stop`; the SDK does not complain then.
    """
    received = Received()
    inputs: dict[int, str] = {}
    stop: StopReason | None = None
    whole = False
    for event in events:
        match event.type:
            case "message_start":
                _count(received, event.message.usage)
            case "content_block_start":
                received.content.append(_begun(event.content_block))
            case "content_block_delta":
                _add(received.content[event.index], event.delta, inputs, event.index)
            case "message_delta":
                stop = _stop(event.delta.stop_reason)
                _count(received, event.usage)
            case "message_stop":
                whole = True
            case _:
                continue
    if not whole or stop is None:
        raise TornStreamError("the stream ended in the middle of a reply")
    received.stop = stop
    for index, text in inputs.items():
        received.content[index]["input"] = _arguments(text)
    return received


def _stop(reason: str | None) -> StopReason | None:
    """Return why the model stopped; reasons we do not know yet are ordinary ends."""
    return None if reason is None else _STOPS.get(reason, StopReason.END_TURN)


def _begun(block: Any) -> dict[str, Any]:
    match block.type:
        case "text":
            return {"type": "text", "text": block.text or ""}
        case "tool_use":
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": {}}
        case "thinking":
            return {
                "type": "thinking",
                "thinking": block.thinking or "",
                "signature": block.signature or "",
            }
        case _:
            sent: dict[str, Any] = block.model_dump(exclude_none=True)
            return sent


def _add(block: dict[str, Any], delta: Any, inputs: dict[int, str], index: int) -> None:
    match delta.type:
        case "text_delta":
            block["text"] += delta.text
        case "input_json_delta":
            inputs[index] = inputs.get(index, "") + delta.partial_json
        case "thinking_delta":
            block["thinking"] += delta.thinking
        case "signature_delta":
            block["signature"] = delta.signature
        case _:
            return


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict) or _is_deeper(arguments, MAX_DEPTH):
        return {MALFORMED: text[:MAX_MALFORMED]}
    return arguments


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def _count(received: Received, usage: Any) -> None:
    """Take in token counts; later ones are totals and replace earlier ones."""
    for name in _USAGE:
        value = getattr(usage, name, None)
        if value is not None:
            received.tokens[name] = value


def _ours(block: dict[str, Any]) -> TextBlock | ToolUse | None:
    match block["type"]:
        case "text" if block["text"].strip():
            return TextBlock(text=block["text"])
        case "tool_use":
            return ToolUse(tool_use_id=block["id"], name=block["name"], arguments=block["input"])
        case _:
            return None
