"""Messages on their way to people: intended, then sent."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.conversation import ChannelId, MessageTs


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message we owe a thread; it counts as sent only with Slack's time stamp."""

    key: str
    """What the message is for, such as `answer/<investigation>`; a key is sent once."""
    channel: ChannelId
    thread_ts: MessageTs
    ts: MessageTs | None = None
