"""An installation's audit on a fresh SQLite file, and the AWS that may keep it too, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from bot.adapters.audit.delivery import AuditDelivery
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from safe_ops.audit import key_id_of, read_line, verify
from safe_ops.model.trail import AuditRow, Checkpoint
from tests.contract.store.operations import Crew, note
from tests.lab.clock import LabClock
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.audit import Findings
    from safe_ops.ports.audit import AuditSink

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = {key_id_of(KEY.public_key()): KEY.public_key()}


@dataclass
class AuditHouse:
    """The book, its audit, and deliveries from it; each delivery is a process of its own."""

    home: Path
    clock: LabClock = field(default_factory=LabClock)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = open_engine(f"sqlite:///{self.home / 'nightdesk.db'}")
        upgrade(self.engine)

    @property
    def time(self) -> LabTime:
        return LabTime(self.clock)

    @property
    def book(self) -> SqlActionBook:
        return SqlActionBook(self.engine, self.time, lambda: uuid4().hex)

    @property
    def crew(self) -> Crew:
        return Crew(self.book)

    @property
    def trail(self) -> SqlTrail:
        return SqlTrail(self.engine, self.time, lambda: uuid4().hex)

    def write(self, rows: int) -> None:
        for number in range(rows):
            self.book.note(note(says=f"click {number}"))

    def delivery(self, *sinks: AuditSink) -> AuditDelivery:
        return AuditDelivery(trail=self.trail, sinks=sinks, key=KEY, clock=self.time)


def read(lines: Iterable[str]) -> tuple[list[AuditRow], list[Checkpoint]]:
    """Rows and checkpoints of what a sink keeps, in its order."""
    kept = [read_line(line) for line in lines]
    rows = [one for one in kept if isinstance(one, AuditRow)]
    return rows, [one for one in kept if isinstance(one, Checkpoint)]


def checked(lines: Iterable[str]) -> Findings:
    """What a look at a sink that has every row once finds."""
    rows, checkpoints = read(lines)
    return verify(rows, checkpoints, KEYS)
