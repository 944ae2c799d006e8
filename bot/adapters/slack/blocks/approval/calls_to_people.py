"""What is said beside a card when a person is needed: reminder, escalation, call for a human.

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
from safe_ops.model.standing import current_need

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safe_ops.model.actions import Action

_GROUP: Final = re.compile(r"S[A-Z0-9]{2,20}")
_NAME: Final = 200
_SAYS: Final = 1_500
_MOST_GROUPS: Final = 10


def reminder_card(action: Action, *, groups: Mapping[str, str], link: str = "") -> Card:
    """Return the reminder; `groups` has Slack's group id of each team, empty where it has none."""
    line = (
        f"⏳ {_named(groups)}: *{action.label}* ({_about(action)}) still waits for your yes or no."
        f"{_ends(action)}"
    )
    return _said(line, link)


def escalation_card(
    action: Action, *, groups: Mapping[str, str], may_approve: bool, link: str = ""
) -> Card:
    """Return the call to who comes next; `groups` as for the reminder."""
    need = current_need(action)
    asked = " or ".join(f"*{clip_escaped(team, 60)}*" for team in need.teams) if need else ""
    nobody = f"⏫ {_named(groups)}: nobody has decided on *{action.label}* ({_about(action)}) yet."
    turn = (
        " You may approve or deny it on its card."
        if may_approve
        else f" You cannot give this approval: it is for {asked or 'the on-call tier'} to give."
    )
    return _said(f"{nobody}{turn}{_ends(action)}", link)


def page_card(action: Action, says: str, *, groups: Mapping[str, str], link: str = "") -> Card:
    """Return the call for a human, with what happened."""
    told = clip_escaped(visible(says), _SAYS)
    line = f"🚨 {_named(groups)}: *{action.label}* ({_about(action)}) needs somebody now.\n{told}"
    return _said(line, link)


def _said(line: str, link: str) -> Card:
    shown = f"{line} <{link}|Open the card>." if link else line
    return Card(text=line, blocks=(parts.section(shown),))


def _ends(action: Action) -> str:
    """Return until when it waits, as a sentence; empty where nothing ends."""
    if action.stage_until is None:
        return ""
    return f" It expires {when(action.stage_until)}, and is not run then."


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
