"""The picker that asks which cluster is meant, and what replaces it once somebody chose.

Pure. The value is the cluster's name; whether the person may read it is looked up at the click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack import limits
from bot.adapters.slack.actions import SCOPE_BUTTON, SCOPE_MENU
from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.card import Card
from bot.adapters.slack.text import clip_escaped, inline_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.slack.blocks.card import Block
    from bot.domain.conversation import PersonId

_MOST_BUTTONS: Final = 5
"""More than five buttons wrap on a phone; a menu reads better."""
_ASK: Final = "Which cluster is this about?"


def scope_card(clusters: Sequence[str]) -> Card:
    """Return the question with a button for each cluster, or a menu when there are many."""
    names = ", ".join(clusters)
    if len(clusters) <= _MOST_BUTTONS:
        chooser: Block = parts.actions(
            *(
                parts.button(name, f"{SCOPE_BUTTON}.{number}", name)
                for number, name in enumerate(clusters)
            )
        )
    else:
        chooser = parts.actions(_menu(clusters))
    hint = "Or say `use cluster NAME` in this thread; that can name a namespace too."
    blocks = [parts.section(_ASK), chooser, parts.context(hint)]
    left = len(clusters) - limits.SELECT_OPTIONS
    if left > 0:
        blocks.append(parts.context(f"{left} more are not listed here: name one instead."))
    return Card(text=f"{_ASK} {clip_escaped(names, 1_000)}", blocks=tuple(blocks))


def chosen_card(cluster: str, person: PersonId) -> Card:
    """Return what the picker becomes; the person is named, not notified, by an edit."""
    line = f"This thread is about {inline_code(cluster)}, chosen by <@{person}>."
    return Card(text=line, blocks=(parts.context(line),))


def _menu(clusters: Sequence[str]) -> Block:
    return {
        "type": "static_select",
        "action_id": SCOPE_MENU,
        "placeholder": parts.plain("Choose a cluster", limits.PLACEHOLDER),
        "options": [
            {"text": parts.plain(name, limits.OPTION_TEXT), "value": name[: limits.OPTION_VALUE]}
            for name in clusters[: limits.SELECT_OPTIONS]
        ],
    }
