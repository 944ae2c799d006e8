"""Which state may follow which, decided by one pure function. It reads and writes nothing.

Every pair of state and event that no rule here names is refused. What the rules rest on is in the
action, the event and the time alone, so that whoever holds the row can judge it in the same
transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model import events as on
from safe_ops.model.actions import (
    HELD,
    PENDING,
    Action,
    Approval,
    Factor,
    Outcome,
    PendingProof,
    State,
)
from safe_ops.model.plans import Stage
from safe_ops.model.standing import (
    FACTOR_WITHIN,
    LEASE,
    LOOK_AGAIN_AFTER,
    PROOF_FAILURES,
    REDEEM_WITHIN,
    SCHEDULE_WITHIN,
    STANDING,
    current_need,
    is_to_be_looked_at,
    lease_is_over,
    lies_unplanned,
    looks_left,
    may_begin,
    ran_out,
    standing,
)
from safe_ops.model.trail import Actor, AuditEntry
from safe_ops.model.transition import Transition

if TYPE_CHECKING:
    from safe_ops.model.plans import Plan

CLOCK = Actor(subject="process:clock")
"""Who causes what only time causes."""

_WAITS_FOR = {Stage.ONCALL: State.PENDING_ONCALL, Stage.MANAGER: State.PENDING_MANAGER}


def advance(action: Action, event: on.Event, now: datetime) -> Transition:
    """Return what an event makes of an action at the database's time `now`.

    Words that come too late for a pending action, and an operator that does, find it expired.

    Raises:
        FenceLostError: The event is of an operator that does not hold the action (any more).
        RefusedError: `state`: nothing follows from this event in this state; `held`: another
            operator is at it; `stage`, `same-person`, `own-request` or `factor`: the approval is
            not the one that is due.
    """
    if isinstance(event, on.Held) and not _is_held_for(action, event):
        raise FenceLostError(
            f"{standing(action)}, under fence {action.fence} and not {event.fence}: whoever held "
            "it must stop."
        )
    rules = (_planning, _deciding, _waiting, _taking, _checking, _running, _undoing, _settling)
    for rule in rules:
        transition = rule(action, event, now)
        if transition is not None:
            return transition
    raise RefusedError(f"{standing(action)}. This changed nothing.", code="state")


def _planning(action: Action, event: on.Event, now: datetime) -> Transition | None:
    match action.state, event:
        case State.DRAFT, on.Planned(plan=plan, digest=digest):
            written = replace(action, plan=plan, digest=digest)
            onwards = _onwards(written, event, now, window=event.window)
            name = "action.break_glass_planned" if plan.break_glass else onwards.entry.event
            return replace(
                onwards,
                entry=replace(onwards.entry, event=name),
                plan=plan,
                digest=digest,
                approval=None if plan.needs else _policys_own(plan, now),
            )
        case State.DRAFT, on.Blocked(plan=plan, digest=digest):
            blocked = _stopped(action, event, "action.blocked", State.BLOCKED, event.reason)
            entry = replace(blocked.entry, digest=digest, facts={"code": event.code})
            return replace(blocked, entry=entry, plan=plan, digest=digest or None)
        case _:
            return None


def _deciding(action: Action, event: on.Event, now: datetime) -> Transition | None:
    """Judge what people say to a pending action."""
    if action.state not in PENDING:
        return None
    proving = action.state is State.PENDING_FACTOR
    match event:
        case on.Agreed() | on.Proven() | on.ProofFailed() | on.Denied() if ran_out(action, now):
            return _expired(action)
        case on.Agreed() if not proving:
            return _agreed(action, event, now)
        case on.Proven(approval=approval) if proving:
            _check_proof(action, approval)
            return _recorded(action, event, approval, now)
        case on.ProofFailed() if proving and action.proof is not None:
            return _proof_failed(action, event, action.proof)
        case on.Denied():
            says = _with_reason(f"{event.name} said no", event.reason)
            return _stopped(action, event, "action.rejected", State.REJECTED, says)
        case _:
            return None


def _waiting(action: Action, event: on.Event, now: datetime) -> Transition | None:
    """Judge what ends waiting, or lets it go on, before anything is touched."""
    undecided = action.state in PENDING or action.state is State.DRAFT
    waiting = action.state in PENDING or action.state in {State.APPROVED, State.SCHEDULED}
    match event:
        case on.TakenBack() if undecided:
            says = _with_reason(f"taken back by {event.name}", event.reason)
            return _stopped(action, event, "action.cancelled", State.CANCELLED, says)
        case on.TakenBack() if waiting or action.state is State.CLAIMED:
            says = _with_reason(f"revoked by {event.name}", event.reason)
            return _stopped(action, event, "action.revoked", State.REVOKED, says)
        case on.TimeRanOut() if waiting and ran_out(action, now):
            return _expired(action)
        case on.TimeRanOut() if _lies_claimed(action, now) or lies_unplanned(action, now):
            return _expired(action)
        case on.WindowOpened() if action.state is State.SCHEDULED and not ran_out(action, now):
            says = "its window is open"
            opened = _moved(action, event, "action.window_opened", State.APPROVED, says)
            return replace(opened, stage_until=now + REDEEM_WITHIN)
        case _:
            return None


def _taking(action: Action, event: on.Event, now: datetime) -> Transition | None:
    """Judge an operator's claim."""
    match action.state, event:
        case State.APPROVED, on.Claimed() if ran_out(action, now):
            return _expired(action)
        case State.APPROVED, on.Claimed(window=window) if not may_begin(action, window):
            return _cleared(action, event, now, window=window)
        case State.APPROVED, on.Claimed(operator=operator):
            says = f"taken by {operator}"
            taken = _holding(action, event, "action.claimed", State.CLAIMED, says, now=now)
            return replace(taken, operator=operator, fence_up=True)
        case state, on.Claimed(operator=operator) if state in HELD:
            if not lease_is_over(action, now):
                raise RefusedError(f"{standing(action)}; {action.operator} has it.", code="held")
            if _lies_claimed(action, now):
                return _expired(action)
            says = f"taken over by {operator} from {action.operator}, which fell silent"
            taken = _holding(action, event, "action.taken_over", state, says, now=now)
            return replace(taken, operator=operator, fence_up=True)
        case _:
            return None


