"""What model calls cost; the numbers are settings, these are the published ones.

It must not know who spends the money or how much is left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.investigation import Usage

MTOK = 1_000_000

CACHE_WRITE_FACTOR = 1.25
"""Price of writing the five-minute cache, in input prices; the same for all models."""

CACHE_READ_FACTOR = 0.1
"""Price of reading it, where the model has no rate of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens."""

    input_usd: float
    output_usd: float
    cache_read_usd: float
    long_from_tokens: int | None = None
    """Prompts longer than this cost `long_factor` times as much; None: no such step."""
    long_factor: float = 1.0

    @classmethod
    def of(cls, input_usd: float, output_usd: float, cache_read_usd: float | None = None) -> Price:
        """Return a price; reading the cache costs a tenth of input unless told otherwise."""
        read = input_usd * CACHE_READ_FACTOR if cache_read_usd is None else cache_read_usd
        return cls(input_usd=input_usd, output_usd=output_usd, cache_read_usd=read)

    def cost_usd(self, usage: Usage) -> float:
        """Return what one call cost."""
        prompt = usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens
        long = self.long_from_tokens is not None and prompt > self.long_from_tokens
        cost = (
            usage.input_tokens * self.input_usd
            + usage.cache_write_tokens * self.input_usd * CACHE_WRITE_FACTOR
            + usage.cache_read_tokens * self.cache_read_usd
            + usage.output_tokens * self.output_usd
        )
        return cost * (self.long_factor if long else 1.0) / MTOK


# Source: https://platform.claude.com/docs/en/about-claude/pricing as of October 2026. Bedrock's
# global profiles cost the same; its regional ones up to a tenth more, which a setting can say.
PUBLISHED: Mapping[str, Price] = {
    "claude-fable-5-1": Price.of(10, 50, 0.25),
    "claude-mythos-5-1": Price.of(10, 50, 0.25),
    "claude-fable-5": Price.of(10, 50),
    "claude-mythos-5": Price.of(10, 50),
    "claude-opus-5-5": Price.of(4, 20, 0.20),
    "claude-opus-5": Price.of(5, 25),
    "claude-opus-4-8": Price.of(5, 25),
    "claude-opus-4-7": Price.of(5, 25),
    "claude-opus-4-6": Price.of(5, 25),
    "claude-opus-4-5": Price.of(5, 25),
    "claude-sonnet-5-5": Price.of(2, 10),
    "claude-sonnet-5": Price.of(2, 10),
    "claude-sonnet-4-6": Price.of(3, 15),
    "claude-sonnet-4-5": Price.of(3, 15),
    "claude-haiku-5-5": replace(Price.of(0.10, 0.50), long_from_tokens=100_000, long_factor=5.0),
    "claude-haiku-4-5": Price.of(1, 5),
}

_PROVIDER_PREFIX = re.compile(r"^(?:anthropic:|bedrock:)?(?:[a-z]{2,6}\.)?(?:anthropic\.)?")
_VERSION_SUFFIX = re.compile(r"(?:[-@]20\d{6})?(?:-v\d+(?::\d+)?)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """A cost table."""

    prices: Mapping[str, Price] = field(default_factory=lambda: PUBLISHED)

    def with_rates(self, rates: Mapping[str, tuple[float, float]]) -> Pricing:
        """Return the table with these input and output rates added, or put in place."""
        added = {plain_name(name): Price.of(*rate) for name, rate in rates.items()}
        return Pricing(prices={**self.prices, **added})

    def knows(self, model: str) -> bool:
        """Tell whether the model has a price of its own."""
        return plain_name(model) in self.prices

    def cost_usd(self, model: str, usage: Usage) -> float:
        """Return what a call cost in US dollars.

        An unknown model is charged at the dearest price of the table: a budget that stops too
        early is noticed and mended, one that never stops is noticed on the bill.
        """
        price = self.prices.get(plain_name(model))
        if price is not None:
            return price.cost_usd(usage)
        return max((one.cost_usd(usage) for one in self.prices.values()), default=0.0)


def plain_name(model: str) -> str:
    """Return the model's name without provider, region, date and version.

    `us.anthropic.claude-haiku-4-5-20251001-v1:0` and `claude-haiku-4-5` are the same model. A
    Bedrock ARN names its model last.
    """
    name = model.rsplit("/", maxsplit=1)[-1]
    return _VERSION_SUFFIX.sub("", _PROVIDER_PREFIX.sub("", name))
