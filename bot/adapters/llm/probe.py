"""Does a model answer? Asked with one word, which costs a fraction of a cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import UpstreamError
from bot.domain.investigation import TextBlock, Turn
from bot.ports.model import ModelRequest
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.ports.model import LanguageModel
    from bot.ports.probe import Probe

TIMEOUT_S = 20.0
MAX_TOKENS = 64


def model_probe(model: LanguageModel | None) -> Probe:
    """Return the probe of the provider chain; None is an installation without a model."""

    def look() -> list[Checkup]:
        if model is None:
            step = "set ANTHROPIC_API_KEY, or NIGHTDESK_MODEL_BEDROCK_NAME with its region"
            found = "none configured: answers come by rules"
            return [Checkup(part="model", health=Health.WARNING, found=found, next_step=step)]
        request = ModelRequest(
            system="Answer with the word ok.",
            tools=(),
            turns=(Turn(role="user", blocks=(TextBlock(text="Are you there?"),)),),
            max_output_tokens=MAX_TOKENS,
            timeout_s=TIMEOUT_S,
        )
        try:
            reply = model.reply(request, cancelled=lambda: False)
        except UpstreamError as error:
            step = "check the key, the model's name and the way to the provider"
            return [Checkup(part="model", health=Health.FAILED, found=str(error), next_step=step)]
        return [Checkup(part="model", health=Health.OK, found=f"{reply.model} answers")]

    return look
