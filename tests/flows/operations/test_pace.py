"""An operator that may begin does: between its last look and its first call it waits for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack.actions import OPERATION_APPROVE
from safe_ops.model.actions import State
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded

SLOW_S = 5.0


def test_the_first_call_waits_for_no_card(ground: Ground, guarded: Guarded) -> None:
    action = ground.suspend()
    # The listener's drawing and the operator's, whoever comes first.
    guarded.slack.faults.add("chat.update", latency_s=SLOW_S, times=2)
    ground.approved(action, "ana")
    eventually(ground.writes, "its call", within_s=PATIENCE_S)
    assert OPERATION_APPROVE in ground.card(action).action_ids
    ground.reaches(action, State.SUCCEEDED)
    ground.card(action, "it is done")
    guarded.slack.faults.clear()
