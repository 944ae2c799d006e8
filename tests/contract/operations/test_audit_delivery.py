"""Every sink gets every row, whatever fails meanwhile, and nothing that was tampered with."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, text, update

from bot.adapters.audit.delivery import CHECKPOINT_EVERY, CHECKPOINT_ROWS, ROWS_AT_ONCE
from bot.adapters.audit.file_sink import AuditFile
from bot.adapters.line_file import BLOCK_BYTES
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import audit_checkpoints, audit_rows
from bot.domain.errors import UpstreamError
from safe_ops.audit import line_of, signed
from safe_ops.errors import AuditError
from tests.contract.operations.audit_house import AuditHouse, checked, read
from tests.contract.store.operations import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from safe_ops.model.trail import AuditRow, Checkpoint


@pytest.fixture
def house(tmp_path: Path) -> Iterator[AuditHouse]:
    house = AuditHouse(tmp_path)
    yield house
    house.engine.dispose()


class Shelf:
    """A sink in memory that fails when told to."""

    def __init__(self, name: str = "shelf", *, fails: bool = False) -> None:
        self.name = name
        self.fails = fails
        self.rows: list[int] = []
        self.checkpoints: list[int] = []
        self.before: Callable[[], None] = lambda: None

    def deliver(self, rows: tuple[AuditRow, ...], checkpoints: tuple[Checkpoint, ...]) -> None:
        self.before()
        if self.fails:
            raise AuditError("it is full")
        self.rows += [row.number for row in rows]
        self.checkpoints += [one.number for one in checkpoints]


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_a_file_gets_every_row_once_and_the_checkpoint(house: AuditHouse) -> None:
    path = house.home / "kept" / "audit.jsonl"
    delivery = house.delivery(AuditFile(path))
    delivery.catch_up()
    assert not path.exists()
    house.write(3)
    delivery.catch_up()
    house.write(2)
    delivery.catch_up()
    rows, checkpoints = read(lines(path))
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert [one.number for one in checkpoints] == [3]
    assert checked(lines(path)).faults == ()


def test_more_rows_than_one_batch_arrive_in_order(house: AuditHouse) -> None:
    house.write(ROWS_AT_ONCE + 20)
    shelf = Shelf()
    house.delivery(shelf).catch_up()
    assert shelf.rows == list(range(1, ROWS_AT_ONCE + 21))


def test_another_process_goes_on_where_the_first_ended(house: AuditHouse) -> None:
    shelf = Shelf()
    house.write(2)
    house.delivery(shelf).catch_up()
    house.write(2)
    house.delivery(shelf).catch_up()
    assert shelf.rows == [1, 2, 3, 4]


def test_a_sink_that_fails_is_named_and_the_others_get_theirs(house: AuditHouse) -> None:
    broken, good = Shelf("s3", fails=True), Shelf("file")
    house.write(3)
    delivery = house.delivery(broken, good)
    with pytest.raises(AuditError, match="s3: it is full"):
        delivery.catch_up()
    assert (good.rows, broken.rows) == ([1, 2, 3], [])
    broken.fails = False
    delivery.catch_up()
    assert (good.rows, broken.rows) == ([1, 2, 3], [1, 2, 3])


def test_a_new_sink_gets_all_there_is(house: AuditHouse) -> None:
    house.write(3)
    house.delivery(Shelf("old")).catch_up()
    late = Shelf("late")
    house.delivery(late).catch_up()
    assert (late.rows, late.checkpoints) == ([1, 2, 3], [3])


def test_a_checkpoint_waits_for_many_rows_or_for_five_minutes(house: AuditHouse) -> None:
    delivery = house.delivery()
    house.write(1)
    delivery.catch_up()
    house.write(1)
    delivery.catch_up()
    assert [one.number for one in house.trail.checkpoints()] == [1]
    house.clock.advance(CHECKPOINT_EVERY.total_seconds())
    delivery.catch_up()
    assert [one.number for one in house.trail.checkpoints()] == [1, 2]
    house.clock.advance(CHECKPOINT_EVERY.total_seconds())
    delivery.catch_up()
    assert len(house.trail.checkpoints()) == 2
    house.write(CHECKPOINT_ROWS)
    delivery.catch_up()
    assert house.trail.checkpoints()[-1].number == CHECKPOINT_ROWS + 2


def test_the_database_fails_after_a_delivery_and_the_rows_come_again(house: AuditHouse) -> None:
    shelf = Shelf()
    house.write(2)

    def lose_the_cursor() -> None:
        with writing(house.engine) as connection:
            connection.execute(text("ALTER TABLE audit_shipments RENAME TO away"))
        shelf.before = lambda: None

    shelf.before = lose_the_cursor
    delivery = house.delivery(shelf)
    with pytest.raises(UpstreamError):
        delivery.catch_up()
    assert shelf.rows == [1, 2]
    with writing(house.engine) as connection:
        connection.execute(text("ALTER TABLE away RENAME TO audit_shipments"))
    delivery.catch_up()
    assert shelf.rows == [1, 2, 1, 2]


def test_two_deliverers_at_once_leave_every_row_once_in_a_file(house: AuditHouse) -> None:
    path = house.home / "audit.jsonl"
    failures: list[Exception] = []
    started = threading.Barrier(4)

    def deliver() -> None:
        delivery = house.delivery(AuditFile(path))
        started.wait()
        try:
            for _ in range(15):
                delivery.catch_up()
        except (AuditError, UpstreamError) as error:
            failures.append(error)

    def write() -> None:
        started.wait()
        house.write(60)

    threads = [threading.Thread(target=one) for one in (deliver, deliver, deliver, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.delivery(AuditFile(path)).catch_up()
    assert failures == []
    assert [row.number for row in read(lines(path))[0]] == list(range(1, 61))
    assert checked(lines(path)).faults == ()


def edit(house: AuditHouse, number: int) -> None:
    with writing(house.engine) as connection:
        connection.execute(
            update(audit_rows).where(audit_rows.c.number == number).values(entry=note("x"))
        )


def test_a_changed_row_is_neither_signed_nor_delivered(house: AuditHouse) -> None:
    shelf = Shelf()
    house.write(4)
    edit(house, 3)
    with pytest.raises(AuditError, match=r"row 3 was changed .* audit verify"):
        house.delivery(shelf).catch_up()
    assert (shelf.rows, house.trail.checkpoints()) == ([], ())


def test_a_row_changed_after_the_last_checkpoint_stops_delivery(house: AuditHouse) -> None:
    shelf = Shelf()
    house.write(2)
    house.delivery(shelf).catch_up()
    house.write(2)
    edit(house, 4)
    with pytest.raises(AuditError, match="shelf: row 4 was changed"):
        house.delivery(shelf).catch_up()
    assert shelf.rows == [1, 2]


def test_a_row_lost_behind_the_cursor_stops_delivery(house: AuditHouse) -> None:
    shelf = Shelf()
    house.write(2)
    house.delivery(shelf).catch_up()
    with writing(house.engine) as connection:
        connection.execute(delete(audit_rows).where(audit_rows.c.number == 2))
    with pytest.raises(AuditError, match="row 2 was delivered, and the database lost it"):
        house.delivery(shelf).catch_up()


def test_a_checkpoint_a_sink_has_cannot_vanish_from_the_database(house: AuditHouse) -> None:
    """Whoever wrote the chain anew would have the next signature cover it."""
    delivery = house.delivery(Shelf())
    house.write(2)
    delivery.catch_up()
    with writing(house.engine) as connection:
        connection.execute(delete(audit_checkpoints))
    house.write(1)
    with pytest.raises(AuditError, match="shelf has the checkpoint at row 2, and the database"):
        delivery.catch_up()


def test_a_checkpoint_whose_signature_does_not_hold_is_not_built_upon(house: AuditHouse) -> None:
    delivery = house.delivery()
    house.write(1)
    delivery.catch_up()
    with writing(house.engine) as connection:
        connection.execute(update(audit_checkpoints).values(hash="0" * 64))
    house.write(1)
    with pytest.raises(AuditError, match="the signature of the checkpoint at row 1 does not hold"):
        delivery.catch_up()


def test_with_a_new_key_everything_is_looked_at_again(house: AuditHouse) -> None:
    """A checkpoint of a key nobody here has proves nothing: anybody could have written it."""
    house.write(3)
    last = house.trail.last()
    assert last is not None
    other = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    now = house.book.now() + timedelta(hours=1)
    house.trail.add_checkpoint(signed(last, at=now, key=other))
    house.write(1)
    edit(house, 2)
    with pytest.raises(AuditError, match="row 2 was changed"):
        house.delivery().catch_up()


def test_what_a_crash_left_unfinished_is_written_again(house: AuditHouse) -> None:
    path = house.home / "audit.jsonl"
    house.write(2)
    whole = [line_of(row) for row in house.trail.rows()]
    path.write_text(f"{whole[0]}\n{whole[1][:40]}", encoding="utf-8")
    house.delivery(AuditFile(path)).catch_up()
    assert [row.number for row in read(lines(path))[0]] == [1, 2]


@pytest.mark.parametrize("content", ["", "{}\n"])
def test_a_file_that_lost_its_rows_is_not_gone_on_with(house: AuditHouse, content: str) -> None:
    path = house.home / "audit.jsonl"
    house.write(2)
    house.delivery(AuditFile(path)).catch_up()
    path.write_text(content, encoding="utf-8")
    house.write(1)
    with pytest.raises(AuditError, match=r"does not have row 2|is no line of an audit"):
        house.delivery(AuditFile(path)).catch_up()


@pytest.mark.parametrize("told", [0, 2])
def test_a_file_with_other_rows_is_not_mixed_with_ours(house: AuditHouse, told: int) -> None:
    path = house.home / "audit.jsonl"
    (house.home / "other").mkdir()
    other = AuditHouse(house.home / "other")
    other.write(3)
    path.write_text("".join(f"{line_of(row)}\n" for row in other.trail.rows()), encoding="utf-8")
    other.engine.dispose()
    house.write(4)
    house.trail.mark_shipped(f"file:{path}", told)
    before = path.read_bytes()
    with pytest.raises(AuditError, match="the file has another row"):
        house.delivery(AuditFile(path)).catch_up()
    assert path.read_bytes() == before


def test_a_foreign_file_is_left_as_it_is(house: AuditHouse) -> None:
    path = house.home / "notes.txt"
    path.write_text("buy milk", encoding="utf-8")
    house.write(1)
    with pytest.raises(AuditError, match="none of the audit's"):
        house.delivery(AuditFile(path)).catch_up()
    assert path.read_text(encoding="utf-8") == "buy milk"


def test_a_file_far_ahead_of_its_cursor_gets_no_row_twice(house: AuditHouse) -> None:
    path = house.home / "audit.jsonl"
    house.write(300)
    rows = house.trail.rows()
    AuditFile(path).deliver(rows, ())
    assert path.stat().st_size > BLOCK_BYTES
    AuditFile(path).deliver(rows[:2], ())
    AuditFile(path).deliver(rows[100:], ())
    assert read(lines(path))[0] == list(rows)


def test_a_place_that_cannot_be_written_is_said(house: AuditHouse) -> None:
    (house.home / "taken").write_text("a file, not a directory", encoding="utf-8")
    house.write(1)
    with pytest.raises(AuditError, match="the audit cannot be written"):
        house.delivery(AuditFile(house.home / "taken" / "audit.jsonl")).catch_up()
