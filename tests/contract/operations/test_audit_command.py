"""`nightdesk audit`: what was changed is found and named, in the database and in every copy."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import SecretStr
from sqlalchemy import delete, text, update

from bot.__main__ import EXIT_FAILED, EXIT_OK
from bot.adapters.audit.file_sink import AuditFile
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import audit_checkpoints, audit_rows
from bot.bootstrap.audit import has_audit_key
from bot.domain.errors import SettingsError
from bot.entrypoints.audit import export, print_public_key, verify_database, verify_files
from bot.settings import LimitSettings, ModelSettings, ServiceSettings, Settings, SlackSettings
from safe_ops.model.actions import CallOutcome
from tests.contract.operations.audit_house import KEY, AuditHouse, read
from tests.contract.store.operations import note
from tests.lab.clock import LabClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Capture = pytest.CaptureFixture[str]
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
NOON = 1_795_176_000.0
"""2026-11-20 12:00 UTC."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[AuditHouse]:
    """Ten rows, the first eight of them covered."""
    house = AuditHouse(tmp_path, clock=LabClock(frozen_at=NOON))
    house.write(8)
    house.delivery().catch_up()
    house.write(2)
    yield house
    house.engine.dispose()


@pytest.fixture
def settings(house: AuditHouse) -> Settings:
    return settings_of(house.home, audit_key=SecretStr(PEM))


def settings_of(home: Path, audit_key: SecretStr | None = None) -> Settings:
    return Settings(
        slack=SlackSettings(),
        model=ModelSettings(),
        limits=LimitSettings(),
        service=ServiceSettings(home=home, audit_key=audit_key),
    )


@pytest.fixture
def kept(house: AuditHouse) -> Path:
    """A file with all of it."""
    path = house.home / "audit.jsonl"
    house.delivery(AuditFile(path)).catch_up()
    return path


@pytest.fixture
def public_key(tmp_path: Path) -> Path:
    path = tmp_path / "public.pem"
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(pem)
    return path


def look(settings: Settings, *paths: Path, is_part: bool = False) -> int:
    return verify_files(settings, paths, key_files=(), is_part=is_part)


def test_an_audit_nobody_touched_is_told_with_what_covers_it(
    settings: Settings, capsys: Capture
) -> None:
    assert verify_database(settings, key_files=()) == EXIT_OK
    said = capsys.readouterr().out
    assert "Rows 1 to 10 follow from one another." in said
    assert "covers rows up to 8: signed 20" in said
    assert "Rows 9 to 10 are not covered by a checkpoint yet" in said
    assert "NOT AS IT WAS" not in said


def test_the_journal_is_proved_by_the_audit(
    settings: Settings, house: AuditHouse, capsys: Capture
) -> None:
    action = house.crew.started()
    house.crew.after(house.crew.before(action), CallOutcome.APPLIED)
    assert verify_database(settings, key_files=()) == EXIT_OK
    assert "The journal of calls agrees with it: 2 rows.\n" in capsys.readouterr().out
    with writing(house.engine) as connection:
        connection.execute(text("UPDATE action_journal SET outcome = 'unknown' WHERE number = 2"))
    assert verify_database(settings, key_files=()) == EXIT_FAILED
    said = capsys.readouterr().out
    assert "THE JOURNAL OF CALLS IS NOT AS IT WAS WRITTEN:\n  - A1: row 2 of its journal" in said


def test_journals_from_before_they_were_chained_are_told_as_unproved(
    settings: Settings, house: AuditHouse, capsys: Capture
) -> None:
    house.crew.finish(house.crew.started())
    older = (
        "INSERT INTO action_journal"
        " SELECT action_id, 1, 1, 'steps', 0, 1, 'before', NULL, '\"\"', changed_at FROM actions"
    )
    with writing(house.engine) as connection:
        connection.execute(text(older))
    assert verify_database(settings, key_files=()) == EXIT_OK
    assert "before the audit told of any, which nothing proves: 1.\n" in capsys.readouterr().out


def test_a_journal_of_an_action_nobody_knows_is_named_by_its_id(
    settings: Settings, house: AuditHouse, capsys: Capture
) -> None:
    made_up = (
        "INSERT INTO action_journal VALUES"
        " ('ghost', 1, 1, 'steps', 0, 1, 'before', NULL, '\"\"', '2026-11-20 12:00:00.000000')"
    )
    # Whoever opens the file by other means is held to no foreign key.
    with closing(sqlite3.connect(house.home / "nightdesk.db")) as connection:
        connection.execute(made_up)
        connection.commit()
    assert verify_database(settings, key_files=()) == EXIT_FAILED
    assert "  - ghost: row 1 of its journal: the audit knows" in capsys.readouterr().out


def test_an_audit_without_rows_is_told(tmp_path: Path, capsys: Capture) -> None:
    house = AuditHouse(tmp_path)
    house.engine.dispose()
    assert verify_database(settings_of(tmp_path), key_files=()) == EXIT_OK
    assert capsys.readouterr().out == "There are no rows yet.\n"
    assert not has_audit_key(settings_of(tmp_path))


