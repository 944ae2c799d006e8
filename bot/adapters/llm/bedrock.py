"""Claude on Amazon Bedrock as a language model, signed with the machine's AWS credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.adapters.llm.messages import MessagesModel

if TYPE_CHECKING:
    from bot.adapters.llm.messages import Patience
    from bot.adapters.llm.pricing import Pricing
    from bot.ports.clock import Clock

PROVIDER = "bedrock"


def base_url_of(region: str) -> str:
    """Return Bedrock's own address in a region, which the SDK takes when none is given."""
    return f"https://bedrock-runtime.{region}.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticCredentials:
    """An AWS access key; without one, the usual AWS sources are asked (role, profile, file)."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def bedrock_model(
    *,
    model: str,
    region: str,
    pricing: Pricing,
    clock: Clock,
    base_url: str | None = None,
    credentials: StaticCredentials | None = None,
    patience: Patience | None = None,
) -> MessagesModel:
    """Return the model; nothing is imported or connected before its first call.

    `model` is a model id or an inference profile. `base_url` is for VPC endpoints and tests.
    """

    def connect() -> Any:
        import anthropic  # noqa: PLC0415 -- 1.8 s of imports, paid by the first call

        return anthropic.AnthropicBedrock(
            aws_region=region,
            aws_access_key=credentials.access_key if credentials else None,
            aws_secret_key=credentials.secret_key if credentials else None,
            aws_session_token=credentials.session_token if credentials else None,
            base_url=base_url,
            max_retries=0,
        )

    return MessagesModel(
        provider=PROVIDER,
        model=model,
        connect=connect,
        pricing=pricing,
        clock=clock,
        patience=patience,
    )
