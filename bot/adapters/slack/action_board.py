"""The ActionBoard port in Slack: one card for each action, and beside it calls to people.

Each is one message however often it is asked for, found again by its key. It must not decide what
a card says.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks.approval.calls_to_people import (
    escalation_card,
    page_card,
    reminder_card,
)
from bot.adapters.slack.blocks.approval.card import action_card
from bot.adapters.slack.sinks.slot import Slot
from bot.domain.conversation import ChannelId, MessageTs
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.adapters.slack.blocks.card import Card
    from bot.adapters.slack.gateway import SlackGateway
    from bot.domain.registry import Registry
    from bot.ports.action_board import ActionBoard, ActionView
    from bot.ports.store import Deliveries
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Plan

DRAW_PATIENCE_S: Final = 5.0
"""How long a card may wait for its turn at Slack; cron finds what had to give up."""
CALL_LEASE: Final = timedelta(seconds=60)
"""How long whoever began to remind or to escalate is given, before another one does it."""
_CLOCKS_APART: Final = timedelta(minutes=5)
"""How far Slack's clock and the database's may differ when an unrecorded card is looked for."""


class SlackActionBoard:
    """ActionBoard over one gateway; holds no state of an action."""

    def __init__(
        self,
        *,
        gateway: SlackGateway,
        deliveries: Deliveries,
        registry: Registry,
        called: Callable[[Plan], tuple[str, ...]],
        patience_s: float = DRAW_PATIENCE_S,
    ) -> None:
        """`called` names the teams to call to what a plan came to."""
        self._called = called
        self._gateway = gateway
        self._deliveries = deliveries
        self._registry = registry
        self._patience_s = patience_s

    def draw(self, view: ActionView) -> None:
        """Make the action's card show this view, whatever it shows now."""
        self._card(view.action).put(action_card(view), patience_s=self._patience_s)

    def remind(self, action: Action, *, teams: tuple[str, ...]) -> None:
        """Say once, beside the card, that it still waits for one of these teams."""
        groups = self._groups(teams)
        self._call_once(
            action,
            f"remind/{action.state}",
            lambda link: reminder_card(action, groups=groups, link=link),
        )

    def escalate(self, action: Action, *, teams: tuple[str, ...], may_approve: bool) -> None:
        """Call these teams beside the card, once: nobody whose turn it is has answered."""
        groups = self._groups(teams)
        self._call_once(
            action,
            f"escalate/{action.state}",
            lambda link: escalation_card(action, groups=groups, may_approve=may_approve, link=link),
        )

    def page(self, action: Action, says: str) -> None:
        """Call a human beside the card, once for each state of the action."""
        slot = self._beside(action, f"page/{action.state}")
        # Asked for at every sweep as long as nobody came: what is there is not even linked anew.
        if slot.locate() is not None:
            return
        teams = self._called(action.plan) if action.plan is not None else ()
        card = page_card(action, says, groups=self._groups(teams), link=self._link(action))
        slot.post_once(card, patience_s=self._patience_s)

    def link(self, action: Action) -> str:
        """Return the card's address; empty if it has none."""
        if not action.request.channel:
            return ""
        ts = self._card(action).locate()
        return "" if ts is None else self._gateway.permalink(_channel(action), ts)

    def _call_once(self, action: Action, purpose: str, draw: Callable[[str], Card]) -> None:
        """Post a message that calls people, if nobody has and nobody is about to."""
        slot = self._beside(action, purpose)
        if self._deliveries.take(slot.wanted, lease=CALL_LEASE):
            slot.post_once(draw(self._link(action)), patience_s=self._patience_s)

    def _link(self, action: Action) -> str:
        """Return the card's address; empty where it cannot be had now: the call matters more."""
        try:
            return self.link(action)
        except UpstreamError:
            return ""

    def _groups(self, teams: tuple[str, ...]) -> dict[str, str]:
        """Return Slack's id of each team's user group; empty where it has none."""
        known = {team.name: team.user_group or "" for team in self._registry.teams}
        return {team: known.get(team, "") for team in teams}

    def _card(self, action: Action) -> Slot:
        thread_ts = action.request.thread_ts
        oldest = action.created_at - _CLOCKS_APART
        return self._slot(
            action,
            key=f"action/{action.action_id}",
            thread_ts=MessageTs(thread_ts) if thread_ts else None,
            after=MessageTs(thread_ts or f"{oldest.timestamp():.6f}"),
        )

    def _beside(self, action: Action, purpose: str) -> Slot:
        """Return the place of a message in the card's thread; the card's own, where it began."""
        root = MessageTs(action.request.thread_ts) if action.request.thread_ts else None
        thread_ts = root or self._card(action).locate()
        oldest = action.created_at - _CLOCKS_APART
        return self._slot(
            action,
            key=f"action/{action.action_id}/{purpose}",
            thread_ts=thread_ts,
            after=thread_ts or MessageTs(f"{oldest.timestamp():.6f}"),
        )

    def _slot(
        self, action: Action, *, key: str, thread_ts: MessageTs | None, after: MessageTs
    ) -> Slot:
        return Slot(
            gateway=self._gateway,
            deliveries=self._deliveries,
            channel=_channel(action),
            thread_ts=thread_ts,
            after=after,
            key=key,
        )


def _channel(action: Action) -> ChannelId:
    return ChannelId(action.request.channel)


if TYPE_CHECKING:
    _keeps_its_promise: type[ActionBoard] = SlackActionBoard