def _checking(action: Action, event: on.Event, now: datetime) -> Transition | None:
    """Judge what the last check before the first call found."""
    match action.state, event:
        case State.CLAIMED, on.Started():
            if lease_is_over(action, now):
                raise FenceLostError(
                    f"the lease on {action.label} ran out while it was checked: what was found is "
                    "too old to begin by."
                )
            says = "everything was checked again"
            return _holding(action, event, "action.started", State.EXECUTING, says, now=now)
        case State.CLAIMED, on.Barred():
            barred = _stopped(action, event, "action.blocked", State.BLOCKED, event.reason)
            return replace(
                barred,
                entry=replace(barred.entry, facts={"code": event.code}),
                outcome=Outcome(says=event.reason, pages=True) if event.pages else None,
            )
        case State.CLAIMED, on.ConsentLost():
            return _stopped(action, event, "action.revoked", State.REVOKED, event.reason)
        case State.CLAIMED | State.EXECUTING, on.Drifted():
            return _stopped(action, event, "action.stale", State.STALE, event.reason)
        case _:
            return None


def _running(action: Action, event: on.Event, now: datetime) -> Transition | None:
    match action.state, event:
        case State.EXECUTING, on.AllSent():
            return _holding(action, event, "action.sent", State.VERIFYING, event.says, now=now)
        case State.VERIFYING, on.Verified(outcome=outcome):
            return _over(action, event, "action.succeeded", State.SUCCEEDED, outcome)
        case State.EXECUTING | State.VERIFYING, on.Ended(outcome=outcome):
            return _over(action, event, "action.failed", State.FAILED, outcome)
        case State.EXECUTING, on.OutcomeLost(outcome=outcome):
            lost = _over(action, event, "action.outcome_lost", State.INDETERMINATE, outcome)
            return replace(lost, stage_until=now + LOOK_AGAIN_AFTER[0])
        case _:
            return None


