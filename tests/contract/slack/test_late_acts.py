"""Acts about operations that come late, twice, or about nothing, over a real Slack and book."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.approval.controls import ballot_of, ballot_text
from bot.domain.conversation import InboundEvent
from bot.entrypoints.listeners.routing import route_stored
from safe_ops.model.actions import State
from safe_ops.model.plans import Need, Stage
from tests.contract.slack.approvals import ROOM_ID, Approvals, approvals
from tests.lab.slack.alert_desk import RecordingAlerts, rules_of
from tests.lab.slack.desk import RecordingDesk
from tests.lab.slack.seed import ANA, MARTA
from tests.unit.slack_actions import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.entrypoints.listeners.reply import Reply
    from safe_ops.model.actions import Action
    from tests.lab.databases import SqliteFiles

BOTH = (
    Need(stage=Stage.ONCALL, teams=("oncall",), not_requester=True),
    Need(stage=Stage.MANAGER, teams=("managers",), not_requester=True),
)


@pytest.fixture
def house(sqlite: SqliteFiles) -> Iterator[Approvals]:
    with approvals(sqlite.fresh()) as made:
        yield made


def brought(
    house: Approvals, kind: str, payload: dict[str, object], *, minutes: float = 0
) -> Reply | None:
    """Carry a delivery out that a listener stored so long ago and died over."""
    at = house.book.now() - timedelta(minutes=minutes)
    stored = InboundEvent(event_id=f"{kind}/1", kind=kind, payload=payload, received_at=at)
    return route_stored(
        stored, RecordingDesk(), RecordingAlerts(), rules_of=rules_of, operations=house.desk
    )


def brought_late(house: Approvals, words: str, *, who: str, minutes: float = 0) -> Reply:
    command: dict[str, object] = {
        "command": actions.COMMAND,
        "text": words,
        "user_id": who,
        "team_id": house.lab.team_id,
        "channel_id": ROOM_ID,
        "trigger_id": f"1.2.{words}",
    }
    reply = brought(house, "command", command, minutes=minutes)
    assert reply is not None
    return reply


def test_a_release_of_nothing_says_so(house: Approvals) -> None:
    house.lab.as_user("marta").slash(actions.COMMAND, "release")
    said = house.lab.wait_for_ephemeral("marta", contains="Nothing was stopped")
    assert "Released" not in said.text


def test_a_release_that_comes_out_of_the_inbox_late_lifts_no_newer_stop(house: Approvals) -> None:
    house.lab.as_user("ana").slash(actions.COMMAND, "stop")
    house.lab.wait_for_ephemeral("ana", contains="Stopped")
    reply = brought_late(house, "release", who=MARTA)
    # Whoever said it is told of it, though it is late.
    assert (reply.refused, reply.lasts) == (True, True)
    assert "is newer than this, or may be: it stands" in reply.card.text
    assert house.book.switches().stopped_by


def test_a_stop_that_comes_twice_stops_once(house: Approvals) -> None:
    assert "Stopped: no operation begins" in brought_late(house, "stop", who=ANA).card.text
    house.lab.as_user("marta").slash(actions.COMMAND, "release")
    house.lab.wait_for_ephemeral("marta", contains="Released")
    again = brought_late(house, "stop", who=ANA)
    assert "was carried out at" in again.card.text
    assert not house.book.switches().stopped_by


def test_an_order_that_comes_out_of_the_inbox_too_late_is_not_taken(house: Approvals) -> None:
    words = "run rollout_restart deployment/cart -n shop"
    late = brought_late(house, words, who=ANA, minutes=11)
    assert "could not be taken up in time; nothing was done" in late.card.text
    assert house.bell.planned == []


def test_an_order_that_comes_twice_in_its_time_is_one_action(house: Approvals) -> None:
    words = "run rollout_restart deployment/cart -n shop"
    for minutes in (1, 2):
        assert (
            "A1 is being planned" in brought_late(house, words, who=ANA, minutes=minutes).card.text
        )
    assert house.index.numbered(2) is None


def pressed(house: Approvals, action: Action) -> dict[str, object]:
    """Return the delivery of a click on Approve, on the card as it stands."""
    ballot = ballot_text(ballot_of(action, Stage.ONCALL))
    return {
        "type": "block_actions",
        "user": {"id": ANA, "team_id": house.lab.team_id},
        "team": {"id": house.lab.team_id},
        "channel": {"id": ROOM_ID},
        "trigger_id": "1.2.click",
        "actions": [{"action_id": actions.OPERATION_APPROVE, "value": ballot}],
    }


def test_a_yes_that_lay_too_long_does_not_count(house: Approvals) -> None:
    action = house.pending()
    click = pressed(house, action)
    late = brought(house, "action", click, minutes=6)
    assert late is not None
    assert late.refused
    assert "does not count" in late.card.text
    assert house.now(action).approvals == ()
    assert brought(house, "action", click, minutes=4) is None
    assert [given.slack_id for given in house.now(action).approvals] == [ANA]


def test_a_yes_that_comes_twice_counts_once(house: Approvals) -> None:
    action = house.pending(plan(needs=BOTH))
    click = pressed(house, action)
    assert brought(house, "action", click) is None
    again = brought(house, "action", click)
    assert again is not None
    assert again.refused
    assert house.now(action).state is State.PENDING_MANAGER
    assert len(house.now(action).approvals) == 1
