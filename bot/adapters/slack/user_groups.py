"""Who is in which Slack user group, read for all groups of the workspace at once.

Slack takes 20 such calls a minute, so what one costs must not grow with the registry's teams. It
fails closed: what Slack does not say clearly is asked for by itself, and grants nothing until it
is. It must not know teams or people's records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from bot.adapters.slack.errors import SYSTEM, SlackRefusedError
from bot.adapters.slack.payload import Fields
from bot.adapters.slack.shared_reads import SharedReads
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from bot.adapters.slack.gateway import SlackGateway
    from bot.ports.clock import Clock

_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """The groups of a workspace as one answer told them."""

    members: Mapping[str, frozenset[str] | None]
    """Of each group; None where the answer does not tell all of them."""
    is_whole: bool
    """False when there are groups beyond those."""


class UserGroups:
    """Members of user groups, known for at most `cache_s`; thread-safe."""

    def __init__(self, *, gateway: SlackGateway, clock: Clock, cache_s: float) -> None:
        self._gateway = gateway
        self._listings = SharedReads[_Listing](clock=clock, cache_s=cache_s)
        self._log = structlog.get_logger()

    def members(self, group: str, *, team_id: str) -> frozenset[str]:
        """Return the ids of a group's members; nobody where Slack has no such group, or it ended.

        Raises:
            UpstreamError: It cannot be known now.
        """
        listing = self._listings.get((team_id,), lambda: self._listed(team_id))
        if group in listing.members:
            found = listing.members[group]
        elif listing.is_whole:
            self._log.warning("slack_group_unknown", group=group)
            return _NOBODY
        else:
            found = None
        return found if found is not None else self._alone(group, team_id)

    def _alone(self, group: str, team_id: str) -> frozenset[str]:
        """Return the members of a group the list did not tell in full."""
        listing = self._listings.get((team_id, group), lambda: self._asked(group, team_id))
        return listing.members[group] or _NOBODY

    def _listed(self, team_id: str) -> _Listing:
        try:
            answer = Fields(self._gateway.usergroups(team_id=team_id))
        except SlackRefusedError as refused:
            self._log.warning("slack_groups_unreadable", code=refused.code)
            return _Listing(members={}, is_whole=True)
        groups = answer.raw("usergroups")
        if not isinstance(groups, list):
            raise UpstreamError("Slack's list of user groups has no groups in it", system=SYSTEM)
        rows = [Fields(group) for group in groups]
        return _Listing(
            members={row.text("id"): _members(row) for row in rows if row.text("id")},
            is_whole=not answer.inner("response_metadata").text("next_cursor"),
        )

    def _asked(self, group: str, team_id: str) -> _Listing:
        try:
            found = self._gateway.usergroup_members(group, team_id=team_id)
        except SlackRefusedError as refused:
            self._log.warning("slack_group_unreadable", group=group, code=refused.code)
            found = _NOBODY
        return _Listing(members={group: found}, is_whole=True)


def _members(group: Fields) -> frozenset[str] | None:
    """Return a group's members; None where the list may hold fewer than there are.

    No limit of the inline list is documented, so its length is held against Slack's own count,
    which comes as a number or as a string of digits.
    """
    if group.raw("date_delete"):
        return _NOBODY
    users = group.raw("users")
    if not isinstance(users, list) or str(group.raw("user_count")) != str(len(users)):
        return None
    return frozenset(user for user in users if isinstance(user, str))
