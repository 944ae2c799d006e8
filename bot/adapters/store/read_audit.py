"""What a closed run read, noted in the audit: who asked, how much, where, and a digest of it all.

The ledger holds the reads themselves. With their digest in the chain, nobody can change afterwards
what an answer rested on without being found.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.adapters.store.audit_trail import write_audit
from bot.adapters.store.tables import evidence, questions, taken_questions
from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.domain.investigation import RunState

NOBODY = "alert"
"""Who is named where an alert asked and no person did."""


def note_reads(
    connection: Connection,
    investigation_id: str,
    *,
    state: RunState,
    at: datetime,
    refusal: str = "",
) -> None:
    """Chain one row on a run that is being closed, in the caller's transaction."""
    asked = connection.execute(
        select(questions.c.person)
        .join(taken_questions, taken_questions.c.question_id == questions.c.question_id)
        .where(taken_questions.c.investigation_id == investigation_id)
        .order_by(taken_questions.c.place)
    ).scalars()
    people = [person for person in dict.fromkeys(asked) if person]
    read = connection.execute(
        select(evidence.c.cluster, evidence.c.digest)
        .where(evidence.c.investigation_id == investigation_id)
        .order_by(evidence.c.number)
    ).all()
    digest = hashlib.sha256("\n".join(row.digest for row in read).encode()).hexdigest()
    write_audit(
        connection,
        AuditEntry(
            event="run.closed",
            actor=Actor(subject=people[0] if people else NOBODY),
            says=f"{len(read)} reads for one run, which ended {state.value}"
            + (f": {refusal}" if refusal else ""),
            facts={
                "investigation": investigation_id,
                "people": people,
                "reads": len(read),
                "places": sorted({row.cluster for row in read if row.cluster}),
                "evidence": digest,
            },
        ),
        at=at,
    )
