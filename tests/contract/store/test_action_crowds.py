"""A hundred actions, two processes, eight threads that try anything, and no promise broken."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.store.actions import SqlActionBook
from safe_ops.model.actions import State
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import Crew

if TYPE_CHECKING:
    from sqlalchemy import Engine

ACTIONS = 100


@pytest.mark.timeout(120)  # it is all work; two processes begin with a second of imports each
def test_two_processes_with_many_threads_keep_every_promise(
    engine: Engine, database_url: str
) -> None:
    """R18."""
    crew = Crew(SqlActionBook(engine, SystemClock(), lambda: uuid4().hex))
    ids = [crew.requested().action_id for _ in range(ACTIONS)]
    module = "tests.contract.store.deciders"
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603 -- our own module
                    [sys.executable, "-m", module, database_url, seed, *ids],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for seed in ("one", "two")
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        counted = [int(process.communicate(timeout=100)[0]) for process in processes]
    check_promises(engine, SystemClock())
    states = Counter(found.state for found in map(crew.book.find, ids) if found is not None)
    assert sum(states.values()) == ACTIONS
    assert states[State.SUCCEEDED] > 0
    assert min(counted) > 0