def edit(house: AuditHouse) -> None:
    with writing(house.engine) as connection:
        connection.execute(
            update(audit_rows).where(audit_rows.c.number == 4).values(entry=note("x"))
        )


def remove(house: AuditHouse) -> None:
    with writing(house.engine) as connection:
        connection.execute(delete(audit_rows).where(audit_rows.c.number == 4))


def swap(house: AuditHouse) -> None:
    with writing(house.engine) as connection:
        for old, new in ((4, 99), (5, 4), (99, 5)):
            moved = update(audit_rows).where(audit_rows.c.number == old).values(number=new)
            connection.execute(moved)


def cut(house: AuditHouse) -> None:
    with writing(house.engine) as connection:
        connection.execute(delete(audit_rows).where(audit_rows.c.number >= 4))


@pytest.mark.parametrize("tamper", [edit, remove, swap, cut])
def test_the_first_bad_row_of_the_database_is_named(
    house: AuditHouse, settings: Settings, capsys: Capture, tamper: Callable[[AuditHouse], None]
) -> None:
    tamper(house)
    assert verify_database(settings, key_files=()) == EXIT_FAILED
    said = capsys.readouterr().out
    assert "Rows 1 to 3 follow" in said
    assert "NOT AS IT WAS WRITTEN. The first bad row is 4:" in said


def test_rows_cut_off_behind_the_last_checkpoint_are_remembered(
    house: AuditHouse, settings: Settings, capsys: Capture
) -> None:
    with writing(house.engine) as connection:
        connection.execute(delete(audit_rows).where(audit_rows.c.number >= 10))
    assert verify_database(settings, key_files=()) == EXIT_FAILED
    assert "rows from 10 to 10 were cut off" in capsys.readouterr().out


def test_rows_a_sink_got_are_remembered_as_well(
    house: AuditHouse, settings: Settings, capsys: Capture
) -> None:
    house.trail.mark_shipped("file", 10)
    with writing(house.engine) as connection:
        connection.execute(delete(audit_rows).where(audit_rows.c.number >= 10))
        connection.execute(text("UPDATE audit_head SET number = 9"))
    assert verify_database(settings, key_files=()) == EXIT_FAILED
    assert "The first bad row is 10" in capsys.readouterr().out


def test_a_signature_that_does_not_hold_is_named(
    house: AuditHouse, settings: Settings, capsys: Capture
) -> None:
    with writing(house.engine) as connection:
        connection.execute(update(audit_checkpoints).values(signature="bm8="))
    assert verify_database(settings, key_files=()) == EXIT_FAILED
    assert "the signature of the checkpoint at row 8 does not hold" in capsys.readouterr().out


def test_without_any_key_no_signature_counts(house: AuditHouse, capsys: Capture) -> None:
    assert verify_database(settings_of(house.home), key_files=()) == EXIT_FAILED
    assert "which is not among those given" in capsys.readouterr().out


def test_a_public_key_is_enough(house: AuditHouse, public_key: Path, capsys: Capture) -> None:
    bare = settings_of(house.home)
    assert verify_database(bare, key_files=[public_key]) == EXIT_OK
    assert not has_audit_key(bare)
    assert "covers rows up to 8" in capsys.readouterr().out


def test_the_printed_key_is_the_one_that_checks(
    settings: Settings, public_key: Path, capsys: Capture
) -> None:
    assert print_public_key(settings) == EXIT_OK
    assert capsys.readouterr().out == public_key.read_text(encoding="ascii")


def test_without_a_key_one_is_made_and_stays(tmp_path: Path, capsys: Capture) -> None:
    fresh = settings_of(tmp_path / "fresh")
    for _ in range(2):
        print_public_key(fresh)
    first, second = capsys.readouterr().out.split("-----END PUBLIC KEY-----\n")[:2]
    assert first == second
    assert has_audit_key(fresh)


def test_a_setting_that_is_no_private_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="NIGHTDESK_AUDIT_KEY cannot be used"):
        print_public_key(settings_of(tmp_path, audit_key=SecretStr("secret")))


@pytest.mark.parametrize("content", ["nothing of the kind", "kein Schlüssel"])
def test_a_file_that_is_no_key_is_refused(settings: Settings, tmp_path: Path, content: str) -> None:
    path = tmp_path / "no.pem"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="--key"):
        verify_database(settings, key_files=[path])
    with pytest.raises(SettingsError, match="cannot be read"):
        verify_database(settings, key_files=[tmp_path / "missing.pem"])


def test_an_export_is_all_rows_with_their_checkpoints_and_verifies_alone(
    settings: Settings, tmp_path: Path, public_key: Path, capsys: Capture
) -> None:
    out = tmp_path / "export.jsonl"
    assert export(settings, since=None, until=None, out=out) == EXIT_OK
    assert capsys.readouterr().err == f"11 lines are in {out}\n"
    rows, checkpoints = read(out.read_text(encoding="utf-8").splitlines())
    assert [row.number for row in rows] == list(range(1, 11))
    assert [one.number for one in checkpoints] == [8]
    elsewhere = settings_of(tmp_path / "elsewhere")
    assert verify_files(elsewhere, [out], key_files=[public_key], is_part=False) == EXIT_OK


