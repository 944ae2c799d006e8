"""The audit in the database: in one chain, never without the change it tells of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import IntegrityError

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import audit_rows
from bot.domain.errors import UpstreamError
from safe_ops.audit import GENESIS, key_id_of, signed, verify
from safe_ops.model.actions import Switches
from tests.contract.store.operations import Crew, note, request
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from safe_ops.audit import Findings
    from safe_ops.model.actions import Action
    from tests.lab.clock import LabClock

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = {key_id_of(KEY.public_key()): KEY.public_key()}


@pytest.fixture
def trail(engine: Engine, lab: LabClock) -> SqlTrail:
    return SqlTrail(engine, LabTime(lab), lambda: uuid4().hex)


@pytest.fixture
def crew(engine: Engine, lab: LabClock) -> Crew:
    return Crew(SqlActionBook(engine, LabTime(lab), lambda: uuid4().hex))


def findings(trail: SqlTrail) -> Findings:
    return verify(trail.rows(), trail.checkpoints(), KEYS)


def test_every_change_leaves_one_row(crew: Crew, trail: SqlTrail) -> None:
    action = crew.finish(crew.started())
    rows = trail.rows_of(action.action_id)
    assert [row.entry.event for row in rows] == [
        "action.requested",
        "action.planned",
        "action.approved",
        "action.claimed",
        "action.started",
        "action.sent",
        "action.succeeded",
    ]
    assert rows[-1].at == action.changed_at
    assert findings(trail).sound_to == len(rows)


def test_the_first_row_follows_nothing(crew: Crew, trail: SqlTrail) -> None:
    assert trail.last() is None
    crew.book.note(note("click.refused"))
    (row,) = trail.rows()
    assert (row.number, row.previous_hash) == (1, GENESIS)
    assert trail.last() == row


def test_rows_are_read_in_pieces(crew: Crew, trail: SqlTrail) -> None:
    for _ in range(5):
        crew.book.note(note())
    assert [row.number for row in trail.rows(after=2, limit=2)] == [3, 4]
    assert trail.rows(after=5) == ()


def test_a_checkpoint_is_kept_once(crew: Crew, trail: SqlTrail) -> None:
    crew.book.note(note())
    crew.book.note(note())
    first, second = trail.rows()
    later = signed(second, at=crew.book.now() + timedelta(hours=1), key=KEY)
    early = signed(first, at=crew.book.now(), key=KEY)
    for checkpoint in (later, early, early):
        trail.add_checkpoint(checkpoint)
    assert trail.checkpoints() == (early, later)
    assert trail.checkpoints(after=1) == (later,)
    assert findings(trail).signed_to == 2


def test_the_newest_checkpoint_is_told_of_all_keys_or_of_one(crew: Crew, trail: SqlTrail) -> None:
    assert trail.newest_checkpoint() is None
    crew.book.note(note())
    crew.book.note(note())
    first, second = trail.rows()
    other = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    ours = signed(first, at=crew.book.now(), key=KEY)
    theirs = signed(second, at=crew.book.now(), key=other)
    trail.add_checkpoint(ours)
    trail.add_checkpoint(theirs)
    assert trail.newest_checkpoint() == theirs
    assert trail.newest_checkpoint(key_id=ours.key_id) == ours
    assert trail.newest_checkpoint(key_id="nobody's") is None


def test_how_many_rows_there_were_is_remembered_without_them(
    crew: Crew, trail: SqlTrail, engine: Engine
) -> None:
    assert trail.remembered() == 0
    crew.book.note(note())
    crew.book.note(note())
    with writing(engine) as connection:
        connection.execute(delete(audit_rows))
    assert trail.remembered() == 2
    trail.mark_shipped("file", 3)
    assert trail.remembered() == 3


def test_how_far_a_sink_is_never_goes_back(trail: SqlTrail) -> None:
    assert trail.shipped("file") == 0
    for number in (5, 3, 7, 7):
        trail.mark_shipped("file", number)
    trail.mark_shipped("s3", 2)
    assert (trail.shipped("file"), trail.shipped("s3")) == (7, 2)


def edit(engine: Engine) -> None:
    with writing(engine) as connection:
        entry = note("click.refused", says="nothing happened")
        connection.execute(update(audit_rows).where(audit_rows.c.number == 3).values(entry=entry))


def make_unreadable(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE audit_rows SET entry = 'gone' WHERE number = 3"))


def drop(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(delete(audit_rows).where(audit_rows.c.number == 3))


def cut(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(delete(audit_rows).where(audit_rows.c.number >= 3))


def swap(engine: Engine) -> None:
    with writing(engine) as connection:
        for old, new in ((3, 99), (4, 3), (99, 4)):
            connection.execute(
                update(audit_rows).where(audit_rows.c.number == old).values(number=new)
            )


@pytest.mark.parametrize("tamper", [edit, make_unreadable, drop, cut, swap])
def test_whatever_is_done_to_the_table_is_found(
    crew: Crew, trail: SqlTrail, engine: Engine, tamper: Callable[[Engine], None]
) -> None:
    crew.finish(crew.started())
    last = trail.last()
    assert last is not None
    trail.add_checkpoint(signed(last, at=crew.book.now(), key=KEY))
    assert findings(trail).first_bad is None
    tamper(engine)
    assert findings(trail).first_bad == 3


def test_rows_cut_off_without_a_checkpoint_are_found_by_the_next_row(
    crew: Crew, trail: SqlTrail, engine: Engine
) -> None:
    crew.finish(crew.started())
    cut(engine)
    crew.book.note(note())
    assert findings(trail).first_bad == 3


def squat(engine: Engine) -> Callable[[], None]:
    """Put a row where the next one belongs."""
    with writing(engine) as connection:
        connection.execute(
            insert(audit_rows).from_select(
                list(audit_rows.c.keys()),
                audit_rows.select()
                .where(audit_rows.c.number == 1)
                .with_only_columns(
                    text("1000"), *(column for column in audit_rows.c if column.name != "number")
                ),
            )
        )
        connection.execute(text("UPDATE audit_head SET number = 999"))

    def undo() -> None:
        pass

    return undo


def take_away(engine: Engine) -> Callable[[], None]:
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE audit_rows RENAME TO audit_rows_away"))

    def undo() -> None:
        with writing(engine) as connection:
            connection.execute(text("ALTER TABLE audit_rows_away RENAME TO audit_rows"))

    return undo


@pytest.fixture(params=[squat, take_away])
def break_audit(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Callable[[], None]]:
    undo: list[Callable[[], None]] = []
    yield lambda: undo.append(request.param(engine))
    for mend in undo:
        mend()


def test_without_its_audit_row_nothing_happens(crew: Crew, break_audit: Callable[[], None]) -> None:
    """R17 of the specification: what cannot be written down is not done."""
    waiting = crew.planned("a")
    approved = crew.approved("b")
    break_audit()
    attempts: list[Callable[[], object]] = [
        lambda: crew.agree(waiting),
        lambda: crew.claim(approved),
        lambda: crew.book.open(request("new"), rationale="why"),
        lambda: crew.book.change_switches(lambda _: Switches(stopped_by="Mia"), note("switch.set")),
        lambda: crew.book.note(note()),
    ]
    for attempt in attempts:
        with pytest.raises((IntegrityError, UpstreamError)):
            attempt()
    for action in (waiting, approved):
        assert unchanged(crew, action)
    assert crew.book.switches() == Switches()
    assert len(crew.book.due()) == 1


def unchanged(crew: Crew, action: Action) -> bool:
    return crew.book.find(action.action_id) == action
