"""What must be true of every book of actions, whatever was done to it and by how many at once."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import reading
from bot.adapters.store.kept_calls import SqlKeptCalls
from bot.adapters.store.operation_tables import OPEN, actions
from safe_ops.audit import verify
from safe_ops.model.actions import AT_WORK, TERMINAL, CallOutcome, Phase, State
from safe_ops.plan import digest_of
from safe_ops.service.call_proof import CallProof

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from sqlalchemy import Engine

    from bot.ports.clock import Clock
    from safe_ops.model.actions import Action, JournalRow
    from safe_ops.model.trail import AuditRow


def check_promises(
    engine: Engine, clock: Clock, *, keys: Mapping[str, Ed25519PublicKey] | None = None
) -> None:
    """Assert all of it, from nothing but what is stored; `keys` are those checkpoints have."""
    book, trail = SqlActionBook(engine, clock, str), SqlTrail(engine, clock, str)
    rows = trail.rows(limit=100_000)
    assert verify(rows, trail.checkpoints(), keys or {}).faults == ()
    with reading(engine) as connection:
        ids = connection.execute(actions.select().order_by(actions.c.number)).mappings().all()
    found = {row["action_id"]: book.find(row["action_id"]) for row in ids}
    known = {action_id: action for action_id, action in found.items() if action is not None}
    told = {
        action_id: [row for row in rows if row.entry.action_id == action_id] for action_id in known
    }
    for action_id, action in known.items():
        changes = [row for row in told[action_id] if row.entry.after]
        _check_course(action, changes)
        _check_people(action)
        _check_journal(book.journal(action_id), changes)
    _check_calls(SqlKeptCalls(engine, clock, str), rows)
    _check_alone(known, rows)


def _check_course(action: Action, changes: list[AuditRow]) -> None:
    """One audit row for each version, each from the state the one before led to, ended once."""
    assert len(changes) == action.version
    assert changes[-1].entry.after == action.state
    assert changes[-1].at == action.changed_at
    for before, after in pairwise(changes):
        assert after.entry.before == before.entry.after
        assert before.entry.after not in TERMINAL
        assert before.at <= after.at
    if action.plan is not None:
        assert action.digest == digest_of(action.plan)


def _check_people(action: Action) -> None:
    given = action.approvals
    assert len({approval.subject for approval in given}) == len(given)
    assert len({approval.stage for approval in given}) == len(given)
    if action.plan is not None and action.fence:
        # Where policy asks for nobody, it stands in the row itself.
        people = [one.stage for one in given if not one.subject.startswith("policy:")]
        assert people == [need.stage for need in action.plan.needs]


def _check_journal(journal: tuple[JournalRow, ...], changes: list[AuditRow]) -> None:
    """No call twice unless it was seen not to have taken effect, and none outside its state."""
    ordered = sorted(journal, key=lambda row: (row.part, row.step))
    for _, call in groupby(ordered, key=lambda row: (row.part, row.step)):
        attempts = list(call)
        assert [row.phase for row in attempts[::2]] == [Phase.BEFORE] * len(attempts[::2])
        assert [row.attempt for row in attempts[::2]] == list(range(1, len(attempts[::2]) + 1))
        for after in attempts[1:-1:2]:
            assert after.outcome is CallOutcome.NOT_APPLIED
    for row in journal:
        if row.phase is Phase.BEFORE:
            assert row.at is not None
            at = row.at
            past = [change for change in changes if change.at <= at]
            wanted = State.EXECUTING if row.part == "steps" else State.ROLLING_BACK
            # At the very same moment the order of the two is not told by their times.
            assert wanted in {
                change.entry.after for change in past[-1:] + same_moment(changes, row)
            }


def same_moment(changes: list[AuditRow], row: JournalRow) -> list[AuditRow]:
    near = [place for place, change in enumerate(changes) if change.at == row.at]
    return [changes[place] for at in near for place in (at - 1, at)]


def _check_calls(kept: SqlKeptCalls, rows: tuple[AuditRow, ...]) -> None:
    """One audit row for each row of a journal, in the same order, saying the same."""
    proof = CallProof(kept)
    proof.see(rows)
    assert proof.faults() == ()
    assert proof.rows == sum(kept.highest().values())


def _check_alone(
    known: dict[str, Action | None] | dict[str, Action], rows: tuple[AuditRow, ...]
) -> None:
    """Replay all changes: no two open on a target, no two at work on a service, ever."""
    open_on: dict[str, str] = {}
    at_work_on: dict[str, str] = {}
    for row in rows:
        action = known.get(row.entry.action_id)
        if action is None or action.plan is None or not row.entry.after:
            continue
        after, aim = State(row.entry.after), action.plan.target
        for held, key, states in (
            (open_on, aim.key, OPEN),
            (at_work_on, aim.service_key, AT_WORK),
        ):
            if after in states:
                assert held.setdefault(key, action.action_id) == action.action_id
            elif held.get(key) == action.action_id:
                del held[key]
