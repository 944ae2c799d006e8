"""The Roster port in Slack: who may ask, and which of the registry's teams they are in.

It fails closed: what cannot be looked up is not granted. Nothing is remembered for longer than a
minute, so a person who left a group loses its rights within one; approvals ask for less.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.errors import SlackRefusedError
from bot.adapters.slack.payload import Fields
from bot.adapters.slack.shared_reads import SharedReads
from bot.adapters.slack.user_groups import UserGroups
from bot.domain.errors import UpstreamError
from bot.domain.registry import EVERYONE
from bot.ports.roster import Membership

if TYPE_CHECKING:
    from bot.adapters.slack.gateway import SlackGateway
    from bot.domain.conversation import PersonId
    from bot.domain.registry import Registry
    from bot.ports.clock import Clock

CACHE_S: Final = 60.0

_BARS: Final = (
    ("deleted", "this account is deactivated"),
    ("is_bot", "bots may not ask"),
    ("is_workflow_bot", "workflows may not ask"),
    ("is_ultra_restricted", "single-channel guests may not ask"),
    ("is_restricted", "guests may not ask"),
    ("is_stranger", "people of other workspaces may not ask"),
)


class SlackRoster:
    """Roster over users.info and the workspace's user groups; thread-safe."""

    def __init__(
        self,
        *,
        gateway: SlackGateway,
        registry: Registry,
        clock: Clock,
        cache_s: float = CACHE_S,
    ) -> None:
        self._gateway = gateway
        self._groups = UserGroups(gateway=gateway, clock=clock, cache_s=cache_s)
        self._registry = registry
        self._people = SharedReads[Membership](clock=clock, cache_s=cache_s)
        """Who they are, without their teams: those have an age of their own."""

    def membership(self, person: PersonId, *, team_id: str) -> Membership:
        """Return who they are; cached for at most a minute.

        Raises:
            UpstreamError: It cannot be known now; treat the person as barred.
        """
        found = self._people.get((person, team_id), lambda: self._look_up(person, team_id))
        return found if found.barred else replace(found, teams=self._teams(person, team_id))

    def _look_up(self, person: PersonId, team_id: str) -> Membership:
        try:
            user = Fields(self._gateway.user(person))
        except SlackRefusedError as refused:
            if refused.code not in {"user_not_found", "user_not_visible"}:
                raise
            return _barred(person, "Slack does not know this person")
        if user.text("id") != person:
            raise UpstreamError("Slack's answer about a person has no id", system="slack")
        profile = user.inner("profile")
        return Membership(
            person=person,
            display_name=profile.text("display_name")
            or profile.text("real_name")
            or user.text("real_name")
            or user.text("name")
            or person,
            language=user.text("locale") or None,
            teams=frozenset(),
            barred=_bar(user, team_id),
        )

    def _teams(self, person: str, team_id: str) -> frozenset[str]:
        names = {EVERYONE}
        for team in self._registry.teams:
            if person in team.members or (
                team.user_group is not None
                and person in self._groups.members(team.user_group, team_id=team_id)
            ):
                names.add(team.name)
        return frozenset(names)


def _bar(user: Fields, team_id: str) -> str | None:
    """Return why somebody may not ask, or None."""
    for flag, reason in _BARS:
        if user.flag(flag):
            return reason
    enterprise = user.inner("enterprise_user").raw("teams")
    teams = {user.text("team_id"), *(enterprise if isinstance(enterprise, list) else ())}
    return None if team_id in teams else "people of other workspaces may not ask"


def _barred(person: str, reason: str) -> Membership:
    return Membership(
        person=person, display_name=person, language=None, teams=frozenset(), barred=reason
    )
