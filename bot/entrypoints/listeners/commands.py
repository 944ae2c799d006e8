"""The slash command: answered in its acknowledgement, visible to the person alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack.actions import COMMAND
from bot.adapters.slack.blocks.approval.run_form import form_text
from bot.adapters.slack.blocks.notice import note_card
from bot.adapters.slack.inbound_clicks import read_command
from bot.adapters.slack.operation_intents import Cancel, Run, Throw
from bot.domain.errors import NotAllowedError
from bot.entrypoints.listeners.deps import settle
from bot.entrypoints.listeners.operation_routing import voice_of
from bot.entrypoints.listeners.operations import open_form
from bot.entrypoints.listeners.reply import Reply
from bot.entrypoints.listeners.routing import route

if TYPE_CHECKING:
    from slack_bolt import Ack, App, BoltContext, Respond

    from bot.entrypoints.listeners.deps import Deps
    from bot.ports.operations_desk import OperationsDesk

COMMANDS: Final = (COMMAND,)


def register(app: App, deps: Deps) -> None:
    """Listen to the slash command."""

    def on_command(ack: Ack, body: dict[str, Any], context: BoltContext, respond: Respond) -> None:
        intent = read_command(body)
        if isinstance(intent, Throw | Cancel):
            # Cards are renewed on the way, and a switch must not look as if it had failed.
            ack()
            said = route(intent, deps.desk, deps.operations)
            settle(deps, context)
            if said is not None:
                respond(text=said.card.text, blocks=list(said.card.blocks))
            return
        if isinstance(intent, Run) and deps.operations is not None:
            reply = _order(deps, deps.operations, intent)
        else:
            reply = route(intent, deps.desk, deps.operations)
        settle(deps, context)
        if reply is None:
            ack()
        else:
            ack(text=reply.card.text, blocks=list(reply.card.blocks), response_type="ephemeral")

    for name in COMMANDS:
        app.command(name)(on_command)


def _order(deps: Deps, desk: OperationsDesk, intent: Run) -> Reply | None:
    """Take an order; where it lacks something, a modal asks for it while its trigger lives."""
    try:
        answer = desk.run(intent.order, voice=voice_of(intent.actor))
    except NotAllowedError as refusal:
        return Reply(actor=intent.actor, card=note_card(str(refusal)), refused=True)
    if isinstance(answer, str):
        return Reply(actor=intent.actor, card=note_card(answer))
    if answer.fields and open_form(deps, intent, answer):
        return None
    return Reply(actor=intent.actor, card=note_card(form_text(answer)))
