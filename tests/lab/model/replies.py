"""What a model says and how it reaches the client; knows no wire format and no server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from tests.lab.model.errors import ApiError

CHARS_PER_TOKEN = 4
"""Rough enough for budgets and ratios, and stable, which a real tokenizer is not over time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Prose the model writes."""

    text: str

    @property
    def tokens(self) -> int:
        return tokens_of(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One `tool_use` block."""

    name: str
    arguments: Mapping[str, Any]
    raw: str | None = None
    """What is streamed as the input's JSON instead of `arguments`; need not be JSON."""

    @property
    def streamed(self) -> str:
        if self.raw is not None:
            return self.raw
        return json.dumps(dict(self.arguments), ensure_ascii=False)

    @property
    def tokens(self) -> int:
        return tokens_of(self.name) + tokens_of(self.streamed)


Block = Text | ToolCall


class Fate(StrEnum):
    """How a delivery ends."""

    WHOLE = "whole"
    TORN = "torn"
    """The TCP connection closes in the middle."""
    ENDED = "ended"
    """The HTTP body ends in good order, but too early."""
    SILENT = "silent"
    """Nothing more comes, and the connection stays open."""
    FAILED = "failed"
    """An error event arrives inside the started stream."""
    HELD = "held"
    """Waits until the test calls `ModelLab.release`, then goes on to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Pace and fate of one response."""

    first_byte_s: float = 0.0
    per_event_s: float = 0.0
    fate: Fate = Fate.WHOLE
    after_events: int = 0
    """How many events come before the fate; negative counts from the end, as in a slice."""
    ping_every_s: float | None = None
    """Keep-alive while silent or held; None sends none."""
    error: ApiError | None = None
    """What a FAILED delivery ends in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One assistant turn."""

    content: tuple[Block, ...]
    stop_reason: str | None = None
    """None stands for what follows from the content: `tool_use` or `end_turn`."""
    stop_category: str | None = None
    """Why a `refusal` was given."""
    delivery: Delivery = field(default_factory=Delivery)

    @property
    def ends_with(self) -> str:
        if self.stop_reason is not None:
            return self.stop_reason
        calls = any(isinstance(block, ToolCall) for block in self.content)
        return "tool_use" if calls else "end_turn"

    @property
    def tokens(self) -> int:
        return sum(block.tokens for block in self.content)


def tokens_of(text: str) -> int:
    """Return the lab's estimate; 0 only for empty text."""
    return -(-len(text) // CHARS_PER_TOKEN)


def cut_to(reply: Reply, max_tokens: int) -> Reply:
    """Return the reply as the API ends it at `max_tokens`; unchanged if it fits."""
    if reply.tokens <= max_tokens:
        return reply
    kept: list[Block] = []
    left = max_tokens
    for block in reply.content:
        if block.tokens <= left:
            kept.append(block)
            left -= block.tokens
            continue
        part = _first_tokens(block, left)
        if part is not None:
            kept.append(part)
        break
    return replace(reply, content=tuple(kept), stop_reason="max_tokens")


def _first_tokens(block: Block, tokens: int) -> Block | None:
    if isinstance(block, Text):
        text = block.text[: tokens * CHARS_PER_TOKEN]
        return Text(text=text) if text else None
    room = tokens - tokens_of(block.name)
    if room <= 0:
        return None
    return replace(block, raw=block.streamed[: room * CHARS_PER_TOKEN])
