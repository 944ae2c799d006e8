"""A Messages request as brains and tests read it; parsing only, no judgement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn; consecutive messages of a role are one turn, as the API combines them."""

    role: str
    content: tuple[Mapping[str, Any], ...]

    @property
    def text(self) -> str:
        """Everything readable in it, tool results included, a block a line."""
        return "\n".join(texts_of(self.content))


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesRequest:
    """One request for a turn, whichever wire it came by."""

    provider: str
    """`anthropic`, `bedrock` or `mantle`."""
    model: str
    stream: bool
    body: Mapping[str, Any]

    @property
    def messages(self) -> tuple[Message, ...]:
        return combined(self.body.get("messages") or ())

    @property
    def max_tokens(self) -> int:
        return int(self.body.get("max_tokens", 0))

    @property
    def system(self) -> str:
        return "\n".join(texts_of(blocks_of(self.body.get("system") or ())))

    @property
    def tools(self) -> dict[str, Mapping[str, Any]]:
        """Tool definitions by name, in the order sent."""
        return {str(tool["name"]): tool for tool in self.body.get("tools") or ()}

    @property
    def tool_choice(self) -> str:
        return str((self.body.get("tool_choice") or {}).get("type", "auto"))

    @property
    def forced_tool(self) -> str | None:
        """Name of the one tool that must be called, if there is one."""
        choice = self.body.get("tool_choice") or {}
        return str(choice["name"]) if choice.get("type") == "tool" else None

    @property
    def may_call(self) -> bool:
        return bool(self.tools) and self.tool_choice != "none"

    @property
    def turn(self) -> int:
        """How many turns the assistant has had; the same for a retried or resumed request."""
        return sum(message.role == "assistant" for message in self.messages)

    @property
    def first_user_text(self) -> str:
        return next((m.text for m in self.messages if m.role == "user"), "")

    @property
    def last_user_text(self) -> str:
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def tool_uses(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """Name and input of every call the assistant has made so far."""
        return tuple(
            (str(block["name"]), block.get("input") or {})
            for message in self.messages
            for block in message.content
            if block.get("type") == "tool_use"
        )

    @property
    def tool_results(self) -> tuple[str, ...]:
        """Text of every tool result, in order."""
        return tuple(
            "\n".join(texts_of((block,)))
            for message in self.messages
            for block in message.content
            if block.get("type") == "tool_result"
        )


def combined(messages: Iterable[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Return the turns, with neighbours of the same role joined."""
    turns: list[Message] = []
    for message in messages:
        role, content = str(message.get("role")), blocks_of(message.get("content") or ())
        if turns and turns[-1].role == role:
            turns[-1] = Message(role=role, content=turns[-1].content + content)
        else:
            turns.append(Message(role=role, content=content))
    return tuple(turns)


def blocks_of(content: Any) -> tuple[Mapping[str, Any], ...]:
    """Return content blocks; a string is one text block."""
    if isinstance(content, str):
        return ({"type": "text", "text": content},)
    return tuple(content)


def texts_of(blocks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the readable text of each block, tool inputs as JSON."""
    found: list[str] = []
    for block in blocks:
        match block.get("type"):
            case "text":
                found.append(str(block.get("text", "")))
            case "tool_result":
                found.extend(texts_of(blocks_of(block.get("content") or ())))
            case "tool_use":
                found.append(json.dumps(block.get("input") or {}, ensure_ascii=False))
            case _:
                continue
    return found
