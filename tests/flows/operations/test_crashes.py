"""Deaths and pauses of operators, lost jobs, lost answers: never two effects, never a lost yes.

A lease is a minute; instead of waiting it out, the row's time is set back once its holder is gone.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.actions import OPERATION_SETTLE
from safe_ops.model.actions import AT_WORK, CallOutcome, Phase, State
from tests.flows.house import events_of
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.estate.faults import Meets
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded

DUPLICATES = 20
AT_ONCE = 4


def test_killed_while_it_checks_another_begins_anew(ground: Ground, guarded: Guarded) -> None:
    """R7: before the first row."""
    action = ground.suspend()
    with ground.while_it_is_checked(action, by="ana"):
        held = guarded.action(action.action_id)
        _killed(ground, guarded, held)
        assert guarded.journal(action) == ()
    done = ground.reaches(action, State.SUCCEEDED)
    assert done.fence == held.fence + 1
    assert len(ground.writes()) == 1


def test_killed_before_its_call_arrived_another_finds_its_effect(
    ground: Ground, guarded: Guarded
) -> None:
    """R7: after the row before the call."""
    with ground.held_at_its_call(ground.suspend(), by="ana") as held:
        guarded.holder(held).kill()
    eventually(lambda: ground.job()["spec"]["suspend"], "it arrives", within_s=PATIENCE_S)
    _abandoned(ground, guarded, held)
    ground.reaches(held, State.SUCCEEDED)
    assert len(ground.writes()) == 1
    assert guarded.journal(held)[-1].outcome is CallOutcome.APPLIED
    ground.card(held, "it is done")


def test_a_call_that_arrives_after_another_operator_sent_it_again_has_no_effect(
    ground: Ground, guarded: Guarded
) -> None:
    """R7: the call is still on its way."""
    with ground.held_at_its_call(ground.suspend(), by="ana") as held:
        _killed(ground, guarded, held)
        done = ground.reaches(held, State.SUCCEEDED)
        suspended = ground.job()
    begun = [row.attempt for row in guarded.journal(done) if row.phase is Phase.BEFORE]
    assert begun == [1, 2]
    # The first call is carried out only now; it names the version it was meant for.
    late, answered = ground.writes()
    assert late.body == answered.body
    assert ground.job() == suspended


def test_killed_between_the_effect_and_its_row_another_finds_it(
    ground: Ground, guarded: Guarded
) -> None:
    """R7: before the row after the call."""
    guarded.cluster.drop_writes(on=ground.light)
    action = ground.suspend()
    ground.approved(action, "ana")
    eventually(lambda: ground.job()["spec"]["suspend"], "it took effect", within_s=PATIENCE_S)
    held = guarded.action(action.action_id)
    _killed(ground, guarded, held)
    assert [row.phase for row in guarded.journal(action)] == [Phase.BEFORE]
    ground.reaches(action, State.SUCCEEDED)
    assert len(ground.writes()) == 1


def test_killed_while_it_verifies_another_verifies(ground: Ground, guarded: Guarded) -> None:
    """R7: after the last row."""
    with ground.held_at_its_call(ground.suspend(), by="ana") as held:
        guarded.cluster.fail(500, on=f"/{ground.light}/")
    held = ground.reaches(held, State.VERIFYING)
    _killed(ground, guarded, held)
    guarded.cluster.heal()
    ground.reaches(held, State.SUCCEEDED)
    assert len(ground.writes()) == 1


def test_killed_amid_its_steps_another_goes_on_where_it_was(
    ground: Ground, guarded: Guarded
) -> None:
    """R7: between the rows of two steps."""
    first, second, third = ground.finished_pods(3)
    action = ground.order(f"delete_finished_pods -n {ground.light} cluster=prod-eu")
    action = ground.reaches(action, State.PENDING_ONCALL)
    assert action.plan is not None
    middle = action.plan.drawing.steps[1].call.path
    guarded.cluster.hang(on=middle, meets=Meets.WRITES, times=1)
    ground.approved(action, "ana")
    eventually(lambda: len(ground.writes()) >= 2, "the second call", within_s=PATIENCE_S)
    held = guarded.action(action.action_id)
    _killed(ground, guarded, held)
    done = ground.reaches(action, State.SUCCEEDED)
    guarded.cluster.heal()
    asked = [write.path for write in ground.writes()]
    assert len(asked) == 4
    assert asked.count(middle) == 2
    assert not {first, second, third} & set(ground.pods())
    applied = [row for row in guarded.journal(done) if row.outcome is CallOutcome.APPLIED]
    assert sorted(row.step for row in applied) == [0, 1, 2]


def test_asleep_past_its_lease_it_finds_itself_fenced_out(ground: Ground, guarded: Guarded) -> None:
    """R8."""
    with ground.held_at_its_call(ground.suspend(), by="ana") as held:
        sleeper = guarded.holder(held)
        guarded.pause(sleeper)
    eventually(lambda: ground.job()["spec"]["suspend"], "it arrives", within_s=PATIENCE_S)
    _abandoned(ground, guarded, held)
    done = ground.reaches(held, State.SUCCEEDED)
    guarded.resume(sleeper)
    eventually(lambda: events_of(sleeper, "action_lost"), "it notices", within_s=PATIENCE_S)
    assert guarded.action(done.action_id) == done
    assert len(ground.writes()) == 1


def test_asleep_while_it_checks_it_sends_nothing_when_it_wakes(
    ground: Ground, guarded: Guarded
) -> None:
    """R8."""
    action = ground.suspend()
    with ground.while_it_is_checked(action, by="ana"):
        sleeper = guarded.holder(guarded.action(action.action_id))
        guarded.pause(sleeper)
    _abandoned(ground, guarded, action)
    done = ground.reaches(action, State.SUCCEEDED)
    guarded.resume(sleeper)
    eventually(lambda: events_of(sleeper, "action_lost"), "it notices", within_s=PATIENCE_S)
    assert guarded.action(action.action_id) == done
    assert len(ground.writes()) == 1


def test_twenty_jobs_for_one_action_are_one_effect(ground: Ground, guarded: Guarded) -> None:
    """R6."""
    action = ground.suspend()
    guarded.ring(action, times=DUPLICATES)
    ground.approve(action, who="ana")
    guarded.ring(action, times=DUPLICATES)
    done = ground.reaches(action, State.SUCCEEDED)
    guarded.ring(action, times=DUPLICATES)
    eventually(lambda: guarded.rings() == 0, "every job is done", within_s=PATIENCE_S)
    assert len(ground.writes()) == 1
    assert len(guarded.journal(action)) == 2
    assert done.fence == 1


def test_jobs_for_an_action_that_is_held_are_left_alone(ground: Ground, guarded: Guarded) -> None:
    """R5 and R6."""
    with ground.held_at_its_call(ground.suspend(), by="ana") as held:
        guarded.ring(held, times=DUPLICATES)
        eventually(lambda: guarded.rings() == 0, "every job is done", within_s=PATIENCE_S)
        assert guarded.action(held.action_id).fence == held.fence
    ground.reaches(held, State.SUCCEEDED)
    assert len(ground.writes()) == 1


def test_redis_that_lost_everything_loses_no_approval(ground: Ground, guarded: Guarded) -> None:
    action = ground.suspend()
    with guarded.unmanned():
        ground.approved(action, "ana")
        guarded.flush()
    guarded.man()
    ground.reaches(action, State.SUCCEEDED)
    assert len(ground.writes()) == 1


def test_redis_away_while_people_approve_loses_nothing(ground: Ground, guarded: Guarded) -> None:
    action = ground.suspend()
    card = ground.deciding_card(action)
    guarded.house.stop_redis()
    try:
        guarded.slack.as_user("ana").click(card.ts, "operation.approve")
        ground.reaches(action, State.APPROVED)
    finally:
        guarded.house.start_redis()
    ground.reaches(action, State.SUCCEEDED)
    ground.card(action, "it is done")
    assert len(ground.writes()) == 1


def test_two_operators_share_many_actions_and_do_each_once(guarded: Guarded) -> None:
    """R5."""
    grounds = [guarded.ground() for _ in range(AT_ONCE)]
    asked = [(ground, ground.suspend()) for ground in grounds]
    for ground, action in asked:
        ground.approve(action, who="ana")
        guarded.ring(action, times=2)
    for ground, action in asked:
        assert ground.reaches(action, State.SUCCEEDED).fence == 1
        assert len(ground.writes()) == 1


def test_a_conflict_at_the_call_ends_it_stale(ground: Ground, guarded: Guarded) -> None:
    """R9: between the last look and the call."""
    guarded.cluster.conflict_writes(on=ground.light)
    action = ground.suspend()
    ground.approved(action, "ana")
    stale = ground.reaches(action, State.STALE)
    ground.card(stale, "the target is not as it was planned for. Nothing was changed")
    assert len(ground.writes()) == 1
    assert not ground.job()["spec"]["suspend"]


def test_a_target_changed_after_approval_is_left_alone(ground: Ground) -> None:
    """R9: before the last look."""
    action = ground.suspend()
    with ground.while_it_is_checked(action, by="ana"):
        ground.change_job(schedule="0 5 * * *")
    ground.reaches(action, State.STALE)
    ground.card(action, "is out of date")
    assert ground.writes() == []


def test_a_change_of_status_alone_is_no_drift(ground: Ground, guarded: Guarded) -> None:
    action = ground.suspend()
    with ground.while_it_is_checked(action, by="ana"):
        found = ground.job()
        guarded.cluster.apply(found | {"status": {"lastScheduleTime": "2026-11-21T02:00:00Z"}})
    ground.reaches(action, State.SUCCEEDED)
    assert len(ground.writes()) == 1


@pytest.mark.parametrize(
    ("choice", "ends"), [("took_effect", State.SUCCEEDED), ("had_none", State.FAILED)]
)
def test_what_nobody_can_tell_is_settled_by_a_person_and_never_sent_again(
    ground: Ground, guarded: Guarded, choice: str, ends: State
) -> None:
    guarded.cluster.drop_writes(on=ground.light)
    action = ground.suspend()
    ground.approved(action, "ana")
    eventually(lambda: ground.job()["spec"]["suspend"], "it took effect", within_s=PATIENCE_S)
    # Before it is read back, somebody else writes the very field, without our mark.
    found = ground.job()
    del found["metadata"]["annotations"]["nightdesk.dev/action"]
    guarded.cluster.apply(found)
    lost = ground.reaches(action, State.INDETERMINATE)
    card = ground.card(lost, "nobody knows whether it took effect")
    assert OPERATION_SETTLE in card.action_ids
    page = ground.page(lost)
    assert "settle" in page.words.lower()
    guarded.slack.as_user("marta").click(card.ts, OPERATION_SETTLE)
    form = guarded.slack.wait_for_view("marta", callback_id="operation.settlement", timeout_s=20)
    guarded.slack.as_user("marta").submit_view(form.id, {"effect": choice, "reason": "I looked"})
    ground.reaches(action, ends)
    assert len(ground.writes()) == 1


def test_what_can_be_read_later_on_is_settled_by_reading_it(
    ground: Ground, guarded: Guarded
) -> None:
    guarded.cluster.drop_writes(on=ground.light)
    action = ground.suspend()
    ground.approved(action, "ana")
    eventually(lambda: ground.job()["spec"]["suspend"], "it took effect", within_s=PATIENCE_S)
    marked = ground.job()
    unmarked = deepcopy(marked)
    del unmarked["metadata"]["annotations"]["nightdesk.dev/action"]
    guarded.cluster.apply(unmarked)
    lost = ground.reaches(action, State.INDETERMINATE)
    guarded.cluster.heal()
    guarded.cluster.apply(marked)
    # Instead of waiting a minute for the first look, the row's times are set back.
    ground.let_pass(lost, timedelta(minutes=1))
    settled = ground.reaches(action, State.SUCCEEDED)
    assert settled.outcome is not None
    assert settled.outcome.says.startswith("Read back: it took effect")
    assert settled.fence == lost.fence + 1
    assert len(ground.writes()) == 1
    ground.card(settled, "it is done")


def _killed(ground: Ground, guarded: Guarded, held: Action) -> None:
    """Take the holder away, and let its lease run out."""
    guarded.holder(held).kill()
    _abandoned(ground, guarded, held)


def _abandoned(ground: Ground, guarded: Guarded, held: Action) -> None:
    assert guarded.action(held.action_id).state in AT_WORK
    ground.set_back(held, "lease_until")
