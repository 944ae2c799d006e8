"""Posts in watched channels, read as alerts: by apps the channel believes, or by people there.

Total, like the rest of inbound. What the posts say is the parsers' to know; here is only decided
whose post it is, and whether it is one of ours, a reply, or an edit.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts.complaints import read_complaint
from bot.adapters.alerts.slack_alerts import read_slack_alert
from bot.adapters.slack.intents import AlertsPosted
from bot.adapters.slack.payload import Fields
from bot.domain.alert import Origin
from bot.domain.conversation import ChannelId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.registry import AlertRules

    RulesOf = Callable[[ChannelId], AlertRules | None]

UNKNOWN: Final = "unknown"
_TS: Final = re.compile(r"^\d{1,12}\.\d{1,9}$")
_ROAD: Final = "slack"
_EDITED: Final = "message_changed"
_BY_APPS: Final = frozenset({"", "bot_message"})


def nobody_watches(_channel: ChannelId) -> AlertRules | None:
    """Return no rules: the answer where no channel is watched."""
    return None


def read_alert_post(
    fields: Fields, event: Fields, *, delivery_id: str, rules_of: RulesOf
) -> AlertsPosted | None:
    """Return what a message in a watched channel tells; None if it is no alert post at all.

    An app's post in no known shape comes back without alerts, so that it can be counted.
    """
    channel = ChannelId(event.text("channel"))
    rules = rules_of(channel) if channel else None
    if rules is None or event.text("type") != "message":
        return None
    is_edit = event.text("subtype") == _EDITED
    message = event.inner("message") if is_edit else event
    ts, thread_ts = message.text("ts"), message.text("thread_ts")
    if not _TS.match(ts) or (thread_ts and thread_ts != ts) or _is_ours(fields, message):
        return None
    origin = Origin(
        road=_ROAD,
        delivery_id=delivery_id,
        team_id=fields.team(),
        channel=channel,
        ts=ts,
        is_edit=is_edit,
    )
    if _is_by_app(message):
        if not _is_believed(message, rules):
            return None
        read = read_slack_alert(event.whole())
        return AlertsPosted(
            alerts=() if read is None else read.alerts,
            origin=origin,
            channel=channel,
            shape=UNKNOWN if read is None else read.shape,
            dropped=() if read is None else read.dropped,
        )
    if rules.people and not is_edit and _is_by_person(message, fields.bot_user()):
        return AlertsPosted(
            alerts=(read_complaint(message.text("text"), now=moment(ts)),),
            origin=origin,
            channel=channel,
            shape="person",
        )
    return None


def moment(ts: str) -> datetime:
    """Return the time of a message as its ts gives it."""
    return datetime.fromtimestamp(float(ts), UTC)


def _is_ours(fields: Fields, message: Fields) -> bool:
    us, our_app = fields.bot_user(), fields.text("api_app_id")
    app = message.text("app_id") or message.inner("bot_profile").text("app_id")
    return (bool(us) and message.text("user") == us) or (bool(our_app) and app == our_app)


def _is_by_app(message: Fields) -> bool:
    by_app = bool(message.text("bot_id") or message.inner("bot_profile"))
    return by_app and message.text("subtype") in _BY_APPS


def _is_by_person(message: Fields, us: str) -> bool:
    text = message.text("text")
    mentions_us = bool(us) and f"<@{us}" in text
    return bool(message.text("user") and text.strip()) and not (
        message.text("subtype") or message.text("bot_id") or mentions_us
    )


def _is_believed(message: Fields, rules: AlertRules) -> bool:
    profile = message.inner("bot_profile")
    names = {
        name.casefold()
        for name in (
            message.text("bot_id"),
            message.text("app_id"),
            # Not `username`: whoever has chat:write.customize may post under any.
            profile.text("app_id"),
            profile.text("name"),
        )
        if name
    }
    return any(app == "*" or app.casefold() in names for app in rules.apps)


def delivery_of(payload: Mapping[str, Any]) -> str:
    """Return Slack's id of the delivery; a redelivery has the same."""
    fields = Fields(payload)
    event = fields.inner("event")
    return fields.text("event_id") or f"{event.text('channel')}/{event.text('event_ts')}"
