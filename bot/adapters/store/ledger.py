"""Evidence, append-only; labels count up within a thread without a gap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select, update

from bot.adapters.store.part import SqlPart, hold
from bot.adapters.store.tables import evidence, threads
from bot.domain.evidence import Evidence

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, RowMapping

    from bot.domain.conversation import ThreadId
    from bot.domain.evidence import Observation

_LABEL = re.compile(r"e([1-9][0-9]{0,8})", re.IGNORECASE | re.ASCII)


class SqlLedger(SqlPart):
    """bot.ports.store.Ledger in SQL."""

    def enter(
        self, investigation_id: str, *, fence: int, tool_use_id: str, observation: Observation
    ) -> Evidence:
        """Give the observation its label; the same tool_use_id returns the first entry."""
        with self._writing() as connection:
            thread_id = hold(connection, investigation_id, fence)["thread_id"]
            known = _select(
                connection,
                evidence.c.investigation_id == investigation_id,
                evidence.c.tool_use_id == tool_use_id,
            )
            if known:
                return known[0]
            number: int = connection.execute(
                update(threads)
                .where(threads.c.thread_id == thread_id)
                .values(evidence=threads.c.evidence + 1)
                .returning(threads.c.evidence)
            ).scalar_one()
            entry = Evidence(
                label=f"E{number}",
                investigation_id=investigation_id,
                tool_use_id=tool_use_id,
                observation=observation,
            )
            connection.execute(
                insert(evidence).values(
                    thread_id=thread_id,
                    number=number,
                    investigation_id=investigation_id,
                    tool_use_id=tool_use_id,
                    cluster=observation.cluster,
                    body=observation,
                    digest=entry.digest,
                    stored_at=self._clock.now(),
                )
            )
            return entry

    def of_investigation(self, investigation_id: str) -> list[Evidence]:
        """Return its evidence in the order recorded."""
        with self._reading() as connection:
            return _select(connection, evidence.c.investigation_id == investigation_id)

    def latest_of_cluster(self, cluster: str) -> Evidence | None:
        """Return the newest evidence from that cluster, whatever its state; None if none."""
        newest = (
            select(evidence)
            .where(evidence.c.cluster == cluster)
            .order_by(evidence.c.stored_at.desc(), evidence.c.number.desc())
            .limit(1)
        )
        with self._reading() as connection:
            row = connection.execute(newest).mappings().first()
        return None if row is None else _evidence(row)

    def by_label(self, thread_id: ThreadId, label: str) -> Evidence | None:
        """Return the evidence with that label (case does not matter), or None."""
        parsed = _LABEL.fullmatch(label.strip())
        if parsed is None:
            return None
        with self._reading() as connection:
            found = _select(
                connection,
                evidence.c.thread_id == thread_id,
                evidence.c.number == int(parsed[1]),
            )
        return found[0] if found else None


def _select(connection: Connection, *where: ColumnElement[bool]) -> list[Evidence]:
    rows = connection.execute(select(evidence).where(*where).order_by(evidence.c.number))
    return [_evidence(row) for row in rows.mappings()]


def _evidence(row: RowMapping) -> Evidence:
    return Evidence(
        label=f"E{row['number']}",
        investigation_id=row["investigation_id"],
        tool_use_id=row["tool_use_id"],
        observation=row["body"],
    )
