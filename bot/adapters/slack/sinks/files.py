"""Files we owe a thread beside a card: brought there once, and seen to have arrived.

Slack answers an upload before it has shared it, and now and then never does, so what counts is the
message in the thread. That is also how one is found again after a crash. It must not know what is
in a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from bot.adapters.slack.payload import Fields
from bot.domain.conversation import MessageTs
from bot.domain.delivery import Delivery
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from bot.adapters.slack.enclosures import Enclosures
    from bot.adapters.slack.gateway import SlackGateway
    from bot.domain.conversation import ChannelId
    from bot.ports.clock import Clock
    from bot.ports.store import Deliveries

FILES_PATIENCE_S: Final = 10.0
"""How long an upload may wait for its turn; the answer itself is in the thread by then."""
LOOK_AFTER_S: Final = (0.3, 1.0, 2.0, 4.0)
"""Pauses before each look for the message; files are scanned before they are shared."""


class FileSlot:
    """The one message with files of one delivery key."""

    def __init__(
        self,
        *,
        gateway: SlackGateway,
        deliveries: Deliveries,
        channel: ChannelId,
        thread_ts: MessageTs,
        after: MessageTs,
        key: str,
        clock: Clock,
        look_after_s: tuple[float, ...] = LOOK_AFTER_S,
    ) -> None:
        """`after` is the message answered: what we are looking for is younger."""
        self._gateway = gateway
        self._deliveries = deliveries
        self._wanted = Delivery(key=key, channel=channel, thread_ts=thread_ts)
        self._after = after
        self._clock = clock
        self._look_after_s = look_after_s
        self._log = structlog.get_logger()

    def deliver(self, enclosures: Enclosures) -> bool:
        """Bring the files into the thread unless they are there; False if they do not arrive."""
        try:
            stored = self._deliveries.intend(self._wanted)
            arrived = stored.ts is not None or self._find(enclosures.names)
            return arrived or self._upload(enclosures)
        except UpstreamError as error:
            self._log.warning("slack_files_lost", key=self._wanted.key, reason=str(error))
            return False

    def _upload(self, enclosures: Enclosures) -> bool:
        wanted = self._wanted
        self._gateway.share_files(
            wanted.channel,
            enclosures.uploads(),
            thread_ts=wanted.thread_ts,
            comment=enclosures.comment,
            patience_s=FILES_PATIENCE_S,
        )
        for pause_s in self._look_after_s:
            self._clock.sleep(pause_s)
            if self._find(enclosures.names):
                return True
        self._log.warning("slack_files_lost", key=wanted.key, reason="accepted, never shared")
        return False

    def _find(self, names: tuple[str, ...]) -> bool:
        """Look for the message in the thread, and record it."""
        wanted = self._wanted
        us = self._gateway.identity()
        for reply in self._gateway.replies(wanted.channel, wanted.thread_ts, oldest=self._after):
            message = Fields(reply)
            files = {Fields(one).text("name") for one in reply.get("files") or []}
            if message.text("user") == us.user_id and files.intersection(names):
                self._deliveries.mark_sent(wanted.key, ts=MessageTs(message.text("ts")))
                return True
        return False
