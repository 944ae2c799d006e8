"""What follows an outcome nobody knows: it is read back again, or a person settles it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.lifecycle import advance
from tests.unit.safe_ops.rows import NOW, an_action
from tests.unit.safe_ops.test_lifecycle import EVENTS, OUTCOME, S

if TYPE_CHECKING:
    from safe_ops.model.actions import Action


def test_a_person_settles_what_nobody_could_read_back() -> None:
    no = replace(EVENTS["settled"], took_effect=False)  # type: ignore[call-arg]
    failed = advance(an_action(S.INDETERMINATE), no, NOW)
    assert failed.outcome is not None
    assert (failed.state, failed.outcome.says) == (
        S.FAILED,
        "Ana looked and says that it did not take effect: I looked",
    )


# An outcome nobody knows.


def lost(action: Action | None = None) -> Action:
    executing = action or an_action(S.EXECUTING)
    after = advance(executing, EVENTS["outcome lost"], NOW)
    assert after.state is S.INDETERMINATE
    return replace(executing, state=after.state, stage_until=after.stage_until, changed_at=NOW)


def test_an_unknown_outcome_is_read_back_one_five_and_fifteen_minutes_later() -> None:
    action, at = lost(), []
    now = NOW
    for _ in range(30 * 60):
        now += timedelta(seconds=1)
        try:
            looked = advance(action, EVENTS["looked again"], now)
        except RefusedError:
            continue
        at.append((now - NOW, looked.entry.says))
        assert (looked.state, looked.fence_up, looked.operator) == (
            S.INDETERMINATE,
            True,
            "operator-2",
        )
        action = replace(
            action,
            stage_until=looked.stage_until,
            lease_until=looked.lease_until,
            changed_at=now,
            fence=action.fence + 1,
        )
    minutes = [timedelta(minutes=minutes) for minutes in (1, 5, 15)]
    said = [f"read back once more by operator-2, {number} of 3" for number in (1, 2, 3)]
    assert at == list(zip(minutes, said, strict=True))


def test_two_operators_never_read_back_at_once() -> None:
    action = replace(lost(), lease_until=NOW + timedelta(seconds=90))
    for seconds, refuses in ((60, True), (89, True), (90, False)):
        now = NOW + timedelta(seconds=seconds)
        if refuses:
            with pytest.raises(RefusedError):
                advance(action, EVENTS["looked again"], now)
        else:
            assert advance(action, EVENTS["looked again"], now).fence_up


@pytest.mark.parametrize("until", [None, NOW - timedelta(minutes=3)])
def test_an_outcome_lost_before_anybody_read_back_again_is_left_to_people(until: Any) -> None:
    action = replace(lost(), stage_until=until)
    with pytest.raises(RefusedError):
        advance(action, EVENTS["looked again"], NOW + timedelta(days=1))


def test_what_reading_proved_counts_only_under_its_fence() -> None:
    action = lost()
    settled = advance(action, EVENTS["read back"], NOW)
    assert (settled.outcome, settled.entry.facts) == (OUTCOME, {"read": {"0": "applied"}})
    no = replace(EVENTS["read back"], took_effect=False)  # type: ignore[call-arg]
    assert advance(action, no, NOW).state is S.FAILED
    with pytest.raises(FenceLostError):
        advance(replace(action, fence=2), EVENTS["read back"], NOW)
