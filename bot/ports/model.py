"""A language model as the agent loop sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from bot.domain.investigation import TextBlock, ToolUse, Turn, Usage

if TYPE_CHECKING:
    from collections.abc import Callable


class StopReason(StrEnum):
    """Why the model ended its turn."""

    END_TURN = "end_turn"
    TOOL_USE = "tool_use"
    MAX_TOKENS = "max_tokens"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """One tool as the model is told of it."""

    name: str
    description: str
    input_schema: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One call; the head (system, tools) is stable between turns so that it can be cached."""

    system: str
    tools: tuple[ToolSpec, ...]
    """Sorted by name."""
    turns: tuple[Turn, ...]
    max_output_tokens: int
    timeout_s: float
    """The whole call, retries included."""
    must_call: str | None = None
    """Name of the one tool the model has to call now; None leaves it free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """One assistant turn, whole."""

    blocks: tuple[TextBlock | ToolUse, ...]
    stop_reason: StopReason
    usage: Usage
    model: str
    """`anthropic:<id>` or `bedrock:<id>`: who really answered."""


class LanguageModel(Protocol):
    """Answers one request; implementations retry within the request's time, bounded."""

    def reply(self, request: ModelRequest, *, cancelled: Callable[[], bool]) -> ModelReply:
        """Return the whole turn; a torn stream is never a turn.

        `cancelled` is asked while the stream runs.

        Raises:
            UpstreamError: No provider of the chain answered in time.
            concurrent.futures.CancelledError: `cancelled` said so; what it raises passes through.
        """
        ...
