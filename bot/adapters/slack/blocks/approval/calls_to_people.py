"""What is said beside a card when a person is needed: the reminder, and the call for a human.

Pure. Groups are named so that their members are notified; nobody else is, and never a channel.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.approval.facts import spoken
from bot.adapters.slack.blocks.card import Card
from bot.adapters.slack.text import clip_escaped, when
from bot.adapters.slack.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safe_ops.model.actions import Action

_GROUP: Final = re.compile(r"S[A-Z0-9]{2,20}")
_NAME: Final = 200
_SAYS: Final = 1_500
_MOST_GROUPS: Final = 10


def reminder_card(action: Action, *, groups: Mapping[str, str]) -> Card:
    """Return the reminder; `groups` has Slack's group id of each team, empty where it has none."""
    until = f" It expires {when(action.stage_until)}." if action.stage_until is not None else ""
    line = f"⏳ *{action.label}* ({_about(action)}) still waits for {_named(groups)}.{until}"
    return Card(text=line, blocks=(parts.section(line),))


def page_card(action: Action, says: str, *, groups: Mapping[str, str]) -> Card:
    """Return the call for a human, with what happened."""
    told = clip_escaped(visible(says), _SAYS)
    line = f"🚨 {_named(groups)}: *{action.label}* ({_about(action)}) needs somebody now.\n{told}"
    return Card(text=line, blocks=(parts.section(line),))


def _about(action: Action) -> str:
    plan = action.plan
    what = spoken(action.request.operation)
    named = what if plan is None else f"{what} of {plan.target.key}"
    return clip_escaped(visible(named), _NAME)


def _named(groups: Mapping[str, str]) -> str:
    shown = [
        f"<!subteam^{group}>" if _GROUP.fullmatch(group) else f"*{clip_escaped(team, 60)}*"
        for team, group in list(groups.items())[:_MOST_GROUPS]
    ]
    return " or ".join(shown) or "whoever is on call"
