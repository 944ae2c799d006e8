"""Reading investigations back: rows of three tables become one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from bot.adapters.store.tables import investigations, questions, taken_questions
from bot.domain.conversation import PersonId, ThreadId
from bot.domain.investigation import Investigation, RunState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, RowMapping, UnaryExpression

    from bot.domain.conversation import Question


def read_one(connection: Connection, investigation_id: str) -> Investigation | None:
    """Return one investigation within a transaction, or None."""
    found = read_many(connection, investigations.c.investigation_id == investigation_id, limit=1)
    return found[0] if found else None


def read_many(
    connection: Connection,
    where: ColumnElement[bool],
    *,
    order: Sequence[UnaryExpression[object]] = (),
    limit: int,
) -> list[Investigation]:
    """Return the investigations that match, within a transaction, in the order asked for."""
    rows = (
        connection.execute(select(investigations).where(where).order_by(*order).limit(limit))
        .mappings()
        .all()
    )
    taken: dict[str, list[Question]] = {row["investigation_id"]: [] for row in rows}
    answered = connection.execute(
        select(taken_questions.c.investigation_id, questions.c.body)
        .join(questions, questions.c.question_id == taken_questions.c.question_id)
        .where(taken_questions.c.investigation_id.in_(taken))
        .order_by(taken_questions.c.investigation_id, taken_questions.c.place)
    )
    for investigation_id, body in answered:
        taken[investigation_id].append(body)
    return [_investigation(row, taken[row["investigation_id"]]) for row in rows]


def _investigation(row: RowMapping, answers: list[Question]) -> Investigation:
    return Investigation(
        investigation_id=row["investigation_id"],
        thread_id=ThreadId(row["thread_id"]),
        state=RunState(row["state"]),
        fence=row["fence"],
        attempt=row["attempt"],
        started_at=row["started_at"],
        questions=tuple(answers),
        finished_at=row["finished_at"],
        verdict=row["verdict"],
        cancelled_by=person_of(row["cancelled_by"]),
    )


def person_of(value: str | None) -> PersonId | None:
    """Return a stored person, or None."""
    return None if value is None else PersonId(value)
