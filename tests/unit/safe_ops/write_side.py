"""The whole write side wired over a book: one machine, a few people, a clock that tests set.

Nobody here is a double of the product's own code: only what lies behind its ports is simulated.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from safe_ops.actuators.standing import StandingWorkshop
from safe_ops.errors import AuditError, FenceLostError, RefusedError, UpstreamError
from safe_ops.guardrails.common import COMMON
from safe_ops.model.actions import Factor, Grounds, Person, Request
from safe_ops.model.plans import Json, Place, Stage, System
from safe_ops.model.signal import Signal
from safe_ops.model.standing import LEASE
from safe_ops.operations import autonomy
from safe_ops.policy.file import load_policy
from safe_ops.ports.book import ActionBook
from safe_ops.ports.trust import TrustBook
from safe_ops.service.assessing import Assessor
from safe_ops.service.braking import Brake
from safe_ops.service.deciding import Click, Decisions
from safe_ops.service.executing import Operator
from safe_ops.service.hearing import Hearing
from safe_ops.service.planning import Planner
from safe_ops.service.rechecking import Rechecker
from safe_ops.service.reconciling import Reconciler
from safe_ops.service.requesting import Requests
from safe_ops.service.running import Runner
from safe_ops.service.sequels import Sequels
from safe_ops.service.sweeping import Sweep
from safe_ops.service.telling import Teller
from safe_ops.service.undoing import Undoer
from safe_ops.service.verifying import Verifier
from tests.unit.safe_ops.dials import START, Machine, MachineWorkshop, SetDials

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.model.trail import AuditEntry

POLICY = """
roles:
  oncall: [{teams: [sre]}]
  manager: [{teams: [leads]}]
