"""Actions at work in the book: requests, plans, and people and operators who move them along."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from bot.adapters.store.actions import SqlActionBook
from safe_ops.lifecycle import advance
from safe_ops.model import events as on
from safe_ops.model.actions import Action, Approval, JournalRow, Outcome, Phase, Request
from safe_ops.model.plans import (
    Call,
    Drawing,
    Need,
    Place,
    Plan,
    Stage,
    Step,
    System,
    Target,
    Tier,
    Verification,
)
from safe_ops.model.trail import Actor, AuditEntry
from safe_ops.model.transition import Transition
from safe_ops.plan import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_ops.model.actions import CallOutcome

EU = Place(system=System.KUBERNETES, name="eu")
OPEN_WINDOW = on.WindowView(open=True, says="always open")
ONCALL = Need(stage=Stage.ONCALL, teams=("oncall",), not_requester=True)
MANAGER = Need(stage=Stage.MANAGER, teams=("managers",), not_requester=True)
CLOCK = Actor(subject="process:clock")

_keys = count(1)


def actor(subject: str) -> Actor:
    return Actor(subject=subject)


def note(event: str = "click.refused", says: str = "") -> AuditEntry:
    return AuditEntry(event=event, actor=actor("idp|ana"), says=says)


def request(key: str = "", *, requester: str = "idp|ana") -> Request:
    return Request(
        key=key or f"wish-{next(_keys)}",
        operation="rollout_restart",
        parameters={"workload": "Deployment/cart", "namespace": "shop"},
        provenance={"workload": "person"},
        place=EU,
        requester=requester,
        requester_name="Ana",
        channel="C0SHOP",
        thread_ts="1.000001",
    )


def target(name: str = "cart", service: str = "") -> Target:
    return Target(place=EU, kind="Deployment", namespace="shop", name=name, service=service)


def step(number: int = 0) -> Step:
    path = f"/apis/apps/v1/namespaces/shop/deployments/cart-{number}"
    return Step(says="restart it", call=Call(action="PATCH", path=path, body={"n": number}))


def plan(
    at: datetime,
    *,
    on_target: Target | None = None,
    needs: tuple[Need, ...] = (ONCALL,),
    environment: str = "prod",
    operation: str = "rollout_restart",
) -> Plan:
    return Plan(
        operation=operation,
        version=1,
        environment=environment,
        tier=Tier.T1,
        parameters={"workload": "Deployment/cart", "namespace": "shop"},
        provenance={"workload": "person"},
        drawing=Drawing(
            tier=Tier.T1,
            target=on_target or target(),
            pins={"generation": 41},
            changes=(),
            steps=(step(0), step(1)),
            undo=(step(2),),
            verification=Verification(says=("2 of 2 ready",), deadline_s=300),
        ),
        rulings=(),
        dry_run=("accepted",),
        needs=needs,
        policy_hash="p" * 64,
        requester="idp|ana",
        created_at=at,
        expires_at=at + timedelta(hours=1),
        nonce="n",
    )


@dataclass(frozen=True, slots=True)
class Crew:
    """Everybody who acts on actions, through the one lifecycle there is."""

    book: SqlActionBook

    def requested(self, key: str = "") -> Action:
        action, _ = self.book.open(request(key))
        return action

    def planned(
        self,
        name: str = "cart",
        *,
        service: str = "",
        needs: tuple[Need, ...] = (ONCALL,),
        environment: str = "prod",
        operation: str = "rollout_restart",
    ) -> Action:
        drawn = plan(
            self.book.now(),
            on_target=target(name, service),
            needs=needs,
            environment=environment,
            operation=operation,
        )
        return self.plan(self.requested(), drawn)

    def plan(self, action: Action, drawn: Plan) -> Action:
        event = on.Planned(
            actor=actor("process:operator"),
            plan=drawn,
            digest=digest_of(drawn),
            window=OPEN_WINDOW,
        )
        return self.tell(action, lambda _now: event)

    def agree(
        self, action: Action, person: str = "idp|bob", *, stage: Stage = Stage.ONCALL
    ) -> Action:
        def event(now: datetime) -> on.Event:
            approval = Approval(stage=stage, subject=person, slack_id="U1", name=person, at=now)
            return on.Agreed(actor=actor(person), approval=approval, window=OPEN_WINDOW)

        return self.tell(action, event)

    def deny(self, action: Action, person: str = "idp|bob") -> Action:
        return self.tell(
            action, lambda _now: on.Denied(actor=actor(person), name=person, reason="not now")
        )

    def take_back(self, action: Action, person: str = "idp|ana") -> Action:
        return self.tell(
            action, lambda _now: on.TakenBack(actor=actor(person), name=person, reason="fixed")
        )

    def expire(self, action: Action) -> Action:
        return self.tell(action, lambda _now: on.TimeRanOut(actor=CLOCK))

    def approved(self, name: str = "cart", *, service: str = "") -> Action:
        return self.agree(self.planned(name, service=service))

    def claim(self, action: Action, operator: str = "op-1") -> Action:
        event = on.Claimed(actor=actor("process:operator"), operator=operator, window=OPEN_WINDOW)
        return self.tell(action, lambda _now: event)

    def start(self, action: Action) -> Action:
        return self.tell(
            action, lambda _now: on.Started(actor=actor("process:operator"), fence=action.fence)
        )

    def started(self, name: str = "cart", *, service: str = "") -> Action:
        return self.start(self.claim(self.approved(name, service=service)))

    def undoing(self, name: str = "cart") -> Action:
        action = self.started(name)
        return self.tell(
            action,
            lambda _now: on.UndoBegun(
                actor=actor("process:operator"), fence=action.fence, reason="not ready"
            ),
        )

    def finish(self, action: Action) -> Action:
        sent = on.AllSent(actor=actor("process:operator"), fence=action.fence, says="all sent")
        verified = on.Verified(
            actor=actor("process:operator"), fence=action.fence, outcome=Outcome(says="ready")
        )
        self.tell(action, lambda _now: sent)
        return self.tell(action, lambda _now: verified)

    def fail(self, action: Action) -> Action:
        ended = on.Ended(
            actor=actor("process:operator"), fence=action.fence, outcome=Outcome(says="refused")
        )
        return self.tell(action, lambda _now: ended)

    def tell(self, action: Action, event: Callable[[datetime], on.Event]) -> Action:
        return self.book.change(
            action.action_id, lambda found, now: advance(found, event(now), now)
        )

    def force(self, action: Action, **changes: object) -> Action:
        """Write the row's fields as they are given, in the state it is in."""

        def decide(found: Action, _now: datetime) -> Transition:
            entry = replace(note("test.forced"), action_id=found.action_id)
            plain = Transition(
                state=found.state,
                entry=replace(entry, before=found.state.value, after=found.state.value),
            )
            return replace(plain, **changes)  # type: ignore[arg-type]

        return self.book.change(action.action_id, decide)

    def before(
        self, action: Action, step_number: int = 0, *, attempt: int = 1, part: str = "steps"
    ) -> JournalRow:
        row = JournalRow(
            action_id=action.action_id,
            fence=action.fence,
            part=part,
            step=step_number,
            attempt=attempt,
            phase=Phase.BEFORE,
        )
        self.book.write_journal(row)
        return row

    def after(self, row: JournalRow, outcome: CallOutcome, *, says: str = "") -> None:
        self.book.write_journal(replace(row, phase=Phase.AFTER, outcome=outcome, says=says))
