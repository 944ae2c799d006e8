"""Everybody at once, as hypothesis plays them: askers, approvers, dying operators, switches, time.

The moves only; what must hold meanwhile is said by the test that plays.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from safe_ops.errors import RefusedError
from safe_ops.model.actions import HELD, PENDING, TERMINAL, State
from safe_ops.model.plans import Stage, Tier
from safe_ops.service.deciding import Click
from tests.unit.safe_ops.book import MemoryBook
from tests.unit.safe_ops.dials import KilledError, SetDials
from tests.unit.safe_ops.test_service_crashes import DyingBook
from tests.unit.safe_ops.write_side import TEAM, TestClock, WriteSide, everybody

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Call, Drawing, Place
    from safe_ops.operations.operation import Parameters

PEOPLE = st.sampled_from(["U1", "U1B", "U2", "U3", "U4", "U9"])
FAULTS = st.lists(
    st.sampled_from(
        [
            "ok",
            "ok",
            "lost-before",
            "lost-after",
            "killed-before",
            "killed-after",
            "budget",
            "gone",
            "refused",
            "conflict",
            "unsent",
        ]
    ),
    max_size=2,
)
OPEN_AT_ONCE = 3
TAKEN_BACK_IN = {State.PENDING_MANAGER, State.SCHEDULED, State.CLAIMED, State.SUCCEEDED}
DUE = HELD | {State.APPROVED}
PACE = {"pace-target", "pace-environment", "blast-radius", "cool-down", "in-flight"}
DIALS = {"set_dials": ["a", "b", "c"], "set_cache": ["d", "e"], "set_other": ["f", "g"]}


class Elsewhere(SetDials):
    """The operation on another target, maybe of the same service."""

    def __init__(self, side: WriteSide, name: str, target: str, service: str) -> None:
        super().__init__(side.machine)
        self.name = name
        self._target, self._service = target, service

    def draw(self, wanted: Parameters, survey: Any, place: Place) -> Drawing:
        drawing = super().draw(wanted, survey, place)
        target = replace(drawing.target, name=self._target, service=self._service)
        return replace(drawing, target=target)


class Game(RuleBasedStateMachine):
    """Everybody's moves; what must hold after each is the subclass's to say."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = TestClock()
        self.book = MemoryBook(self.clock)
        self.wrong: list[str] = []
        self.lock = threading.Lock()
        self.running = ""
        self.wishes = 0

    @initialize(lanes=st.booleans(), undoable=st.booleans(), prod=st.booleans())
    def begin(self, lanes: bool, undoable: bool, prod: bool) -> None:
        self.side = side = WriteSide(self.book, self.clock)
        side.machine.dials = dict.fromkeys("abcdefg", 1)
        side.machine.lanes = {"b": "x", "c": "y"} if lanes else {}
        side.machine.undoable = undoable
        side.workshop.environment = "prod" if prod else "dev"
        side.catalogue["set_cache"] = Elsewhere(side, "set_cache", "cache", "shop/cart")
        side.catalogue["set_other"] = Elsewhere(side, "set_other", "other", "shop/other")
        side.factors.enrolled = {"ana", "leo", "lea", "ben"}
        # Pace would end most games early; it is tested beside its guards.
        side.common = tuple(guard for guard in side.common if guard.name not in PACE)
        side.rewire()
        side.machine.on_send = self.look_at_call

    # Moves.

    @precondition(lambda self: len(self.open()) < OPEN_AT_ONCE)
    @rule(
        operation=st.sampled_from(sorted(DIALS)),
        count=st.integers(1, 3),
        to=st.integers(2, 4),
        slack_id=PEOPLE,
        tier=st.sampled_from([Tier.T1, Tier.T2, Tier.T2, Tier.T3, Tier.T4]),
        at_once=st.sampled_from([True, True, False]),
    )
    def wish(
        self, *, operation: str, count: int, to: int, slack_id: str, tier: Tier, at_once: bool
    ) -> None:
        self.wishes += 1
        self.side.machine.tier = tier
        action = self.side.request(
            *DIALS[operation][:count],
            to=to,
            key=f"wish-{self.wishes}",
            operation=operation,
            requester=slack_id,
            requester_slack_id=slack_id,
            channel=f"C{self.wishes}",
        )
        if at_once:
            self.side.planner.plan(action.action_id)

    @precondition(lambda self: self.in_state(State.DRAFT))
    @rule(chosen=st.data())
    def plan(self, chosen: st.DataObject) -> None:
        self.side.planner.plan(self.any(chosen, State.DRAFT).action_id)

    @precondition(lambda self: any(self.in_state(state) for state in PENDING))
    @rule(
        chosen=st.data(),
        slack_id=PEOPLE,
        approve=st.sampled_from([True, True, True, False]),
        stage=st.sampled_from([None, None, *Stage]),
        older=st.sampled_from([0, 0, 0, 1]),
        reason=st.sampled_from(["", "no"]),
    )
    def click(
        self,
        *,
        chosen: st.DataObject,
        slack_id: str,
        approve: bool,
        stage: Stage | None,
        older: int,
        reason: str,
    ) -> None:
        action = self.any(chosen, *PENDING)
        due = Stage.MANAGER if action.approvals else Stage.ONCALL
        click = Click(
            action_id=action.action_id,
            stage=stage or due,
            version=action.version - older,
            digest=action.digest[:32],
            approve=approve,
            slack_id=slack_id,
            team_id=TEAM,
            reason=reason,
        )
        with suppress(RefusedError):
            self.side.decisions.decide(click)

    @precondition(lambda self: any(self.in_state(state) for state in PENDING))
    @rule(chosen=st.data())
    def agree_all(self, chosen: st.DataObject) -> None:
        """Let everybody who is due agree, as on a quiet day."""
        action = self.any(chosen, *PENDING)
        for slack_id in ("U1", "U2", "U4", "U3"):
            with suppress(RefusedError):
                self.side.click(action, slack_id)
            with suppress(RefusedError):
                self.side.prove(action, slack_id)

    @precondition(lambda self: self.in_state(State.PENDING_FACTOR))
    @rule(chosen=st.data(), slack_id=PEOPLE, right=st.sampled_from([True, True, False]))
    def prove(self, chosen: st.DataObject, slack_id: str, right: bool) -> None:
        action = self.any(chosen, State.PENDING_FACTOR)
        answer = "" if right else "000000"
        with suppress(RefusedError):
            self.side.prove(action, slack_id, answer)

    @precondition(lambda self: self.book.actions)
    @rule(chosen=st.data(), slack_id=st.sampled_from(["U9", "U9", "U1"]))
    def take_back(self, chosen: st.DataObject, slack_id: str) -> None:
        action_id = self.any(chosen, *TAKEN_BACK_IN).action_id
        with suppress(RefusedError):
            self.side.decisions.cancel(action_id, slack_id=slack_id, team_id=TEAM, reason="")

    @precondition(lambda self: self.in_state(State.INDETERMINATE))
    @rule(chosen=st.data(), slack_id=PEOPLE, took_effect=st.booleans())
    def settle(self, chosen: st.DataObject, slack_id: str, took_effect: bool) -> None:
        action_id = self.any(chosen, State.INDETERMINATE).action_id
        with suppress(RefusedError):
            self.side.decisions.settle(
                action_id,
                slack_id=slack_id,
                team_id=TEAM,
                took_effect=took_effect,
                reason="looked",
            )

    @precondition(lambda self: self.in_state(State.INDETERMINATE))
    @rule(
        chosen=st.data(),
        minutes=st.sampled_from([0, 1.1, 4.1, 10.1]),
        blind=st.booleans(),
        dies=st.booleans(),
    )
    def read_back(self, *, chosen: st.DataObject, minutes: float, blind: bool, dies: bool) -> None:
        """Let an operator look again at an outcome nobody knows; it may die before it tells."""
        action, machine = self.any(chosen, State.INDETERMINATE), self.side.machine
        self.clock.move(minutes=minutes)
        machine.blind = blind
        book: Any = DyingBook(self.book, at=(State.SUCCEEDED,)) if dies else self.book
        sent = len(machine.sent)
        with suppress(KilledError):
            self.side.new_operator("operator-3", book=book).execute(action.action_id)
        machine.blind = False
        assert len(machine.sent) == sent

    @precondition(lambda self: any(self.in_state(state) for state in DUE))
    @rule(
        chosen=st.data(),
        operator=st.sampled_from(["operator-1", "operator-2"]),
        faults=FAULTS,
        which=st.integers(0, 2),
        missed=st.sampled_from(["", "", "", "it fell over"]),
        blind=st.sampled_from([False, False, False, True]),
    )
    def execute(
        self,
        *,
        chosen: st.DataObject,
        operator: str,
        faults: list[str],
        which: int,
        missed: str,
        blind: bool,
    ) -> None:
        machine = self.side.machine
        action = self.any(chosen, *DUE)
        names = action.request.parameters["names"]
        machine.faults = {names[which % len(names)]: list(faults)}
        machine.missed, machine.blind = missed, blind
        self.running = action.action_id
        self.side.clock.on_sleep = [self.side_beat(action)]
        try:
            self.side.new_operator(operator).execute(action.action_id)
        except KilledError:
            pass
        finally:
            machine.faults, machine.missed, machine.blind = {}, "", False
            self.side.clock.on_sleep = []

    @precondition(lambda self: any(self.in_state(state) for state in HELD))
    @rule(chosen=st.data())
    def relieve(self, *, chosen: st.DataObject) -> None:
        """Let an operator find what a dead one held, once the lease ran out."""
        action = self.any(chosen, *HELD)
        self.clock.move(seconds=61)
        self.running = action.action_id
        self.side.clock.on_sleep = [self.side_beat(action)]
        self.side.new_operator("operator-2").execute(action.action_id)

    @rule(
        what=st.sampled_from(
            [
                *["stop", "read-only", *["release"] * 4],
                *["wait", "wait", "sweep", "leave", "return", "return"],
            ]
        ),
        slack_id=PEOPLE,
        minutes=st.sampled_from([0.5, 1.1, 1.1, 6, 16]),
        dial=st.sampled_from("abcdefg"),
    )
    def the_world_moves(self, *, what: str, slack_id: str, minutes: float, dial: str) -> None:
        side = self.side
        who: dict[str, Any] = {"slack_id": "U4", "team_id": TEAM}
        with suppress(RefusedError):
            match what:
                case "stop":
                    side.brake.stop(**who)
                case "release":
                    side.brake.release(**who)
                    side.brake.read_only(enabled=False, **who)
                case "read-only":
                    side.brake.read_only(enabled=True, **who)
                case "wait":
                    self.clock.move(minutes=minutes)
                case "sweep":
                    side.sweep.run()
                case "leave":
                    side.people.change(slack_id, teams=frozenset())
                    side.machine.dials[dial] += 1
                    side.machine.versions[dial] = side.machine.versions.get(dial, 0) + 1
                case _:
                    side.people.people.update(everybody())

    # What the moves share.

    @abstractmethod
    def look_at_call(self, call: Call) -> None:
        """Look at a call the moment it arrives."""

    def actions(self) -> list[Action]:
        return list(self.book.actions.values())

    def any(self, chosen: st.DataObject, *states: State) -> Action:
        found = [one for one in self.actions() if not states or one.state in states]
        return chosen.draw(st.sampled_from(found or self.actions()))

    def open(self) -> list[Action]:
        return [one for one in self.actions() if one.state not in TERMINAL]

    def in_state(self, state: State) -> bool:
        return any(action.state is state for action in self.actions())

    def side_beat(self, action: Action) -> Any:
        self.side.clock.on_sleep = []
        self.side.keep_alive(action.action_id)
        return self.side.clock.on_sleep[0]
