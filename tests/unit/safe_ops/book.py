"""The book of actions in memory, with every rule of its port; safe to share between threads.

What a database does about transactions, crashes and clocks is tested on the real ones.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.audit import GENESIS, chained
from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model.actions import (
    AT_WORK,
    HELD,
    PENDING,
    TERMINAL,
    Action,
    Approval,
    CallOutcome,
    JournalRow,
    PastAction,
    Phase,
    Request,
    State,
    Switches,
)
from safe_ops.model.call_trail import call_entry
from safe_ops.model.drafts import ABANDONED, abandoned_entry
from safe_ops.model.trail import Actor, AuditEntry, AuditRow
from safe_ops.ports.clock import Clock
from tests.unit.safe_ops.trust_memory import MemoryTrust

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from safe_ops.model.transition import Transition

OPEN = PENDING | AT_WORK | {State.APPROVED, State.SCHEDULED}
_UNBEGUN = frozenset({State.APPROVED, State.SCHEDULED, State.CLAIMED})
_SETTABLE = (
    "plan",
    "digest",
    "proof",
    "reason",
    "outcome",
    "operator",
    "lease_until",
    "stage_until",
)
_SENT_IN = {"steps": State.EXECUTING, "undo": State.ROLLING_BACK}


@dataclass
class MemoryBook(MemoryTrust):
    clock: Clock
    actions: dict[str, Action] = field(default_factory=dict)
    audit: list[AuditRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._keys: dict[str, str] = {}
        self._rationales: dict[str, str] = {}
        self._journal: list[JournalRow] = []
        self._executed: set[str] = set()
        self._switches = Switches()
        self._counters: dict[str, int] = {}

    def now(self) -> datetime:
        return self.clock.now()

    def open(self, request: Request, *, rationale: str = "") -> tuple[Action, bool]:
        with self._lock:
            if request.key in self._keys:
                return self.actions[self._keys[request.key]], False
            number = len(self.actions) + 1
            action = Action(
                action_id=f"action-{number}",
                number=number,
                state=State.DRAFT,
                version=1,
                request=request,
                created_at=self.now(),
                changed_at=self.now(),
            )
            self._keys[request.key] = action.action_id
            self._rationales[action.action_id] = rationale
            self.actions[action.action_id] = action
            entry = AuditEntry(
                event="action.requested",
                actor=Actor(subject=request.requester),
                action_id=action.action_id,
                after=State.DRAFT,
            )
            self.note(entry)
            return action, True

    def find(self, action_id: str) -> Action | None:
        with self._lock:
            return self.actions.get(action_id)

    def rationale(self, action_id: str) -> str:
        with self._lock:
            return self._rationales.get(action_id, "")

    def change(
        self, action_id: str, decide: Callable[[Action, datetime], Transition | None]
    ) -> Action:
        with self._lock:
            action = self.actions.get(action_id)
            if action is None:
                raise RefusedError("There is no such action.", code="gone")
            now = self.now()
            wanted = decide(action, now)
            if wanted is None:
                return action
            self._check(action, wanted)
            wanted, lost = self._lose_trust(action, wanted, now)
            changed = _changed(action, wanted, now)
            self.actions[action_id] = changed
            if changed.state is State.EXECUTING:
                self._executed.add(action_id)
                self._begun(changed)
            for entry in (wanted.entry, *lost):
                self.note(entry)
            return changed

    def extend_lease(self, action_id: str, *, fence: int, by: timedelta) -> None:
        with self._lock:
            action = self.actions.get(action_id)
            if action is None or action.fence != fence or action.state not in HELD:
                raise FenceLostError("the action is not held under this fence")
            self.actions[action_id] = replace(action, lease_until=self.now() + by)

    def take_draft(self, action_id: str, *, planner: str, by: timedelta) -> int | None:
        with self._lock:
            action, now = self.actions.get(action_id), self.now()
            if action is None or action.state is not State.DRAFT:
                return None
            if not _over(action.lease_until, now) and action.operator != planner:
                return None
            tries = self.count_noted(action_id, ABANDONED)
            self.actions[action_id] = replace(action, operator=planner, lease_until=now + by)
            if action.operator and action.operator != planner:
                tries += 1
                self.note(abandoned_entry(action, tries=tries))
            return tries

    def count_noted(self, action_id: str, event: str) -> int:
        with self._lock:
            entries = [row.entry for row in self.audit]
        return sum((entry.action_id, entry.event) == (action_id, event) for entry in entries)

    def write_journal(self, row: JournalRow) -> None:
        with self._lock:
            action = self.actions.get(row.action_id)
            begins = row.phase is Phase.BEFORE
            if action is None or action.fence != row.fence or action.state not in AT_WORK:
                raise FenceLostError("the action is not held under this fence")
            if begins:
                lease = action.lease_until
                if action.state is not _SENT_IN[row.part] or lease is None or lease <= self.now():
                    raise FenceLostError("the lease ran out, or nothing of this part is sent now")
            _check_order(row, self._rows(row))
            if begins and row.part == "steps" and self._switches.stopped_by:
                raise RefusedError(
                    f"{self._switches.stopped_by} stopped everything", code="stopped"
                )
            number = len(self.journal(row.action_id)) + 1
            self._journal.append(replace(row, at=self.now()))
            self.note(call_entry(action, row, number=number))

    def journal(self, action_id: str) -> tuple[JournalRow, ...]:
        with self._lock:
            return tuple(row for row in self._journal if row.action_id == action_id)

    def switches(self) -> Switches:
        with self._lock:
            return self._switches

    def change_switches(
        self,
        change: Callable[[Switches], Switches],
        entry: AuditEntry,
        *,
        since: datetime | None = None,
        heed: Callable[[tuple[AuditRow, ...]], None] | None = None,
    ) -> Switches:
        with self._lock:
            if since is not None and heed is not None:
                past = [row for row in self.audit if row.entry.event == entry.event]
                heed(tuple(row for row in past if row.at >= since))
            self._switches = change(self._switches)
            self.note(replace(entry, facts=entry.facts | self._switches.facts))
            return self._switches

    def note(self, entry: AuditEntry) -> None:
        with self._lock:
            previous = self.audit[-1].hash if self.audit else GENESIS
            self.audit.append(chained(previous, len(self.audit) + 1, self.now(), entry))

    def in_flight(self, *, target_key: str, service_key: str, but: str) -> tuple[PastAction, ...]:
        with self._lock:
            past = [_past(one) for one in self._planned() if one.state in OPEN]
        return tuple(
            one
            for one in past
            if one.action_id != but
            and (one.target_key == target_key or one.service_key == service_key)
        )

    def recent(self, *, environment: str, since: datetime, but: str) -> tuple[PastAction, ...]:
        with self._lock:
            past = [_past(one) for one in self._planned() if one.action_id in self._executed]
        found = [
            one
            for one in past
            if one.environment == environment and one.changed_at >= since and one.action_id != but
        ]
        return tuple(sorted(found, key=lambda one: one.changed_at, reverse=True))

    def record(self, *, operation: str, environment: str, service_key: str) -> tuple[State, ...]:
        since = self.now() - timedelta(days=30)
        found = self.recent(environment=environment, since=since, but="")
        return tuple(
            one.state
            for one in found
            if (one.operation, one.service_key) == (operation, service_key)
            and one.state in TERMINAL
        )

    def due(self) -> tuple[tuple[str, State], ...]:
        with self._lock:
            now = self.now()
            return tuple(
                (action.action_id, action.state)
                for action in self.actions.values()
                if action.state in {State.APPROVED, State.SCHEDULED}
                or (action.state in HELD | {State.DRAFT} and _over(action.lease_until, now))
                or (action.state in PENDING and _over(action.stage_until, now))
                or _is_unread(action, now)
            )

    def pending(self) -> tuple[Action, ...]:
        with self._lock:
            return tuple(one for one in self.actions.values() if one.state in PENDING)

    def succeeded(self, *, operations: tuple[str, ...], since: datetime) -> tuple[Action, ...]:
        with self._lock:
            return tuple(
                one
                for one in self._planned()
                if one.state is State.SUCCEEDED
                and one.changed_at >= since
                and one.plan is not None
                and one.plan.operation in operations
            )

    def asked_with(self, key: str) -> Action | None:
        with self._lock:
            return self.actions.get(self._keys.get(key, ""))

    def take_factor_counter(self, subject: str, counter: int) -> bool:
        with self._lock:
            if counter <= self._counters.get(subject, -1):
                return False
            self._counters[subject] = counter
            return True

    def rows(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditRow, ...]:
        with self._lock:
            return tuple(self.audit[after : after + limit])

    def _planned(self) -> list[Action]:
        return [one for one in self.actions.values() if one.plan is not None]

    def _rows(self, row: JournalRow) -> list[JournalRow]:
        same = (row.action_id, row.part, row.step)
        return [one for one in self._journal if (one.action_id, one.part, one.step) == same]

    def _check(self, action: Action, wanted: Transition) -> None:
        if action.state in TERMINAL:
            raise RefusedError(f"{action.label} has ended", code="ended")
        if None not in (action.plan, wanted.plan) and action.plan != wanted.plan:
            raise RefusedError(f"{action.label} has its plan", code="plan")
        renews = wanted.state is action.state and not wanted.fence_up
        begins = wanted.state in {State.CLAIMED, State.EXECUTING}
        if begins and not renews and action.state in _UNBEGUN:
            if self._switches.stopped_by:
                raise RefusedError("everything is stopped", code="stopped")
            if self._switches.read_only:
                raise RefusedError("everything is read-only", code="read-only")
        if wanted.approval is not None:
            _check_approval(action, wanted.approval)
        if wanted.state in OPEN:
            self._check_alone(action, wanted)

    def _check_alone(self, action: Action, wanted: Transition) -> None:
        plan = action.plan or wanted.plan
        assert plan is not None
        for other in self._planned():
            if other.action_id == action.action_id or other.plan is None:
                continue
            same_target = other.state in OPEN and other.plan.target.key == plan.target.key
            same_service = (
                wanted.state in AT_WORK
                and other.state in AT_WORK
                and other.plan.target.service_key == plan.target.service_key
            )
            if same_target or same_service:
                raise RefusedError(f"{other.label} is open on it", code="busy")


def _is_unread(action: Action, now: datetime) -> bool:
    until = action.stage_until
    if action.state is not State.INDETERMINATE or until is None:
        return False
    return action.changed_at < until <= now


def _over(until: datetime | None, now: datetime) -> bool:
    return until is None or until <= now


def _changed(action: Action, wanted: Transition, now: datetime) -> Action:
    set_ = {name: value for name in _SETTABLE if (value := getattr(wanted, name)) is not None}
    added = () if wanted.approval is None else (wanted.approval,)
    return replace(
        action,
        state=wanted.state,
        version=action.version + 1,
        changed_at=now,
        fence=action.fence + wanted.fence_up,
        approvals=(*action.approvals, *added),
        **set_,
    )


def _check_approval(action: Action, approval: Approval) -> None:
    for given in action.approvals:
        if given.stage is approval.stage:
            raise RefusedError(f"{given.name} approved it already", code="approved")
        if given.subject == approval.subject:
            raise RefusedError(f"{given.name} approved it already", code="same-person")


def _check_order(row: JournalRow, same: list[JournalRow]) -> None:
    last = same[-1] if same else None
    if row.phase is Phase.AFTER:
        if last is None or last.phase is not Phase.BEFORE or last.attempt != row.attempt:
            raise RefusedError("nothing was begun that this could end", code="journal")
        assert row.outcome is not None
        return
    begun = last.attempt if last is not None else 0
    if last is not None and last.outcome is not CallOutcome.NOT_APPLIED:
        raise RefusedError("it was begun before and may have taken effect", code="journal")
    if row.attempt != begun + 1:
        raise RefusedError(f"the next attempt is {begun + 1}", code="journal")


def _past(action: Action) -> PastAction:
    plan = action.plan
    assert plan is not None
    return PastAction(
        action_id=action.action_id,
        number=action.number,
        operation=plan.operation,
        environment=plan.environment,
        target_key=plan.target.key,
        service_key=plan.target.service_key,
        state=action.state,
        requester=action.request.requester,
        changed_at=action.changed_at,
        size=len({step.call.path for step in plan.drawing.steps}),
    )
