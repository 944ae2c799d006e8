"""What became of earlier incidents: their last conclusive verdicts, for likeness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, select

from bot.adapters.store.incident_tables import incidents
from bot.adapters.store.part import SqlPart
from bot.adapters.store.tables import feedback, investigations, questions, taken_questions
from bot.domain.conversation import Rating
from bot.domain.investigation import RunState
from bot.domain.verdict import Status
from bot.ports.knowledge import PastIncident

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import RowMapping

    from bot.domain.verdict import Verdict


class SqlPastIncidents(SqlPart):
    """Implements bot.ports.knowledge.PastIncidents."""

    def concluded(self, *, since: datetime, limit: int) -> list[PastIncident]:
        """Return incidents with a conclusive verdict, newest first, each with its last one."""
        rated_bad = exists().where(
            and_(
                feedback.c.investigation_id == investigations.c.investigation_id,
                feedback.c.rating == Rating.BAD.value,
            )
        )
        statement = (
            select(
                incidents.c.incident_id,
                incidents.c.title,
                incidents.c.opened_at,
                incidents.c.scope,
                incidents.c.channel,
                investigations.c.investigation_id,
                investigations.c.verdict,
                rated_bad.label("rated_bad"),
            )
            .join(questions, questions.c.incident_id == incidents.c.incident_id)
            .join(taken_questions, taken_questions.c.question_id == questions.c.question_id)
            .join(
                investigations,
                investigations.c.investigation_id == taken_questions.c.investigation_id,
            )
            .where(incidents.c.opened_at >= since, investigations.c.state == RunState.DONE.value)
            .order_by(investigations.c.started_at.desc())
            # An incident has a few runs; its newest comes first.
            .limit(limit * 2)
        )
        found: dict[str, PastIncident] = {}
        with self._reading() as connection:
            for row in connection.execute(statement).mappings():
                past = _past(row)
                if past is not None:
                    found.setdefault(past.incident_id, past)
        return list(found.values())[:limit]


def _past(row: RowMapping) -> PastIncident | None:
    verdict: Verdict | None = row["verdict"]
    if verdict is None or verdict.status is Status.INCONCLUSIVE:
        return None
    return PastIncident(
        incident_id=row["incident_id"],
        title=row["title"],
        at=row["opened_at"],
        status=verdict.status,
        cause=verdict.cause,
        object=verdict.object or "",
        summary=verdict.summary,
        scope=row["scope"],
        channel=row["channel"],
        rated_bad=bool(row["rated_bad"]),
    )
