"""The slash command: answered in its acknowledgement, visible to the person alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack.actions import COMMAND
from bot.adapters.slack.inbound_clicks import read_command
from bot.entrypoints.listeners.deps import settle
from bot.entrypoints.listeners.routing import route

if TYPE_CHECKING:
    from slack_bolt import Ack, App, BoltContext

    from bot.entrypoints.listeners.deps import Deps

COMMANDS: Final = (COMMAND,)


def register(app: App, deps: Deps) -> None:
    """Listen to the slash command."""

    def on_command(ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        reply = route(read_command(body), deps.desk)
        settle(deps, context)
        if reply is None:
            ack()
        else:
            ack(text=reply.card.text, blocks=list(reply.card.blocks), response_type="ephemeral")

    for name in COMMANDS:
        app.command(name)(on_command)
