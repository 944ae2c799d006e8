"""Controls and modals of guarded operations: acknowledged first, judged at the click.

A click draws nothing here: once it is decided, the decision itself renews the card, and a click
that decides nothing leaves the card alone and gets a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.approval import views
from bot.adapters.slack.blocks.approval.controls import ballot_text
from bot.adapters.slack.blocks.approval.run_form import form_errors, run_form
from bot.adapters.slack.blocks.details import loading_view, message_view
from bot.adapters.slack.blocks.notice import note_card
from bot.adapters.slack.errors import SlackRefusedError
from bot.adapters.slack.inbound_actor import place_of
from bot.adapters.slack.inbound_operations import read_operation_click, read_submission
from bot.adapters.slack.operation_intents import (
    Modal,
    OpenModal,
    Prove,
    Run,
)
from bot.domain.errors import NotAllowedError
from bot.entrypoints.listeners.deps import settle, tell
from bot.entrypoints.listeners.operation_routing import NOT_SET_UP, voice_of
from bot.entrypoints.listeners.routing import route

if TYPE_CHECKING:
    from slack_bolt import Ack, App, BoltContext

    from bot.entrypoints.listeners.deps import Deps
    from bot.ports.operations_desk import OperationsDesk, RunForm

ACTIONS: Final = (
    actions.OPERATION_APPROVE,
    actions.OPERATION_DENY,
    actions.OPERATION_DETAILS,
    actions.OPERATION_PROVE,
    actions.OPERATION_PROOF_PAGE,
    actions.OPERATION_SETTLE,
)
VIEWS: Final = (
    actions.DENIAL_VIEW,
    actions.PROOF_VIEW,
    actions.SETTLEMENT_VIEW,
    actions.RUN_VIEW,
)
"""Modals that can be submitted."""
_TOO_LATE: Final = "Slack gave us too little time to open that: please click again."
_GONE: Final = "There is no such action, or you may not see it."


def register(app: App, deps: Deps) -> None:
    """Listen to every control and every modal of operations."""

    def on_click(ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        _take_click(deps, body)
        settle(deps, context)

    def on_submit(ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        _take_form(deps, body, ack)
        settle(deps, context)

    for name in ACTIONS:
        app.action(name)(on_click)
    for name in VIEWS:
        app.view(name)(on_submit)


def open_form(deps: Deps, intent: Run, form: RunForm) -> bool:
    """Open the modal that asks for the rest of an order; False if Slack did not take it."""
    metadata = {**place_of(intent.actor), "order_id": intent.order.order_id}
    try:
        deps.gateway.open_view(intent.trigger_id, run_form(form, metadata))
    except SlackRefusedError as refused:
        structlog.get_logger().info("slack_modal_refused", code=refused.code)
        return False
    return True


def _take_click(deps: Deps, body: dict[str, Any]) -> None:
    intent = read_operation_click(body)
    if isinstance(intent, OpenModal):
        _open(deps, intent)
        return
    reply = route(intent, deps.desk, deps.operations)
    if reply is not None:
        tell(deps, reply.actor, reply.card)


def _take_form(deps: Deps, body: dict[str, Any], ack: Ack) -> None:
    intent = read_submission(body)
    match intent:
        case Run() if deps.operations is not None:
            _order(deps, deps.operations, intent, ack)
        case Prove() if deps.operations is not None:
            _prove(deps.operations, intent, ack)
        case _:
            ack()
            reply = route(intent, deps.desk, deps.operations)
            if reply is not None:
                tell(deps, reply.actor, reply.card)


def _order(deps: Deps, desk: OperationsDesk, intent: Run, ack: Ack) -> None:
    """Take a filled-in form; what is still wrong is said under its fields."""
    try:
        answer = desk.run(intent.order, voice=voice_of(intent.actor))
    except NotAllowedError as refusal:
        ack(response_action="update", view=message_view(str(refusal)))
        return
    if isinstance(answer, str):
        ack()
        tell(deps, intent.actor, note_card(answer))
    else:
        ack(response_action="errors", errors=form_errors(answer))


def _prove(desk: OperationsDesk, intent: Prove, ack: Ack) -> None:
    """Take a code; a wrong one is said under its field, so that it can be tried again."""
    try:
        desk.prove(intent.action_id, voice=voice_of(intent.actor), answer=intent.code)
    except NotAllowedError as refusal:
        ack(response_action="errors", errors={views.CODE: str(refusal)})
    else:
        ack()


def _open(deps: Deps, intent: OpenModal) -> None:
    """Open the modal a control stands for, within the three seconds its trigger lives."""
    desk = deps.operations
    if desk is None:
        tell(deps, intent.actor, note_card(NOT_SET_UP))
        return
    try:
        if intent.modal is Modal.WHOLE:
            _show_whole(deps, desk, intent)
        elif intent.modal is Modal.PROOF:
            _ask_for_proof(deps, desk, intent)
        else:
            deps.gateway.open_view(intent.trigger_id, _form_of(desk, intent))
    except SlackRefusedError as refused:
        structlog.get_logger().info("slack_modal_refused", code=refused.code)
        tell(deps, intent.actor, note_card(_TOO_LATE))


def _form_of(desk: OperationsDesk, intent: OpenModal) -> dict[str, Any]:
    metadata = {**place_of(intent.actor), "action_id": intent.action_id}
    if intent.ballot is not None:
        metadata["ballot"] = ballot_text(intent.ballot)
    match intent.modal:
        case Modal.DENIAL:
            needs_reason = desk.denial_needs_reason(intent.action_id)
            return views.denial_view(metadata, needs_reason=needs_reason)
        case _:
            return views.settlement_view(metadata)


def _ask_for_proof(deps: Deps, desk: OperationsDesk, intent: OpenModal) -> None:
    """Open the modal at once, and fill it once it is known which factors the person has."""
    view_id = deps.gateway.open_view(intent.trigger_id, loading_view())
    try:
        ways = desk.proof_ways(intent.action_id, voice=voice_of(intent.actor))
    except NotAllowedError as refusal:
        shown = message_view(str(refusal))
    else:
        metadata = {**place_of(intent.actor), "action_id": intent.action_id}
        shown = views.proof_view(metadata, ways)
    deps.gateway.update_view(view_id, shown)


def _show_whole(deps: Deps, desk: OperationsDesk, intent: OpenModal) -> None:
    view_id = deps.gateway.open_view(intent.trigger_id, loading_view())
    try:
        found = desk.details(intent.action_id, voice=voice_of(intent.actor))
    except NotAllowedError as refusal:
        shown = message_view(str(refusal))
    else:
        shown = views.whole_view(found) if found is not None else message_view(_GONE)
    deps.gateway.update_view(view_id, shown)
