"""Calls that write messages, in the richest form Slack takes; a message is never lost to a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack.calls_part import CallsPart, Json, metadata_of
from bot.adapters.slack.degrade import sendable, text_only
from bot.adapters.slack.errors import SlackRefusedError
from bot.domain.conversation import MessageTs

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_sdk.web import SlackResponse

    from bot.adapters.slack.blocks.card import Card
    from bot.domain.conversation import ChannelId, PersonId

_REFUSED_CONTENT: Final = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "invalid_attachments",
        "invalid_metadata_format",
    }
)


class MessageCalls(CallsPart):
    """Post, update, take back, whisper, react."""

    def post(
        self,
        channel: ChannelId,
        card: Card,
        *,
        thread_ts: MessageTs | None,
        key: str | None = None,
        patience_s: float | None = None,
    ) -> MessageTs:
        """Post a message and return its ts; `key` goes into its metadata."""
        message = {
            "channel": channel,
            "thread_ts": thread_ts,
            "text": card.text,
            "blocks": list(card.blocks),
            "metadata": metadata_of(key),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        answer = self._say(
            "chat.postMessage",
            message,
            lambda checked: self._client.chat_postMessage(**checked),
            lane=channel,
            patience_s=patience_s,
        )
        return MessageTs(str(answer.get("ts") or ""))

    def update(
        self,
        channel: ChannelId,
        ts: MessageTs,
        card: Card,
        *,
        key: str | None = None,
        patience_s: float | None = None,
    ) -> None:
        """Replace a message of ours, blocks and all."""
        message = {
            "channel": channel,
            "ts": ts,
            "text": card.text,
            "blocks": list(card.blocks),
            "metadata": metadata_of(key),
        }
        self._say(
            "chat.update",
            message,
            lambda checked: self._client.chat_update(**checked),
            for_update=True,
            patience_s=patience_s,
        )

    def delete(self, channel: ChannelId, ts: MessageTs) -> None:
        """Take a message of ours back; one that is gone already is fine."""
        try:
            self._caller.call(
                "chat.delete", lambda: self._client.chat_delete(channel=channel, ts=ts)
            )
        except SlackRefusedError as refused:
            if refused.code != "message_not_found":
                raise

    def post_ephemeral(
        self, channel: ChannelId, person: PersonId, card: Card, *, thread_ts: MessageTs | None
    ) -> None:
        """Show one person a message; it is gone when they reload."""
        message = {
            "channel": channel,
            "user": person,
            "thread_ts": thread_ts,
            "text": card.text,
            "blocks": list(card.blocks),
        }
        self._say(
            "chat.postEphemeral",
            message,
            lambda checked: self._client.chat_postEphemeral(**checked),
        )

    def react(
        self, channel: ChannelId, ts: MessageTs, emoji: str, *, patience_s: float | None = None
    ) -> None:
        """Add a reaction; one that is there already is fine."""
        try:
            self._caller.call(
                "reactions.add",
                lambda: self._client.reactions_add(channel=channel, timestamp=ts, name=emoji),
                patience_s=patience_s,
            )
        except SlackRefusedError as refused:
            if refused.code != "already_reacted":
                raise

    def _say(
        self,
        method: str,
        message: Json,
        send: Callable[[Json], SlackResponse],
        *,
        for_update: bool = False,
        lane: str = "",
        patience_s: float | None = None,
    ) -> Json:
        """Send a message in the richest form Slack takes."""
        checked, broken = sendable(message, for_update=for_update)
        if broken:
            self._log.warning(
                "slack_message_degraded",
                method=method,
                rules=[f"{one.pointer} {one.code}" for one in broken[:10]],
            )
        try:
            return self._caller.call(
                method, lambda: send(checked), lane=lane, patience_s=patience_s
            )
        except SlackRefusedError as refused:
            if refused.code not in _REFUSED_CONTENT:
                raise
            self._log.warning("slack_message_refused", method=method, code=refused.code)
        plain = text_only(checked, for_update=for_update)
        return self._caller.call(method, lambda: send(plain), lane=lane, patience_s=patience_s)
