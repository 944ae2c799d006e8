"""What the audit holds of a call, and how a journal that differs from it is found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from safe_ops.audit import GENESIS, chained
from safe_ops.model.actions import CallOutcome, JournalRow, Phase, State
from safe_ops.model.call_trail import call_entry
from safe_ops.model.trail import Actor, AuditEntry
from safe_ops.service.call_proof import CallProof, is_call
from tests.unit.safe_ops.rows import NOW, a_plan, an_action

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from safe_ops.model.trail import AuditRow
    from safe_ops.service.call_proof import Journals

EXECUTING = an_action(State.EXECUTING, plan=a_plan(), operator="operator-1")
BEFORE = JournalRow(
    action_id=EXECUTING.action_id,
    fence=1,
    part="steps",
    step=0,
    attempt=1,
    phase=Phase.BEFORE,
    at=NOW,
)
AFTER = replace(
    BEFORE, phase=Phase.AFTER, outcome=CallOutcome.APPLIED, at=NOW + timedelta(seconds=1)
)


@dataclass
class Kept:
    """A journal of one action, by number."""

    rows: dict[int, JournalRow | None] = field(default_factory=lambda: {1: BEFORE, 2: AFTER})
    looks: int = 0

    def calls_of(self, action_ids: Collection[str]) -> Journals:
        self.looks += 1
        found = {EXECUTING.action_id: self.rows} if self.rows else {}
        return {one: found[one] for one in action_ids if one in found}

    def highest(self) -> Mapping[str, int]:
        return {EXECUTING.action_id: max(self.rows)} if self.rows else {}


def audit() -> list[AuditRow]:
    rows, previous = [], GENESIS
    for number, one in enumerate((BEFORE, AFTER), start=1):
        assert one.at is not None
        row = chained(previous, number, one.at, call_entry(EXECUTING, one, number=number))
        rows.append(row)
        previous = row.hash
    return rows


def faults(kept: Kept, rows: list[AuditRow]) -> list[str]:
    proof = CallProof(kept)
    proof.see(rows)
    return [fault.says for fault in proof.faults()]


def test_a_call_is_told_with_its_path_and_never_with_its_body() -> None:
    entry = call_entry(EXECUTING, BEFORE, number=1)
    assert (entry.event, entry.actor.address) == ("call.before", "operator-1")
    assert (entry.facts["call"], entry.facts["path"]) == ("PATCH", "/cart")
    assert "body" not in entry.facts


@pytest.mark.parametrize(
    ("action", "row"),
    [
        (EXECUTING, replace(BEFORE, step=7)),
        (EXECUTING, replace(BEFORE, part="undo")),
        (replace(EXECUTING, plan=None), BEFORE),
    ],
)
def test_a_call_no_plan_has_is_told_without_one(action: object, row: JournalRow) -> None:
    entry = call_entry(action, row, number=1)  # type: ignore[arg-type]
    assert "call" not in entry.facts
    assert entry.facts["step"] == row.step


def test_a_journal_as_it_was_written_has_no_fault() -> None:
    proof = CallProof(Kept())
    proof.see(audit())
    assert (proof.faults(), proof.rows) == ((), 2)
    assert all(is_call(row) for row in audit())


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({1: BEFORE}, "row 2 of its journal (row 2 of the audit tells of it) is gone"),
        ({}, "is gone"),
        ({1: BEFORE, 2: None}, "cannot be read any more"),
        ({1: BEFORE, 2: replace(AFTER, outcome=CallOutcome.UNKNOWN)}, "was changed after"),
        ({1: BEFORE, 2: replace(AFTER, says="it was nothing")}, "was changed after"),
        ({1: BEFORE, 2: replace(AFTER, at=NOW)}, "was changed after"),
        ({1: BEFORE, 2: replace(AFTER, fence=2)}, "was changed after"),
        ({1: BEFORE, 2: AFTER, 3: BEFORE}, "row 3 of its journal: the audit knows nothing"),
        ({1: BEFORE, 2: AFTER, 4: BEFORE}, "rows from 3 to 4 of its journal: the audit knows"),
    ],
)
def test_a_journal_that_was_changed_is_found(rows: dict[int, JournalRow | None], says: str) -> None:
    assert says in faults(Kept(rows), audit())[-1]


def _ended(number: int) -> AuditRow:
    """Return the row of the audit that tells that the action's calls came to their end."""
    entry = AuditEntry(
        event="action.failed",
        actor=Actor(subject="process:operator"),
        action_id=EXECUTING.action_id,
        before=State.EXECUTING,
        after=State.FAILED,
    )
    return chained(GENESIS, number, NOW, entry)


def _of_another(number: int) -> AuditRow:
    other = replace(EXECUTING, action_id="action-2")
    return chained(GENESIS, number, NOW, call_entry(other, BEFORE, number=1))


def test_a_journal_from_before_journals_were_chained_is_unproved_and_no_fault() -> None:
    proof = CallProof(Kept())
    proof.see([_ended(1)])
    proof.see([_ended(2)])
    assert (proof.faults(), proof.unproved) == ((), 2)


def test_a_journal_without_a_row_in_the_audit_is_a_fault_once_journals_were_chained() -> None:
    proof = CallProof(Kept())
    proof.see([_of_another(1)])
    proof.see([_ended(2)])
    says = [fault.says for fault in proof.faults() if fault.action_id == EXECUTING.action_id]
    assert ("the audit knows nothing" in says[0], proof.unproved) == (True, 0)


def test_a_page_without_calls_looks_nothing_up() -> None:
    kept = Kept({})
    (row,) = [chained(GENESIS, 1, NOW, replace(call_entry(EXECUTING, BEFORE, number=1), event="x"))]
    assert faults(kept, [row]) == []
    assert kept.looks == 0


def test_a_row_of_the_audit_that_names_no_row_is_of_none() -> None:
    entry = call_entry(EXECUTING, BEFORE, number=1)
    made_up = replace(entry, facts=entry.facts | {"row": "1"})
    assert faults(Kept(), [chained(GENESIS, 1, NOW, made_up)]) == [
        "row 0 of its journal (row 1 of the audit tells of it) is gone",
        "rows from 1 to 2 of its journal: the audit knows nothing of it, so it was written by hand",
    ]
