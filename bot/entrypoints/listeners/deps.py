"""What every listener is given, and how it tells one person something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.adapters.slack.gateway import SlackGateway
from bot.domain.conversation import ChannelId
from bot.domain.errors import UpstreamError
from bot.domain.registry import AlertRules
from bot.ports.alert_desk import AlertDesk
from bot.ports.clock import Clock
from bot.ports.desk import QuestionDesk
from bot.ports.operations_desk import OperationsDesk
from bot.ports.store import Inbox

if TYPE_CHECKING:
    from bot.adapters.slack.actor import Actor
    from bot.adapters.slack.blocks.card import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """The listener process's parts; the gateway has no patience here."""

    inbox: Inbox
    desk: QuestionDesk
    alerts: AlertDesk
    rules_of: Callable[[ChannelId], AlertRules | None]
    """Gives the rules of a channel whose posts are alerts."""
    gateway: SlackGateway
    clock: Clock
    new_id: Callable[[], str]
    """Makes the ids that connect what a person is told with a log line."""
    mask: Callable[[str], str]
    """Takes secrets out of a text before it is stored."""
    operations: OperationsDesk | None = None
    """None where no operations are set up."""


INBOX_ID = "nightdesk_inbox_id"
"""Key of Bolt's context under which the inbox's id of the delivery stands."""


def settle(deps: Deps, context: dict[str, object]) -> None:
    """Note that the delivery led to what it should, so that no sweeper repeats it."""
    event_id = context.get(INBOX_ID)
    if isinstance(event_id, str):
        deps.inbox.mark_routed(event_id)


def tell(deps: Deps, actor: Actor, card: Card) -> None:
    """Show one person a card where they acted; never raises."""
    whisper(deps.gateway, actor, card)


def whisper(gateway: SlackGateway, actor: Actor, card: Card) -> None:
    """Show one person a card where they acted; never raises.

    In a direct message the thread itself is private, and unlike an ephemeral message it lasts.
    Slack shows ephemeral messages in a thread only once it has replies and is open, so what was
    done at the top of a channel is answered there.
    """
    if not actor.channel:
        return
    thread_ts = actor.thread_ts if actor.thread_ts != actor.message_ts else None
    try:
        if actor.channel.startswith("D"):
            gateway.post(actor.channel, card, thread_ts=actor.thread_ts)
        else:
            gateway.post_ephemeral(actor.channel, actor.person, card, thread_ts=thread_ts)
    except UpstreamError as error:
        structlog.get_logger().warning("slack_whisper_lost", reason=str(error))
