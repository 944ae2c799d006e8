"""What the tests of cards and views share: hostile words, and how a card is judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.adapters.slack.flatten import blocks_text
from bot.adapters.slack.text import printable
from bot.adapters.slack.validation import validate_message
from tests.lab.slack.values import (
    evidence,
    observation,
    outcome,
    verdict,
)

if TYPE_CHECKING:
    from bot.adapters.slack.blocks.card import Card
    from bot.domain.outcome import Outcome


HOSTILE = (
    "",
    "   ",
    "<!channel> <!here> <@U0LABANA1> @everyone <https://evil.example|click>",
    "🔥" * 10_240,
    "&<>" * 4_000,
    "مرحبا\u202e بالعالم " * 500,
    "```\nunclosed " * 400,
    "a" * 40_000,
    "nul\x00 bell\x07 \ud800 surrogate",
    "line\n" * 5_000,
    "|" * 3_000,
)


def takes(card: Card, *, for_update: bool = True) -> list[Any]:
    message = {"text": card.text, "blocks": list(card.blocks)}
    json.dumps(message).encode()
    return validate_message(message, for_update=for_update)


def shown(cards: tuple[Card, ...]) -> str:
    return "\n".join(f"{card.text}\n{blocks_text(card.blocks)}" for card in cards)


def everything(text: str) -> Outcome:
    ledger = tuple(
        evidence(number, observation(query=f"kubectl get {text}", body=printable(text)))
        for number in range(1, 30)
    )
    return outcome(found=verdict(summary=text, text=text), ledger=ledger, notice=text)
