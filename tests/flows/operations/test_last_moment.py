"""Words that come at the same moment as what they would change: one of the two counts, whole."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.adapters.slack.actions import OPERATION_APPROVE
from safe_ops.model.actions import TERMINAL, Action, State
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded

ROUNDS = 4
ENDS_IN = timedelta(milliseconds=900)
"""Some sweeps, and time enough for clicks before and after."""


def test_a_yes_at_the_last_moment_counts_only_before_it(guarded: Guarded) -> None:
    """R3: whoever comes first, the time of the decision and what became of it agree."""
    grounds = [guarded.ground() for _ in range(ROUNDS)]
    waiting = [(ground, ground.suspend()) for ground in grounds]
    cards = [ground.deciding_card(action) for ground, action in waiting]
    ends_at = [ground.ends_in(action, ENDS_IN) for ground, action in waiting]

    def insist() -> list[Action] | None:
        """Press every button again until each action has ended."""
        now = [guarded.action(action.action_id) for _, action in waiting]
        for (ground, _), card, action in zip(waiting, cards, now, strict=True):
            late = ground is grounds[-1] and guarded.now() < ends_at[-1]
            if action.state is State.PENDING_ONCALL and not late:
                ground.press_stale(card, OPERATION_APPROVE, who="ana")
        return now if all(action.state in TERMINAL for action in now) else None

    ended = eventually(insist, "each ended", within_s=30)
    assert ended is not None
    for (ground, _), action, until in zip(waiting, ended, ends_at, strict=True):
        given = [row.at for row in guarded.audit(action) if row.entry.event == "action.approved"]
        assert action.state in {State.SUCCEEDED, State.EXPIRED}
        assert len(action.approvals) == len(given) == (action.state is State.SUCCEEDED)
        assert all(at < until for at in given)
        assert len(ground.writes()) == len(given)
    assert ended[-1].state is State.EXPIRED


def test_what_is_taken_back_while_it_is_checked_never_begins(
    ground: Ground, guarded: Guarded
) -> None:
    """R11: the operator has claimed it, and finds it gone."""
    action = ground.suspend()
    with ground.while_it_is_checked(action, by="ana"):
        ground.say(f"cancel {action.label} fixed by hand", who="tom")
        revoked = ground.reaches(action, State.REVOKED)
    eventually(lambda: guarded.rings() == 0, "every job is done", within_s=30)
    ground.note_to("tom", f"{action.label} is taken back")
    assert "fixed by hand" in revoked.reason
    assert guarded.action(action.action_id) == revoked
    assert guarded.journal(action) == ()
    assert ground.writes() == []
    assert "executing" not in {row.entry.after for row in guarded.audit(action)}
