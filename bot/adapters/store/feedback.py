"""What people think of answers: one rating per person and answer, the newest."""

from __future__ import annotations

from sqlalchemy import select, update

from bot.adapters.store.part import SqlPart, insert_once
from bot.adapters.store.tables import feedback, investigations
from bot.domain.conversation import PersonId, Rating


class SqlFeedback(SqlPart):
    """bot.ports.store.Feedback in SQL."""

    def rate(self, investigation_id: str, *, person: PersonId, rating: Rating) -> bool:
        """Keep the person's newest rating; True if it differs from their last one.

        Raises:
            KeyError: There is no such investigation.
        """
        now = self._clock.now()
        row = {
            "investigation_id": investigation_id,
            "person": person,
            "rating": rating.value,
            "rated_at": now,
        }
        with self._writing() as connection:
            known = connection.execute(
                select(investigations.c.investigation_id).where(
                    investigations.c.investigation_id == investigation_id
                )
            ).first()
            if known is None:
                raise KeyError(investigation_id)
            if insert_once(connection, feedback, row):
                return True
            # Compared by the database: of two clicks at once, one changes it and one does not.
            changed = connection.execute(
                update(feedback)
                .where(
                    feedback.c.investigation_id == investigation_id,
                    feedback.c.person == person,
                    feedback.c.rating != rating.value,
                )
                .values(rating=rating.value, rated_at=now)
            ).rowcount
            return changed > 0

    def ratings(self, investigation_id: str) -> dict[PersonId, Rating]:
        """Return everybody's current rating."""
        with self._reading() as connection:
            rows = connection.execute(
                select(feedback.c.person, feedback.c.rating)
                .where(feedback.c.investigation_id == investigation_id)
                .order_by(feedback.c.rated_at, feedback.c.person)
            )
            return {PersonId(person): Rating(rating) for person, rating in rows}
