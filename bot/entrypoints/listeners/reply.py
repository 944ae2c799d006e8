"""What the person who acted is told."""

from __future__ import annotations

from dataclasses import dataclass

from bot.adapters.slack.actor import Actor
from bot.adapters.slack.blocks.card import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the person who acted is told."""

    actor: Actor
    card: Card
    refused: bool = False
    """True when nothing happened because the person may not do that."""
    lasts: bool = False
    """True when it is worth saying even if the act is carried out minutes after it was given."""
