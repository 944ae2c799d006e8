"""Any order of wishes, decisions, claims, calls, silences and stops keeps the book's promises."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import update

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import OPEN, actions
from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model.actions import AT_WORK, Action, CallOutcome, State, Switches
from safe_ops.model.plans import Stage
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import MANAGER, ONCALL, Crew, note, plan, request, target
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from safe_ops.model.actions import JournalRow
    from tests.lab.clock import LabClock

_names = count(1)
BEGINS = {
    (State.APPROVED, State.CLAIMED),
    (State.CLAIMED, State.CLAIMED),
    (State.CLAIMED, State.EXECUTING),
}


class Book(RuleBasedStateMachine):
    """Everybody acts on what they last saw of three actions on two targets of one service."""

    def __init__(self, engine: Engine, lab: LabClock) -> None:
        super().__init__()
        self.engine, self.time = engine, LabTime(lab)
        self.crew = Crew(SqlActionBook(engine, self.time, lambda: uuid4().hex))
        self.trail = SqlTrail(engine, self.time, str)
        self.crew.book.change_switches(lambda _: Switches(), note("switch.released"))
        self.stopped = False
        self.name = f"app-{next(_names)}"
        self.seen: dict[str, Action] = {}
        self.begun: list[JournalRow] = []

    @precondition(lambda self: len(self.seen) < 3)
    @rule(wish=st.integers(1, 3))
    def wish(self, wish: int) -> None:
        key = f"{self.name}/{wish}"
        action, is_new = self.crew.book.open(request(key))
        known = {seen.request.key for seen in self.seen.values()}
        assert is_new == (key not in known)
        self.seen[action.action_id] = action

    @precondition(lambda self: self.seen)
    @rule(draw=st.data(), place=st.sampled_from(["a", "b"]), both=st.booleans())
    def plan(self, draw: st.DataObject, place: str, *, both: bool) -> None:
        needs = (ONCALL, MANAGER) if both else (ONCALL,)
        aim = target(f"{self.name}-{place}", f"shop/{self.name}")
        drawn = plan(self.crew.book.now(), on_target=aim, needs=needs)
        self.attempt(draw, lambda action: self.crew.plan(action, drawn))

    @precondition(lambda self: self.seen)
    @rule(
        draw=st.data(),
        person=st.sampled_from(["idp|bob", "idp|mia", "idp|ana"]),
        stage=st.sampled_from(Stage),
    )
    def agree(self, draw: st.DataObject, person: str, stage: Stage) -> None:
        self.attempt(draw, lambda action: self.crew.agree(action, person, stage=stage))

    @precondition(lambda self: self.seen)
    @rule(draw=st.data(), word=st.sampled_from(["deny", "take_back", "expire"]))
    def end(self, draw: st.DataObject, word: str) -> None:
        self.attempt(draw, getattr(self.crew, word))

    @precondition(lambda self: self.seen)
    @rule(draw=st.data(), operator=st.sampled_from(["op-1", "op-2"]))
    def claim(self, draw: st.DataObject, operator: str) -> None:
        self.attempt(draw, lambda action: self.crew.claim(action, operator))

    @precondition(lambda self: self.seen)
    @rule(draw=st.data(), word=st.sampled_from(["start", "start", "fail"]))
    def work(self, draw: st.DataObject, word: str) -> None:
        self.attempt(draw, getattr(self.crew, word))

    @precondition(lambda self: self.seen)
    @rule(draw=st.data(), step=st.integers(0, 1), attempt=st.integers(1, 2))
    def begin_call(self, draw: st.DataObject, step: int, attempt: int) -> None:
        seen = self.pick(draw)
        now = self.found(seen)
        row = None
        with suppress(RefusedError, FenceLostError):
            row = self.crew.before(seen, step, attempt=attempt)
        if row is not None:
            assert now.state is State.EXECUTING
            assert now.fence == seen.fence
            assert not self.stopped
            self.begun.append(row)

    @precondition(lambda self: self.begun)
    @rule(draw=st.data(), outcome=st.sampled_from(CallOutcome))
    def end_call(self, draw: st.DataObject, outcome: CallOutcome) -> None:
        row = draw.draw(st.sampled_from(self.begun))
        with suppress(RefusedError, FenceLostError):
            self.crew.after(row, outcome)

    @precondition(lambda self: self.seen)
    @rule(draw=st.data(), column=st.sampled_from(["lease_until", "stage_until"]))
    def run_out(self, draw: st.DataObject, column: str) -> None:
        """Time passes for one action, on both databases alike."""
        seen = self.pick(draw)
        past = seen.created_at - timedelta(seconds=1)
        with writing(self.engine) as connection:
            connection.execute(
                update(actions)
                .where(actions.c.action_id == seen.action_id, actions.c[column].is_not(None))
                .values({column: past})
            )

    @rule()
    def stop_or_release(self) -> None:
        self.stopped = not self.stopped
        wanted = Switches(stopped_by="Mia") if self.stopped else Switches()
        self.crew.book.change_switches(lambda _: wanted, note("switch.set"))

    @precondition(lambda self: self.seen)
    @rule(draw=st.data())
    def look(self, draw: st.DataObject) -> None:
        seen = self.pick(draw)
        self.seen[seen.action_id] = self.found(seen)

    def attempt(self, draw: st.DataObject, change: Callable[[Action], Action]) -> None:
        seen = self.pick(draw)
        before, rows = self.found(seen), self.rows()
        try:
            after = change(seen)
        except (RefusedError, FenceLostError) as refusal:
            assert self.found(seen) == before
            assert self.rows() == rows
            code = getattr(refusal, "code", "")
            assert code != "stopped" or self.stopped
            return
        assert self.found(seen) == after
        assert (after.version, self.rows()) == (before.version + 1, rows + 1)
        assert not (self.stopped and (before.state, after.state) in BEGINS)
        self.check_alone(after)
        self.seen[seen.action_id] = after

    def check_alone(self, action: Action) -> None:
        others = [self.found(seen) for seen in self.seen.values()]
        for other in others:
            if other.action_id == action.action_id or other.plan is None or action.plan is None:
                continue
            if other.plan.target == action.plan.target:
                assert not {other.state, action.state} <= OPEN
            assert not {other.state, action.state} <= AT_WORK

    def pick(self, draw: st.DataObject) -> Action:
        return self.seen[draw.draw(st.sampled_from(sorted(self.seen)))]

    def found(self, seen: Action) -> Action:
        found = self.crew.book.find(seen.action_id)
        assert found is not None
        return found

    def rows(self) -> int:
        last = self.trail.last()
        return 0 if last is None else last.number


@pytest.fixture
def machine(engine: Engine, lab: LabClock) -> Callable[[], Book]:
    return partial(Book, engine, lab)


def test_the_book_keeps_its_promises_in_any_order(
    machine: Callable[[], Book], engine: Engine, lab: LabClock
) -> None:
    run_state_machine_as_test(
        machine,  # type: ignore[arg-type]  # any factory does
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    check_promises(engine, LabTime(lab))
