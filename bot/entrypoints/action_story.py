"""`nightdesk audit show`: the whole story of one action, where a card has no room for it.

Everything comes from the database as it was stored. Free text is marked as what it is, and shown
so that it can neither colour nor move anything on a terminal.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from bot.bootstrap.audit import open_archive
from bot.tools.plain_text import plain
from safe_ops.model.actions import Action, Approval, Author, Factor, JournalRow
from safe_ops.model.call_trail import CALL_EVENTS, NUMBER
from safe_ops.model.trail import AuditRow
from safe_ops.plan import as_digested, canonical_json, digest_of
from safe_ops.service.call_proof import CallProof, is_call, misfit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bot.bootstrap.audit import Archive
    from bot.settings import Settings
    from safe_ops.model.plans import Plan, Step

_LABEL = re.compile(r"[Aa](\d{1,9})")
_REASONING = {
    Author.RULES: "Why, by Nightdesk's own rules",
    Author.MODEL: "Why, in a model's words (unverified)",
    Author.PERSON: "Why, in the words of who asked",
}
DIGEST_CHARS = 12
"""As many as a card shows."""
_WHICH = ("part", "step", "attempt")
"""Facts that tell, with the event, which row of a journal one of the audit is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    action: Action
    digest_holds: bool
    """Whether the plan is still the one whose digest people approved."""
    rationale: str
    journal: tuple[JournalRow, ...]
    """As far as it can be read."""
    journal_faults: tuple[str, ...]
    """What of the journal is not as the audit says it was written; empty if all is."""
    audit: tuple[AuditRow, ...]

    @property
    def holds(self) -> bool:
        """Tell whether nothing of it was tampered with, as far as it can be seen here."""
        return self.digest_holds and not self.journal_faults


def show_action(settings: Settings, named: str, *, as_json: bool) -> int:
    """Print what is known of an action; return 0, or 1 when there is none, or it was tampered with.

    Raises:
        SettingsError: The database is not at this version's schema.
        UpstreamError: It cannot be reached.
    """
    archive = open_archive(settings)
    label = _LABEL.fullmatch(named)
    action = archive.index.numbered(int(label[1])) if label else archive.book.find(named)
    if action is None:
        sys.stderr.write(
            f"There is no action {plain(named)}: give a name such as A12, or its id.\n"
        )
        return 1
    story = _story(archive, action)
    if as_json:
        sys.stdout.write(_as_json(story) + "\n")
    else:
        for line in _lines(story):
            sys.stdout.write(plain(line).replace("\n", "\n    ") + "\n")
    return 0 if story.holds else 1


def _story(archive: Archive, action: Action) -> _Story:
    action_id = action.action_id
    # An operator may be writing meanwhile: what the journal had before the audit was read is in the
    # audit, and what the audit had is in the journal afterwards.
    before = archive.calls.calls_of([action_id]).get(action_id, {})
    audit = archive.trail.rows_of(action_id)
    journal = archive.calls.calls_of([action_id]).get(action_id, {})
    calls = [row for row in audit if is_call(row)]
    faults = [misfit(row, journal) for row in calls]
    faults += _unknown_rows(archive, action_id, before, calls)
    return _Story(
        action=action,
        digest_holds=action.plan is None or digest_of(action.plan) == action.digest,
        rationale=archive.book.rationale(action_id),
        journal=tuple(row for _, row in sorted(journal.items()) if row is not None),
        journal_faults=tuple(filter(None, faults)),
        audit=audit,
    )


def _unknown_rows(
    archive: Archive,
    action_id: str,
    journal: Collection[int],
    calls: Sequence[AuditRow],
) -> list[str]:
    """Return what is to be said of rows of the journal that the audit does not tell of."""
    last = max((int(row.entry.facts.get(NUMBER, 0)) for row in calls), default=0)
    unknown = sorted(number for number in journal if number > last)
    if unknown and not calls and _is_older(archive, action_id):
        return []
    return [f"row {number} of its journal: the audit knows nothing of it" for number in unknown]


def _is_older(archive: Archive, action_id: str) -> bool:
    """Tell whether an action ran before the audit told of any journal; reads all of the audit."""
    proof, after = CallProof(archive.calls), 0
    while page := archive.trail.rows(after=after):
        proof.see(page)
        after = page[-1].number
    return all(fault.action_id != action_id for fault in proof.faults())


def _as_json(story: _Story) -> str:
    """Return one canonical line: what stands at `action.plan` is byte for byte what is digested."""
    told = TypeAdapter(_Story).dump_python(story)
    if story.action.plan is not None:
        told["action"]["plan"] = as_digested(story.action.plan)
    return canonical_json(told).decode()


