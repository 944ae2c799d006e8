"""The functions the queue calls by name: each takes ids only and may run twice.

A worker installs what they work with once, at its start; the queue itself carries no objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.conversation import ThreadId

if TYPE_CHECKING:
    from bot.flows.question.answer import Answering

_installed: list[Answering] = []


def install(answering: Answering) -> None:
    """Make this the flow that jobs of this process run."""
    _installed[:] = [answering]


def answer(thread_id: str) -> None:
    """Answer what waits in a thread; nothing happens if another worker has it."""
    for answering in _installed:
        answering.answer(ThreadId(thread_id))
