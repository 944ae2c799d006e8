"""An approval nobody gives: who comes next is called once, however many sweep."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from bot.adapters.store.operation_tables import actions
from safe_ops.model.actions import State
from tests.flows.house import database_of
from tests.flows.operations.ground import PATIENCE_S

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded
    from tests.lab.slack.reading import Seen

LEFT = timedelta(minutes=4)
"""Less than a third of the quarter of an hour an on-call approval is waited for."""


def test_managers_are_told_once_of_what_those_on_call_leave(
    ground: Ground, guarded: Guarded
) -> None:
    action = ground.suspend(heavy=True)
    another = guarded.start("cron")
    another.wait_until_said("cron_started", within_s=PATIENCE_S)
    # Eleven of fifteen minutes are over, as the row tells it.
    with database_of(guarded.house.installation) as engine, engine.begin() as connection:
        connection.execute(
            update(actions)
            .where(actions.c.action_id == action.action_id)
            .values(stage_until=action.created_at + LEFT)
        )
    guarded.slack.wait_for(
        lambda: calls(ground, action), timeout_s=PATIENCE_S, what=f"a call to {action.label}"
    )
    # The next sweeps, after a restart of one of the two as well, have nothing to add.
    another.stop()
    another = guarded.start("cron")
    another.wait_until_said("cron_started", within_s=PATIENCE_S)
    later = ground.suspend()
    ground.set_back(later, "stage_until")
    ground.reaches(later, State.EXPIRED)
    another.stop()
    (call,) = calls(ground, action)
    assert "<!subteam^S0LABMGR1>" in call.text
    assert "You cannot give this approval" in call.text
    ground.approved(action, "ana")


def calls(ground: Ground, action: Action) -> list[Seen]:
    said = ground.slack.messages(f"#{ground.channel}")
    return [one for one in said if one.text.startswith("⏫") and f"*{action.label}*" in one.text]
