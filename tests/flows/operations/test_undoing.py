"""What does not help is undone, once; what cannot be undone calls somebody."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from safe_ops.model.actions import CallOutcome, Phase, State
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded

WEB = "web"
STILL_S = 0.6
"""Some steps of the lab's controllers."""


def test_a_restart_that_does_not_come_up_is_undone_once(ground: Ground, guarded: Guarded) -> None:
    ground.deployment(WEB)
    before = guarded.cluster.get("Deployment", WEB, ground.light)
    _makes_new_pods_crash(ground, guarded)
    action = _restarted(ground)
    _runs_out_of_time(ground, guarded, action)
    undone = ground.reaches(action, State.ROLLED_BACK)
    assert undone.outcome is not None
    assert "It was changed back" in undone.outcome.says
    assert not undone.outcome.pages
    ground.card(undone, "it did not help and was undone")
    after = guarded.cluster.get("Deployment", WEB, ground.light)
    assert after["spec"] == before["spec"]
    assert [write.method for write in ground.writes()] == ["PATCH", "PATCH"]
    told = [(row.part, row.phase, row.outcome) for row in guarded.journal(undone)]
    assert told == [
        (part, *row)
        for part in ("steps", "undo")
        for row in ((Phase.BEFORE, None), (Phase.AFTER, CallOutcome.APPLIED))
    ]
    changes = [row.entry.after for row in guarded.audit(undone) if row.entry.after]
    assert changes[-2:] == ["rolling_back", "rolled_back"]


def test_killed_while_it_undoes_another_ends_the_undo_once(
    ground: Ground, guarded: Guarded
) -> None:
    ground.deployment(WEB)
    before = guarded.cluster.get("Deployment", WEB, ground.light)
    _makes_new_pods_crash(ground, guarded)
    action = _restarted(ground)
    guarded.cluster.drop_writes(on=ground.light)
    _runs_out_of_time(ground, guarded, action)
    eventually(lambda: len(ground.writes()) == 2, "the undo is sent", within_s=PATIENCE_S)
    held = guarded.action(action.action_id)
    assert held.state is State.ROLLING_BACK
    guarded.holder(held).kill()
    ground.set_back(held, "lease_until")
    ground.reaches(action, State.ROLLED_BACK)
    assert len(ground.writes()) == 2
    assert guarded.cluster.get("Deployment", WEB, ground.light)["spec"] == before["spec"]


def test_what_was_undone_rests_before_it_is_tried_again(ground: Ground, guarded: Guarded) -> None:
    ground.deployment(WEB)
    _makes_new_pods_crash(ground, guarded)
    action = _restarted(ground)
    _runs_out_of_time(ground, guarded, action)
    ground.reaches(action, State.ROLLED_BACK)
    again = ground.order(f"rollout_restart deployment/{WEB} -n {ground.light} cluster=prod-eu")
    blocked = ground.reaches(again, State.BLOCKED)
    assert action.label in blocked.reason


def test_an_undo_that_would_overwrite_somebody_calls_a_human(
    ground: Ground, guarded: Guarded
) -> None:
    action = ground.suspend()
    with ground.held_at_its_call(action, by="ana"):
        guarded.cluster.fail(500, on=f"/{ground.light}/")
    ground.reaches(action, State.VERIFYING)
    # While it cannot be seen, somebody resumes the job by hand.
    found = ground.job()
    found["spec"]["suspend"] = False
    guarded.cluster.apply(found)
    guarded.cluster.heal()
    failed = ground.reaches(action, State.ROLLBACK_FAILED)
    assert failed.outcome is not None
    assert failed.outcome.pages
    assert "somebody else" in failed.outcome.says
    ground.card(failed, "somebody has to look now")
    assert "oncall" in str(ground.page(failed).blocks) or ground.page(failed).words
    assert len(ground.writes()) == 1
    assert ground.job()["spec"]["suspend"] is False


def _makes_new_pods_crash(ground: Ground, guarded: Guarded) -> None:
    """Let what starts from now on crash, though the pods there are run on."""
    found = guarded.cluster.get("Deployment", WEB, ground.light)
    spec = found["spec"]["template"]["spec"]
    guarded.cluster.behaviours.note(found, spec, given={}, state="crash_loop")


def _restarted(ground: Ground) -> Action:
    action = ground.order(f"rollout_restart deployment/{WEB} -n {ground.light} cluster=prod-eu")
    ground.reaches(action, State.PENDING_ONCALL)
    ground.approved(action, "ana")
    return ground.reaches(action, State.VERIFYING)


def _runs_out_of_time(ground: Ground, guarded: Guarded, action: Action) -> None:
    """Have the deployment's controller give up, as it does when no pod gets ready in time."""
    given_up = {
        "type": "Progressing",
        "status": "False",
        "reason": "ProgressDeadlineExceeded",
        "message": "has timed out progressing.",
    }
    _stands_still(guarded)
    with guarded.cluster.alone:
        found = guarded.cluster.get("Deployment", WEB, ground.light)
        others = [one for one in found["status"]["conditions"] if one["type"] != "Progressing"]
        found["status"]["conditions"] = [*others, given_up]
        guarded.cluster.apply(found)
    ground.until(action, lambda one: one.state is not State.VERIFYING, what="seen to have failed")


def _stands_still(guarded: Guarded) -> None:
    """Return once the cluster's controllers have nothing left to write."""
    last, since = "", 0.0

    def is_still() -> bool:
        nonlocal last, since
        version, now = guarded.cluster.resource_version, time.monotonic()
        if version != last:
            last, since = version, now
        return now - since > STILL_S

    eventually(is_still, "no more writes", within_s=PATIENCE_S)