def _lines(story: _Story) -> Iterator[str]:
    action = story.action
    request, plan = action.request, action.plan
    yield f"{action.label} {request.operation}: {action.state.value}"
    if plan is not None:
        yield f"  target     {plan.target.key} ({plan.environment}, {plan.tier.name})"
    yield f"  id         {action.action_id}"
    yield f"  asked      {_at(action.created_at)} by {request.requester_name} ({request.requester})"
    if request.incident_id:
        yield f"  incident   {request.incident_id}"
    for name, value in sorted(request.parameters.items()):
        yield f"  parameter  {name} = {_json(value)} (from {request.provenance.get(name, '?')})"
    if action.reason:
        yield f"  reason     {action.reason}"
    if action.outcome is not None:
        yield f"  outcome    {action.outcome.says}"
        yield from (f"             {one}" for one in action.outcome.details)
    yield from _part(_REASONING[request.rationale_by], story.rationale.splitlines())
    if plan is not None:
        yield from _plan(plan, story)
    yield from _part("Approvals", [_approved(one) for one in action.approvals])
    yield from _journal(story)
    others = [row for row in story.audit if not is_call(row)]
    yield from _part("Audit", [_audited(row) for row in others])


def _plan(plan: Plan, story: _Story) -> Iterator[str]:
    drawing = plan.drawing
    held = "it holds" if story.digest_holds else "IT DOES NOT HOLD: THE PLAN WAS CHANGED"
    yield from _part(
        "Plan",
        [
            f"digest {story.action.digest} ({held})",
            f"policy {plan.policy_hash}",
            f"made {_at(plan.created_at)}, expires {_at(plan.expires_at)}",
            *([f"guards set aside: {plan.break_glass}"] if plan.break_glass else ()),
        ],
    )
    yield from _part(
        "Before → after", [f"{one.field}: {one.before} → {one.after}" for one in drawing.changes]
    )
    yield from _part("Calls", [_call(step) for step in drawing.steps])
    undo = [_call(step) for step in drawing.undo]
    yield from _part("Undo", undo or [f"cannot be undone: {drawing.cannot_be_undone}"])
    yield from _part("Touches", [*drawing.blast_radius, *drawing.notes])
    yield from _part(
        "Guards",
        [
            f"{'passed ' if one.passed else 'REFUSED'} {one.guard}: {one.says}"
            + (f" ({_at(one.at)})" if one.at else "")
            for one in plan.rulings
        ],
    )
    yield from _part("Dry run", plan.dry_run)
    yield from _part(
        "Success means", [*drawing.verification.says, f"within {drawing.verification.deadline_s} s"]
    )
    yield from _part(
        "Needs",
        [
            f"{one.stage.label}: one of {', '.join(one.teams)}"
            + (", not the requester" if one.not_requester else "")
            + (", with a second factor" if one.factor else "")
            for one in plan.needs
        ]
        or [f"nobody: {_why_nobody(story.action)}"],
    )


def _why_nobody(action: Action) -> str:
    if action.request.origin:
        return f"it was approved with the action it follows ({action.request.origin})"
    return "policy lets it run by itself"


def _part(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _call(step: Step) -> str:
    call = step.call
    return f"{step.says}: {call.action} {call.path} {call.media_type} {_json(call.body)}"


def _approved(one: Approval) -> str:
    return f"{one.stage.label}: {one.name} ({one.subject}), {_at(one.at)}{_proven(one.factor)}"


def _proven(factor: Factor) -> str:
    return "" if factor is Factor.NONE else f", by {factor.value}"


def _journal(story: _Story) -> Iterator[str]:
    """Yield the journal with the number each row has in the audit, which holds the same of it."""
    told = {
        (row.entry.event, *(row.entry.facts.get(name) for name in _WHICH)): (f"#{row.number} ")
        for row in story.audit
        if is_call(row)
    }
    rows = [
        told.get((CALL_EVENTS[row.phase], row.part, row.step, row.attempt), "") + _entry(row)
        for row in story.journal
    ]
    rows += [f"NOT AS IT WAS WRITTEN: {fault}" for fault in story.journal_faults]
    yield from _part("Journal, with the number of each row in the audit", rows)


def _entry(row: JournalRow) -> str:
    at = "" if row.at is None else _at(row.at)
    outcome = "" if row.outcome is None else f" {row.outcome.value}"
    says = f": {row.says}" if row.says else ""
    return f"{at} {row.part} {row.step} attempt {row.attempt} {row.phase.value}{outcome}{says}"


def _audited(row: AuditRow) -> str:
    entry = row.entry
    moved = f" {entry.before or '-'} → {entry.after}" if entry.after else ""
    by = f"{entry.actor.subject} {entry.actor.address}".strip()
    digest = f" [{entry.digest[:DIGEST_CHARS]}]" if entry.digest else ""
    says = f": {entry.says}" if entry.says else ""
    return f"#{row.number} {_at(row.at)} {entry.event}{moved} by {by}{digest}{says}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _at(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
