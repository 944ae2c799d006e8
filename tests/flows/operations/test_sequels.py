"""What an approved plan says follows by itself: a suspended cron job is resumed in its time."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from bot.adapters.store.operation_tables import actions
from safe_ops.model.actions import Action, State
from tests.flows.house import database_of
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded

HOURS = 4
"""For how long `Ground.suspend` asks."""


@contextmanager
def _hours_later(guarded: Guarded, action: Action) -> Iterator[None]:
    """Set back when the action succeeded, as if all its time had passed since."""

    def ended(at: object) -> None:
        with database_of(guarded.house.installation) as engine, engine.begin() as connection:
            connection.execute(
                update(actions).where(actions.c.action_id == action.action_id).values(changed_at=at)
            )

    ended(action.changed_at - timedelta(hours=HOURS))
    try:
        yield
    finally:
        # All invariants are looked at afterwards: an action's time is that of its last audit row.
        ended(action.changed_at)


def _sequels(ground: Ground, origin: Action) -> list[Action]:
    return [one for one in ground.actions() if one.request.origin == origin.action_id]


def test_a_suspended_cron_job_is_resumed_without_another_click(
    ground: Ground, guarded: Guarded
) -> None:
    asked = ground.suspend()
    ground.card(asked, f"resumed by itself {HOURS} h after it was suspended")
    ground.approved(asked, "ana")
    suspended = ground.reaches(asked, State.SUCCEEDED)
    assert ground.job()["spec"]["suspend"] is True
    assert _sequels(ground, suspended) == []
    with _hours_later(guarded, suspended):
        eventually(lambda: _sequels(ground, suspended), "its resumption", within_s=PATIENCE_S)
        (resumption,) = _sequels(ground, suspended)
        done = ground.reaches(resumption, State.SUCCEEDED)
        assert ground.job()["spec"]["suspend"] is False
        assert done.request.requester == f"timer:{suspended.label}"
        assert [given.name for given in done.approvals] == ["the policy"]
        ground.card(done, "cronjob resume")
        assert done.plan is not None
        assert f"approved with {suspended.label}, whose plan said so" in done.plan.drawing.notes
        told = [row.entry.event for row in guarded.audit(done)]
        assert told[0] == "action.requested"
        assert "action.succeeded" in told
        assert len(guarded.journal(done)) == 2
    assert [write.method for write in ground.writes()] == ["PATCH", "PATCH"]
    assert len(_sequels(ground, suspended)) == 1


def test_a_cron_job_somebody_resumed_already_is_left_alone(
    ground: Ground, guarded: Guarded
) -> None:
    asked = ground.suspend()
    ground.approved(asked, "ana")
    suspended = ground.reaches(asked, State.SUCCEEDED)
    by_hand = ground.order(f"cronjob_resume report -n {ground.light} cluster=prod-eu")
    ground.reaches(by_hand, State.PENDING_ONCALL)
    ground.approved(by_hand, "ana")
    ground.reaches(by_hand, State.SUCCEEDED)
    with _hours_later(guarded, suspended):
        eventually(lambda: _sequels(ground, suspended), "its resumption", within_s=PATIENCE_S)
        (dropped,) = _sequels(ground, suspended)
        ended = ground.reaches(dropped, State.CANCELLED)
        assert "is active already" in ended.reason
    assert len(ground.writes()) == 2
