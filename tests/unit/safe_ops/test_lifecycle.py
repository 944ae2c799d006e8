"""Which state follows which: the whole table, and that nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.lifecycle import advance
from safe_ops.model import events as on
from safe_ops.model.actions import HELD, TERMINAL, Factor, Outcome, PendingProof, State
from safe_ops.model.plans import Stage
from safe_ops.model.standing import PROOF_FAILURES, STANDING, current_need
from safe_ops.model.trail import Actor
from tests.unit.safe_ops.rows import MANAGER, NOW, ONCALL, a_plan, an_action, yes

if TYPE_CHECKING:
    from safe_ops.model.actions import Action

ANA = Actor(subject="ana")
OPEN = on.WindowView(open=True, says="changes are allowed")
SHUT = on.WindowView(open=False, says="opens at 13:00", opens_at=NOW + timedelta(hours=1))
FAR = on.WindowView(open=False, says="opens on Monday", opens_at=NOW + timedelta(days=3))
NEVER = on.WindowView(open=False, says="a freeze without end")
OUTCOME = Outcome(says="so it ended")
LATE = NOW + timedelta(minutes=1)
HOLD: dict[str, Any] = {"actor": Actor(subject="process:operator"), "fence": 1}

EVENTS: dict[str, on.Event] = {
    "planned": on.Planned(actor=ANA, plan=a_plan(), digest="d" * 64, window=OPEN),
    "blocked": on.Blocked(actor=ANA, reason="a guard refused", code="window"),
    "agreed": on.Agreed(actor=ANA, approval=yes("ben"), window=OPEN),
    "manager agreed": on.Agreed(actor=ANA, approval=yes("leo", Stage.MANAGER), window=OPEN),
    "proven": on.Proven(
        actor=ANA, approval=yes("ana", factor=Factor.TOTP, factor_at=NOW), window=OPEN
    ),
    "proof failed": on.ProofFailed(actor=ANA),
    "denied": on.Denied(actor=ANA, name="Ana", reason="not now"),
    "taken back": on.TakenBack(actor=ANA, name="Eve", reason=""),
    "window opened": on.WindowOpened(actor=ANA),
    "claimed": on.Claimed(actor=ANA, operator="operator-2", window=OPEN),
    "barred": on.Barred(**HOLD, reason="a guard refused", code="window"),
    "drifted": on.Drifted(**HOLD, reason="it changed"),
    "consent lost": on.ConsentLost(**HOLD, reason="Ana left"),
    "started": on.Started(**HOLD),
    "all sent": on.AllSent(**HOLD, says="1 of 1 steps took effect"),
    "verified": on.Verified(**HOLD, outcome=OUTCOME),
    "ended": on.Ended(**HOLD, outcome=OUTCOME),
    "outcome lost": on.OutcomeLost(**HOLD, outcome=OUTCOME),
    "undo begun": on.UndoBegun(**HOLD, reason="it did not help"),
    "undone": on.Undone(**HOLD, outcome=OUTCOME),
    "undo failed": on.UndoFailed(**HOLD, outcome=OUTCOME),
    "looked again": on.LookedAgain(actor=ANA, operator="operator-2"),
    "read back": on.ReadBack(**HOLD, took_effect=True, outcome=OUTCOME, read={"0": "applied"}),
    "settled": on.Settled(actor=ANA, name="Ana", took_effect=True, reason="I looked"),
}
S = State
TABLE: dict[tuple[State, str], State] = {
    (S.DRAFT, "planned"): S.PENDING_ONCALL,
    (S.DRAFT, "blocked"): S.BLOCKED,
    (S.DRAFT, "taken back"): S.CANCELLED,
    (S.PENDING_ONCALL, "agreed"): S.PENDING_MANAGER,
    (S.PENDING_ONCALL, "denied"): S.REJECTED,
    (S.PENDING_ONCALL, "taken back"): S.CANCELLED,
    (S.PENDING_MANAGER, "manager agreed"): S.APPROVED,
    (S.PENDING_MANAGER, "denied"): S.REJECTED,
    (S.PENDING_MANAGER, "taken back"): S.CANCELLED,
    (S.PENDING_FACTOR, "proven"): S.PENDING_MANAGER,
    (S.PENDING_FACTOR, "proof failed"): S.PENDING_FACTOR,
    (S.PENDING_FACTOR, "denied"): S.REJECTED,
    (S.PENDING_FACTOR, "taken back"): S.CANCELLED,
    (S.APPROVED, "claimed"): S.CLAIMED,
    (S.APPROVED, "taken back"): S.REVOKED,
    (S.SCHEDULED, "window opened"): S.APPROVED,
    (S.SCHEDULED, "taken back"): S.REVOKED,
    (S.CLAIMED, "taken back"): S.REVOKED,
    (S.CLAIMED, "barred"): S.BLOCKED,
    (S.CLAIMED, "drifted"): S.STALE,
    (S.CLAIMED, "consent lost"): S.REVOKED,
    (S.CLAIMED, "started"): S.EXECUTING,
    (S.EXECUTING, "drifted"): S.STALE,
    (S.EXECUTING, "all sent"): S.VERIFYING,
    (S.EXECUTING, "ended"): S.FAILED,
    (S.EXECUTING, "outcome lost"): S.INDETERMINATE,
    (S.EXECUTING, "undo begun"): S.ROLLING_BACK,
    (S.VERIFYING, "verified"): S.SUCCEEDED,
    (S.VERIFYING, "ended"): S.FAILED,
    (S.VERIFYING, "undo begun"): S.ROLLING_BACK,
    (S.ROLLING_BACK, "undone"): S.ROLLED_BACK,
    (S.ROLLING_BACK, "undo failed"): S.ROLLBACK_FAILED,
    (S.INDETERMINATE, "read back"): S.SUCCEEDED,
    (S.INDETERMINATE, "settled"): S.SUCCEEDED,
}


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("state", State)
def test_what_the_table_does_not_name_is_refused(state: State, name: str) -> None:
    action, event = an_action(state), EVENTS[name]
    if (state, name) in TABLE:
        after = advance(action, event, NOW)
        assert after.state is TABLE[state, name]
        assert (after.entry.before, after.entry.after) == (state, after.state)
        return
    with pytest.raises((RefusedError, FenceLostError)) as refused:
        advance(action, event, NOW)
    assert "A1" in str(refused.value)


@pytest.mark.parametrize("state", TERMINAL)
def test_no_event_leaves_an_end(state: State) -> None:
    late = [replace_time(event) for event in EVENTS.values()]
    for event in (*EVENTS.values(), *late, on.TimeRanOut(actor=ANA)):
        with pytest.raises((RefusedError, FenceLostError)):
            advance(an_action(state), event, NOW + timedelta(days=1))


def replace_time(event: on.Event) -> on.Event:
    return replace(event, actor=Actor(subject="process:clock"))


@pytest.mark.parametrize(
    "state",
    [S.PENDING_ONCALL, S.PENDING_MANAGER, S.PENDING_FACTOR, S.APPROVED, S.SCHEDULED],
)
def test_time_ends_waiting_and_nothing_else(state: State) -> None:
    ran_out = on.TimeRanOut(actor=ANA)
    expired = advance(an_action(state), ran_out, LATE)
    assert (expired.state, expired.entry.actor.subject) == (S.EXPIRED, "process:clock")
    with pytest.raises(RefusedError):
        advance(an_action(state), ran_out, NOW)
    for busy in set(State) - {
        S.PENDING_ONCALL, S.PENDING_MANAGER, S.PENDING_FACTOR, S.APPROVED, S.SCHEDULED
    }:  # fmt: skip
        with pytest.raises(RefusedError):
            advance(an_action(busy, lease_until=LATE + timedelta(seconds=1)), ran_out, LATE)


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (S.PENDING_ONCALL, "agreed"),
        (S.PENDING_ONCALL, "denied"),
        (S.PENDING_FACTOR, "proven"),
        (S.PENDING_FACTOR, "proof failed"),
        (S.APPROVED, "claimed"),
    ],
)
def test_words_that_come_too_late_find_it_expired(state: State, name: str) -> None:
    assert advance(an_action(state), EVENTS[name], LATE).state is S.EXPIRED
    assert advance(an_action(state), EVENTS[name], LATE - timedelta(microseconds=1)).state is not (
        S.EXPIRED
    )


def test_a_plan_that_ran_out_expires_whatever_its_stage_allows() -> None:
    action = an_action(S.PENDING_ONCALL, stage_until=NOW + timedelta(days=1))
    late = NOW + timedelta(hours=6)
    assert advance(action, EVENTS["agreed"], late).state is S.EXPIRED


@pytest.mark.parametrize("name", [name for name in EVENTS if isinstance(EVENTS[name], on.Held)])
@pytest.mark.parametrize("state", HELD)
def test_an_operator_that_lost_the_fence_can_cause_nothing(state: State, name: str) -> None:
    with pytest.raises(FenceLostError, match="fence 2 and not 1"):
        advance(an_action(state, fence=2), EVENTS[name], NOW)


def test_a_stage_waits_as_long_as_its_need_says() -> None:
    planned = advance(an_action(S.DRAFT), EVENTS["planned"], NOW)
    assert planned.stage_until == NOW + timedelta(minutes=15)
    assert (planned.plan, planned.digest) == (a_plan(), "d" * 64)
    agreed = advance(an_action(S.PENDING_ONCALL), EVENTS["agreed"], NOW)
    assert agreed.stage_until == NOW + timedelta(minutes=30)
    assert agreed.approval == yes("ben")


def test_an_approved_action_has_to_begin_within_ten_minutes() -> None:
    approved = advance(an_action(S.PENDING_MANAGER), EVENTS["manager agreed"], NOW)
    assert approved.stage_until == NOW + timedelta(minutes=10)


def test_a_plan_nobody_has_to_approve_is_approved_by_the_policy() -> None:
    event = on.Planned(actor=ANA, plan=a_plan(needs=()), digest="d", window=OPEN)
    approved = advance(an_action(S.DRAFT), event, NOW)
    assert approved.state is S.APPROVED
    assert approved.approval is not None
    assert approved.approval.subject == "policy:policy-1"


def test_setting_guards_aside_has_an_audit_event_of_its_own() -> None:
    plan = a_plan(break_glass="the shop is down")
    event = on.Planned(actor=ANA, plan=plan, digest="d", window=OPEN)
    assert advance(an_action(S.DRAFT), event, NOW).entry.event == "action.break_glass_planned"


def test_the_manager_tier_may_be_the_first_asked() -> None:
    event = on.Planned(actor=ANA, plan=a_plan(needs=(MANAGER,)), digest="d", window=OPEN)
    assert advance(an_action(S.DRAFT), event, NOW).state is S.PENDING_MANAGER


@pytest.mark.parametrize(
    ("window", "after", "until"),
    [
        (SHUT, S.SCHEDULED, NOW + timedelta(hours=1, minutes=10)),
        (FAR, S.EXPIRED, None),
        (NEVER, S.EXPIRED, None),
    ],
)
def test_a_closed_window_is_waited_for_if_it_opens_within_four_hours(
    window: on.WindowView, after: State, until: object
) -> None:
    agreed = replace(EVENTS["manager agreed"], window=window)  # type: ignore[call-arg]
    claimed = on.Claimed(actor=ANA, operator="operator-2", window=window)
    approved = advance(an_action(S.PENDING_MANAGER), agreed, NOW)
    assert (approved.state, approved.stage_until) == (after, until)
    assert window.says in (approved.reason or "")
    assert advance(an_action(S.APPROVED), claimed, NOW).state is after


def test_broken_glass_waits_for_no_window() -> None:
    plan = a_plan(break_glass="the shop is down")
    claimed = on.Claimed(actor=ANA, operator="operator-2", window=NEVER)
    assert advance(an_action(S.APPROVED, plan=plan), claimed, NOW).state is S.CLAIMED


def test_a_window_that_opens_too_late_lets_nothing_begin() -> None:
    with pytest.raises(RefusedError):
        advance(an_action(S.SCHEDULED), EVENTS["window opened"], LATE)


def test_a_claim_raises_the_fence_and_gives_a_lease() -> None:
    claimed = advance(an_action(S.APPROVED), EVENTS["claimed"], NOW)
    assert (claimed.fence_up, claimed.operator) == (True, "operator-2")
    assert claimed.lease_until == NOW + timedelta(seconds=60)


@pytest.mark.parametrize("state", HELD)
def test_an_operator_that_fell_silent_is_relieved_where_it_was(state: State) -> None:
    action = an_action(state, stage_until=NOW + timedelta(seconds=61))
    with pytest.raises(RefusedError, match="operator-1 has it") as refused:
        advance(action, EVENTS["claimed"], NOW + timedelta(seconds=59))
    assert refused.value.code == "held"
    taken = advance(action, EVENTS["claimed"], NOW + timedelta(seconds=60))
    assert (taken.state, taken.fence_up, taken.entry.event) == (state, True, "action.taken_over")


def test_what_was_taken_and_never_begun_is_not_taken_over_too_late() -> None:
    action, late = an_action(S.CLAIMED), NOW + timedelta(seconds=60)
    for event in (EVENTS["claimed"], on.TimeRanOut(actor=ANA)):
        assert advance(action, event, late).state is S.EXPIRED
    begun = an_action(S.EXECUTING)
    assert advance(begun, EVENTS["claimed"], late).state is S.EXECUTING


@pytest.mark.parametrize(
    ("action", "approval", "code"),
    [
        (an_action(S.PENDING_ONCALL), yes("leo", Stage.MANAGER), "stage"),
        (an_action(S.PENDING_MANAGER), yes("ana", Stage.MANAGER), "same-person"),
        (an_action(S.PENDING_ONCALL), yes("eve"), "own-request"),
    ],
    ids=["stage", "same-person", "own-request"],
)
def test_an_approval_that_is_not_the_one_due_is_refused(
    action: Action, approval: object, code: str
) -> None:
    agreed = replace(EVENTS["agreed"], approval=approval)  # type: ignore[call-arg]
    with pytest.raises(RefusedError) as refused:
        advance(action, agreed, NOW)
    assert refused.value.code == code


def test_who_asked_may_agree_where_the_plan_allows_it() -> None:
    plan = a_plan(needs=(replace(ONCALL, not_requester=False),))
    agreed = on.Agreed(actor=ANA, approval=yes("eve"), window=OPEN)
    assert advance(an_action(S.PENDING_ONCALL, plan=plan), agreed, NOW).state is S.APPROVED


def test_a_yes_that_needs_a_second_factor_counts_only_once_it_is_proven() -> None:
    plan = a_plan(needs=(replace(ONCALL, factor=True),))
    waits = advance(an_action(S.PENDING_ONCALL, plan=plan), EVENTS["agreed"], NOW)
    assert (waits.state, waits.approval) == (S.PENDING_FACTOR, None)
    assert waits.proof == PendingProof(approval=yes("ben"))
    assert waits.stage_until == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    "approval",
    [
        yes("ana"),
        yes("ben", factor=Factor.TOTP, factor_at=NOW),
        yes("ana", Stage.MANAGER, factor=Factor.TOTP, factor_at=NOW),
    ],
    ids=["no factor", "another person", "another stage"],
)
def test_only_the_yes_that_waits_can_be_proven(approval: object) -> None:
    proven = replace(EVENTS["proven"], approval=approval)  # type: ignore[call-arg]
    with pytest.raises(RefusedError) as refused:
        advance(an_action(S.PENDING_FACTOR), proven, NOW)
    assert refused.value.code == "factor"


def test_a_proof_nobody_waits_for_is_refused() -> None:
    action = an_action(S.PENDING_FACTOR, proof=None)
    for name in ("proven", "proof failed"):
        with pytest.raises(RefusedError):
            advance(action, EVENTS[name], NOW)


def test_the_fifth_answer_that_fails_ends_it() -> None:
    action = an_action(S.PENDING_FACTOR)
    for count in range(1, PROOF_FAILURES):
        failed = advance(action, EVENTS["proof failed"], NOW)
        assert failed.proof is not None
        assert (failed.state, failed.proof.failures) == (S.PENDING_FACTOR, count)
        action = replace(action, proof=failed.proof)
    ended = advance(action, EVENTS["proof failed"], NOW)
    assert ended.state is S.REJECTED
    assert ended.outcome is not None
    assert ended.outcome.pages


def test_a_pending_action_without_a_need_takes_no_approval() -> None:
    action = an_action(S.PENDING_ONCALL, plan=a_plan(needs=()))
    assert current_need(action) is None
    with pytest.raises(RefusedError):
        advance(action, EVENTS["agreed"], NOW)


def test_a_blocked_plan_is_kept_if_there_was_one() -> None:
    event = on.Blocked(actor=ANA, reason="busy", code="busy", plan=a_plan(), digest="d")
    blocked = advance(an_action(S.DRAFT), event, NOW)
    assert (blocked.plan, blocked.digest, blocked.entry.facts) == (
        a_plan(),
        "d",
        {"code": "busy"},
    )


def test_every_state_has_words() -> None:
    assert STANDING.keys() == set(State)
