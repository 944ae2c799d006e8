"""What an API server saw, against what was approved, journalled and audited: the invariants.

What the database alone shows is checked beside its store; here it is held against the only witness
that is not ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safe_ops.model.actions import AT_WORK, TERMINAL, CallOutcome, Phase, State
from safe_ops.model.marks import ACTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from safe_ops.model.actions import Action, JournalRow
    from safe_ops.model.trail import AuditRow
    from tests.lab.kubernetes.writes import LabWrite

TIME = "process:clock"


def label_of(write: LabWrite) -> str:
    """Return the action a call says it is of; empty if it says none."""
    body = write.body if isinstance(write.body, dict) else {}
    return str(body.get("metadata", {}).get("annotations", {}).get(ACTION, ""))


def check_effects(
    action: Action, journal: Sequence[JournalRow], writes: Sequence[LabWrite]
) -> None:
    """Assert that its calls are those approved, each begun in the journal, none twice.

    I2 and I10; `writes` are the calls to its target, whoever made them.
    """
    begun = [row for row in journal if row.phase is Phase.BEFORE]
    assert len(writes) == len(begun), f"{action.label}: a call without a row, or a row without one"
    applied = [(row.part, row.step) for row in journal if row.outcome is CallOutcome.APPLIED]
    assert len(set(applied)) == len(applied), f"{action.label}: two effects"
    if not begun:
        return
    assert action.plan is not None
    for row, write in zip(begun, writes, strict=True):
        drawing = action.plan.drawing
        steps = drawing.undo if row.part == "undo" else drawing.steps
        call = steps[row.step].call
        assert (write.method, write.path) == (call.action, call.path)
        assert _is_as_approved(call.body, write.body, call.late_bound, label=action.label)
        assert row.fence <= action.fence


def check_decisions(action: Action, audit: Sequence[AuditRow]) -> None:
    """Assert that each yes that counted stands in the row for good, by people who are two (I4)."""
    given = [row.entry for row in audit if row.entry.event in {"action.agreed", "action.approved"}]
    people = [entry.actor.subject for entry in given if not entry.actor.subject.startswith("proc")]
    assert [one.subject for one in action.approvals] == people
    assert len({*people}) == len(people)


def check_course(action: Action, audit: Sequence[AuditRow]) -> None:
    """Assert that it ended once, undone at most once, and what time alone did (I5, I8, I11)."""
    states = [State(row.entry.after) for row in audit if row.entry.after]
    assert action.state in TERMINAL, f"{action.label} did not end: {action.state}"
    assert [state for state in states if state in TERMINAL] == [action.state]
    assert states.count(State.ROLLING_BACK) <= 1
    by_time = {row.entry.after for row in audit if row.entry.actor.subject == TIME}
    assert by_time <= {State.EXPIRED, State.APPROVED}


def check_stops(audit: Sequence[AuditRow]) -> int:
    """Assert that between a stop and its release nothing began (I12); return how many stops."""
    stopped, stops = False, 0
    for row in audit:
        if row.entry.event == "switch.set":
            was, stopped = stopped, bool(row.entry.facts["stopped"])
            stops += stopped and not was
        begins = row.entry.after in {State.CLAIMED, State.EXECUTING}
        assert not (stopped and begins), f"{row.entry.action_id} began while all was stopped"
    return stops


def most_at_work(audit: Sequence[AuditRow]) -> int:
    """Return how many actions were under way at the same time."""
    under_way: set[str] = set()
    most = 0
    for row in audit:
        if row.entry.after in AT_WORK:
            under_way.add(row.entry.action_id)
        elif row.entry.after:
            under_way.discard(row.entry.action_id)
        most = max(most, len(under_way))
    return most


def _is_as_approved(approved: Any, sent: Any, late: tuple[str, ...], *, label: str) -> bool:
    """Tell whether they are equal but for what was declared to be bound late."""
    if isinstance(approved, str) and approved in late:
        return bool(sent == label) if approved == "$action" else isinstance(sent, str)
    if isinstance(approved, dict) and isinstance(sent, dict):
        return approved.keys() == sent.keys() and all(
            _is_as_approved(approved[key], sent[key], late, label=label) for key in approved
        )
    return bool(approved == sent)
