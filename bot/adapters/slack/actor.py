"""Who acted, and where: what every intent begins with."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.conversation import ChannelId, MessageTs, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acted, and where; taken from the signed payload and from nowhere else."""

    person: PersonId
    team_id: str
    channel: ChannelId
    thread_ts: MessageTs | None
    """Root of the thread; None where there is no thread, as with a slash command."""
    message_ts: MessageTs | None = None
    """The message acted on; None where there is none."""
