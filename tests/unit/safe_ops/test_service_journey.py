"""From a wish to its end, as people and the operator live it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.actions import State

if TYPE_CHECKING:
    from tests.unit.safe_ops.write_side import WriteSide


def test_an_approved_action_is_carried_out_and_verified(side: WriteSide) -> None:
    done = side.executed("a", "b")

    assert (done.state, done.reason) == (State.SUCCEEDED, "")
    assert side.machine.effects == [("a", 5), ("b", 5)]
