"""Looking over actions: what is open beside one, what was, what waits for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, or_, select

from bot.adapters.store.action_rows import read_actions
from bot.adapters.store.book_part import BookPart
from bot.adapters.store.moment import moment
from bot.adapters.store.operation_tables import OPEN, actions
from safe_ops.model.actions import HELD, PENDING, TERMINAL, PastAction, State

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, RowMapping, UnaryExpression

    from safe_ops.model.actions import Action

RECORD: Final = timedelta(days=30)
_WAITS_FOR_OPERATOR: Final = (State.APPROVED, State.SCHEDULED)
_PAST: Final = (
    actions.c.action_id,
    actions.c.number,
    actions.c.operation,
    actions.c.environment,
    actions.c.target_key,
    actions.c.service_key,
    actions.c.state,
    actions.c.requester,
    actions.c.changed_at,
    actions.c.size,
)


class SqlActionHistory(BookPart):
    """The part of safe_ops.ports.book.ActionBook that looks over many actions, in SQL."""

    def in_flight(self, *, target_key: str, service_key: str, but: str) -> tuple[PastAction, ...]:
        """Return open, planned actions of the same target or service, other than `but`."""
        same = or_(actions.c.target_key == target_key, actions.c.service_key == service_key)
        return self._past(
            actions.c.state.in_(OPEN) & same & (actions.c.action_id != but),
            order=actions.c.number.asc(),
        )

    def recent(self, *, environment: str, since: datetime, but: str) -> tuple[PastAction, ...]:
        """Return actions of the environment that were executed since, newest first."""
        return self._past(
            and_(
                actions.c.environment == environment,
                actions.c.changed_at >= since,
                actions.c.executed_at.is_not(None),
                actions.c.action_id != but,
            ),
            order=actions.c.changed_at.desc(),
        )

    def record(self, *, operation: str, environment: str, service_key: str) -> tuple[State, ...]:
        """Return how executed actions of an operation ended in the last 30 days, newest first."""
        with self._reading() as connection:
            since = moment(connection, self._clock) - RECORD
            found = connection.execute(
                select(actions.c.state)
                .where(
                    actions.c.operation == operation,
                    actions.c.environment == environment,
                    actions.c.service_key == service_key,
                    actions.c.changed_at >= since,
                    actions.c.executed_at.is_not(None),
                    actions.c.state.in_(TERMINAL),
                )
                .order_by(actions.c.changed_at.desc(), actions.c.number.desc())
            )
            return tuple(State(state) for state in found.scalars())

    def due(self) -> tuple[tuple[str, State], ...]:
        """Return what somebody has to look at, oldest first: ids, with the state each is in."""
        with self._reading() as connection:
            now = moment(connection, self._clock)
            # Of a draft it is its planner's, from the first one on.
            is_over = or_(actions.c.lease_until.is_(None), actions.c.lease_until <= now)
            abandoned = actions.c.state.in_(HELD | {State.DRAFT}) & is_over
            expired = actions.c.state.in_(PENDING) & (actions.c.stage_until <= now)
            # Once it ends with the last change, it was read back for the last time.
            unknown = and_(
                actions.c.state == State.INDETERMINATE,
                actions.c.stage_until <= now,
                actions.c.stage_until > actions.c.changed_at,
            )
            found = connection.execute(
                select(actions.c.action_id, actions.c.state)
                .where(or_(actions.c.state.in_(_WAITS_FOR_OPERATOR), abandoned, expired, unknown))
                .order_by(actions.c.number)
            )
            return tuple((action_id, State(state)) for action_id, state in found)

    def pending(self) -> tuple[Action, ...]:
        """Return the actions that wait for a person, oldest first."""
        with self._reading() as connection:
            return read_actions(connection, actions.c.state.in_(PENDING))

    def succeeded(self, *, operations: tuple[str, ...], since: datetime) -> tuple[Action, ...]:
        """Return actions of these operations that succeeded since, oldest first."""
        with self._reading() as connection:
            return read_actions(
                connection,
                and_(
                    actions.c.state == State.SUCCEEDED,
                    actions.c.operation.in_(operations),
                    actions.c.changed_at >= since,
                ),
            )

    def _past(
        self, where: ColumnElement[bool], *, order: UnaryExpression[object]
    ) -> tuple[PastAction, ...]:
        with self._reading() as connection:
            found = connection.execute(
                select(*_PAST).where(where).order_by(order, actions.c.number.desc())
            ).mappings()
            return tuple(_past_action(row) for row in found)


def _past_action(row: RowMapping) -> PastAction:
    return PastAction(**{**row, "state": State(row["state"])})
