"""A process full of people and operators who act on the same actions; run by test_action_crowds.

Says `ready`, waits for a line on standard input, then lets its threads do whatever comes to their
minds with each of the actions it was given, and prints how many of their decisions counted.
"""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

from bot.adapters.clock import SystemClock
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.engine import open_engine
from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model.actions import TERMINAL, Action, CallOutcome, State
from safe_ops.model.plans import Stage
from tests.contract.store.operations import MANAGER, ONCALL, Crew, plan, target

if TYPE_CHECKING:
    from collections.abc import Sequence

THREADS = 4
TARGETS = 30
SERVICES = 20


def act(crew: Crew, action: Action, dice: random.Random, who: str) -> None:
    """Try one thing that somebody might try in the state the action is in."""
    match action.state:
        case State.DRAFT:
            place = action.number % TARGETS
            drawn = plan(
                crew.book.now(),
                on_target=target(f"app-{place}", f"shop/{place % SERVICES}"),
                needs=(ONCALL, MANAGER) if action.number % 2 else (ONCALL,),
            )
            crew.plan(action, drawn)
        case State.PENDING_ONCALL:
            dice.choice([*[crew.agree] * 6, crew.deny, crew.take_back])(action)
        case State.PENDING_MANAGER:
            crew.agree(action, dice.choice(["idp|bob", "idp|mia"]), stage=Stage.MANAGER)
        case State.APPROVED:
            dice.choice([*[crew.claim] * 4, crew.take_back])(action)
        case State.CLAIMED:
            dice.choice([*[crew.start] * 4, crew.claim, crew.take_back])(action)
        case State.EXECUTING:
            row = crew.before(action, dice.randrange(2))
            crew.after(row, dice.choice([CallOutcome.APPLIED, CallOutcome.NOT_APPLIED]))
            dice.choice([crew.finish, crew.finish, crew.fail])(action)
        case _:
            crew.claim(action, who)


def main(url: str, seed: str, ids: Sequence[str]) -> None:
    engine = open_engine(url)
    crew = Crew(SqlActionBook(engine, SystemClock(), lambda: uuid4().hex))

    def work(number: int) -> int:
        dice = random.Random(f"{seed}/{number}")
        counted = 0
        for action_id in dice.sample(list(ids), len(ids)):
            counted += see_to(crew, action_id, dice, f"{seed}/{number}")
        return counted

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as pool:
        sys.stdout.write(f"{sum(pool.map(work, range(THREADS)))}\n")
    engine.dispose()


def see_to(crew: Crew, action_id: str, dice: random.Random, who: str) -> int:
    """Act on what was read a moment ago, as everybody does; 1 if it counted."""
    action = crew.book.find(action_id)
    if action is None or action.state in TERMINAL:
        return 0
    try:
        act(crew, action, dice, who)
    except (RefusedError, FenceLostError):
        return 0
    return 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
