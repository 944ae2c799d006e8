"""Actions by number and by wish, and those that are open; see the port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.adapters.store.action_rows import read_actions
from bot.adapters.store.operation_tables import actions
from bot.adapters.store.part import SqlPart
from safe_ops.model.actions import TERMINAL

if TYPE_CHECKING:
    from bot.ports.action_index import ActionIndex
    from safe_ops.model.actions import Action


class SqlActionIndex(SqlPart):
    """bot.ports.action_index.ActionIndex in SQL."""

    def numbered(self, number: int) -> Action | None:
        """Return the action people call by that number, or None."""
        with self._reading() as connection:
            found = read_actions(connection, actions.c.number == number)
        return found[0] if found else None

    def asked_with(self, key: str) -> Action | None:
        """Return the action the request of that key has become, or None."""
        with self._reading() as connection:
            found = read_actions(connection, actions.c.request_key == key)
        return found[0] if found else None

    def open_actions(self, *, limit: int) -> tuple[Action, ...]:
        """Return actions that have not ended, oldest first."""
        first = (
            select(actions.c.action_id)
            .where(actions.c.state.not_in(TERMINAL))
            .order_by(actions.c.number)
            .limit(limit)
        )
        with self._reading() as connection:
            ids = list(connection.execute(first).scalars())
            return read_actions(connection, actions.c.action_id.in_(ids))


if TYPE_CHECKING:
    _keeps_its_promise: type[ActionIndex] = SqlActionIndex
