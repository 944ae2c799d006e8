"""Progress as Slack shows it: chunks for a native stream, a plan block for an edited message.

Pure. Foreign text reaches a task only as plain text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.actions import STOP
from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.card import Card
from bot.adapters.slack.text import clip, escape, printable
from bot.domain.progress import TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.slack.blocks.card import Block
    from bot.domain.progress import Task

PLAN_TITLE: Final = "Looking into it"
_TITLE: Final = 150
_OUTCOME: Final = 200
_SHOWN: Final = 20


def chunks(tasks: Sequence[Task], *, title: str | None) -> list[Block]:
    """Return the stream chunks that bring these tasks to their present state."""
    found: list[Block] = [] if title is None else [{"type": "plan_update", "title": title}]
    for task in tasks:
        chunk = {
            "type": "task_update",
            "id": clip(task.task_id, 200),
            "title": _plain(task.title, _TITLE),
            "status": task.state.value,
        }
        if task.outcome:
            chunk["output"] = _plain(task.outcome, _OUTCOME)
        found.append(chunk)
    return found


def plan_card(tasks: Sequence[Task], *, investigation: str, most: int = _SHOWN) -> Card:
    """Return the progress as a message with a Stop button; the oldest of many steps are counted."""
    hidden = max(len(tasks) - most, 0)
    shown = tasks[hidden:]
    title = f"{PLAN_TITLE} ({hidden} earlier steps)" if hidden else PLAN_TITLE
    plan: Block = {"type": "plan", "title": title}
    if shown:
        plan["tasks"] = [_task_card(task) for task in shown]
    stop = parts.actions(parts.button("Stop", STOP, investigation, style="danger"))
    return Card(text=_text(tasks), blocks=(plan, stop))


def _task_card(task: Task) -> Block:
    card: Block = {
        "type": "task_card",
        "task_id": clip(task.task_id, 200),
        "title": _plain(task.title, _TITLE),
        "status": task.state.value,
    }
    if task.outcome:
        card["output"] = parts.rich_line(task.outcome, _OUTCOME)
    return card


def _text(tasks: Sequence[Task]) -> str:
    finished = sum(task.state in {TaskState.COMPLETE, TaskState.ERROR} for task in tasks)
    now = next((task.title for task in reversed(tasks) if task.state is TaskState.IN_PROGRESS), "")
    words = f"{PLAN_TITLE}: {finished} of {len(tasks)} steps done"
    return escape(f"{words}, now {clip(now, _TITLE)}" if now else words)


def _plain(text: str, limit: int) -> str:
    """Return text for a field that is not markup, as far as anybody documents it.

    A title is what a model asked for; should Slack read mentions there, it finds none.
    """
    words = " ".join(printable(text).split())
    return clip(re.sub(r"<(?=[!@#])", "\u2039", words) or "…", limit)
