"""The switches: stop in the middle of a drain, read-only, freeze; and who may set and lift them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safe_ops.model.actions import CallOutcome, Phase, State
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.estate.faults import Meets
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.trail import AuditRow
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded

OTHER = "prod-us"
"""Its node is drained: one that was stays cordoned and keeps others from being touched."""
EACH_S = 0.5
"""How long an eviction takes there."""
PODS = 6


@pytest.fixture(autouse=True)
def released(guarded: Guarded) -> Iterator[None]:
    """Leave no switch set behind."""
    yield
    ground = guarded.ground()
    for words in ("release", "read-only off", "thaw"):
        ground.say(words, who="marta")
    # Each is answered, be it that nothing of the kind was set.
    eventually(lambda: len(ground.notes_to("marta")) == 3, "all are off", within_s=PATIENCE_S)


def test_a_stop_ends_a_drain_after_the_evictions_under_way(
    ground: Ground, guarded: Guarded
) -> None:
    lab = guarded.house.lab.kubernetes[OTHER]
    node = ground.crowded_node(OTHER, pods=PODS)
    action = ground.order(f"drain_node {node} cluster={OTHER}")
    action = ground.reaches(action, State.PENDING_ONCALL)
    assert action.plan is not None
    planned = len(action.plan.drawing.steps)
    lab.cluster.hang(EACH_S, on="/eviction", meets=Meets.WRITES)
    ground.approved(action, "ana", "marta")
    eventually(lambda: len(lab.writes()) >= 3, "some evictions", within_s=PATIENCE_S)
    ground.say("stop something is wrong", who="ana")
    ended = ground.reaches(action, State.FAILED)
    (stop,) = _switched(guarded, "stopped all operations: something is wrong")
    journal = guarded.journal(action)
    begun = [row for row in journal if row.phase is Phase.BEFORE]
    # The stop's transaction is the line: no call begins after it.
    assert all(row.at is not None and row.at <= stop.at for row in begun)
    assert len(lab.writes()) == len(begun) < planned
    assert (ended.changed_at - stop.at).total_seconds() < EACH_S + 1.0
    done = sum(row.outcome is CallOutcome.APPLIED for row in journal)
    assert done == len(begun)
    assert ended.outcome is not None
    assert f"{done} of {planned} steps took effect" in ended.outcome.says
    assert "nothing is changed back" in ended.outcome.says
    card = ground.card(ended, "it ended without the effect that was wanted")
    assert "is not sent" in card.words
    assert ground.page(ended).words
    assert guarded.house.lab.world.cluster(OTHER).get("Node", node)["spec"]["unschedulable"]


def test_while_stopped_nothing_can_be_approved_until_a_manager_releases_it(
    ground: Ground, guarded: Guarded
) -> None:
    action = ground.suspend()
    ground.say("stop", who="ana")
    ground.note_to("ana", "Stopped: no operation begins")
    ground.approve(action, who="ana")
    ground.note_to("ana", "agree once they are released")
    ground.say("release", who="ana")
    ground.note_to("ana", "ana may not let operations run again: ask somebody of managers")
    assert guarded.action(action.action_id).approvals == ()
    ground.say("release", who="marta")
    ground.note_to("marta", "Released: operations may be approved and run again")
    ground.approved(action, "ana")
    ground.reaches(action, State.SUCCEEDED)
    assert len(ground.writes()) == 1


def test_what_was_approved_and_had_not_begun_is_revoked_by_a_stop(
    ground: Ground, guarded: Guarded
) -> None:
    action = ground.suspend()
    with guarded.unmanned():
        ground.approved(action, "ana")
        ground.say("stop", who="ana")
        ground.reaches(action, State.REVOKED)
    guarded.man()
    ground.say("release", who="marta")
    ground.note_to("marta", "Released")
    assert guarded.action(action.action_id).state is State.REVOKED
    assert ground.writes() == []


def test_what_is_being_checked_when_a_stop_comes_does_not_begin(ground: Ground) -> None:
    action = ground.suspend()
    with ground.while_it_is_checked(action, by="ana"):
        ground.say("stop", who="ana")
        ground.note_to("ana", "Stopped")
    ended = ground.until(action, lambda one: one.state is not State.CLAIMED, what="ended")
    assert ended.state in {State.BLOCKED, State.REVOKED}
    assert ground.writes() == []


def test_while_stopped_nothing_new_is_planned_to_run(ground: Ground) -> None:
    ground.say("stop", who="ana")
    ground.note_to("ana", "Stopped")
    action = ground.order(
        f"cronjob_suspend report -n {ground.light} cluster=prod-eu resume_after_hours=4"
    )
    blocked = ground.reaches(action, State.BLOCKED)
    assert "stopped" in blocked.reason
    assert ground.writes() == []


def test_who_is_on_no_team_cannot_stop_anything(ground: Ground, guarded: Guarded) -> None:
    ground.say("stop", who="tom")
    ground.note_to("tom", "tom may not stop operations")
    action = ground.suspend()
    ground.approved(action, "ana")
    ground.reaches(action, State.SUCCEEDED)
    assert _switched(guarded, "tom") == []


def test_read_only_lets_nothing_run_that_was_approved(ground: Ground, guarded: Guarded) -> None:
    action = ground.suspend()
    with ground.while_it_is_checked(action, by="ana"):
        ground.say("read-only on", who="ana")
        ground.note_to("ana", "Read-only: operations are planned and shown, and none is run")
    ended = ground.until(action, lambda one: one.state is not State.CLAIMED, what="ended")
    assert ended.state in {State.BLOCKED, State.REVOKED}
    assert ground.writes() == []
    assert guarded.journal(action) == ()


def test_a_freeze_blocks_with_the_reason_somebody_gave(ground: Ground) -> None:
    ground.say("freeze year-end closing", who="ana")
    ground.note_to("ana", "Frozen")
    action = ground.order(
        f"cronjob_suspend report -n {ground.light} cluster=prod-eu resume_after_hours=4"
    )
    blocked = ground.reaches(action, State.BLOCKED)
    assert "year-end closing" in blocked.reason


def _switched(guarded: Guarded, words: str) -> list[AuditRow]:
    rows = guarded.audit()
    return [row for row in rows if row.entry.event == "switch.set" and words in row.entry.says]
