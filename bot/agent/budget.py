"""Ceilings of one run, and which of them is reached; time comes from the clock it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.investigation import Turn, Usage
    from bot.ports.clock import Clock

NEAR = 0.9
"""Share of the tokens, money or time after which the model is asked to conclude: the concluding
call itself costs some of each."""

CACHED_WEIGHT = 10
"""Cached input counts, as it costs, a tenth."""

MIN_CALL_S = 20.0
"""The concluding call gets at least this long, however late it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Ceilings for one run; all of them are settings."""

    max_turns: int = 12
    """Model calls; the last is kept for the conclusion."""
    max_tool_calls: int = 25
    max_tokens: int = 200_000
    """Input and output over all turns, cached input at a tenth."""
    max_usd: float = 1.0
    max_seconds: float = 180.0
    max_refusals: int = 5
    """Repeated, unknown or malformed calls before the model is asked to conclude."""
    max_parallel: int = 4
    """Tool calls at the same time."""
    max_output_tokens: int = 8_192
    """Per turn; current models count their thinking in it."""
    call_timeout_s: float = 120.0
    """One model call, retries and fallback provider included."""


class Budget:
    """Counts what a run has used against its limits."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self._clock = clock
        self._began = clock.monotonic()
        self.turns = 0
        self.calls = 0
        self.tokens = 0
        self.usd = 0.0
        self.refusals = 0

    def count_stored(self, turns: Iterable[Turn], *, calls: int) -> None:
        """Take in what an earlier worker used: its model turns, and its recorded tool calls."""
        for turn in turns:
            if turn.role == "assistant":
                self.count_turn(turn.usage)
        self.calls += calls

    def count_turn(self, usage: Usage) -> None:
        """Take in one model call."""
        self.turns += 1
        self.tokens += usage.input_tokens + usage.cache_write_tokens + usage.output_tokens
        self.tokens += usage.cache_read_tokens // CACHED_WEIGHT
        self.usd += usage.cost_usd

    def count_others(self, usages: Iterable[Usage], *, calls: int) -> None:
        """Take in what others spent on behalf of this run: money, tokens and tool calls."""
        for usage in usages:
            self.count_turn(usage)
            self.turns -= 1
        self.calls += calls

    def count_call(self) -> None:
        """Take in one tool call that is going to be made."""
        self.calls += 1

    def count_refusal(self) -> None:
        """Take in one call that was refused without being made."""
        self.refusals += 1

    @property
    def seconds(self) -> float:
        """Time since the run, or its resumption, began."""
        return self._clock.monotonic() - self._began

    @property
    def calls_left(self) -> int:
        """How many tool calls may still be made."""
        return max(0, self.limits.max_tool_calls - self.calls)

    @property
    def call_timeout_s(self) -> float:
        """How long the next model call may take."""
        left = self.limits.max_seconds - self.seconds
        return min(self.limits.call_timeout_s, max(MIN_CALL_S, left))

    def ceiling(self) -> str | None:
        """Return, in words, the ceiling that is reached or near; None while there is room."""
        limits = self.limits
        checks = (
            (self.turns >= limits.max_turns - 1, f"{limits.max_turns} model turns"),
            (self.calls_left == 0, f"{limits.max_tool_calls} tool calls"),
            (self.tokens >= NEAR * limits.max_tokens, f"{limits.max_tokens:,} tokens"),
            (self.usd >= NEAR * limits.max_usd, f"{limits.max_usd:.2f} US dollars"),
            (self.seconds >= NEAR * limits.max_seconds, f"{limits.max_seconds:.0f} seconds"),
            (self.refusals >= limits.max_refusals, f"{limits.max_refusals} refused calls"),
        )
        return next((words for reached, words in checks if reached), None)
