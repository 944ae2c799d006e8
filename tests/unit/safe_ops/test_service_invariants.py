"""The invariants of guarded operations, under whatever people, time, faults and crashes do.

After each move all that must never happen is looked for; what must hold at the very moment of a
call is looked at inside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from safe_ops.audit import verify
from safe_ops.model.actions import AT_WORK, TERMINAL, CallOutcome, Phase, State
from safe_ops.plan import digest_of
from tests.unit.safe_ops.game import Game

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Call


class GuardedOperations(Game):
    def __init__(self) -> None:
        super().__init__()
        self.ended: dict[str, Action] = {}
        self.digests: dict[str, str] = {}

    # What must hold at the moment of a call.

    def look_at_call(self, call: Call) -> None:
        action = self.book.actions[self.running]
        part = "undo" if action.state is State.ROLLING_BACK else "steps"
        plan = action.plan
        assert plan is not None
        steps = plan.drawing.undo if part == "undo" else plan.drawing.steps
        fitting = [
            number
            for number, step in enumerate(steps)
            if call == replace(step.call, body={**call.body, "to": step.call.body["to"]})
            and set(call.body) == set(step.call.body)
            and call.body["by"] == action.label
        ]
        last = {
            (row.part, row.step): row
            for row in self.book.journal(action.action_id)
            if row.fence == action.fence
        }
        self.expect(
            action.state in {State.EXECUTING, State.ROLLING_BACK}, "I1: no row is executing"
        )
        self.expect(bool(fitting), "I2: a call nobody approved")
        self.expect(
            any(
                (row := last.get((part, number))) is not None and row.phase is Phase.BEFORE
                for number in fitting
            ),
            "I1: no journal row under this fence came before the call",
        )
        given = tuple(one for one in action.approvals if not one.subject.startswith("policy:"))
        missing = self.side.policy.satisfied(plan.needs, given, requester=plan.requester)
        self.expect(not missing, f"I4: {missing}")
        self.expect(
            part == "undo" or not self.book.switches().stopped_by, "I12: a step after the stop"
        )

    def expect(self, holds: bool, says: str) -> None:
        if not holds:
            with self.lock:
                self.wrong.append(says)

    def teardown(self) -> None:
        assert verify(self.book.audit, (), {}).faults == ()

    # What must hold after each move.

    @invariant()
    def nothing_went_wrong_inside_a_call(self) -> None:
        assert self.wrong == []

    @invariant()
    def one_at_work_on_a_target_and_on_a_service(self) -> None:
        at_work = [one.plan.target for one in self.actions() if one.state in AT_WORK and one.plan]
        services = [target.service_key for target in at_work]
        assert len(set(services)) == len(services)

    @invariant()
    def approvers_are_distinct(self) -> None:
        for action in self.actions():
            subjects = [given.subject for given in action.approvals]
            assert len(set(subjects)) == len(subjects)
            for given in action.approvals:
                needs = action.plan.needs if action.plan is not None else ()
                own = any(need.not_requester and need.stage is given.stage for need in needs)
                assert not own or given.subject != action.plan.requester  # type: ignore[union-attr]

    @invariant()
    def ends_stay(self) -> None:
        for action in self.actions():
            if action.action_id in self.ended:
                assert action == self.ended[action.action_id]
            elif action.state in TERMINAL:
                self.ended[action.action_id] = action

    @invariant()
    def digests_stay_and_are_of_the_plan(self) -> None:
        for action in self.actions():
            if action.plan is None:
                continue
            known = self.digests.setdefault(action.action_id, action.digest)
            assert known == action.digest == digest_of(action.plan)

    @invariant()
    def every_change_has_one_audit_row(self) -> None:
        for action in self.actions():
            rows = [row.entry for row in self.book.audit if row.entry.action_id == action.action_id]
            changes = [entry for entry in rows if entry.before]
            assert len(changes) == action.version - 1
            state: str = State.DRAFT
            for entry in changes:
                assert entry.before == state
                state = entry.after
                by_time = entry.actor.subject == "process:clock"
                assert not by_time or entry.after in {State.EXPIRED, State.APPROVED}
            assert state == action.state
            assert [entry.after for entry in changes].count(State.ROLLING_BACK) <= 1 + sum(
                entry.event in {"action.held", "action.taken_over"} for entry in changes
            )
            assert sum(entry.event == "action.undo_begun" for entry in changes) <= 1

    @invariant()
    def no_call_is_repeated_unless_it_had_no_effect(self) -> None:
        for action in self.actions():
            last: dict[tuple[str, int], CallOutcome | None] = {}
            for row in self.book.journal(action.action_id):
                step = (row.part, row.step)
                if row.phase is Phase.BEFORE:
                    assert last.get(step, CallOutcome.NOT_APPLIED) is CallOutcome.NOT_APPLIED
                last[step] = row.outcome

    @invariant()
    def nothing_starts_after_a_stop(self) -> None:
        stopped = False
        for row in self.book.audit:
            if row.entry.event == "switch.set":
                stopped = bool(row.entry.facts["stopped"])
            assert not (stopped and row.entry.event in {"action.started", "action.claimed"})


GuardedOperations.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestGuardedOperations = GuardedOperations.TestCase
