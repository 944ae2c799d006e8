"""Who may ask, looked up in Slack and never guessed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.people import APPROVAL_CACHE_S
from bot.adapters.slack.roster import CACHE_S, SlackRoster
from bot.domain.conversation import (
    PersonId,
)
from bot.domain.errors import UpstreamError
from bot.domain.registry import EVERYONE, Team
from tests.lab.slack.records import TEAM_ID, Group, User

if TYPE_CHECKING:
    from tests.contract.slack.worker import Worker


def test_a_full_member_is_in_everyone_and_in_the_teams_of_their_groups(worker: Worker) -> None:
    roster = SlackRoster(gateway=worker.gateway(), registry=worker.registry, clock=worker.time)
    ana = roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID)
    tom = roster.membership(PersonId("U0LABTOM1"), team_id=TEAM_ID)
    assert ana.teams == {EVERYONE, "oncall"}
    assert (ana.barred, ana.language) == (None, "en-US")
    assert tom.teams == {EVERYONE, "named"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"deleted": True}, "deactivated"),
        ({"is_bot": True}, "bots"),
        ({"is_restricted": True}, "guests"),
        ({"is_stranger": True}, "other workspaces"),
        ({"team_id": "T0OTHER"}, "other workspaces"),
    ],
)
def test_guests_bots_and_strangers_may_not_ask(
    worker: Worker, change: dict[str, object], reason: str
) -> None:
    user: User = worker.lab.add_user("eve", **change)
    roster = SlackRoster(gateway=worker.gateway(), registry=worker.registry, clock=worker.time)
    eve = roster.membership(PersonId(user.id), team_id=TEAM_ID)
    assert eve.barred is not None
    assert reason in eve.barred
    assert eve.teams == frozenset()


def test_somebody_slack_does_not_know_may_not_ask(worker: Worker) -> None:
    roster = SlackRoster(gateway=worker.gateway(), registry=worker.registry, clock=worker.time)
    assert roster.membership(PersonId("U0NOBODY"), team_id=TEAM_ID).barred is not None


@pytest.mark.parametrize("method", ["users.info", "usergroups.list"])
def test_a_lookup_that_fails_grants_nothing(worker: Worker, method: str) -> None:
    worker.lab.faults.add(method, status=503, times=None)
    roster = SlackRoster(
        gateway=worker.gateway(patience_s=0), registry=worker.registry, clock=worker.time
    )
    with pytest.raises(UpstreamError):
        roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID)


def test_a_group_that_lost_a_member_grants_nothing_a_minute_later(worker: Worker) -> None:
    roster = SlackRoster(gateway=worker.gateway(), registry=worker.registry, clock=worker.time)
    ana = PersonId("U0LABANA1")
    assert "oncall" in roster.membership(ana, team_id=TEAM_ID).teams
    worker.lab.set_group("oncall", [])
    assert "oncall" in roster.membership(ana, team_id=TEAM_ID).teams
    worker.lab.clock.advance(CACHE_S)
    assert "oncall" not in roster.membership(ana, team_id=TEAM_ID).teams


def test_teams_and_people_together_cost_one_look_at_the_groups_in_ten_seconds(
    worker: Worker,
) -> None:
    teams = []
    for number in range(30):
        group = Group(id=f"S0TEAM{number:02}", handle=f"team{number}", name=f"Team {number}")
        group.users.append("U0LABANA1")
        worker.lab.workspace.groups[group.id] = group
        teams.append(Team(name=group.handle, user_group=group.id))
    roster = SlackRoster(
        gateway=worker.gateway(patience_s=0),
        registry=replace(worker.registry, teams=tuple(teams)),
        clock=worker.time,
        cache_s=APPROVAL_CACHE_S,
    )
    for person in ("U0LABANA1", "U0LABTOM1", "U0LABMAR1") * 3:
        roster.membership(PersonId(person), team_id=TEAM_ID)
    ana = roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID)
    assert ana.teams == {EVERYONE, *(team.name for team in teams)}
    assert len(worker.lab.calls("usergroups.list")) == 1
    assert worker.lab.calls("usergroups.users.list") == []
    worker.lab.clock.advance(APPROVAL_CACHE_S)
    roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID)
    assert len(worker.lab.calls("usergroups.list")) == 2


def test_people_who_come_at_once_share_one_look(worker: Worker) -> None:
    roster = SlackRoster(
        gateway=worker.gateway(patience_s=0), registry=worker.registry, clock=worker.time
    )
    worker.lab.faults.add("users.info", latency_s=0.2)
    worker.lab.faults.add("usergroups.list", latency_s=0.2)
    with ThreadPoolExecutor(max_workers=12) as pool:
        found = list(
            pool.map(lambda _: roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID), range(12))
        )
    assert all("oncall" in one.teams for one in found)
    assert len(worker.lab.calls("users.info")) == 1
    assert len(worker.lab.calls("usergroups.list")) == 1


def test_a_look_that_failed_is_not_remembered(worker: Worker) -> None:
    worker.lab.faults.add("usergroups.list", status=503)
    roster = SlackRoster(
        gateway=worker.gateway(patience_s=0), registry=worker.registry, clock=worker.time
    )
    with pytest.raises(UpstreamError):
        roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID)
    assert "oncall" in roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID).teams


def test_a_group_that_was_disabled_grants_nothing(worker: Worker) -> None:
    worker.lab.workspace.group("oncall").disabled = True
    roster = SlackRoster(gateway=worker.gateway(), registry=worker.registry, clock=worker.time)
    assert roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID).teams == {EVERYONE}


def test_a_group_that_is_gone_grants_nothing_and_costs_nothing_more(worker: Worker) -> None:
    del worker.lab.workspace.groups[worker.lab.workspace.group("oncall").id]
    roster = SlackRoster(gateway=worker.gateway(), registry=worker.registry, clock=worker.time)
    assert roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID).teams == {EVERYONE}
    assert worker.lab.calls("usergroups.users.list") == []


def test_a_group_listed_in_part_is_asked_for_by_itself(worker: Worker) -> None:
    worker.lab.set_group("oncall", ["marta", "ana"])
    worker.lab.workspace.group("oncall").most_listed = 1
    roster = SlackRoster(gateway=worker.gateway(), registry=worker.registry, clock=worker.time)
    for _ in range(2):
        assert "oncall" in roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID).teams
    assert len(worker.lab.calls("usergroups.users.list")) == 1


def test_a_group_listed_in_part_that_cannot_be_asked_for_grants_nothing(worker: Worker) -> None:
    worker.lab.workspace.group("oncall").most_listed = 0
    worker.lab.faults.add("usergroups.users.list", status=503, times=None)
    roster = SlackRoster(
        gateway=worker.gateway(patience_s=0), registry=worker.registry, clock=worker.time
    )
    with pytest.raises(UpstreamError):
        roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID)


def test_a_workspace_without_user_groups_grants_nothing_by_them(worker: Worker) -> None:
    worker.lab.faults.add("usergroups.list", error="plan_upgrade_required", times=None)
    roster = SlackRoster(gateway=worker.gateway(), registry=worker.registry, clock=worker.time)
    assert roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID).teams == {EVERYONE}
    assert roster.membership(PersonId("U0LABTOM1"), team_id=TEAM_ID).teams == {EVERYONE, "named"}


def test_teams_are_never_older_than_one_look_however_old_the_person_is(worker: Worker) -> None:
    roster = SlackRoster(
        gateway=worker.gateway(), registry=worker.registry, clock=worker.time, cache_s=10
    )
    roster.membership(PersonId("U0LABTOM1"), team_id=TEAM_ID)
    worker.lab.clock.advance(9)
    assert "oncall" in roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID).teams
    worker.lab.set_group("oncall", [])
    worker.lab.clock.advance(2)
    assert "oncall" not in roster.membership(PersonId("U0LABANA1"), team_id=TEAM_ID).teams