def _settling(action: Action, event: on.Event, now: datetime) -> Transition | None:
    """Judge what is said of an outcome nobody knew: by reading, or by a person."""
    match action.state, event:
        case State.INDETERMINATE, on.LookedAgain() if is_to_be_looked_at(action, now):
            return _looked_again(action, event, now)
        case State.INDETERMINATE, on.ReadBack(took_effect=took_effect, outcome=outcome):
            after = State.SUCCEEDED if took_effect else State.FAILED
            settled = _over(action, event, "action.settled", after, outcome)
            return replace(settled, entry=replace(settled.entry, facts={"read": event.read}))
        case State.INDETERMINATE, on.Settled(took_effect=took_effect):
            found = "it took effect" if took_effect else "it did not take effect"
            outcome = Outcome(says=f"{event.name} looked and says that {found}: {event.reason}")
            after = State.SUCCEEDED if took_effect else State.FAILED
            return _over(action, event, "action.settled", after, outcome)
        case _:
            return None


def _looked_again(action: Action, event: on.LookedAgain, now: datetime) -> Transition:
    left, most = looks_left(action), len(LOOK_AGAIN_AFTER)
    says = f"read back once more by {event.operator}, {most - len(left) + 1} of {most}"
    name, after = "action.looked_again", State.INDETERMINATE
    looked = _holding(action, event, name, after, says, now=now)
    # Without a pause there is no further look.
    pause = left[1] if len(left) > 1 else timedelta(0)
    return replace(looked, operator=event.operator, fence_up=True, stage_until=now + pause)


def _is_held_for(action: Action, event: on.Held) -> bool:
    """Tell whether an operator's event is of whoever holds the action, in a state it can be of."""
    held = {State.INDETERMINATE} if isinstance(event, on.ReadBack) else HELD
    return action.state in held and action.fence == event.fence


def _undoing(action: Action, event: on.Event, now: datetime) -> Transition | None:
    match action.state, event:
        case State.EXECUTING | State.VERIFYING, on.UndoBegun(reason=reason):
            name, after = "action.undo_begun", State.ROLLING_BACK
            return replace(_holding(action, event, name, after, reason, now=now), reason=reason)
        case State.ROLLING_BACK, on.Undone(outcome=outcome):
            return _over(action, event, "action.rolled_back", State.ROLLED_BACK, outcome)
        case State.ROLLING_BACK, on.UndoFailed(outcome=outcome):
            return _over(action, event, "action.rollback_failed", State.ROLLBACK_FAILED, outcome)
        case _:
            return None


def _agreed(action: Action, event: on.Agreed, now: datetime) -> Transition | None:
    need, approval, plan = current_need(action), event.approval, action.plan
    if need is None or plan is None:
        return None
    if approval.stage is not need.stage:
        raise RefusedError(
            f"{standing(action)}; it is not the {approval.stage.label} tier's turn.", code="stage"
        )
    if approval.subject in {given.subject for given in action.approvals}:
        raise RefusedError(
            f"{approval.name} has agreed to {action.label} already; somebody else has to.",
            code="same-person",
        )
    if need.not_requester and approval.subject == plan.requester:
        raise RefusedError(
            f"{approval.name} asked for {action.label}; somebody else has to agree.",
            code="own-request",
        )
    if not need.factor:
        return _recorded(action, event, approval, now)
    says = f"{approval.name} agreed; their second factor is awaited"
    return replace(
        _moved(action, event, "action.agreed", State.PENDING_FACTOR, says),
        proof=PendingProof(approval=approval),
        stage_until=now + FACTOR_WITHIN,
    )


def _check_proof(action: Action, approval: Approval) -> None:
    bare = replace(approval, factor=Factor.NONE, factor_at=None)
    awaited = action.proof is not None and bare == action.proof.approval
    if approval.factor is Factor.NONE or not awaited:
        raise RefusedError(
            f"{action.label} waits for the second factor of whoever agreed to it.", code="factor"
        )


