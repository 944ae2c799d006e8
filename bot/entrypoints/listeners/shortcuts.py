"""The message shortcut: any message can be looked into, alerts above all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack.actions import INVESTIGATE
from bot.adapters.slack.actor import Actor
from bot.adapters.slack.blocks.notice import note_card
from bot.adapters.slack.inbound_clicks import read_shortcut
from bot.adapters.slack.intents import Ask
from bot.entrypoints.listeners.deps import settle, tell
from bot.entrypoints.listeners.routing import route

if TYPE_CHECKING:
    from slack_bolt import Ack, App, BoltContext

    from bot.entrypoints.listeners.deps import Deps

SHORTCUTS: Final = (INVESTIGATE,)
_RECEIPT: Final = "I am looking into this message; the answer comes in its thread."


def register(app: App, deps: Deps) -> None:
    """Listen to the shortcut."""

    def on_shortcut(ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        intent = read_shortcut(body)
        reply = route(intent, deps.desk, deps.operations)
        settle(deps, context)
        if reply is not None:
            tell(deps, reply.actor, reply.card)
        elif isinstance(intent, Ask):
            question = intent.question
            actor = Actor(
                person=question.person,
                team_id=question.team_id,
                channel=question.channel,
                thread_ts=question.thread_ts,
            )
            tell(deps, actor, note_card(_RECEIPT))

    for name in SHORTCUTS:
        app.shortcut(name)(on_shortcut)
