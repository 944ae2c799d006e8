"""An operation's way from an order in Slack to its verified end, and every end before that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack.actions import OPERATION_APPROVE, OPERATION_DENY
from safe_ops.model.actions import CallOutcome, Phase, State
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded

BUTTONS = {OPERATION_APPROVE, OPERATION_DENY}


def test_on_call_then_a_manager_approve_and_it_is_done_once_and_verified(ground: Ground) -> None:
    action = ground.suspend(heavy=True)
    first = ground.deciding_card(action)
    assert f"prod-eu/CronJob/{ground.heavy}/report" in first.words
    assert "schedule: active → suspended" in first.words
    assert action.digest[:12] in first.words
    ground.approve(action, who="ana")
    second = ground.card(action, "a yes of the manager tier")
    assert set(second.action_ids) >= BUTTONS
    assert ground.writes() == []
    ground.approve(action, who="marta")
    done = ground.reaches(action, State.SUCCEEDED)
    last = ground.card(action, "it is done, and what was wanted is so")
    assert not BUTTONS & set(last.action_ids)
    assert [given.name for given in done.approvals] == ["ana", "marta"]
    (write,) = ground.writes()
    assert (write.method, write.body["spec"]) == ("PATCH", {"suspend": True})
    assert write.body["metadata"]["annotations"] == {"nightdesk.dev/action": done.label}
    assert ground.job(heavy=True)["spec"]["suspend"] is True


def test_what_was_sent_is_what_was_approved_and_stands_in_the_journal(
    ground: Ground, guarded: Guarded
) -> None:
    action = ground.suspend()
    ground.approved(action, "ana")
    done = ground.reaches(action, State.SUCCEEDED)
    assert done.plan is not None
    (step,) = done.plan.drawing.steps
    (write,) = ground.writes()
    assert write.path == step.call.path
    bound = {"$rv": write.body["metadata"]["resourceVersion"], "$action": done.label}
    approved = step.call.body
    assert approved["metadata"]["resourceVersion"] == "$rv"
    assert write.body["spec"] == approved["spec"]
    assert write.body["metadata"]["annotations"] == {
        key: bound.get(value, value) for key, value in approved["metadata"]["annotations"].items()
    }
    before, after = guarded.journal(done)
    assert (before.phase, after.phase) == (Phase.BEFORE, Phase.AFTER)
    assert after.outcome is CallOutcome.APPLIED
    assert done.digest == action.digest


def test_the_audit_tells_each_stage_once_and_who_caused_it(
    ground: Ground, guarded: Guarded
) -> None:
    action = ground.suspend(heavy=True)
    ground.approved(action, "ana", "marta")
    done = ground.reaches(action, State.SUCCEEDED)
    rows = guarded.audit(done)
    told = [(row.entry.after, row.entry.actor.slack_id) for row in rows if row.entry.after]
    people = {name: guarded.slack.as_user(name).id for name in ("tom", "ana", "marta")}
    assert told == [
        ("draft", people["tom"]),
        ("pending_oncall", ""),
        ("pending_manager", people["ana"]),
        ("approved", people["marta"]),
        ("claimed", ""),
        ("executing", ""),
        ("verifying", ""),
        ("succeeded", ""),
    ]
    others = [row.entry.event for row in rows if not row.entry.after]
    assert others == ["record.opened", "call.before", "call.after"]


def test_a_change_record_is_opened_and_closed(ground: Ground, guarded: Guarded) -> None:
    action = ground.suspend(heavy=True)
    ground.approved(action, "ana", "marta")
    ground.reaches(action, State.SUCCEEDED)

    def told() -> list[str]:
        # A sink may be told the same twice.
        records = guarded.change_records(action)
        return list(dict.fromkeys(record["event"] for record in records))

    eventually(lambda: told() == ["opened", "closed"], "both told", within_s=PATIENCE_S)


def test_where_policy_needs_nobody_it_runs_by_itself(ground: Ground, guarded: Guarded) -> None:
    action = ground.order(
        "cronjob_suspend cart-cleanup -n shop cluster=staging resume_after_hours=4"
    )
    done = ground.reaches(action, State.SUCCEEDED)
    (given,) = done.approvals
    assert given.subject.startswith("policy:")
    assert "policy, which lets it run by itself here" in ground.card(done, "it is done").words
    assert len(guarded.house.lab.kubernetes["staging"].writes()) == 1


def test_on_call_may_confirm_a_light_request_of_their_own(ground: Ground) -> None:
    action = ground.suspend(who="ana")
    ground.approved(action, "ana")
    done = ground.reaches(action, State.SUCCEEDED)
    assert [given.name for given in done.approvals] == ["ana"]


def test_one_no_ends_it_though_on_call_said_yes(ground: Ground) -> None:
    action = ground.suspend(heavy=True)
    ground.approved(action, "ana")
    ground.deny(action, who="marta", reason="month-end closing runs until six")
    ended = ground.reaches(action, State.REJECTED)
    card = ground.card(action, "was denied; nothing was changed")
    assert "month-end closing runs until six" in card.words
    assert not BUTTONS & set(card.action_ids)
    assert "marta" in ended.reason
    assert ground.writes() == []


def test_the_requester_takes_it_back_by_denying_it(ground: Ground) -> None:
    action = ground.suspend()
    ground.deny(action, who="tom")
    ground.reaches(action, State.CANCELLED)
    ground.card(action, "was taken back; nothing was changed")
    assert ground.writes() == []


def test_the_requester_takes_it_back_by_command_and_nobody_else_does(ground: Ground) -> None:
    action = ground.suspend()
    ground.say(f"cancel {action.label}", who="marta")
    ground.note_to("marta", "Only who asked for")
    ground.say(f"cancel {action.label} not needed any more", who="tom")
    ended = ground.reaches(action, State.CANCELLED)
    ground.note_to("tom", f"{action.label} is taken back; nothing was changed")
    assert "not needed any more" in ended.reason
    assert ground.writes() == []


def test_silence_is_a_no_and_a_late_yes_changes_nothing(ground: Ground) -> None:
    action = ground.suspend()
    card = ground.deciding_card(action)
    # The wait is a quarter of an hour; the row's time is set back instead.
    ground.set_back(action, "stage_until")
    ground.reaches(action, State.EXPIRED)
    gone = ground.card(action, "ran out of time; it was not run")
    assert not BUTTONS & set(gone.action_ids)
    ground.press_stale(card, OPERATION_APPROVE, who="ana")
    ground.note_to("ana", f"{action.label} has expired; it was not run")
    assert ground.writes() == []


def test_what_nobody_began_in_time_is_not_begun_later(ground: Ground, guarded: Guarded) -> None:
    action = ground.suspend()
    with guarded.unmanned():
        ground.approved(action, "ana")
        # The operator has ten minutes to begin; the row's time is set back instead.
        ground.set_back(action, "stage_until")
        ground.reaches(action, State.EXPIRED)
    guarded.man()
    ground.card(action, "ran out of time; it was not run")
    assert ground.writes() == []
