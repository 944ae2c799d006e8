"""Who somebody is to the write side: a person by policy, a member by Slack, now.

It asks Slack anew after ten seconds at most, so that who lost a group loses its say as fast. It
must not know what anybody decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.conversation import PersonId
from bot.domain.errors import UpstreamError
from safe_ops.errors import UpstreamError as SourceError
from safe_ops.model.actions import Person

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports.roster import Roster
    from safe_ops.ports.people import People

APPROVAL_CACHE_S: Final = 10.0
"""How old what is known of a person may be when they decide."""


class RosterPeople:
    """safe_ops.ports.people.People over a roster."""

    def __init__(
        self,
        *,
        roster: Roster,
        subject_of: Callable[[str], str],
        home_team: Callable[[], str],
    ) -> None:
        """Take the ways to know people.

        Args:
            roster: tells who they are; it remembers for at most `APPROVAL_CACHE_S`.
            subject_of: gives the person behind a Slack account, as the policy file names them.
            home_team: gives the workspace the app is installed in, whatever a payload says.
        """
        self._roster = roster
        self._subject_of = subject_of
        self._home_team = home_team

    def person(self, slack_id: str, *, team_id: str = "") -> Person:
        """Return who it is now.

        The workspace of the payload counts for nothing: people are looked up in our own.

        Raises:
            safe_ops.errors.UpstreamError: It cannot be known now; they may decide nothing.
        """
        try:
            membership = self._roster.membership(PersonId(slack_id), team_id=self._home_team())
        except UpstreamError as error:
            raise SourceError(
                str(error), system=error.system, retry_after_s=error.retry_after_s
            ) from error
        return Person(
            subject=self._subject_of(slack_id),
            slack_id=slack_id,
            name=membership.display_name,
            teams=membership.teams,
            barred=membership.barred or "",
        )


if TYPE_CHECKING:
    _keeps_its_promise: type[People] = RosterPeople
