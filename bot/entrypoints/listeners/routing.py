"""From an intent to the desk: one call for each, the same for a live delivery and a stored one.

It must not know Bolt. What needs the moment of the click (a modal, a tab) is not routed here: it
is worth nothing later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import structlog

from bot.adapters.slack.blocks.notice import help_card, note_card, status_card
from bot.adapters.slack.inbound import read_event
from bot.adapters.slack.inbound_clicks import read_action, read_command, read_shortcut
from bot.adapters.slack.inbound_operations import read_submission
from bot.adapters.slack.intents import (
    AccessEnded,
    AlertsPosted,
    Ask,
    AskForHelp,
    AskForStatus,
    Ignored,
    Intent,
    OpenDetails,
    OpenTab,
    PickScope,
    Rate,
    Retry,
    Stop,
    UseScope,
)
from bot.adapters.slack.operation_intents import (
    Approve,
    Cancel,
    Deny,
    ListActions,
    ListTrust,
    OpenModal,
    Prove,
    Run,
    SayApproval,
    Settle,
    Throw,
)
from bot.domain.errors import NotAllowedError
from bot.entrypoints.listeners.operation_routing import route_operation
from bot.entrypoints.listeners.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.adapters.slack.blocks.card import Card
    from bot.domain.conversation import ChannelId, InboundEvent, MessageTs
    from bot.domain.registry import AlertRules
    from bot.ports.alert_desk import AlertDesk
    from bot.ports.desk import QuestionDesk
    from bot.ports.operations_desk import OperationsDesk

log = structlog.get_logger()


def route_stored(
    event: InboundEvent,
    desk: QuestionDesk,
    alerts: AlertDesk,
    *,
    rules_of: Callable[[ChannelId], AlertRules | None],
    operations: OperationsDesk | None = None,
) -> Reply | None:
    """Carry a delivery from the inbox to the desk it is for, whatever kind it is."""
    match event.kind:
        case "event":
            intent = read_event(event.payload, knows_thread=desk.knows_thread, rules_of=rules_of)
            if isinstance(intent, AlertsPosted):
                take_in(intent, alerts)
                return None
        case "command":
            intent = read_command(event.payload)
        case "action":
            intent = read_action(event.payload)
        case "shortcut":
            intent = read_shortcut(event.payload)
        case "view":
            intent = read_submission(event.payload)
        case _:
            return None
    return route(intent, desk, operations, stored_at=event.received_at)


def take_in(intent: AlertsPosted, alerts: AlertDesk) -> None:
    """Carry posted alerts to their desk; a post in no known shape is counted in the log.

    Raises:
        UpstreamError: They could not be stored; the delivery is to be routed again.
    """
    if intent.dropped:
        log.info("alerts_dropped", channel=intent.channel, names=intent.dropped)
    if not intent.alerts:
        if not intent.dropped:
            log.info("alert_post_unread", channel=intent.channel, shape=intent.shape)
        return
    alerts.receive(intent.alerts, origin=intent.origin, channel=intent.channel)


def route(
    intent: Intent,
    desk: QuestionDesk,
    operations: OperationsDesk | None = None,
    *,
    stored_at: datetime | None = None,
) -> Reply | None:
    """Make the one call the intent stands for; `stored_at` is of one that comes out of the inbox.

    Raises:
        UpstreamError: The desk could not store it; the delivery is to be routed again.
    """
    match intent:
        case Ask():
            desk.receive(intent.question)
            return None
        case Ignored() | OpenDetails() | OpenTab() | AccessEnded() | AlertsPosted() | OpenModal():
            return None
        case (
            Approve()
            | Deny()
            | Prove()
            | Settle()
            | Cancel()
            | Run()
            | Throw()
            | ListActions()
            | ListTrust()
            | SayApproval()
        ):
            return route_operation(intent, operations, stored_at=stored_at)
        case _:
            try:
                card = _answer(intent, desk)
            except NotAllowedError as refusal:
                return Reply(actor=intent.actor, card=note_card(str(refusal)), refused=True)
            return Reply(actor=intent.actor, card=card)


def _answer(
    intent: AskForHelp | AskForStatus | Stop | Retry | UseScope | PickScope | Rate,
    desk: QuestionDesk,
) -> Card:
    actor = intent.actor
    match intent:
        case AskForHelp():
            return help_card(intent.said)
        case AskForStatus():
            return status_card(
                desk.status(team_id=actor.team_id, channel=actor.channel, person=actor.person)
            )
        case UseScope():
            return note_card(_use(intent, desk))
        case Rate():
            return note_card(
                desk.rate(intent.investigation_id, person=actor.person, rating=intent.rating)
            )
        case Stop() | Retry() | PickScope():
            if actor.thread_ts is None:
                return note_card("Say that in the thread it is about.")
            return note_card(_in_thread(intent, desk, actor.thread_ts))
        case _:
            assert_never(intent)


def _use(intent: UseScope, desk: QuestionDesk) -> str:
    actor = intent.actor
    return desk.use_scope(
        channel=actor.channel,
        thread_ts=actor.thread_ts,
        team_id=actor.team_id,
        person=actor.person,
        cluster=intent.cluster,
        namespace=intent.namespace,
    )


def _in_thread(intent: Stop | Retry | PickScope, desk: QuestionDesk, thread_ts: MessageTs) -> str:
    actor = intent.actor
    match intent:
        case Stop():
            return desk.stop(channel=actor.channel, thread_ts=thread_ts, person=actor.person)
        case Retry():
            return desk.retry(
                channel=actor.channel,
                thread_ts=thread_ts,
                team_id=actor.team_id,
                person=actor.person,
                investigation_id=intent.investigation_id,
            )
        case PickScope():
            return desk.pick_scope(
                channel=actor.channel,
                thread_ts=thread_ts,
                team_id=actor.team_id,
                person=actor.person,
                cluster=intent.cluster,
            )
        case _:
            assert_never(intent)
