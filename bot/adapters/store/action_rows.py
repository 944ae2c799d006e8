"""Reading actions back: rows of two tables become one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from bot.adapters.store.operation_tables import action_approvals, actions
from safe_ops.model.actions import Action, Approval, Factor, State
from safe_ops.model.plans import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, RowMapping

_STAGES = tuple(Stage)
"""In the order of their turns."""


def read_action(connection: Connection, action_id: str) -> Action | None:
    """Return one action within a transaction, or None."""
    found = read_actions(connection, actions.c.action_id == action_id)
    return found[0] if found else None


def lock_action(connection: Connection, action_id: str) -> Action | None:
    """Return one action, held until the transaction ends; None if there is none.

    On SQLite the whole database is already held.
    """
    row = (
        connection.execute(
            select(actions)
            .where(actions.c.action_id == action_id)
            # FOR NO KEY UPDATE: rows that refer to this one may be added meanwhile.
            .with_for_update(key_share=True)
        )
        .mappings()
        .first()
    )
    return None if row is None else _with_approvals(connection, (row,))[0]


def read_actions(connection: Connection, where: ColumnElement[bool]) -> tuple[Action, ...]:
    """Return the actions that match, within a transaction, oldest first."""
    return _with_approvals(
        connection,
        connection.execute(select(actions).where(where).order_by(actions.c.number))
        .mappings()
        .all(),
    )


def _with_approvals(connection: Connection, rows: Iterable[RowMapping]) -> tuple[Action, ...]:
    given: dict[str, list[Approval]] = {row["action_id"]: [] for row in rows}
    found = connection.execute(
        select(action_approvals).where(action_approvals.c.action_id.in_(given))
    ).mappings()
    for row in found:
        given[row["action_id"]].append(_approval(row))
    return tuple(action_of(row, given[row["action_id"]]) for row in rows)


def _approval(row: RowMapping) -> Approval:
    return Approval(
        stage=Stage(row["stage"]),
        subject=row["subject"],
        slack_id=row["slack_id"],
        name=row["name"],
        at=row["at"],
        factor=Factor(row["factor"]),
        factor_at=row["factor_at"],
    )


def action_of(row: RowMapping, approvals: Iterable[Approval]) -> Action:
    """Return the action of a row and its approvals, these in the order of their stages."""
    in_turn = sorted(approvals, key=lambda approval: _STAGES.index(approval.stage))
    return Action(
        action_id=row["action_id"],
        number=row["number"],
        state=State(row["state"]),
        version=row["version"],
        request=row["request"],
        plan=row["plan"],
        digest=row["digest"],
        approvals=tuple(in_turn),
        proof=row["proof"],
        reason=row["reason"],
        outcome=row["outcome"],
        fence=row["fence"],
        operator=row["operator"],
        lease_until=row["lease_until"],
        stage_until=row["stage_until"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
