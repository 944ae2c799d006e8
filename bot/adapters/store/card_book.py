"""Who draws the card of an action, and what it shows; see the port."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from bot.adapters.store.moment import moment
from bot.adapters.store.operation_tables import action_cards, actions
from bot.adapters.store.part import SqlPart, insert_once
from bot.ports.card_book import Edition

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from bot.ports.card_book import CardBook


class SqlCardBook(SqlPart):
    """bot.ports.card_book.CardBook in SQL."""

    def claim_card(self, action_id: str, *, edition: Edition, holder: str, lease_s: float) -> bool:
        """Take the right to draw the card; False, and nothing changed, if that must not be."""
        with self._writing() as connection:
            card = _lock(connection, action_id)
            if card is None:
                return False
            now = moment(connection, self._clock)
            is_others = card["holder"] not in {"", holder} and card["held_until"] > now
            if is_others or _edition(card) >= edition:
                return False
            held_until = now + timedelta(seconds=lease_s)
            _change(connection, action_id, holder=holder, held_until=held_until)
        return True

    def card_shown(self, action_id: str, *, edition: Edition, holder: str) -> None:
        """Note what the card shows now, and give the holder's claim back.

        Of a holder whose claim ran out while it drew, another may have drawn before or after it.
        Which of the two the card shows is unknown then, so the older one counts, and it is drawn
        once more.
        """
        with self._writing() as connection:
            card = _lock(connection, action_id)
            if card is None:
                return
            shown = _edition(card)
            if card["holder"] != holder:
                edition = min(shown, edition)
                _change(connection, action_id, version=edition.version, rows=edition.rows)
                return
            edition = max(shown, edition)
            _change(connection, action_id, version=edition.version, rows=edition.rows, holder="")

    def card_left(self, action_id: str, *, holder: str) -> None:
        """Give the holder's claim back without having drawn; another's stays."""
        with self._writing() as connection:
            connection.execute(
                update(action_cards)
                .where(action_cards.c.action_id == action_id, action_cards.c.holder == holder)
                .values(holder="")
            )

    def cards_behind(self, *, within_s: float, limit: int) -> tuple[str, ...]:
        """Return actions whose version is above what their card shows, oldest change first."""
        with self._reading() as connection:
            now = moment(connection, self._clock)
            is_free = or_(action_cards.c.holder == "", action_cards.c.held_until <= now)
            shows_less = (action_cards.c.version < actions.c.version) & is_free
            found = connection.execute(
                select(actions.c.action_id)
                .outerjoin(action_cards, action_cards.c.action_id == actions.c.action_id)
                .where(
                    actions.c.changed_at >= now - timedelta(seconds=within_s),
                    or_(action_cards.c.action_id.is_(None), shows_less),
                )
                .order_by(actions.c.changed_at, actions.c.number)
                .limit(limit)
            )
            return tuple(found.scalars())


def _lock(connection: Connection, action_id: str) -> RowMapping | None:
    """Return the card's row, held until the transaction ends; None if there is no such action."""
    card = select(action_cards).where(action_cards.c.action_id == action_id).with_for_update()
    row = connection.execute(card).mappings().first()
    if row is not None:
        return row
    known = select(actions.c.action_id).where(actions.c.action_id == action_id)
    if connection.execute(known).first() is None:
        return None
    nothing = {"action_id": action_id, "version": 0, "rows": 0, "holder": ""}
    insert_once(connection, action_cards, nothing)
    return connection.execute(card).mappings().one()


def _edition(card: RowMapping) -> Edition:
    return Edition(version=card["version"], rows=card["rows"])


def _change(connection: Connection, action_id: str, **values: object) -> None:
    connection.execute(
        update(action_cards).where(action_cards.c.action_id == action_id).values(values)
    )


if TYPE_CHECKING:
    _keeps_its_promise: type[CardBook] = SqlCardBook