"""
TEAM = "T1"
EU = Place(system=System.KUBERNETES, name="eu")


@dataclass
class TestClock:
    """Stands still until somebody sleeps or a test moves it."""

    __test__ = False
    at: datetime = START
    on_sleep: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self.at

    def sleep(self, seconds: float) -> None:
        self.move(seconds=seconds)
        for listener in self.on_sleep:
            listener()

    def move(self, **amount: float) -> None:
        with self._lock:
            self.at += timedelta(**amount)


@dataclass
class Directory:
    """Who is who, by Slack account."""

    people: dict[str, Person]
    away: bool = False

    def person(self, slack_id: str, *, team_id: str = "") -> Person:
        if self.away:
            raise UpstreamError("Slack does not answer", system="slack")
        return self.people[slack_id]

    def change(self, slack_id: str, **fields: Any) -> None:
        self.people[slack_id] = replace(self.people[slack_id], **fields)


@dataclass
class Tokens:
    """Second factors: the right answer is `code-<subject>`; used once for each digest."""

    enrolled: set[str] = field(default_factory=lambda: {"ana", "leo", "lea"})
    used: set[tuple[str, str]] = field(default_factory=set)

    def known(self, subject: str) -> tuple[Factor, ...]:
        return (Factor.TOTP,) if subject in self.enrolled else ()

    def check(self, subject: str, answer: str, *, digest: str) -> Factor:
        if answer != f"code-{subject}" or (subject, digest) in self.used:
            raise RefusedError("This code does not hold.", code="factor")
        self.used.add((subject, digest))
        return Factor.TOTP


@dataclass
class Outside:
    """Signals, change records, audit sinks, cards, pages, rings: what was told, what is down."""

    signals: list[Signal] = field(default_factory=list)
    """Given out one after another; the last one stays."""
    told: list[str] = field(default_factory=list)
    told_soon: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    opened_records: list[str] = field(default_factory=list)
    closed_records: list[str] = field(default_factory=list)
    to_plan: list[str] = field(default_factory=list)
    to_execute: list[str] = field(default_factory=list)
    keeps_records: bool = True
    records_down: bool = False
    sinks_down: bool = False
    on_delivery: Callable[[], None] = lambda: None

    def look(self, incident_id: str, place: Place) -> Signal:
        if not self.signals:
            return Signal(firing=None)
        return self.signals.pop(0) if len(self.signals) > 1 else self.signals[0]

    def opened(self, action: Action) -> bool:
        self._reach_records()
        self.opened_records.append(action.action_id)
        return self.keeps_records

    def closed(self, action: Action) -> None:
        self._reach_records()
        self.closed_records.append(action.action_id)

    def catch_up(self) -> None:
        self.on_delivery()
        if self.sinks_down:
            raise AuditError("the file cannot be written")

    def tell(self, action_id: str) -> None:
        self.told.append(action_id)

    def tell_soon(self, action_id: str) -> None:
        self.told_soon.append(action_id)

    def page(self, action_id: str, says: str) -> None:
        self.pages.append(says)

    def plan(self, action_id: str) -> None:
        self.to_plan.append(action_id)

    def execute(self, action_id: str) -> None:
        self.to_execute.append(action_id)

    def _reach_records(self) -> None:
        if self.records_down:
            raise UpstreamError("the records do not answer", system="records")


def everybody() -> dict[str, Person]:
    """Return the people by account: U1 and U1B are one person."""
    named = [
        ("U1", "ana", {"sre"}),
        ("U1B", "ana", {"leads"}),
        ("U2", "ben", {"sre"}),
        ("U3", "leo", {"leads"}),
        ("U4", "lea", {"leads", "sre"}),
        ("U9", "eve", set()),
    ]
    return {
        slack_id: Person(
            subject=subject, slack_id=slack_id, name=subject.title(), teams=frozenset(teams)
        )
        for slack_id, subject, teams in named
    }


class Book(ActionBook, TrustBook, Protocol):
    """All that one database keeps."""


class WriteSide:
    """Everything wired; build another one over the same book to be another process."""

    def __init__(
        self,
        book: Book,
        clock: TestClock,
        *,
        policy: str = POLICY,
        machine: Machine | None = None,
    ) -> None:
        self.book, self.clock = book, clock
        self.machine = machine or Machine()
        self.people = Directory(everybody())
        self.factors = Tokens()
        self.outside = Outside()
        self.workshop = MachineWorkshop(self.machine)
        self.operation = SetDials(self.machine)
        own = {one.name: one for one in autonomy.OPERATIONS}
        self.catalogue: dict[str, Any] = {self.operation.name: self.operation} | own
        self.common = COMMON
        self.beat_every_s = 3600.0
        self.rewire(policy)

    def rewire(self, policy: str = POLICY) -> None:
        """Build the services anew, with another policy."""
        book, outside = self.book, self.outside
        self.policy = load_policy(policy, name="policy.yaml")
        self.reach = StandingWorkshop(
            self.workshop,
            book=book,
            policy=self.policy,
            operations=self.catalogue,
            environments={"prod", "staging", "dev"},
        )
        self.teller = Teller(book=book, herald=outside, records=outside)
        self.hearing = Hearing(book=book, people=self.people)
        self.requests = Requests(book=book, bell=outside)
        self.assessor = Assessor(
            book=book,
            policy=self.policy,
            catalogue=self.catalogue,
            common=self.common,
            workshop=self.reach,
        )
        self.planner = Planner(
            book=book,
            policy=self.policy,
            assessor=self.assessor,
            workshop=self.reach,
            people=self.people,
            teller=self.teller,
            herald=outside,
            bell=outside,
        )
        self.decisions = Decisions(
            book=book,
            policy=self.policy,
            factors=self.factors,
            hearing=self.hearing,
            teller=self.teller,
            bell=outside,
        )
        self.sweep = Sweep(book=book, policy=self.policy, bell=outside, teller=self.teller)
        self.sequels = Sequels(
            book=book,
            wishes=book,  # type: ignore[arg-type]
            requests=self.requests,
            teller=self.teller,
            operations=tuple(self.catalogue),
        )
        self.brake = Brake(book=book, policy=self.policy, hearing=self.hearing, teller=self.teller)
        self.operator = self.new_operator("operator-1")

    def new_operator(self, name: str, *, book: ActionBook | None = None) -> Operator:
        book = book or self.book
        teller = Teller(book=book, herald=self.outside, records=self.outside)
        runner = Runner(book=book, clock=self.clock, workshop=self.reach)
        return Operator(
            name=name,
            book=book,
            policy=self.policy,
            catalogue=self.catalogue,
            rechecker=Rechecker(
                book=book,
                policy=self.policy,
                assessor=self.assessor,
                workshop=self.reach,
                people=self.people,
                delivery=self.outside,
            ),
            runner=runner,
            verifier=Verifier(
                book=book, clock=self.clock, workshop=self.reach, signals=self.outside
            ),
            undoer=Undoer(runner=runner),
            reconciler=Reconciler(
                name=name,
                book=book,
                catalogue=self.catalogue,
                workshop=self.reach,
                teller=teller,
            ),
            teller=teller,
            beat_every_s=self.beat_every_s,
        )

    def keep_alive(self, action_id: str) -> None:
        """Let the lease be extended whenever somebody sleeps, as the beats would in real time."""

        def beat() -> None:
            action = self.book.find(action_id)
            if action is None:
                return
            try:
                self.book.extend_lease(action_id, fence=action.fence, by=LEASE)
            except FenceLostError:
                return

        self.clock.on_sleep.append(beat)

    # What people and rings do.

    def request(self, *names: str, to: int = 5, **fields: Json) -> Action:
        given = {
            "key": f"key-{len(self.outside.to_plan)}-{'-'.join(names)}-{to}",
            "operation": "set_dials",
            "parameters": {"names": list(names or ("a",)), "to": to},
            "provenance": {"names": "person", "to": "person"},
            "place": EU,
            "requester": "eve",
            "requester_name": "Eve",
            "requester_slack_id": "U9",
            "channel": "C1",
            "incident_id": "INC-1",
            "grounds": Grounds(),
        }
        return self.requests.request(Request(**{**given, **fields}))

    def planned(self, *names: str, **fields: Json) -> Action:
        return self.planner.plan(self.request(*names, **fields).action_id)

    def click(
        self, action: Action, slack_id: str, *, approve: bool = True, **fields: Json
    ) -> Action:
        found = self.book.find(action.action_id)
        assert found is not None
        stage = Stage.MANAGER if found.approvals else Stage.ONCALL
        given = {
            "action_id": found.action_id,
            "stage": stage,
            "version": found.version,
            "digest": found.digest[:32],
            "approve": approve,
            "slack_id": slack_id,
            "team_id": TEAM,
        }
        return self.decisions.decide(Click(**{**given, **fields}))

    def prove(self, action: Action, slack_id: str, answer: str = "") -> Action:
        subject = self.people.people[slack_id].subject
        return self.decisions.prove(
            action.action_id, slack_id=slack_id, team_id=TEAM, answer=answer or f"code-{subject}"
        )

    def approved(self, *names: str, **fields: Json) -> Action:
        return self.click(self.planned(*names, **fields), "U1")

    def executed(self, *names: str, **fields: Json) -> Action:
        action = self.approved(*names, **fields)
        self.keep_alive(action.action_id)
        return self.operator.execute(action.action_id)

    def now_as(self, action: Action) -> Action:
        found = self.book.find(action.action_id)
        assert found is not None
        return found

    def last_entry(self) -> AuditEntry:
        return self.book.rows()[-1].entry  # type: ignore[attr-defined,no-any-return]

    def events(self, action: Action | None = None) -> list[str]:
        """Return the audit's events, of one action or of all."""
        rows = self.book.rows()  # type: ignore[attr-defined]
        return [
            row.entry.event
            for row in rows
            if action is None or row.entry.action_id == action.action_id
        ]
