"""The part of the book in memory that keeps trust, with every rule of its port."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from safe_ops.errors import StaleError
from safe_ops.model.actions import CallOutcome, Phase, State
from safe_ops.model.trail import Actor, AuditEntry
from safe_ops.model.trust import (
    RECORD,
    Conduct,
    PastRun,
    Trust,
    TrustKey,
    lost_words,
    went_wrong,
)

if TYPE_CHECKING:
    from datetime import datetime
    from threading import RLock

    from safe_ops.model.actions import Action, JournalRow
    from safe_ops.model.transition import Transition

OPERATOR = Actor(subject="process:operator")
RUNNING = frozenset({State.CLAIMED, State.EXECUTING, State.VERIFYING})


class MemoryTrust(ABC):
    _lock: RLock

    @cached_property
    def _begun_at(self) -> dict[str, datetime]:
        return {}

    @cached_property
    def _trusts(self) -> dict[TrustKey, Trust]:
        return {}

    @cached_property
    def _losses(self) -> dict[TrustKey, tuple[Action, bool, datetime]]:
        return {}

    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    def note(self, entry: AuditEntry) -> None: ...

    @abstractmethod
    def find(self, action_id: str) -> Action | None: ...

    @abstractmethod
    def journal(self, action_id: str) -> tuple[JournalRow, ...]: ...

    def trust(self, key: TrustKey) -> Trust | None:
        with self._lock:
            return self._trusts.get(key)

    def trusts(self) -> tuple[Trust, ...]:
        with self._lock:
            return tuple(self._trusts.values())

    def conduct(self, key: TrustKey) -> Conduct:
        with self._lock:
            loss = self._losses.get(key)
            since = self.now() - RECORD
            runs = [
                _past_run(one, since_loss=loss is None or self._begun_at[one.action_id] > loss[2])
                for one in self._ran()
                if one.changed_at >= since and _key(one) == key and one.state not in RUNNING
            ]
        return Conduct(runs=tuple(reversed(runs)), lost_by="" if loss is None else loss[0].label)

    def services(self, *, operation: str, environment: str) -> tuple[str, ...]:
        with self._lock:
            ran = [_key(one) for one in self._ran()]
            wanted = (operation, environment)
            return tuple(
                sorted(
                    {
                        key.service_key
                        for key in (*ran, *self._trusts)
                        if (key.operation, key.environment) == wanted
                    }
                )
            )

    def give_trust(self, key: TrustKey, *, label: str, runs: int, lost_by: str) -> None:
        with self._lock:
            loss = self._losses.get(key)
            if loss is not None and loss[0].label != lost_by:
                raise StaleError(f"{loss[0].label} went wrong since this was planned")
            if key not in self._trusts:
                now = self.now()
                self._trusts[key] = Trust(key=key, label=label, runs=runs, given_at=now)
                self.note(AuditEntry(event="autonomy.given", actor=OPERATOR))

    def take_trust(self, key: TrustKey, *, label: str) -> bool:
        with self._lock:
            if self._trusts.pop(key, None) is None:
                return False
            self.note(AuditEntry(event="autonomy.taken_back", actor=OPERATOR))
            return True

    def _lose_trust(
        self, action: Action, wanted: Transition, now: datetime
    ) -> tuple[Transition, tuple[AuditEntry, ...]]:
        begun = self.journal(action.action_id)
        befores = sum(row.phase is Phase.BEFORE for row in begun)
        without = sum(row.outcome is CallOutcome.NOT_APPLIED for row in begun)
        if action.plan is None or action.plan.target.is_own:
            return wanted, ()
        if not went_wrong(wanted.state, wrote=befores > without):
            return wanted, ()
        key, told = _key(action), tuple[AuditEntry, ...]()
        loss = self._losses.get(key)
        if loss is None or loss[0].action_id != action.action_id:
            loss = (action, self._trusts.pop(key, None) is not None, now)
            self._losses[key] = loss
            if loss[1]:
                actor = wanted.entry.actor
                told = (AuditEntry(event="autonomy.lost", actor=actor, action_id=action.action_id),)
        outcome = wanted.outcome
        if loss[1] and outcome is not None:
            words = (*outcome.details, lost_words(key))
            wanted = replace(wanted, outcome=replace(outcome, details=words))
        return wanted, told

    def _begun(self, action: Action) -> None:
        self._begun_at.setdefault(action.action_id, action.changed_at)

    def _ran(self) -> list[Action]:
        found = [self.find(action_id) for action_id in self._begun_at]
        return [one for one in found if one is not None]


def _key(action: Action) -> TrustKey:
    plan = action.plan
    assert plan is not None
    return TrustKey(
        operation=plan.operation,
        environment=plan.environment,
        service_key=plan.target.service_key,
    )


def _past_run(action: Action, *, since_loss: bool) -> PastRun:
    plan = action.plan
    assert plan is not None
    return PastRun(
        number=action.number,
        state=action.state,
        tier=plan.tier,
        place=plan.target.place.name,
        namespace=plan.target.namespace,
        approved=any(not given.subject.startswith("policy:") for given in action.approvals),
        broke_glass=bool(plan.break_glass),
        since_loss=since_loss,
    )
