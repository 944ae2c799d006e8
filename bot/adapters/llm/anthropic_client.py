"""Anthropic's own API as a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.adapters.llm.messages import MessagesModel

if TYPE_CHECKING:
    from bot.adapters.llm.messages import Patience
    from bot.adapters.llm.pricing import Pricing
    from bot.ports.clock import Clock

PROVIDER = "anthropic"

BASE_URL = "https://api.anthropic.com"


def anthropic_model(
    *,
    api_key: str,
    model: str,
    pricing: Pricing,
    clock: Clock,
    base_url: str | None = None,
    patience: Patience | None = None,
) -> MessagesModel:
    """Return the model; nothing is imported or connected before its first call.

    `base_url` is for gateways and tests.
    """

    def connect() -> Any:
        import anthropic  # noqa: PLC0415 -- 1.8 s of imports, paid by the first call

        return anthropic.Anthropic(api_key=api_key, base_url=base_url or BASE_URL, max_retries=0)

    return MessagesModel(
        provider=PROVIDER,
        model=model,
        connect=connect,
        pricing=pricing,
        clock=clock,
        patience=patience,
    )
