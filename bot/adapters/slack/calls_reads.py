"""Calls that look something up: a thread, a link, a person, a group, ourselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.calls_part import CallsPart, Json
from bot.adapters.slack.errors import SYSTEM
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_sdk.web import SlackResponse

    from bot.domain.conversation import ChannelId, MessageTs, PersonId

_PAGE: Final = 200
_PAGES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are in the workspace."""

    user_id: str
    bot_id: str
    team_id: str


class ReadCalls(CallsPart):
    """Reads; none of them changes anything in the workspace."""

    _identity: Identity | None = None

    def identity(self) -> Identity:
        """Return who the token belongs to; asked once."""
        if self._identity is None:
            found = self._caller.call("auth.test", self._client.auth_test)
            self._identity = Identity(
                user_id=str(found.get("user_id") or ""),
                bot_id=str(found.get("bot_id") or ""),
                team_id=str(found.get("team_id") or ""),
            )
        return self._identity

    def replies(self, channel: ChannelId, thread_ts: MessageTs, *, oldest: MessageTs) -> list[Json]:
        """Return a thread's messages after `oldest`, oldest first, with metadata."""
        return self._pages(
            "conversations.replies",
            lambda cursor: self._client.conversations_replies(
                channel=channel,
                ts=thread_ts,
                oldest=oldest,
                limit=_PAGE,
                cursor=cursor,
                include_all_metadata=True,
            ),
        )

    def history(self, channel: ChannelId, *, oldest: MessageTs) -> list[Json]:
        """Return a channel's messages outside threads after `oldest`, with metadata.

        At most the thousand newest: in a channel that wrote more since, older ones are not seen.
        """
        return self._pages(
            "conversations.history",
            lambda cursor: self._client.conversations_history(
                channel=channel,
                oldest=oldest,
                limit=_PAGE,
                cursor=cursor,
                include_all_metadata=True,
            ),
        )

    def _pages(self, method: str, ask: Callable[[str | None], SlackResponse]) -> list[Json]:
        found: list[Json] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            answer = self._caller.call(method, lambda cursor=cursor: ask(cursor))  # type: ignore[misc] # mypy cannot type a bound default
            found += [message for message in answer.get("messages") or [] if message]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        return found

    def permalink(self, channel: ChannelId, ts: MessageTs) -> str:
        """Return the address of a message."""
        answer = self._caller.call(
            "chat.getPermalink",
            lambda: self._client.chat_getPermalink(channel=channel, message_ts=ts),
        )
        return str(answer.get("permalink") or "")

    def usergroups(self, *, team_id: str) -> Json:
        """Return Slack's answer about all user groups, those that ended too, with their members."""
        return self._caller.call(
            "usergroups.list",
            lambda: self._client.usergroups_list(
                include_users=True, include_count=True, include_disabled=True, team_id=team_id
            ),
        )

    def usergroup_members(self, group: str, *, team_id: str) -> frozenset[str]:
        """Return the ids of one user group's members."""
        answer = self._caller.call(
            "usergroups.users.list",
            lambda: self._client.usergroups_users_list(usergroup=group, team_id=team_id),
        )
        users = answer.get("users")
        if not isinstance(users, list):
            raise UpstreamError(
                f"Slack's answer about the group {group} has no users", system=SYSTEM
            )
        return frozenset(str(user) for user in users)

    def user(self, person: PersonId) -> Json:
        """Return Slack's record of a person, locale included."""
        answer = self._caller.call(
            "users.info", lambda: self._client.users_info(user=person, include_locale=True)
        )
        found = answer.get("user")
        return found if isinstance(found, dict) else {}
