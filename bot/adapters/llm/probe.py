"""Does a model answer, and by which way? Asked with one word, which costs a fraction of a cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.checkups import connection_checkup, tls_checkups
from bot.adapters.tls import Endpoint, environment_proxy
from bot.domain.address import plain_http_problem, split_address
from bot.domain.errors import UpstreamError
from bot.domain.investigation import TextBlock, Turn
from bot.ports.model import ModelRequest
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.ports.clock import Clock
    from bot.ports.model import LanguageModel
    from bot.ports.probe import Probe

TIMEOUT_S = 20.0
MAX_TOKENS = 64


def model_probe(
    model: LanguageModel | None, *, addresses: Iterable[str] = (), clock: Clock
) -> Probe:
    """Return the probe of the provider chain; None is an installation without a model.

    `addresses` are the providers' base URLs.
    """

    def look() -> list[Checkup]:
        checks = _provider(model)
        for address in addresses:
            checks += _way(address, clock=clock)
        return checks

    return look


def _provider(model: LanguageModel | None) -> list[Checkup]:
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


def _way(address: str, *, clock: Clock) -> list[Checkup]:
    parsed = split_address(address)
    if parsed is None:
        return []
    part = f"model at {parsed.hostname}"
    problem = plain_http_problem(parsed)
    if problem is not None:
        step = "set an https address: the key and every question go there"
        return [Checkup(part=part, health=Health.FAILED, found=problem, next_step=step)]
    endpoint = Endpoint(url=address, proxy=environment_proxy(address))
    # Its answers take as long as they are; opening a connection shows the way alone.
    latency = connection_checkup(part, endpoint, clock=clock)
    return [*([] if latency is None else [latency]), *tls_checkups(part, endpoint, clock=clock)]
