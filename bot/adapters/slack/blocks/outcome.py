"""The final cards of a run, whichever way it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack.blocks.answer import answer_cards
from bot.adapters.slack.blocks.command import command_cards

if TYPE_CHECKING:
    from bot.adapters.slack.blocks.card import Card
    from bot.domain.outcome import Outcome


def final_cards(outcome: Outcome, *, files_lost: bool = False) -> tuple[Card, ...]:
    """Return the card that replaces the progress, and what continues it in the thread.

    `files_lost` says that the files which go with them could not be brought into the thread.
    """
    if outcome.command is not None:
        return command_cards(outcome, outcome.command, files_lost=files_lost)
    return answer_cards(outcome, files_lost=files_lost)
