"""Threads and the questions in them; it does not know how questions are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, exists, func, or_, select, update

from bot.adapters.store.part import SqlPart, insert_once, lock_thread
from bot.adapters.store.tables import (
    chosen_scopes,
    investigations,
    questions,
    taken_questions,
    threads,
)
from bot.domain.conversation import (
    ChannelId,
    MessageTs,
    PersonId,
    Question,
    Scope,
    Surface,
    Thread,
    ThreadId,
)
from bot.domain.investigation import RunState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, RowMapping

WAITS = questions.c.waiting_since.is_not(None)
"""True of a question no investigation took in, or not since it was asked again."""


class SqlConversations(SqlPart):
    """bot.ports.store.Conversations in SQL."""

    def add_question(self, question: Question) -> Thread:
        """Store the question as waiting, open its thread if new; again is harmless."""
        now = self._clock.now()
        opening = {
            "thread_id": self._ids(),
            "team_id": question.team_id,
            "channel": question.channel,
            "thread_ts": question.thread_ts,
            "surface": question.surface.value,
            "opened_at": now,
        }
        with self._writing() as connection:
            found = _find(connection, question.channel, question.thread_ts)
            if found is None:
                insert_once(connection, threads, opening)
                # Ours, or that of whoever was quicker.
                found = _find(connection, question.channel, question.thread_ts)
            if found is None:
                raise KeyError(f"thread {question.channel}/{question.thread_ts}")
            insert_once(
                connection,
                questions,
                {
                    "question_id": question.question_id,
                    "thread_id": found.thread_id,
                    "person": question.person,
                    "body": question,
                    "asked_at": question.asked_at,
                    "incident_id": question.incident_id,
                    "waiting_since": now,
                },
            )
            return found

    def find_thread(self, channel: ChannelId, thread_ts: MessageTs) -> Thread | None:
        """Return the session of a Slack thread, or None."""
        with self._reading() as connection:
            return _find(connection, channel, thread_ts)

    def thread(self, thread_id: ThreadId) -> Thread:
        """Return a thread.

        Raises:
            KeyError: There is none of that id.
        """
        with self._reading() as connection:
            found = _first(connection, threads.c.thread_id == thread_id)
        if found is None:
            raise KeyError(thread_id)
        return found

    def set_scope(self, thread_id: ThreadId, scope: Scope) -> None:
        """Make this the thread's scope from now on; KeyError for an unknown thread."""
        with self._writing() as connection:
            changed = connection.execute(
                update(threads).where(threads.c.thread_id == thread_id).values(scope=scope)
            ).rowcount
        if not changed:
            raise KeyError(thread_id)

    def waiting(self, thread_id: ThreadId) -> list[Question]:
        """Return questions no investigation took in yet, oldest first."""
        with self._reading() as connection:
            return waiting_of(connection, thread_id)

    def drop_waiting(self, thread_id: ThreadId) -> int:
        """Forget what waits; return how many."""
        with self._writing() as connection:
            lock_thread(connection, thread_id)
            return connection.execute(
                update(questions)
                .where(questions.c.thread_id == thread_id, WAITS)
                .values(waiting_since=None)
            ).rowcount

    def ask_again(self, investigation_id: str) -> int:
        """Let the questions of a finished investigation wait once more; return how many.

        Those that wait already, or that a later investigation took in, do not: a second click
        changes nothing.
        """
        this, later = investigations.alias(), investigations.alias()
        taken_later = taken_questions.alias()
        taken = select(taken_questions.c.question_id).where(
            taken_questions.c.investigation_id == investigation_id
        )
        taken_over = (
            select(taken_later.c.question_id)
            .join(later, later.c.investigation_id == taken_later.c.investigation_id)
            .join(this, and_(this.c.thread_id == later.c.thread_id, this.c.number < later.c.number))
            .where(this.c.investigation_id == investigation_id)
        )
        own = investigations.c.investigation_id == investigation_id
        with self._writing() as connection:
            lock_thread(connection, select(investigations.c.thread_id).where(own).scalar_subquery())
            state = connection.execute(select(investigations.c.state).where(own)).scalar()
            if state in {None, RunState.RUNNING}:
                return 0
            return connection.execute(
                update(questions)
                .where(
                    questions.c.question_id.in_(taken),
                    questions.c.question_id.not_in(taken_over),
                    ~WAITS,
                )
                .values(waiting_since=self._clock.now())
            ).rowcount

    def choose_scope(self, channel: ChannelId, person: PersonId, scope: Scope) -> None:
        """Make this the scope of what the person asks in new threads of the channel."""
        chosen = {"scope": scope, "chosen_at": self._clock.now()}
        with self._writing() as connection:
            if not insert_once(
                connection, chosen_scopes, {"channel": channel, "person": person, **chosen}
            ):
                connection.execute(
                    update(chosen_scopes)
                    .where(chosen_scopes.c.channel == channel, chosen_scopes.c.person == person)
                    .values(chosen)
                )

    def chosen_scope(self, channel: ChannelId, person: PersonId) -> Scope | None:
        """Return what the person chose for the channel, or None."""
        with self._reading() as connection:
            found: Scope | None = connection.execute(
                select(chosen_scopes.c.scope).where(
                    chosen_scopes.c.channel == channel, chosen_scopes.c.person == person
                )
            ).scalar()
        return found

    def count_waiting(self) -> int:
        """Return how many threads have a question no investigation took in yet."""
        with self._reading() as connection:
            return connection.execute(
                select(func.count(questions.c.thread_id.distinct())).where(WAITS)
            ).scalar_one()

    def threads_to_ring(self, *, waiting_since: datetime, now: datetime) -> list[ThreadId]:
        """Return threads that need a worker, the longest waiting first."""
        running = investigations.c.state == RunState.RUNNING.value
        held = exists().where(
            investigations.c.thread_id == questions.c.thread_id,
            running,
            investigations.c.lease_until > now,
        )
        unheard = (
            select(questions.c.thread_id, func.min(questions.c.waiting_since))
            .where(questions.c.waiting_since <= waiting_since, ~held)
            .group_by(questions.c.thread_id)
        )
        abandoned = select(investigations.c.thread_id, investigations.c.lease_until).where(
            running, investigations.c.lease_until <= now
        )
        with self._reading() as connection:
            rows = [*connection.execute(unheard), *connection.execute(abandoned)]
        return list(dict.fromkeys(row[0] for row in sorted(rows, key=lambda row: (row[1], row[0]))))

    def is_of_incident(self, thread_id: ThreadId) -> bool:
        """Tell whether what the thread waits for, or has under way, was asked by no person."""
        under_way = (
            select(taken_questions.c.question_id)
            .join(
                investigations,
                investigations.c.investigation_id == taken_questions.c.investigation_id,
            )
            .where(
                investigations.c.thread_id == thread_id,
                investigations.c.state == RunState.RUNNING.value,
            )
        )
        with self._reading() as connection:
            asked, by_incidents = connection.execute(
                select(func.count(), func.count(questions.c.incident_id)).where(
                    questions.c.thread_id == thread_id,
                    or_(WAITS, questions.c.question_id.in_(under_way)),
                )
            ).one()
        return bool(asked) and asked == by_incidents


def waiting_of(connection: Connection, thread_id: str) -> list[Question]:
    """Return the thread's waiting questions within a transaction, oldest first."""
    rows = connection.execute(
        select(questions.c.body)
        .where(questions.c.thread_id == thread_id, WAITS)
        .order_by(questions.c.asked_at, questions.c.question_id)
    )
    return list(rows.scalars())


def _find(connection: Connection, channel: str, thread_ts: str) -> Thread | None:
    return _first(connection, and_(threads.c.channel == channel, threads.c.thread_ts == thread_ts))


def _first(connection: Connection, where: ColumnElement[bool]) -> Thread | None:
    row = connection.execute(select(threads).where(where)).mappings().first()
    return None if row is None else _thread(row)


def _thread(row: RowMapping) -> Thread:
    return Thread(
        thread_id=ThreadId(row["thread_id"]),
        team_id=row["team_id"],
        channel=ChannelId(row["channel"]),
        thread_ts=MessageTs(row["thread_ts"]),
        surface=Surface(row["surface"]),
        scope=row["scope"],
    )
