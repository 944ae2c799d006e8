"""Opening actions and changing them: lock, decide, write, and the audit row, all or nothing.

It does not know which state may follow which: that is `safe_ops.lifecycle`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from bot.adapters.store.action_rows import action_of, lock_action, read_action, read_actions
from bot.adapters.store.action_rules import busy, check_alone, check_lasting, check_switches
from bot.adapters.store.audit_trail import lock_audit, write_audit
from bot.adapters.store.book_part import BookPart
from bot.adapters.store.columns import UtcTime
from bot.adapters.store.moment import moment
from bot.adapters.store.operation_tables import (
    action_approvals,
    action_rationales,
    actions,
)
from bot.adapters.store.trust import lose_trust
from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model.actions import HELD, Action, State
from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from safe_ops.model.actions import Approval, Request
    from safe_ops.model.plans import Plan
    from safe_ops.model.transition import Transition

_OPERATION_CHARS = 80
"""Of an operation's name before anything was checked, when it may be any text."""


class SqlActionChanges(BookPart):
    """The part of safe_ops.ports.book.ActionBook that writes actions, in SQL."""

    def now(self) -> datetime:
        """Return the database's time."""
        with self._reading() as connection:
            return moment(connection, self._clock)

    def open(self, request: Request, *, rationale: str = "") -> tuple[Action, bool]:
        """Store a request as a draft; False beside the action when its key was there already."""
        with self._writing() as connection:
            # Everybody who opens one queues here: numbers rise, and a key is looked up but once.
            lock_audit(connection)
            known = read_actions(connection, actions.c.request_key == request.key)
            if known:
                return known[0], False
            action_id, now = self._ids(), moment(connection, self._clock)
            draft = _draft(connection, request, action_id=action_id, now=now)
            row = connection.execute(insert(actions).values(draft).returning(actions)).mappings()
            action = action_of(row.one(), ())
            if rationale:
                connection.execute(
                    insert(action_rationales).values(action_id=action_id, body=rationale)
                )
            write_audit(connection, _requested(request, action_id), at=now)
            return action, True

    def find(self, action_id: str) -> Action | None:
        """Return the action, or None."""
        with self._reading() as connection:
            return read_action(connection, action_id)

    def rationale(self, action_id: str) -> str:
        """Return the free text given with the request; empty if none."""
        with self._reading() as connection:
            body: str | None = connection.execute(
                select(action_rationales.c.body).where(action_rationales.c.action_id == action_id)
            ).scalar()
        return body or ""

    def change(
        self, action_id: str, decide: Callable[[Action, datetime], Transition | None]
    ) -> Action:
        """Lock the row, ask `decide` with the row and the database's time, write what it says.

        Raises:
            RefusedError: `gone`, `busy`; `stopped` or `read-only` where the calls would begin
                while a switch is set; `ended`, `plan`, `approved` or `same-person` where the row
                may never become what is asked for, whoever decided it.
        """
        with self._writing() as connection:
            action = lock_action(connection, action_id)
            if action is None:
                raise RefusedError(
                    f"There is no action {action_id}; it may be another installation's.",
                    code="gone",
                )
            now = moment(connection, self._clock)
            wanted = decide(action, now)
            if wanted is None:
                return action
            check_lasting(action, wanted)
            check_switches(connection, action, wanted)
            check_alone(connection, action, wanted)
            wanted, lost = lose_trust(connection, action, wanted, at=now)
            changed = _write(connection, action, wanted, now)
            write_audit(connection, wanted.entry, at=now)
            if lost is not None:
                write_audit(connection, lost, at=now)
            return changed

    def extend_lease(self, action_id: str, *, fence: int, by: timedelta) -> None:
        """Let the operator with this fence hold the action for so long from now.

        Raises:
            FenceLostError: Another operator has it, or it is not held by anybody.
        """
        with self._writing() as connection:
            extended = connection.execute(
                update(actions)
                .where(
                    actions.c.action_id == action_id,
                    actions.c.fence == fence,
                    actions.c.state.in_(HELD),
                )
                .values(lease_until=moment(connection, self._clock) + by)
                .returning(actions.c.action_id)
            )
            if extended.first() is None:
                raise FenceLostError(f"{action_id} is not held any more; stop.")

    def note(self, entry: AuditEntry) -> None:
        """Write an audit row of something that changed no action, such as a refused click."""
        with self._writing() as connection:
            write_audit(connection, entry, at=moment(connection, self._clock))


def _draft(
    connection: Connection, request: Request, *, action_id: str, now: datetime
) -> dict[str, Any]:
    number = connection.execute(select(func.coalesce(func.max(actions.c.number), 0) + 1))
    return {
        "action_id": action_id,
        "number": number.scalar_one(),
        "request_key": request.key,
        "state": State.DRAFT.value,
        "version": 1,
        "request": request,
        "requester": request.requester,
        "digest": "",
        "size": 0,
        "reason": "",
        "fence": 0,
        "operator": "",
        "created_at": now,
        "changed_at": now,
    }


def _requested(request: Request, action_id: str) -> AuditEntry:
    return AuditEntry(
        event="action.requested",
        actor=Actor(subject=request.requester, slack_id=request.requester_slack_id),
        action_id=action_id,
        after=State.DRAFT.value,
        facts={
            "operation": request.operation[:_OPERATION_CHARS],
            "place": request.place.name,
            "region": request.place.region,
        },
    )


def _write(connection: Connection, action: Action, wanted: Transition, now: datetime) -> Action:
    values: dict[str, Any] = {
        "state": wanted.state.value,
        "version": action.version + 1,
        "changed_at": now,
    }
    # Only what changes is named: who may not raise the fence could not write anything else.
    if wanted.fence_up:
        values["fence"] = action.fence + 1
    for name in ("digest", "proof", "reason", "outcome", "operator", "lease_until", "stage_until"):
        value = getattr(wanted, name)
        if value is not None:
            values[name] = value
    if wanted.plan is not None:
        values |= _plan_columns(wanted.plan)
    if wanted.state is State.EXECUTING:
        values["executed_at"] = func.coalesce(actions.c.executed_at, literal(now, UtcTime))
    own = actions.c.action_id == action.action_id
    try:
        found = connection.execute(update(actions).where(own).values(values).returning(actions))
        row = found.mappings().one()
    except IntegrityError as error:
        # An update can only break the two indexes of what is held alone: another has it since.
        raise busy(action, "another action") from error
    if wanted.approval is None:
        return action_of(row, action.approvals)
    _approve(connection, action, wanted.approval)
    return action_of(row, (*action.approvals, wanted.approval))


def _plan_columns(plan: Plan) -> dict[str, Any]:
    return {
        "plan": plan,
        "operation": plan.operation,
        "environment": plan.environment,
        "target_key": plan.target.key,
        "service_key": plan.target.service_key,
        "size": len({step.call.path for step in plan.drawing.steps}),
    }


def _approve(connection: Connection, action: Action, approval: Approval) -> None:
    for given in action.approvals:
        if given.stage is approval.stage:
            raise RefusedError(
                f"{action.label} was approved by {given.name} already; nothing is left to do.",
                code="approved",
            )
        if given.subject == approval.subject:
            raise RefusedError(
                f"{approval.name} approved {action.label} already; somebody else has to.",
                code="same-person",
            )
    connection.execute(
        insert(action_approvals).values(
            action_id=action.action_id,
            stage=approval.stage.value,
            subject=approval.subject,
            slack_id=approval.slack_id,
            name=approval.name,
            at=approval.at,
            factor=approval.factor.value,
            factor_at=approval.factor_at,
        )
    )
