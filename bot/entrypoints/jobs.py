"""The functions the queue calls by name: each takes ids only and may run twice.

A worker installs what they work with once, at its start; the queue itself carries no objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.conversation import ThreadId

if TYPE_CHECKING:
    from bot.bootstrap.investigator import Crew
    from bot.bootstrap.operator import Bench

_installed: list[Crew] = []
_benches: list[Bench] = []


def install(crew: Crew) -> None:
    """Make this what jobs of this process run."""
    _installed[:] = [crew]


def install_bench(bench: Bench) -> None:
    """Make this what jobs of the operator's process run."""
    _benches[:] = [bench]


def answer(thread_id: str) -> None:
    """Answer what waits in a thread; nothing happens if another worker has it."""
    for crew in _installed:
        crew.answering.answer(ThreadId(thread_id))


def look(incident_id: str) -> None:
    """Bring an incident's thread up to date, and look into it if a run is due."""
    for crew in _installed:
        thread_id = crew.dispatch.bring_up(incident_id)
        if thread_id is not None:
            crew.answering.answer(thread_id)


def plan_action(action_id: str) -> None:
    """Plan a draft; nothing happens if it is planned already."""
    for bench in _benches:
        bench.planner.plan(action_id)


def execute_action(action_id: str) -> None:
    """Carry an approved action out as far as it can be now."""
    for bench in _benches:
        bench.operator.execute(action_id)
