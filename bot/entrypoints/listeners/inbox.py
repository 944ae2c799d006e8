"""The gate every delivery passes before Slack hears that we have it: stored first, then answered.

Bolt acknowledges events before their listener runs, so this is a global middleware, and one that
runs before authorization: a revoked token must not cost a question. A delivery that cannot be
stored is not acknowledged, and Slack brings it again.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog
from slack_bolt import BoltContext, BoltResponse

from bot.adapters.slack.actions import PROOF_VIEW
from bot.adapters.slack.inbound import concerns_us
from bot.adapters.slack.payload import Fields, storable
from bot.domain.conversation import InboundEvent
from bot.domain.errors import UpstreamError
from bot.domain.redaction.texts import mask_texts
from bot.entrypoints.listeners.deps import INBOX_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.conversation import ChannelId
    from bot.domain.registry import AlertRules
    from bot.ports.clock import Clock
    from bot.ports.store import Inbox

_KINDS: Final = {
    "block_actions": "action",
    "message_action": "shortcut",
    "shortcut": "shortcut",
    "view_submission": "view",
    "view_closed": "view",
}
_NOT_KEPT: Final = frozenset({"token", "response_url", "response_urls"})
"""A deprecated secret and addresses that let anybody write into the channel for half an hour."""

SLACKS_OWN: Final = re.compile(r"[A-Z][A-Z0-9]{2,11}|[0-9]{10}\.[0-9]{6}|[a-z_]{1,20}")
"""Ids, time stamps and names of kinds. No rule finds a secret in such a text, and most texts of a
delivery are such: looking through them is half of what an acknowledgement waits for."""


class InboxGate:
    """The middleware; register its `admit` as `before_authorize`."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        clock: Clock,
        mask: Callable[[str], str],
        rules_of: Callable[[ChannelId], AlertRules | None],
    ) -> None:
        self._inbox = inbox
        self._rules_of = rules_of
        self._mask = mask
        self._clock = clock
        self._log = structlog.get_logger()

    def admit(
        self, body: dict[str, Any], context: BoltContext, next_: Callable[[], BoltResponse]
    ) -> BoltResponse:
        """Store the delivery and let it on; answer for it where it may not go on."""
        kind = kind_of(body)
        if kind is None:
            return next_()
        if kind == "event" and not concerns_us(body, rules_of=self._rules_of):
            return BoltResponse(status=HTTPStatus.OK)
        event_id = delivery_id(kind, body)
        # Of one delivery alone: what somebody wrote comes twice, in its text and in its blocks.
        mask = cache(self._masked)
        try:
            is_new = self._inbox.record(
                InboundEvent(
                    event_id=event_id,
                    kind=kind,
                    payload={
                        name: mask_texts(storable(value), mask)
                        for name, value in without_codes(body).items()
                        if name not in _NOT_KEPT
                    },
                    received_at=self._clock.now(),
                )
            )
        except UpstreamError as error:
            self._log.error("delivery_not_stored", event_id=event_id, reason=str(error))
            return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
        if not is_new:
            self._log.info("delivery_repeated", event_id=event_id)
            return BoltResponse(status=HTTPStatus.OK)
        context[INBOX_ID] = event_id
        return next_()

    def _masked(self, text: str) -> str:
        return text if SLACKS_OWN.fullmatch(text) else self._mask(text)


def without_codes(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the delivery less a second factor's code, which is worth nothing later."""
    view = Fields(body).inner("view")
    if view.text("callback_id") != PROOF_VIEW:
        return body
    return {**body, "view": {**view.whole(), "state": {"values": {}}}}


def kind_of(body: Mapping[str, Any]) -> str | None:
    """Return the inbox kind of a delivery; None for Slack's own checks, which are not stored."""
    fields = Fields(body)
    if fields.text("type") == "event_callback":
        return "event"
    if fields.text("command"):
        return "command"
    return _KINDS.get(fields.text("type"))


def delivery_id(kind: str, body: Mapping[str, Any]) -> str:
    """Return what a redelivery has in common with the first: Slack's id of it.

    Interactions have no event id, but every act of a person has a trigger of its own. It is hashed,
    because with our token a trigger can open a modal.
    """
    fields = Fields(body)
    event_id = fields.text("event_id")
    if kind == "event" and event_id:
        return event_id
    act = fields.text("trigger_id") or repr(sorted(body.items(), key=lambda item: item[0]))
    return f"{kind}/{sha256(act.encode(errors='replace')).hexdigest()[:32]}"
