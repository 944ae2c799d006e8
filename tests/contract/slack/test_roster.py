"""Who may ask, looked up in Slack and never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.roster import CACHE_S, SlackRoster
from bot.domain.conversation import (
    PersonId,
)
from bot.domain.errors import UpstreamError
from bot.domain.registry import EVERYONE
from tests.lab.slack.records import TEAM_ID, User

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


@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
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