def test_an_export_overwrites_nothing(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "export.jsonl"
    out.write_text("mine", encoding="ascii")
    with pytest.raises(SettingsError, match="is there already: name a new file"):
        export(settings, since=None, until=None, out=out)
    with pytest.raises(SettingsError, match="cannot be written"):
        export(settings, since=None, until=None, out=tmp_path / "missing" / "export.jsonl")
    assert out.read_text(encoding="ascii") == "mine"


def test_a_span_of_time_is_a_part_that_verifies_as_one(
    house: AuditHouse, settings: Settings, tmp_path: Path, capsys: Capture
) -> None:
    house.clock.advance(3600)
    house.write(3)
    house.delivery().catch_up()
    house.clock.advance(3600)
    house.write(1)
    export(settings, since="2026-11-20T12:30", until="2026-11-20T14:30+01:00", out=None)
    lines = capsys.readouterr().out
    rows, checkpoints = read(lines.splitlines())
    assert [row.number for row in rows] == [11, 12, 13]
    assert [one.number for one in checkpoints] == [13]
    part = tmp_path / "part.jsonl"
    part.write_text(lines, encoding="utf-8")
    assert look(settings, part, is_part=True) == EXIT_OK
    said = capsys.readouterr().out
    assert "Rows 11 to 13 follow from one another." in said
    assert "covers rows up to 13" in said
    assert look(settings, part) == EXIT_FAILED
    assert "rows from 1 on are missing" in capsys.readouterr().out


def test_a_time_nobody_can_read_is_refused(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="--until yesterday is no time: write 20"):
        export(settings, since=None, until="yesterday", out=None)


def test_what_a_sink_holds_verifies(settings: Settings, kept: Path, capsys: Capture) -> None:
    assert look(settings, kept) == EXIT_OK
    assert "Rows 1 to 10 follow" in capsys.readouterr().out


def test_rows_that_came_twice_do_no_harm(settings: Settings, kept: Path, tmp_path: Path) -> None:
    lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
    first, second = tmp_path / "000-006.jsonl", tmp_path / "003-010.jsonl"
    first.write_text("".join(lines[:6]), encoding="utf-8")
    second.write_text("".join(lines[3:]), encoding="utf-8")
    assert look(settings, first, second) == EXIT_OK
    assert look(settings, second, first) == EXIT_FAILED


def without(lines: list[str]) -> list[str]:
    return [*lines[:3], *lines[4:]]


def swapped(lines: list[str]) -> list[str]:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def cut_off(lines: list[str]) -> list[str]:
    return [*lines[:3], *lines[-2:]]


def changed(lines: list[str]) -> list[str]:
    return [line.replace("click 3", "click 5") for line in lines]


def unreadable(lines: list[str]) -> list[str]:
    return [*lines[:3], "{}\n", *lines[4:]]


def doubled(lines: list[str]) -> list[str]:
    return [*lines[:7], lines[3].replace("click 3", "click 5"), *lines[7:]]


def renumbered(lines: list[str]) -> list[str]:
    row = json.loads(lines[3])
    return [*lines[:7], json.dumps(row | {"hash": "0" * 64}) + "\n", *lines[7:]]


@pytest.mark.parametrize(
    "tamper", [without, swapped, cut_off, changed, unreadable, doubled, renumbered]
)
def test_the_first_bad_row_of_a_file_is_named(
    settings: Settings,
    kept: Path,
    capsys: Capture,
    tamper: Callable[[list[str]], list[str]],
) -> None:
    lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
    kept.write_text("".join(tamper(lines)), encoding="utf-8")
    assert look(settings, kept) == EXIT_FAILED
    assert "The first bad row is 4:" in capsys.readouterr().out


def test_a_last_line_a_crash_left_unfinished_is_no_fault(settings: Settings, kept: Path) -> None:
    with kept.open("a", encoding="utf-8") as file:
        file.write('{"number":11,"at":"20')
    assert look(settings, kept) == EXIT_OK


def test_a_file_without_an_audit_is_refused(settings: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    with pytest.raises(SettingsError, match=r"there is no row of an audit in .*empty"):
        look(settings, empty)
    with pytest.raises(SettingsError, match=r"missing\.jsonl cannot be read"):
        look(settings, tmp_path / "missing.jsonl")


def test_an_old_checkpoint_of_a_key_that_was_replaced_needs_that_key(
    house: AuditHouse, public_key: Path, tmp_path: Path
) -> None:
    new = Ed25519PrivateKey.generate()
    pem = new.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    own = tmp_path / "own.pem"
    own.write_bytes(new.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    replaced = settings_of(house.home, audit_key=SecretStr(pem))
    assert verify_database(replaced, key_files=()) == EXIT_FAILED
    assert verify_database(replaced, key_files=[own, public_key]) == EXIT_OK
