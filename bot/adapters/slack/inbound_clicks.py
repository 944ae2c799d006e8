"""Slash commands, buttons, menus and shortcuts in, intents out.

As total as `inbound`: nothing in a payload raises. The person is who Slack signed for, never a
value in a button.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack import actions
from bot.adapters.slack.actor import Actor
from bot.adapters.slack.blocks.details import parse_page_value
from bot.adapters.slack.flatten import readable_text
from bot.adapters.slack.inbound_actor import TS, clicker
from bot.adapters.slack.inbound_alerts import moment
from bot.adapters.slack.inbound_operations import read_operation_click, read_operation_words
from bot.adapters.slack.intents import (
    Ask,
    AskForHelp,
    AskForStatus,
    Ignored,
    Intent,
    OpenDetails,
    PickScope,
    Rate,
    Retry,
    Stop,
    UseScope,
)
from bot.adapters.slack.payload import Fields
from bot.adapters.slack.wording import decoded, is_help
from bot.domain.conversation import (
    ChannelId,
    MessageTs,
    PersonId,
    Question,
    Rating,
    Surface,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_INVESTIGATE: Final = "What is behind this message? Find the cause and what to do about it."
_NOTHING_IN_IT: Final = "(the message has no text)"


def read_command(payload: Mapping[str, Any]) -> Intent:
    """Return what a slash command means; words that are no sub-command ask for help."""
    fields = Fields(payload)
    actor = Actor(
        person=PersonId(fields.text("user_id")),
        team_id=fields.text("team_id"),
        channel=ChannelId(fields.text("channel_id")),
        thread_ts=None,
    )
    if not actor.person:
        return Ignored(reason="a command of nobody")
    text = decoded(fields.text("text"))
    about_operations = read_operation_words(text, actor, payload)
    if about_operations is not None:
        return about_operations
    words = text.replace("`", "").split()
    match words:
        case ["status"]:
            return AskForStatus(actor=actor)
        case ["use", "cluster", cluster]:
            return UseScope(actor=actor, cluster=cluster, namespace=None)
        case ["use", "cluster", cluster, namespace] | ["use", cluster, namespace]:
            return UseScope(actor=actor, cluster=cluster, namespace=namespace)
        case ["use", cluster]:
            return UseScope(actor=actor, cluster=cluster, namespace=None)
        case _:
            asked = not words or is_help(" ".join(words))
            return AskForHelp(actor=actor, said="" if asked else " ".join(words))


def read_action(payload: Mapping[str, Any]) -> Intent:
    """Return what a click on one of our controls means."""
    fields = Fields(payload)
    action = fields.first("actions")
    actor = clicker(fields)
    if actor is None:
        return Ignored(reason="a click of nobody")
    name = action.text("action_id")
    value = action.text("value") or action.inner("selected_option").text("value")
    match name.split("."):
        case ["run", "stop"]:
            return Stop(actor=actor)
        case ["answer", "retry"] if value:
            return Retry(actor=actor, investigation_id=value)
        case ["answer", "rate"]:
            return _rating(actor, value)
        case ["answer", "details"] if value:
            return OpenDetails(
                actor=actor, investigation_id=value, page=0, trigger_id=fields.text("trigger_id")
            )
        case ["details", "page", *_]:
            return _page(fields, actor, value)
        case ["operation", _]:
            return read_operation_click(payload)
        case ["scope", "menu"] | ["scope", "button", _] if value:
            return PickScope(actor=actor, cluster=value)
        case _:
            return Ignored(reason=f"action {name or 'without an id'}")


def read_shortcut(payload: Mapping[str, Any]) -> Intent:
    """Return what the message shortcut means: the message is the subject, not the order."""
    fields = Fields(payload)
    message = fields.inner("message")
    channel = fields.inner("channel").text("id")
    person = fields.inner("user").text("id")
    ts, asked = message.text("ts"), fields.text("action_ts")
    thread_ts = message.text("thread_ts") or ts
    if fields.text("callback_id") != actions.INVESTIGATE or not person or not channel:
        return Ignored(reason="not our shortcut")
    if not TS.match(ts) or not TS.match(thread_ts):
        return Ignored(reason="a message without a time stamp")
    # The act has a time of its own, so that the same message can be looked into twice.
    own_ts = asked if TS.match(asked) else ts
    subject = decoded(
        readable_text({name: message.raw(name) for name in ("text", "blocks", "attachments")})
    )
    return Ask(
        question=Question(
            question_id=f"{channel}:{own_ts}",
            team_id=fields.team(),
            channel=ChannelId(channel),
            thread_ts=MessageTs(thread_ts),
            ts=MessageTs(own_ts),
            person=PersonId(person),
            text=_INVESTIGATE,
            surface=Surface.DIRECT if channel.startswith("D") else Surface.CHANNEL,
            asked_at=moment(own_ts),
            subject=subject or _NOTHING_IN_IT,
        )
    )


def _rating(actor: Actor, value: str) -> Intent:
    word, _, investigation_id = value.partition(":")
    if word not in {"good", "bad"} or not investigation_id:
        return Ignored(reason="a rating of nothing")
    return Rate(actor=actor, investigation_id=investigation_id, rating=Rating(word))


def _page(fields: Fields, actor: Actor, value: str) -> Intent:
    wanted = parse_page_value(value)
    if wanted is None:
        return Ignored(reason="a page of nothing")
    investigation_id, page = wanted
    return OpenDetails(
        actor=actor,
        investigation_id=investigation_id,
        page=page,
        trigger_id=fields.text("trigger_id"),
        view_id=fields.inner("view").text("id") or None,
    )
