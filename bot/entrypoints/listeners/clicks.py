"""Buttons and menus: acknowledged first, decided by the desk, and never left as they were."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.card import Card
from bot.adapters.slack.blocks.details import details_view, loading_view, message_view
from bot.adapters.slack.blocks.notice import note_card
from bot.adapters.slack.blocks.parts import without_action
from bot.adapters.slack.blocks.scope import chosen_card
from bot.adapters.slack.errors import SlackRefusedError
from bot.adapters.slack.inbound_clicks import read_action
from bot.adapters.slack.intents import Intent, OpenDetails, PickScope, Retry
from bot.adapters.slack.payload import Fields
from bot.adapters.slack.validation import validate_message
from bot.domain.errors import NotAllowedError, UpstreamError
from bot.entrypoints.listeners.deps import settle, tell
from bot.entrypoints.listeners.routing import route

if TYPE_CHECKING:
    from slack_bolt import Ack, App, BoltContext

    from bot.entrypoints.listeners.deps import Deps

ACTIONS: Final = (
    actions.DETAILS,
    actions.RETRY,
    actions.RATE,
    actions.STOP,
    actions.SCOPE_MENU,
    re.compile(rf"^{re.escape(actions.SCOPE_BUTTON)}\.\d+$"),
    re.compile(rf"^{re.escape(actions.DETAILS_PAGE)}\.\w+$"),
)
"""Every control our cards and views have."""
_GONE: Final = "These details are not kept any more, or you were not part of that conversation."
_TOO_LATE: Final = "Slack gave us too little time to open the details: please click again."


def register(app: App, deps: Deps) -> None:
    """Listen to every control."""

    def on_click(ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        intent = read_action(body)
        if isinstance(intent, OpenDetails):
            _show_details(deps, intent)
            settle(deps, context)
            return
        reply = route(intent, deps.desk, deps.operations)
        settle(deps, context)
        if reply is None:
            return
        if not reply.refused:
            _redraw(deps, intent, body)
        tell(deps, reply.actor, reply.card)

    for name in ACTIONS:
        app.action(name)(on_click)


def _show_details(deps: Deps, intent: OpenDetails) -> None:
    """Open the modal at once, because the trigger lives three seconds, and fill it then."""
    try:
        view_id = intent.view_id or deps.gateway.open_view(intent.trigger_id, loading_view())
    except SlackRefusedError as refused:
        structlog.get_logger().info("slack_modal_refused", code=refused.code)
        tell(deps, intent.actor, note_card(_TOO_LATE))
        return
    try:
        outcome = deps.desk.details(intent.investigation_id, person=intent.actor.person)
    except NotAllowedError as refusal:
        view = message_view(str(refusal))
    else:
        view = (
            details_view(outcome, page=intent.page) if outcome is not None else message_view(_GONE)
        )
    try:
        deps.gateway.update_view(view_id, view)
    except SlackRefusedError as refused:
        # Somebody closed the modal before it was filled.
        structlog.get_logger().info("slack_modal_gone", code=refused.code)


def _redraw(deps: Deps, intent: Intent, body: dict[str, Any]) -> None:
    """Take the used control out of the message; that this fails does not undo the act.

    A running answer belongs to its worker, who takes the Stop button away with the final card: an
    update from here could overwrite that.
    """
    match intent:
        case PickScope():
            card: Card | None = chosen_card(intent.cluster, intent.actor.person)
        case Retry():
            card = _without(body, actions.RETRY)
        case _:
            return
    actor = intent.actor
    if card is None or actor.message_ts is None:
        return
    try:
        deps.gateway.update(actor.channel, actor.message_ts, card)
    except UpstreamError as error:
        structlog.get_logger().info("slack_control_left", reason=str(error))


def _without(body: dict[str, Any], action_id: str) -> Card | None:
    """Return the clicked message less one control; None where it cannot be sent back as it is."""
    message = Fields(body).inner("message")
    blocks = message.raw("blocks")
    if not isinstance(blocks, list):
        return None
    card = Card(text=message.text("text") or "…", blocks=without_action(blocks, action_id))
    if validate_message({"text": card.text, "blocks": list(card.blocks)}, for_update=True):
        return None
    return card
