"""Slack's deliveries in, intents out: the last place that sees raw payloads.

Total: JSON of the right outer shape never raises, whatever is inside. It must not call anything;
the one question it cannot answer from a payload, whether a thread is ours, is handed in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack.actor import Actor
from bot.adapters.slack.flatten import readable_text
from bot.adapters.slack.inbound_alerts import (
    delivery_of,
    moment,
    nobody_watches,
    read_alert_post,
)
from bot.adapters.slack.intents import (
    AccessEnded,
    Ask,
    AskForHelp,
    AskForStatus,
    Ignored,
    Intent,
    OpenTab,
    Retry,
    Stop,
    Tab,
    UseScope,
)
from bot.adapters.slack.operation_intents import SayApproval
from bot.adapters.slack.payload import Fields
from bot.adapters.slack.wording import (
    decoded,
    is_decision,
    is_help,
    is_retry,
    is_status,
    is_stop,
    scope_words,
)
from bot.domain.conversation import ChannelId, MessageTs, PersonId, Question, Surface

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.adapters.slack.inbound_alerts import RulesOf

_TS: Final = re.compile(r"^\d{1,12}\.\d{1,9}$")
_OTHER: Final = re.compile(r"^\s*<(?:@[A-Z0-9]+|!subteam\^[A-Z0-9]+)(?:\|[^>]*)?>")
_SPOKEN: Final = frozenset({"", "thread_broadcast", "file_share"})
"""Subtypes of messages that a person wrote; edits, joins and bots have others."""
_SLACKBOT: Final = "USLACKBOT"
_SUBJECT_ONLY: Final = "Please look into this message."
_ENDINGS: Final = frozenset({"tokens_revoked", "app_uninstalled"})


def concerns_us(payload: Mapping[str, Any], *, rules_of: RulesOf = nobody_watches) -> bool:
    """Tell whether an event is worth keeping, without looking anything up.

    A busy channel's other messages are neither ours to answer nor ours to store.
    """
    intent = read_event(payload, knows_thread=lambda _channel, _thread: True, rules_of=rules_of)
    return not isinstance(intent, Ignored)


def read_event(
    payload: Mapping[str, Any],
    *,
    knows_thread: Callable[[ChannelId, MessageTs], bool],
    rules_of: RulesOf = nobody_watches,
) -> Intent:
    """Return what an Events API delivery means.

    Args:
        payload: the whole `event_callback`.
        knows_thread: tells whether a thread is one we answer in without being mentioned.
        rules_of: gives the rules of a channel whose posts are alerts, None for all others.
    """
    fields = Fields(payload)
    event = fields.inner("event")
    match event.text("type"):
        case "app_mention" | "message":
            posted = read_alert_post(
                fields, event, delivery_id=delivery_of(payload), rules_of=rules_of
            )
            return posted or _read_message(fields, event, knows_thread)
        case "agent_session_stopped":
            return _read_stopped(fields, event)
        case "app_home_opened":
            return _read_opened(fields, event)
        case kind if kind in _ENDINGS:
            return AccessEnded(kind=kind)
        case kind:
            return Ignored(reason=f"event {kind or 'without a type'}")


def _read_message(
    fields: Fields, event: Fields, knows_thread: Callable[[ChannelId, MessageTs], bool]
) -> Intent:
    us = fields.bot_user()
    refused = _not_a_persons(event, us)
    if refused is not None:
        return Ignored(reason=refused)
    raw = event.text("text")
    mentions_us = bool(us) and f"<@{us}" in raw
    direct = event.text("channel_type") in {"im", "app_home"} or event.text("channel").startswith(
        "D"
    )
    ts = MessageTs(event.text("ts"))
    channel = ChannelId(event.text("channel"))
    thread_ts = MessageTs(event.text("thread_ts") or ts)
    if event.text("type") == "message" and not direct:
        if mentions_us:
            return Ignored(reason="app_mention tells the same")
        if thread_ts == ts:
            return Ignored(reason="not addressed to us")
        if _OTHER.match(raw):
            return Ignored(reason="addressed to somebody else")
        if not knows_thread(channel, thread_ts):
            return Ignored(reason="a thread we are not part of")
    return _read_words(
        event,
        text=_without_mention(raw, us),
        actor=Actor(
            person=PersonId(event.text("user")),
            team_id=fields.team(),
            channel=channel,
            thread_ts=thread_ts,
            message_ts=ts,
        ),
        surface=Surface.DIRECT if direct else Surface.CHANNEL,
    )


def _not_a_persons(event: Fields, us: str) -> str | None:
    """Return why the message is not one a person sent us, or None if it is."""
    if event.text("subtype") not in _SPOKEN:
        return f"subtype {event.text('subtype')}"
    if event.text("bot_id") or event.inner("bot_profile"):
        return "written by an app"
    if event.flag("hidden"):
        return "hidden"
    person = event.text("user")
    if not person or person in {us, _SLACKBOT}:
        return "not written by a person"
    thread_ts = event.text("thread_ts")
    if not event.text("channel") or not _TS.match(event.text("ts")):
        return "no channel or time stamp"
    if thread_ts and not _TS.match(thread_ts):
        return "a thread without a time stamp"
    return None


def _read_words(event: Fields, *, text: str, actor: Actor, surface: Surface) -> Intent:
    subject = decoded(readable_text({"attachments": event.raw("attachments")})) or None
    if subject is None:
        order = _order(text, actor)
        if order is not None:
            return order
    thread_ts, ts = actor.thread_ts, actor.message_ts
    if thread_ts is None or ts is None:
        return Ignored(reason="no time stamp")
    return Ask(
        question=Question(
            question_id=f"{actor.channel}:{ts}",
            team_id=actor.team_id,
            channel=actor.channel,
            thread_ts=thread_ts,
            ts=ts,
            person=actor.person,
            text=text or _SUBJECT_ONLY,
            surface=surface,
            asked_at=moment(ts),
            subject=subject,
        )
    )


def _order(text: str, actor: Actor) -> Intent | None:
    """Return what a message that is no question wants, or None if it is one."""
    if is_help(text):
        return AskForHelp(actor=actor)
    if is_stop(text):
        return Stop(actor=actor)
    if is_retry(text):
        return Retry(actor=actor, investigation_id=None)
    if is_status(text):
        return AskForStatus(actor=actor)
    if is_decision(text):
        return SayApproval(actor=actor)
    scope = scope_words(text)
    if scope is not None:
        return UseScope(actor=actor, cluster=scope.cluster, namespace=scope.namespace)
    return None


def _read_stopped(fields: Fields, event: Fields) -> Intent:
    channel, thread_ts = event.text("channel"), event.text("thread_ts")
    if not channel or not _TS.match(thread_ts):
        return Ignored(reason="a stop without a thread")
    return Stop(
        actor=Actor(
            person=PersonId(event.text("user")),
            team_id=fields.team(),
            channel=ChannelId(channel),
            thread_ts=MessageTs(thread_ts),
        )
    )


def _read_opened(fields: Fields, event: Fields) -> Intent:
    tab, person = event.text("tab"), event.text("user")
    if tab not in {"home", "messages"} or not person:
        return Ignored(reason="a tab we do not fill")
    return OpenTab(
        tab=Tab(tab),
        actor=Actor(
            person=PersonId(person),
            team_id=fields.team(),
            channel=ChannelId(event.text("channel")),
            thread_ts=None,
        ),
    )


def _without_mention(raw: str, us: str) -> str:
    """Return the words without our own mention, wherever it stands."""
    if us:
        raw = re.sub(rf"<@{re.escape(us)}(?:\|[^>]*)?>[:,]?", " ", raw)
    return re.sub(r"[ \t]{2,}", " ", decoded(raw)).strip()
