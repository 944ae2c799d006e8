"""The open actions as a list, for the person who asked and for the home tab.

Pure. A line says what and where; what is decided is decided on the card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.approval.facts import badge, spoken
from bot.adapters.slack.blocks.approval.sentences import MARKS
from bot.adapters.slack.blocks.card import Card
from bot.adapters.slack.text import clip_escaped, count, escape, inline_code, when
from bot.adapters.slack.visible import visible
from safe_ops.model.actions import PENDING
from safe_ops.model.standing import STANDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.slack.blocks.card import Block
    from bot.ports.operations_desk import Waiting
    from safe_ops.model.actions import Action

_NAME: Final = 200
_SWITCH: Final = 700
"""Characters of what stops operations; a reason has at most 500."""
_HEADING: Final = "Waiting for you"


def actions_card(actions: Sequence[Action], *, halted: Sequence[str] = ()) -> Card:
    """Return the open actions, a line each, below what keeps all of them from running."""
    above = [f"⏸️ {clip_escaped(visible(one), _SWITCH)}" for one in halted]
    if not actions:
        line = "No operation is open that you may see."
        return Card(text=line, blocks=tuple(parts.paragraphs([*above, line])))
    heading = f"*{count(len(actions), 'open operation')}*"
    lines = [*above, heading, *(f"• {action_line(one)}" for one in actions)]
    hint = "`/nightdesk cancel A12 why` takes one back that has not begun."
    blocks = (*parts.paragraphs(lines), parts.context(hint))
    return Card(text=heading, blocks=blocks)


def waiting_blocks(waiting: Sequence[Waiting]) -> list[Block]:
    """Return the home tab's list of what this person may decide now; nothing for none."""
    if not waiting:
        return []
    lines = []
    for one in waiting:
        link = f" · <{one.link}|open the card>" if one.link else ""
        lines.append(f"• {action_line(one.action)}{link}")
    return [parts.divider(), parts.header(_HEADING), *parts.paragraphs(lines)]


def action_line(action: Action) -> str:
    """Return one action in a line of mrkdwn."""
    plan = action.plan
    name = f"{MARKS[action.state]} *{escape(action.label)}*"
    what = clip_escaped(visible(spoken(action.request.operation)), _NAME)
    if plan is None:
        where = inline_code(visible(action.request.place.name))
        return f"{name} {what} in {where} {escape(STANDING[action.state])}"
    about = inline_code(visible(plan.target.key), limit=_NAME)
    line = f"{name} {badge(plan.tier)} {what} of {about} {escape(STANDING[action.state])}"
    if action.state in PENDING and action.stage_until is not None:
        line += f", until {when(action.stage_until)}"
    return line
