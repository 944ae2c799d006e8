"""Events as Slack sends them, and what they are read as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.adapters.slack.inbound import read_event
from bot.adapters.slack.intents import (
    Ask,
    Intent,
)

if TYPE_CHECKING:
    from bot.domain.conversation import Question

US = "U0LABBOT1"
ANA = "U0LABANA1"
TEAM = "T0LABTEAM"
ROOM = "C0LABONC1"
TS = "1700000000.000200"
ROOT = "1700000000.000100"


def delivery(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "event_id": "Ev1",
        "team_id": "T0FOREIGN",
        "authorizations": [{"team_id": TEAM, "user_id": US, "is_bot": True}],
        "event": event,
    }


def message(text: str = "why?", **fields: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "channel": ROOM,
        "channel_type": "channel",
        "user": ANA,
        "ts": TS,
        "text": text,
        **fields,
    }


def mention(text: str, **fields: Any) -> dict[str, Any]:
    return message(f"<@{US}> {text}", **{"type": "app_mention", **fields})


def read(event: dict[str, Any], *, known: bool = False) -> Intent:
    return read_event(delivery(event), knows_thread=lambda _channel, _thread: known)


def asked(event: dict[str, Any], *, known: bool = False) -> Question:
    intent = read(event, known=known)
    assert isinstance(intent, Ask), intent
    return intent.question
