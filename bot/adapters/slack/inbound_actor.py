"""Who acted in an interaction, and where; total, like all that reads payloads."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.actor import Actor
from bot.adapters.slack.payload import Fields
from bot.domain.conversation import ChannelId, MessageTs, PersonId

if TYPE_CHECKING:
    from collections.abc import Mapping

TS: Final = re.compile(r"^\d{1,12}\.\d{1,9}$")
_LONGEST_METADATA: Final = 3_000


def clicker(fields: Fields) -> Actor | None:
    """Return who clicked a control, and where it stands; None for nobody."""
    person = fields.inner("user").text("id")
    if not person:
        return None
    container, message = fields.inner("container"), fields.inner("message")
    message_ts = container.text("message_ts") or message.text("ts")
    thread_ts = message.text("thread_ts") or container.text("thread_ts") or message_ts
    return Actor(
        person=PersonId(person),
        team_id=fields.team(),
        channel=ChannelId(fields.inner("channel").text("id") or container.text("channel_id")),
        thread_ts=_ts(thread_ts),
        message_ts=_ts(message_ts),
    )


def submitter(fields: Fields, metadata: Fields) -> Actor | None:
    """Return who submitted a modal, and where it was opened from; None for nobody."""
    person = fields.inner("user").text("id")
    if not person:
        return None
    return Actor(
        person=PersonId(person),
        team_id=fields.team(),
        channel=ChannelId(metadata.text("channel")),
        thread_ts=_ts(metadata.text("thread_ts")),
        message_ts=_ts(metadata.text("message_ts")),
    )


def place_of(actor: Actor) -> Mapping[str, str]:
    """Return what a modal has to keep to answer where it was opened from."""
    kept = {
        "channel": actor.channel,
        "thread_ts": actor.thread_ts or "",
        "message_ts": actor.message_ts or "",
    }
    return {name: value for name, value in kept.items() if value}


def metadata_of(view: Fields) -> Fields:
    """Return what a modal kept; an empty object for what is none."""
    text = view.text("private_metadata")
    if len(text) > _LONGEST_METADATA:
        return Fields(None)
    try:
        return Fields(json.loads(text))
    except (ValueError, RecursionError):
        return Fields(None)


def _ts(text: str) -> MessageTs | None:
    return MessageTs(text) if TS.match(text) else None
