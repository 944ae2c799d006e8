"""Who is called while nobody decides, over a real Slack: whom, when, and never twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.registry import Team
from safe_ops.model.plans import Need, Stage
from safe_ops.policy.file import load_policy
from tests.contract.slack.approvals import REGISTRY, ROOM, Approvals, approvals
from tests.unit.slack_actions import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.actions import Action
    from tests.lab.databases import SqliteFiles
    from tests.lab.slack.reading import Seen

HALF_S, TWO_THIRDS_S, ALL_S = 451.0, 601.0, 901.0
"""Of the fifteen minutes an on-call approval is waited for, each with a second more."""
DEPUTIES = "S0LABDEP1"
KNOWN = replace(REGISTRY, teams=(*REGISTRY.teams, Team(name="deputies", user_group=DEPUTIES)))
WITH_SECONDARY = load_policy(
    "roles: {secondary: [{teams: [deputies], environments: [prod]}]}", name="policy.yaml"
)
NEEDS = (
    Need(stage=Stage.ONCALL, teams=("oncall", "deputies"), not_requester=True),
    Need(stage=Stage.MANAGER, teams=("managers",), not_requester=True, within_s=1800),
)


@pytest.fixture
def house(sqlite: SqliteFiles) -> Iterator[Approvals]:
    with approvals(sqlite.fresh(), registry=KNOWN, policy=WITH_SECONDARY) as made:
        yield made


def said(house: Approvals, mark: str) -> list[Seen]:
    return [one for one in house.lab.messages(ROOM) if one.by_bot and one.text.startswith(mark)]


def waiting(house: Approvals, *, for_s: float) -> Action:
    action = house.pending(plan(needs=NEEDS))
    house.lab.clock.advance(for_s)
    return action


def test_half_way_those_on_call_first_are_reminded_once(house: Approvals) -> None:
    action = house.pending(plan(needs=NEEDS))
    assert house.reminders.run() == 0
    house.lab.clock.advance(HALF_S)
    for _ in range(3):
        assert house.reminders.run() == 1
    (reminder,) = said(house, "⏳ <")
    assert reminder.thread_ts == action.request.thread_ts
    assert "<!subteam^S0LABONC1>" in reminder.text
    assert DEPUTIES not in reminder.text
    assert "Open the card" in reminder.words
    assert said(house, "⏫") == []


def test_at_two_thirds_the_secondary_is_called_once_and_may_decide(house: Approvals) -> None:
    action = waiting(house, for_s=HALF_S)
    house.reminders.run()
    house.lab.clock.advance(TWO_THIRDS_S - HALF_S)
    for _ in range(3):
        house.reminders.run()
    (call,) = said(house, "⏫")
    assert call.thread_ts == action.request.thread_ts
    assert f"<!subteam^{DEPUTIES}>" in call.text
    assert "You may approve or deny it" in call.text
    assert "S0LABONC1" not in call.text
    assert len(said(house, "⏳ <")) == 1


def test_without_a_secondary_managers_are_told_whose_turn_it_is(sqlite: SqliteFiles) -> None:
    with approvals(sqlite.fresh()) as house:
        house.pending()
        house.lab.clock.advance(TWO_THIRDS_S)
        house.reminders.run()
        (call,) = said(house, "⏫")
    assert "<!subteam^S0LABMGR1>" in call.text
    assert "You cannot give this approval: it is for *oncall* to give" in call.text


def test_a_secondary_named_after_the_plan_was_made_is_not_sent_in_vain(house: Approvals) -> None:
    needs = (replace(NEEDS[0], teams=("oncall",)), NEEDS[1])
    house.pending(plan(needs=needs))
    house.lab.clock.advance(TWO_THIRDS_S)
    house.reminders.run()
    (call,) = said(house, "⏫")
    assert DEPUTIES not in call.text
    assert "You cannot give this approval" in call.text


def test_to_what_ran_by_itself_whoever_is_on_call_there_is_called(house: Approvals) -> None:
    alone = house.pending(plan(needs=()))
    house.cards.page(alone.action_id, "the undo failed")
    (call,) = said(house, "🚨")
    assert "<!subteam^S0LABONC1>" in call.text


def test_a_call_that_was_made_costs_slack_nothing_when_it_is_asked_for_again(
    house: Approvals,
) -> None:
    action = house.pending()
    house.cards.page(action.action_id, "the undo failed")
    asked = len(house.lab.calls())
    for _ in range(3):
        house.cards.page(action.action_id, "the undo failed")
    assert len(house.lab.calls()) == asked


def test_two_sweepers_at_once_call_once(house: Approvals) -> None:
    waiting(house, for_s=TWO_THIRDS_S)
    posts = len(house.lab.calls("chat.postMessage"))
    house.lab.faults.add("chat.postMessage", latency_s=0.2, times=None)
    with ThreadPoolExecutor(4) as sweepers:
        list(sweepers.map(lambda _: house.reminders.run(), range(4)))
    assert len(house.lab.calls("chat.postMessage")) == posts + 1


def test_a_call_that_was_posted_and_not_recorded_is_not_made_again(house: Approvals) -> None:
    waiting(house, for_s=TWO_THIRDS_S)
    house.lab.faults.add("chat.postMessage", drop="after", times=None)
    house.lab.faults.add("conversations.replies", status=503, times=None)
    house.reminders.run()
    house.lab.faults.clear()
    house.lab.clock.advance(61)
    house.reminders.run()
    assert len(said(house, "⏫")) == 1


def test_a_call_slack_did_not_take_is_made_a_minute_later(house: Approvals) -> None:
    waiting(house, for_s=TWO_THIRDS_S)
    house.lab.faults.add("chat.postMessage", error="not_in_channel", times=None)
    house.reminders.run()
    house.lab.faults.clear()
    house.reminders.run()
    assert said(house, "⏫") == []
    house.lab.clock.advance(61)
    house.reminders.run()
    assert len(said(house, "⏫")) == 1


def test_what_was_decided_or_has_expired_calls_nobody(house: Approvals) -> None:
    waiting(house, for_s=ALL_S)
    assert house.reminders.run() == 0
    assert said(house, "⏫") == []
