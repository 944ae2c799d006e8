"""An audit or change records that cannot be kept: capacity is not touched, small things go on."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from safe_ops.model.actions import State
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded


def test_an_audit_that_cannot_be_delivered_stops_what_changes_capacity(
    ground: Ground, guarded: Guarded
) -> None:
    """R17: neither is anything begun where the row cannot leave the database."""
    action = ground.suspend(heavy=True)
    with _unwritable(guarded.audit_file):
        ground.approved(action, "ana", "marta")
        blocked = ground.reaches(action, State.BLOCKED)
    assert "the audit cannot be delivered" in blocked.reason
    ground.card(action, "the audit cannot be delivered")
    assert ground.writes() == []
    assert guarded.journal(action) == ()


def test_an_audit_that_cannot_be_delivered_lets_small_things_go_on_and_comes_later(
    ground: Ground, guarded: Guarded
) -> None:
    action = ground.suspend()
    with _unwritable(guarded.audit_file):
        ground.approved(action, "ana")
        ground.reaches(action, State.SUCCEEDED)
    assert len(ground.writes()) == 1
    numbers = [row.number for row in guarded.audit()]

    def delivered() -> bool:
        lines = guarded.audit_file.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines]
        return {*numbers} <= {row.get("number") for row in found if "entry" in row}

    eventually(delivered, "all rows in the file", within_s=PATIENCE_S)


def test_a_change_record_that_cannot_be_opened_stops_what_changes_capacity(
    ground: Ground, guarded: Guarded
) -> None:
    with _unwritable(guarded.records_file):
        action = ground.order(
            f"cronjob_suspend report -n {ground.heavy} cluster=prod-eu resume_after_hours=4"
        )
        blocked = ground.reaches(action, State.BLOCKED)
    assert "The change record could not be opened" in blocked.reason
    assert ground.writes() == []


def test_a_change_record_that_cannot_be_opened_lets_small_things_go_on(
    ground: Ground, guarded: Guarded
) -> None:
    with _unwritable(guarded.records_file):
        action = ground.suspend()
        ground.approved(action, "ana")
        ground.reaches(action, State.SUCCEEDED)
        ground.card(action, "it is done")
    assert len(ground.writes()) == 1
    events = [row.entry.event for row in guarded.audit(action)]
    assert "record.not_opened" in events


@contextmanager
def _unwritable(path: Path) -> Iterator[None]:
    """Put a directory where the file was."""
    aside = path.with_suffix(".aside")
    existed = path.exists()
    if existed:
        path.rename(aside)
    path.mkdir()
    try:
        yield
    finally:
        path.rmdir()
        if existed:
            aside.rename(path)
