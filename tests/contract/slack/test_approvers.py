"""Who may decide is who Slack says they are now, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.card import Card
from bot.adapters.slack.people import APPROVAL_CACHE_S, RosterPeople
from bot.adapters.slack.roster import SlackRoster
from bot.domain.conversation import ChannelId
from bot.domain.registry import EVERYONE, Grant
from safe_ops.errors import UpstreamError
from safe_ops.model.actions import State
from tests.contract.slack.approvals import REGISTRY, SUBJECTS, approvals
from tests.lab.slack.records import TEAM_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.slack.approvals import Approvals
    from tests.contract.slack.worker import Worker
    from tests.lab.databases import SqliteFiles


@pytest.fixture
def house(sqlite: SqliteFiles) -> Iterator[Approvals]:
    with approvals(sqlite.fresh()) as made:
        yield made


def people(worker: Worker, *, patience_s: float = 5) -> RosterPeople:
    gateway = worker.gateway(patience_s=patience_s)
    roster = SlackRoster(
        gateway=gateway, registry=worker.registry, clock=worker.time, cache_s=APPROVAL_CACHE_S
    )
    return RosterPeople(
        roster=roster, subject_of=lambda one: SUBJECTS.get(one, one), home_team=lambda: TEAM_ID
    )


def test_a_person_is_known_by_subject_name_and_teams(worker: Worker) -> None:
    ana = people(worker).person("U0LABANA1", team_id="T0LIES")
    assert (ana.subject, ana.slack_id, ana.barred) == ("idp|ana", "U0LABANA1", "")
    assert ana.teams == {EVERYONE, "oncall"}


def test_who_left_the_group_loses_their_say_within_ten_seconds(worker: Worker) -> None:
    known = people(worker)
    assert "oncall" in known.person("U0LABANA1").teams
    worker.lab.workspace.groups["S0LABONC1"].users.clear()
    worker.lab.clock.advance(APPROVAL_CACHE_S + 0.1)
    assert "oncall" not in known.person("U0LABANA1").teams


def test_who_cannot_be_looked_up_decides_nothing(worker: Worker) -> None:
    worker.lab.faults.add("users.info", status=503, times=None)
    with pytest.raises(UpstreamError):
        people(worker, patience_s=0).person("U0LABANA1")


@pytest.mark.parametrize(
    "change",
    [
        {"is_stranger": True},
        {"team_id": "T0OTHER"},
        {"is_restricted": True},
        {"deleted": True},
        {"is_bot": True},
    ],
)
def test_strangers_guests_bots_and_the_deactivated_decide_nothing(
    house: Approvals, change: dict[str, object]
) -> None:
    eve = house.lab.add_user("eve", **change)
    house.lab.workspace.groups["S0LABONC1"].users.append(eve.id)
    room = house.lab.add_channel("shared", members=["eve"])
    action = house.pending()
    seen = house.card(action)
    copy = Card(text=seen.text, blocks=tuple(seen.blocks))
    ts = house.gateway.post(ChannelId(room.id), copy, thread_ts=None)
    house.lab.as_user("eve").click(ts, actions.OPERATION_APPROVE)
    assert "may not approve" in house.lab.wait_for_ephemeral("eve").text
    assert house.now(action).state is State.PENDING_ONCALL


def test_two_accounts_of_one_person_are_one_person(house: Approvals) -> None:
    second = house.lab.add_user("ana2")
    house.lab.workspace.groups["S0LABMGR1"].users.append(second.id)
    house.lab.workspace.channel("#oncall").members.append(second.id)
    SUBJECTS[second.id] = "idp|ana"
    action = house.pending()
    house.click("ana", action, actions.OPERATION_APPROVE)
    house.lab.wait_for(lambda: "<@U0LABANA1>" in house.card(action).text)
    house.lab.wait_until_delivered()
    house.click("ana2", action, actions.OPERATION_APPROVE)
    assert "another person" in house.lab.wait_for_ephemeral("ana2").text
    assert house.now(action).state is State.PENDING_MANAGER
    del SUBJECTS[second.id]


def test_while_people_cannot_be_looked_up_a_click_changes_nothing(house: Approvals) -> None:
    action = house.pending()
    house.lab.faults.add("users.info", status=503, times=None)
    house.click("ana", action, actions.OPERATION_APPROVE)
    assert "Try again" in house.lab.wait_for_ephemeral("ana").text
    assert house.now(action).version == action.version


def test_details_are_for_those_who_may_read_there(sqlite: SqliteFiles) -> None:
    narrow = replace(REGISTRY, access=(Grant(teams=("oncall",)),))
    with approvals(sqlite.fresh(), registry=narrow) as house:
        action = house.pending()
        house.click("tom", action, actions.OPERATION_DETAILS)
        house.lab.wait_for(
            lambda: any("may not see it" in str(one.body) for one in house.lab.views("tom"))
        )
        house.click("ana", action, actions.OPERATION_DETAILS)
        house.lab.wait_for(
            lambda: any("Exact calls" in str(one.body) for one in house.lab.views("ana"))
        )
        house.lab.as_user("tom").slash(actions.COMMAND, "actions")
        told = house.lab.wait_for_ephemeral("tom", contains="No operation is open")
        assert action.label not in told.words