def _proof_failed(action: Action, event: on.Event, proof: PendingProof) -> Transition:
    counted = replace(proof, failures=proof.failures + 1)
    if counted.failures < PROOF_FAILURES:
        says = f"answer {counted.failures} of {PROOF_FAILURES} did not hold"
        failed = _moved(action, event, "action.factor_failed", State.PENDING_FACTOR, says)
        return replace(failed, proof=counted)
    says = f"{counted.failures} answers for {proof.approval.name}'s second factor did not hold"
    rejected = _stopped(action, event, "action.rejected", State.REJECTED, says)
    return replace(rejected, proof=counted, outcome=Outcome(says=f"Not run: {says}.", pages=True))


def _recorded(
    action: Action, event: on.Agreed | on.Proven, approval: Approval, now: datetime
) -> Transition:
    given = replace(action, approvals=(*action.approvals, approval))
    return replace(_onwards(given, event, now, window=event.window), approval=approval)


def _onwards(
    action: Action, event: on.Event, now: datetime, *, window: on.WindowView
) -> Transition:
    """Go to the next approval that is missing, or on where none is."""
    plan = action.plan
    missing = plan.needs[len(action.approvals) :] if plan is not None else ()
    if not missing:
        return _cleared(action, event, now, window=window)
    state = _WAITS_FOR[missing[0].stage]
    name = "action.agreed" if action.approvals else "action.planned"
    waits = _moved(action, event, name, state, f"it {STANDING[state]}")
    return replace(waits, stage_until=now + timedelta(seconds=missing[0].within_s))


def _cleared(
    action: Action, event: on.Event, now: datetime, *, window: on.WindowView
) -> Transition:
    """Let it run where its window is open, wait for the window, or give it up."""
    if may_begin(action, window):
        cleared = _moved(action, event, "action.approved", State.APPROVED, "it may run")
        return replace(cleared, stage_until=now + REDEEM_WITHIN)
    if window.opens_at is not None and window.opens_at - now <= SCHEDULE_WITHIN:
        waits = _stopped(action, event, "action.scheduled", State.SCHEDULED, window.says)
        return replace(waits, stage_until=window.opens_at + REDEEM_WITHIN)
    hours = SCHEDULE_WITHIN // timedelta(hours=1)
    says = f"its window does not open within {hours} hours: {window.says}"
    return _stopped(action, event, "action.expired", State.EXPIRED, says)


def _expired(action: Action) -> Transition:
    says = f"it {STANDING[action.state]}, and nothing came in time"
    event = on.TimeRanOut(actor=CLOCK)
    return _stopped(action, event, "action.expired", State.EXPIRED, says)


def _lies_claimed(action: Action, now: datetime) -> bool:
    """Tell whether an operator took it, never began, and the approvals are too old to begin by."""
    return action.state is State.CLAIMED and lease_is_over(action, now) and ran_out(action, now)


def _policys_own(plan: Plan, now: datetime) -> Approval:
    """Return the yes of the policy, where it asks nobody."""
    subject = f"policy:{plan.policy_hash}"
    return Approval(stage=Stage.ONCALL, subject=subject, slack_id="", name="the policy", at=now)


def _with_reason(says: str, reason: str) -> str:
    return f"{says}: {reason}" if reason else says


def _stopped(action: Action, event: on.Event, name: str, after: State, says: str) -> Transition:
    return replace(_moved(action, event, name, after, says), reason=says)


def _holding(
    action: Action, event: on.Event, name: str, after: State, says: str, *, now: datetime
) -> Transition:
    return replace(_moved(action, event, name, after, says), lease_until=now + LEASE)


def _over(action: Action, event: on.Event, name: str, after: State, outcome: Outcome) -> Transition:
    return replace(_moved(action, event, name, after, outcome.says), outcome=outcome)


def _moved(action: Action, event: on.Event, name: str, after: State, says: str) -> Transition:
    plan = action.plan
    entry = AuditEntry(
        event=name,
        actor=event.actor,
        action_id=action.action_id,
        before=action.state,
        after=after,
        digest=action.digest,
        policy_hash=plan.policy_hash if plan is not None else "",
        says=says,
    )
    return Transition(state=after, entry=entry)
