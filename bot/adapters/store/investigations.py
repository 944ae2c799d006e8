"""Runs of work: who holds a thread, since when, and what came of it.

One worker holds a thread at a time, by a lease; a takeover grows the fence, and whoever comes
with an older fence writes nothing more. It does not know what an investigation does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, insert, select, update

from bot.adapters.store.conversations import WAITS, waiting_of
from bot.adapters.store.investigation_rows import person_of, read_many, read_one
from bot.adapters.store.moment import moment
from bot.adapters.store.part import SqlPart, hold, lock_thread
from bot.adapters.store.read_audit import note_reads
from bot.adapters.store.tables import (
    investigations,
    questions,
    taken_questions,
    threads,
    turns,
)
from bot.domain.investigation import Investigation, Pulse, RunState

if TYPE_CHECKING:
    from datetime import timedelta

    from sqlalchemy import RowMapping

    from bot.domain.conversation import PersonId, Question, ThreadId
    from bot.domain.investigation import Turn
    from bot.domain.verdict import Verdict

_IS_RUNNING = investigations.c.state == RunState.RUNNING.value


class SqlInvestigations(SqlPart):
    """bot.ports.store.Investigations in SQL."""

    def claim(
        self, thread_id: ThreadId, *, worker: str, lease: timedelta, max_attempts: int
    ) -> Investigation | None:
        """Take the thread over for this worker; None if it is held or nothing waits."""
        with self._writing() as connection:
            thread = lock_thread(connection, thread_id)
            if thread is None:
                return None
            running = (
                connection.execute(
                    select(investigations).where(
                        investigations.c.thread_id == thread_id, _IS_RUNNING
                    )
                )
                .mappings()
                .first()
            )
            if running is None:
                return self._start(connection, thread, worker=worker, lease=lease)
            if running["lease_until"] > self._clock.now():
                return None
            return self._take_over(
                connection, running, worker=worker, lease=lease, max_attempts=max_attempts
            )

    def renew(self, investigation_id: str, *, fence: int, lease: timedelta) -> Pulse:
        """Extend the lease; learn what happened meanwhile."""
        with self._writing() as connection:
            row = hold(connection, investigation_id, fence)
            _change(connection, investigation_id, lease_until=self._clock.now() + lease)
            waiting = connection.execute(
                select(func.count())
                .select_from(questions)
                .where(questions.c.thread_id == row["thread_id"], WAITS)
            ).scalar_one()
        return Pulse(cancelled_by=person_of(row["cancelled_by"]), waiting_questions=waiting)

    def absorb(self, investigation_id: str, *, fence: int) -> tuple[Question, ...]:
        """Take the thread's waiting questions into the running investigation."""
        with self._writing() as connection:
            row = hold(connection, investigation_id, fence)
            return _take_in(connection, investigation_id, row["thread_id"])

    def append_turn(self, investigation_id: str, *, fence: int, turn: Turn) -> int:
        """Append to the transcript; return the turn's number from 0."""
        with self._writing() as connection:
            hold(connection, investigation_id, fence)
            number: int = connection.execute(
                select(func.coalesce(func.max(turns.c.number) + 1, 0)).where(
                    turns.c.investigation_id == investigation_id
                )
            ).scalar_one()
            connection.execute(
                insert(turns).values(
                    investigation_id=investigation_id,
                    number=number,
                    body=turn,
                    stored_at=self._clock.now(),
                )
            )
        return number

    def turns(self, investigation_id: str) -> list[Turn]:
        """Return the transcript, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(turns.c.body)
                .where(turns.c.investigation_id == investigation_id)
                .order_by(turns.c.number)
            )
            return list(rows.scalars())

    def finish(
        self,
        investigation_id: str,
        *,
        fence: int,
        state: RunState,
        verdict: Verdict | None,
        refusal: str = "",
    ) -> None:
        """Close the investigation, note in the audit what it read, and free the thread.

        `refusal` is why the asker may not have it, where that is how it ends.

        Raises:
            ValueError: The state is not a final one.
        """
        if state is RunState.RUNNING:
            raise ValueError("an investigation cannot finish as running")
        with self._writing() as connection:
            hold(connection, investigation_id, fence)
            now = self._clock.now()
            _change(
                connection, investigation_id, state=state.value, verdict=verdict, finished_at=now
            )
            note_reads(
                connection,
                investigation_id,
                state=state,
                refusal=refusal,
                at=moment(connection, self._clock),
            )

    def release(self, investigation_id: str, *, fence: int) -> None:
        """Let the lease expire now, so that another worker may go on at once."""
        with self._writing() as connection:
            hold(connection, investigation_id, fence)
            _change(connection, investigation_id, lease_until=self._clock.now())

    def request_cancel(self, thread_id: ThreadId, *, person: PersonId) -> bool:
        """Ask the thread's running investigation to stop; the first to ask is remembered."""
        with self._writing() as connection:
            lock_thread(connection, thread_id)
            asked = connection.execute(
                update(investigations)
                .where(investigations.c.thread_id == thread_id, _IS_RUNNING)
                .values(cancelled_by=func.coalesce(investigations.c.cancelled_by, person))
            ).rowcount
        return asked > 0

    def investigation(self, investigation_id: str) -> Investigation | None:
        """Return one investigation, or None."""
        with self._reading() as connection:
            return read_one(connection, investigation_id)

    def latest(self, thread_id: ThreadId, *, limit: int) -> list[Investigation]:
        """Return the thread's newest investigations, newest first."""
        with self._reading() as connection:
            return read_many(
                connection,
                investigations.c.thread_id == thread_id,
                order=(investigations.c.number.desc(),),
                limit=limit,
            )

    def count_running(self) -> int:
        """Return how many investigations are under way."""
        with self._reading() as connection:
            return connection.execute(
                select(func.count()).select_from(investigations).where(_IS_RUNNING)
            ).scalar_one()

    def recent_of(self, person: PersonId, *, limit: int) -> list[Investigation]:
        """Return the newest investigations that answer a question of this person."""
        asked = (
            select(taken_questions.c.investigation_id)
            .join(questions, questions.c.question_id == taken_questions.c.question_id)
            .where(questions.c.person == person)
        )
        with self._reading() as connection:
            return read_many(
                connection,
                investigations.c.investigation_id.in_(asked),
                order=(
                    investigations.c.started_at.desc(),
                    investigations.c.number.desc(),
                    investigations.c.investigation_id.desc(),
                ),
                limit=limit,
            )

    def _start(
        self, connection: Connection, thread: RowMapping, *, worker: str, lease: timedelta
    ) -> Investigation | None:
        if not waiting_of(connection, thread["thread_id"]):
            return None
        investigation_id, now = self._ids(), self._clock.now()
        number = thread["investigations"] + 1
        connection.execute(
            update(threads)
            .where(threads.c.thread_id == thread["thread_id"])
            .values(investigations=number)
        )
        connection.execute(
            insert(investigations).values(
                investigation_id=investigation_id,
                thread_id=thread["thread_id"],
                number=number,
                state=RunState.RUNNING.value,
                fence=1,
                attempt=1,
                worker=worker,
                started_at=now,
                lease_until=now + lease,
            )
        )
        _take_in(connection, investigation_id, thread["thread_id"])
        return read_one(connection, investigation_id)

    def _take_over(
        self,
        connection: Connection,
        running: RowMapping,
        *,
        worker: str,
        lease: timedelta,
        max_attempts: int,
    ) -> Investigation | None:
        now = self._clock.now()
        given_up = running["attempt"] >= max_attempts
        _change(
            connection,
            running["investigation_id"],
            fence=running["fence"] + 1,
            attempt=running["attempt"] + 1,
            worker=worker,
            lease_until=now + lease,
            state=(RunState.ORPHANED if given_up else RunState.RUNNING).value,
            finished_at=now if given_up else None,
        )
        return read_one(connection, running["investigation_id"])


def _change(connection: Connection, investigation_id: str, **values: object) -> None:
    connection.execute(
        update(investigations)
        .where(investigations.c.investigation_id == investigation_id)
        .values(**values)
    )


def _take_in(connection: Connection, investigation_id: str, thread_id: str) -> tuple[Question, ...]:
    taken = tuple(waiting_of(connection, thread_id))
    place = connection.execute(
        select(func.count())
        .select_from(taken_questions)
        .where(taken_questions.c.investigation_id == investigation_id)
    ).scalar_one()
    for offset, question in enumerate(taken):
        row = {
            "investigation_id": investigation_id,
            "place": place + offset,
            "question_id": question.question_id,
        }
        connection.execute(insert(taken_questions).values(row))
    ids = [question.question_id for question in taken]
    connection.execute(
        update(questions).where(questions.c.question_id.in_(ids)).values(waiting_since=None)
    )
    return taken
