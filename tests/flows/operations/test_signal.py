"""Verification by the signal an incident came by: worse is undone once, the rest is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.actions import CallOutcome, Effect, Phase, State
from tests.flows.operations.hurried import carried_out_at_once
from tests.flows.operations.incidents import Gauge, OpenIncident

if TYPE_CHECKING:
    import pytest

    from safe_ops.model.actions import Action
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded


def test_what_makes_the_incident_s_signal_fire_is_undone_once(
    ground: Ground, guarded: Guarded
) -> None:
    incident = OpenIncident(ground)
    before = ground.job()["spec"]
    action = _ordered(ground, incident)
    with ground.held_at_its_call(action, by="ana"):
        incident.fire()
    undone = ground.reaches(action, State.ROLLED_BACK)
    assert undone.outcome is not None
    assert "the incident's signal fires now and did not before" in undone.outcome.says
    assert "It was changed back" in undone.outcome.says
    card = ground.card(undone, "it did not help and was undone")
    assert incident.name in card.words
    assert card.thread_ts == incident.root.ts
    assert ground.job()["spec"] == before
    told = [(row.part, row.phase, row.outcome) for row in guarded.journal(undone)]
    assert told == [
        (part, *row)
        for part in ("steps", "undo")
        for row in ((Phase.BEFORE, None), (Phase.AFTER, CallOutcome.APPLIED))
    ]
    assert len(ground.writes()) == 2


def test_an_undo_for_the_signal_that_fails_is_not_tried_again_and_somebody_is_called(
    ground: Ground, guarded: Guarded
) -> None:
    incident = OpenIncident(ground)
    action = _ordered(ground, incident)
    with ground.held_at_its_call(action, by="ana"):
        incident.fire()
        guarded.cluster.refuse_writes("no changes while it burns", on=ground.light)
    failed = ground.reaches(action, State.ROLLBACK_FAILED)
    assert failed.outcome is not None
    assert failed.outcome.pages
    assert "fires now and did not before" in failed.outcome.says
    assert "Changing it back failed" in failed.outcome.says
    assert "Look at it now" in ground.page(failed).words
    ground.card(failed, "somebody has to look now")
    assert ground.job()["spec"]["suspend"] is True


def test_what_makes_a_firing_signal_much_stronger_is_undone_once(ground: Ground) -> None:
    failing = Gauge(ground, 0.2)
    incident = OpenIncident(ground, query=f"{failing.query} > 0.05")
    incident.fire()
    before = ground.job()["spec"]
    action = _ordered(ground, incident)
    with ground.held_at_its_call(action, by="ana"):
        failing.show(0.42)
    undone = ground.reaches(action, State.ROLLED_BACK)
    assert undone.outcome is not None
    assert (
        f"the incident's signal got 2.1 times as strong: {incident.name} still fires at 0.42,"
        " threshold 0.05" in undone.outcome.says
    )
    ground.card(undone, "it did not help and was undone")
    assert ground.job()["spec"] == before
    assert len(ground.writes()) == 2


def test_a_signal_that_still_fires_unchanged_is_told_and_nothing_is_undone(
    ground: Ground, guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = OpenIncident(ground, query=f"{Gauge(ground, 0.2).query} > 0.05")
    incident.fire()
    action = _ordered(ground, incident)
    with guarded.unmanned():
        ground.approved(action, "ana")
        done = carried_out_at_once(guarded, action, monkeypatch)
    assert done.state is State.SUCCEEDED
    assert done.outcome is not None
    assert done.outcome.effect is Effect.NOT_SEEN
    ground.card(done, "The incident's signal still fires: this was not enough.")
    assert ground.job()["spec"]["suspend"] is True
    assert len(ground.writes()) == 1


def test_a_signal_that_falls_silent_is_told_as_its_effect(ground: Ground) -> None:
    incident = OpenIncident(ground)
    incident.fire()
    action = _ordered(ground, incident)
    ground.approved(action, "ana")
    ground.reaches(action, State.VERIFYING)
    incident.fall_silent()
    done = ground.reaches(action, State.SUCCEEDED)
    assert done.outcome is not None
    assert done.outcome.effect is Effect.SEEN
    assert len(ground.writes()) == 1


def _ordered(ground: Ground, incident: OpenIncident) -> Action:
    words = f"{ground.suspension(ground.light)} incident={incident.incident_id}"
    action = ground.order(words)
    return ground.reaches(action, State.PENDING_ONCALL)
