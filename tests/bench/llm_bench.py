"""The model adapter beside the lab's model, for tests; every connection is closed in the end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.adapters.clock import SystemClock
from bot.adapters.llm.anthropic_client import anthropic_model
from bot.adapters.llm.bedrock import StaticCredentials, bedrock_model
from bot.adapters.llm.messages import MessagesModel, Patience
from bot.adapters.llm.pricing import Pricing
from bot.domain.investigation import TextBlock, Turn
from bot.ports.model import LanguageModel, ModelReply, ModelRequest, ToolSpec
from tests.lab.model.server import ModelLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.model.brains import Brain

MODEL = "claude-haiku-4-5"
QUICK = Patience(connect_s=2.0, silence_s=1.5, first_pause_s=0.01, max_pause_s=0.02)
LOOK = ToolSpec(
    name="look",
    description="Look somewhere.",
    input_schema={
        "type": "object",
        "properties": {"where": {"type": "string"}},
        "additionalProperties": False,
    },
)
CONCLUDE = ToolSpec(
    name="conclude", description="End.", input_schema={"type": "object", "properties": {}}
)


@dataclass
class Bench:
    """A lab, and the models that were pointed at it."""

    lab: ModelLab
    opened: list[MessagesModel] = field(default_factory=list)

    def anthropic(
        self, *, model: str = MODEL, patience: Patience = QUICK, key: str | None = None
    ) -> MessagesModel:
        made = anthropic_model(
            api_key=key or self.lab.api_key,
            model=model,
            pricing=Pricing(),
            clock=SystemClock(),
            base_url=self.lab.url,
            patience=patience,
        )
        self.opened.append(made)
        return made

    def bedrock(self) -> MessagesModel:
        made = bedrock_model(
            model="us.anthropic.claude-haiku-4-5-20251001-v1:0",
            region="eu-central-1",
            pricing=Pricing(),
            clock=SystemClock(),
            base_url=self.lab.url,
            credentials=StaticCredentials(access_key="AKIDLAB", secret_key="lab"),
            patience=QUICK,
        )
        self.opened.append(made)
        return made

    def bodies(self) -> list[dict[str, Any]]:
        return [dict(exchange.body) for exchange in self.lab.turns()]


@contextmanager
def bench_with(brain: Brain) -> Iterator[Bench]:
    """Yield a bench whose lab is strict about roles, as Bedrock is."""
    with ModelLab(brain, alternate=True) as lab:
        bench = Bench(lab)
        yield bench
        for model in bench.opened:
            model.close()


def asking(
    *turns: Turn, must_call: str | None = None, timeout_s: float = 10.0, system: str = "Be brief."
) -> ModelRequest:
    return ModelRequest(
        system=system,
        tools=(LOOK, CONCLUDE),
        turns=turns or (user("How is it?"),),
        max_output_tokens=1_000,
        timeout_s=timeout_s,
        must_call=must_call,
    )


def user(text: str) -> Turn:
    return Turn(role="user", blocks=(TextBlock(text=text),))


def answer(model: LanguageModel, request: ModelRequest | None = None) -> ModelReply:
    return model.reply(request or asking(), cancelled=lambda: False)
