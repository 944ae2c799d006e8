"""The language models of an installation, and what is made of them for one run."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, TypeVar

from bot.adapters.llm.anthropic_client import anthropic_model
from bot.adapters.llm.bedrock import bedrock_model
from bot.adapters.llm.chain import Chain
from bot.adapters.llm.pricing import Pricing
from bot.agent.budget import Limits
from bot.agent.prompt_book import PromptBook

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.evidence import Observation
    from bot.ports.clock import Clock
    from bot.ports.model import LanguageModel
    from bot.settings import Settings


Made = TypeVar("Made")


def model_name(settings: Settings) -> str | None:
    """Return who answers first, as `provider:model`; None when only rules do."""
    if settings.model.api_key is not None:
        return f"anthropic:{settings.model.name}"
    if settings.model.bedrock_name is not None:
        return f"bedrock:{settings.model.bedrock_name}"
    return None


def build_model(settings: Settings, *, clock: Clock) -> LanguageModel | None:
    """Return the chain of configured providers, or None when there is none."""
    chosen = settings.model
    pricing = Pricing().with_rates(chosen.prices)
    providers: list[LanguageModel] = []
    if chosen.api_key is not None:
        providers.append(
            anthropic_model(
                api_key=chosen.api_key.get_secret_value(),
                model=chosen.name,
                pricing=pricing,
                clock=clock,
                base_url=chosen.base_url,
            )
        )
    if chosen.bedrock_name is not None and chosen.bedrock_region is not None:
        providers.append(
            bedrock_model(
                model=chosen.bedrock_name,
                region=chosen.bedrock_region,
                pricing=pricing,
                clock=clock,
                base_url=chosen.bedrock_url,
            )
        )
    return Chain(providers, clock=clock) if providers else None


def run_factory(
    make: Callable[..., Made], settings: Settings, *, clock: Clock, mask: Callable[[str], str]
) -> Callable[[tuple[Callable[..., Observation], ...]], Made] | None:
    """Return what makes an `Answerer` or a `Lead` of a run's tools; None without a model."""
    model = build_model(settings, clock=clock)
    if model is None:
        return None
    prompts = PromptBook.load()
    limits = _limits(settings)

    def of_tools(tools: tuple[Callable[..., Observation], ...]) -> Made:
        return make(
            model=model,
            tools=tools,
            prompts=prompts,
            clock=clock,
            nonce=lambda: secrets.token_hex(8),
            limits=limits,
            mask=mask,
        )

    return of_tools


def _limits(settings: Settings) -> Limits:
    chosen = settings.limits
    return Limits(
        max_turns=chosen.turns,
        max_tool_calls=chosen.tool_calls,
        max_tokens=chosen.tokens,
        max_usd=chosen.usd,
        max_seconds=chosen.seconds,
    )
