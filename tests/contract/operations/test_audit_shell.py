"""`nightdesk audit` as a command of its own: how it ends, and what it says where."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from bot.__main__ import EXIT_FAILED, EXIT_OK, EXIT_SETTINGS
from tests.contract.operations.audit_house import KEY, AuditHouse
from tests.contract.operations.test_audit_command import cut
from tests.lab.clock import LabClock
from tests.lab.installation import FOREIGN, Installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def test_the_command_line_ends_with_what_was_found(house: AuditHouse, tmp_path: Path) -> None:
    shell = Installation(
        {"NIGHTDESK_HOME": str(house.home), "NIGHTDESK_AUDIT_KEY": PEM}, logs=tmp_path
    )
    sound = shell.run("audit", "verify")
    assert (sound.returncode, sound.stderr) == (EXIT_OK, "")
    cut(house)
    broken = shell.run("audit", "verify")
    assert broken.returncode == EXIT_FAILED
    assert "The first bad row is 4" in broken.stdout
    missing = shell.run("audit", "show", "A99")
    assert missing.returncode == EXIT_FAILED
    assert missing.stderr == "There is no action A99: give a name such as A12, or its id.\n"
    assert shell.run("audit", "public-key").stdout.startswith("-----BEGIN PUBLIC KEY-----")
    assert len(shell.run("audit", "export").stdout.splitlines()) == 3
    absent = shell.run("audit", "verify", "--file", str(tmp_path / "absent"))
    assert absent.returncode == EXIT_SETTINGS
    assert absent.stderr.startswith("That cannot be done:\n  - ")


def test_a_reader_that_has_enough_ends_an_export_without_a_word(house: AuditHouse) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    own = {name: held for name, held in os.environ.items() if not name.startswith(FOREIGN)}
    with os.fdopen(write_end, "wb") as nobody:
        ended = subprocess.run(
            [sys.executable, "-m", "bot", "audit", "export"],
            env={**own, "NIGHTDESK_HOME": str(house.home), "NIGHTDESK_AUDIT_KEY": PEM},
            stdout=nobody,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (EXIT_FAILED, b"")
