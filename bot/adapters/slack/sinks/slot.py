"""One message we owe people: found again after a crash, never posted twice, marked once sent.

Deliver, then mark: the intention is stored before Slack is called, and the time stamp after it
answered. Between the two a message may exist that nobody recorded, and it is looked for in the
thread, or in the channel where it begins one, before anything is posted anew. Where two workers
post at once, the one that marked first keeps its message and the other takes its own back. It must
not know what a card says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.adapters.slack.actions import METADATA_EVENT
from bot.adapters.slack.errors import SlackRefusedError, SlackUncertainError
from bot.adapters.slack.payload import Fields
from bot.domain.conversation import MessageTs
from bot.domain.delivery import Delivery
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.adapters.slack.blocks.card import Card
    from bot.adapters.slack.gateway import SlackGateway
    from bot.domain.conversation import ChannelId
    from bot.ports.store import Deliveries

_GONE: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
)
"""Refusals of an update after which only a new message can say it."""
_NO_THREAD: Final = MessageTs("")
"""What is stored as the thread of a message that begins one."""
_STREAMING: Final = "streaming_state_conflict"


class Slot:
    """The message of one delivery key."""

    def __init__(
        self,
        *,
        gateway: SlackGateway,
        deliveries: Deliveries,
        channel: ChannelId,
        thread_ts: MessageTs | None,
        after: MessageTs,
        key: str,
    ) -> None:
        """Take the place.

        Args:
            gateway: the way to Slack.
            deliveries: what was meant to be sent.
            channel: where the message stands.
            thread_ts: its thread; None for one that begins a thread.
            after: what we are looking for is younger than this message.
            key: what the message is for.
        """
        self._gateway = gateway
        self._deliveries = deliveries
        self._after = after
        self._thread_ts = thread_ts
        self._wanted = Delivery(key=key, channel=channel, thread_ts=thread_ts or _NO_THREAD)
        self._ts: MessageTs | None = None
        self._looked = False
        self._gone: set[MessageTs | None] = set()
        self._log = structlog.get_logger()

    @property
    def key(self) -> str:
        """The delivery key."""
        return self._wanted.key

    @property
    def wanted(self) -> Delivery:
        """What is to be sent, and where."""
        return self._wanted

    def locate(self) -> MessageTs | None:
        """Return the message's ts if it is there already, recorded or not.

        Raises:
            UpstreamError: It cannot be known now, so nothing may be posted.
        """
        if self._ts is None and not self._looked:
            stored = self._deliveries.intend(self._wanted)
            self._ts = stored.ts if stored.ts not in self._gone else None
            if self._ts is None:
                self._find()
            self._looked = True
        return self._ts

    def place(self, send: Callable[[], MessageTs]) -> MessageTs:
        """Send a message that is not there yet and record it; what is there is not sent again.

        `send` is called at most twice: a second time only when the connection broke and a look
        shows that nothing arrived.
        """
        ts = self.locate()
        if ts is not None:
            return ts
        try:
            return self._sent(send())
        except SlackUncertainError:
            self._log.warning("slack_delivery_uncertain", key=self.key)
            self._looked = False
        return self.locate() or self._sent(send())

    def put(self, card: Card, *, patience_s: float | None = None) -> MessageTs:
        """Make the message show this card, whatever it shows now; return its ts."""
        ts = self.locate()
        if ts is not None and self._updated(ts, card, patience_s):
            return ts
        return self.post_once(card, patience_s=patience_s)

    def refresh(self, card: Card, *, patience_s: float | None = None) -> bool:
        """Make the message show this card; False, and nothing posted, if it is not there."""
        ts = self.locate()
        return ts is not None and self._updated(ts, card, patience_s)

    def post_once(self, card: Card, *, patience_s: float | None = None) -> MessageTs:
        """Post the card unless the message is there, which then stays as it is; return its ts."""
        return self.place(
            lambda: self._gateway.post(
                self._wanted.channel,
                card,
                thread_ts=self._thread_ts,
                key=self.key,
                patience_s=patience_s,
            )
        )

    def end_stream(self) -> None:
        """Stop the stream the message may still be; that it is none is fine."""
        if self._ts is None:
            return
        try:
            self._gateway.stop_stream(self._wanted.channel, self._ts, key=self.key)
        except SlackRefusedError as refused:
            self._log.info("slack_stream_was_over", key=self.key, code=refused.code)

    def _updated(self, ts: MessageTs, card: Card, patience_s: float | None) -> bool:
        """Update the message; False if it is gone and has to be posted anew."""
        for _ in range(2):
            try:
                self._gateway.update(
                    self._wanted.channel, ts, card, key=self.key, patience_s=patience_s
                )
            except SlackRefusedError as refused:
                if refused.code == _STREAMING:
                    self.end_stream()
                    continue
                if refused.code not in _GONE:
                    raise
                self._log.warning("slack_message_gone", key=self.key, code=refused.code)
                self._gone.add(ts)
                self._ts, self._looked = None, False
                return False
            return True
        raise SlackRefusedError(f"Slack still streams into {ts}", code=_STREAMING)

    def _sent(self, ts: MessageTs) -> MessageTs:
        """Record what was just sent; take it back if another worker's was recorded first."""
        first = self._mark(ts)
        if first == ts:
            return ts
        self._log.info("slack_duplicate_taken_back", key=self.key)
        try:
            self._gateway.delete(self._wanted.channel, ts)
        except UpstreamError as error:
            self._log.warning("slack_duplicate_left", key=self.key, reason=str(error))
        return first

    def _mark(self, ts: MessageTs) -> MessageTs:
        """Record the message; return the one that counts, which another may have recorded."""
        self._deliveries.mark_sent(self.key, ts=ts)
        stored = self._deliveries.intend(self._wanted).ts
        self._ts = ts if stored is None or stored in self._gone else stored
        return self._ts

    def _find(self) -> None:
        """Look for the message: by its key, else in a thread as our only unrecorded one.

        A stream has no metadata until it is stopped, so one whose start was not answered can be
        known only by nobody having recorded it. Messages with files are not ours to edit.
        """
        wanted = self._wanted
        ours = [
            message
            for message in self._around()
            if self._is_ours(message) and not message.get("files")
        ]
        match = next((message for message in ours if _key_of(message) == wanted.key), None)
        if match is None and self._thread_ts is not None:
            sent = {one.ts for one in self._deliveries.sent_in(wanted.channel, wanted.thread_ts)}
            match = next(
                (
                    message
                    for message in reversed(ours)
                    if _key_of(message) is None and message.get("ts") not in sent | self._gone
                ),
                None,
            )
        if match is not None:
            self._mark(MessageTs(str(match["ts"])))

    def _around(self) -> list[dict[str, Any]]:
        """Return the messages it must be among, oldest first."""
        channel = self._wanted.channel
        if self._thread_ts is not None:
            return self._gateway.replies(channel, self._thread_ts, oldest=self._after)
        return self._gateway.history(channel, oldest=self._after)[::-1]

    def _is_ours(self, found: dict[str, Any]) -> bool:
        us = self._gateway.identity()
        message = Fields(found)
        mine = message.text("bot_id") == us.bot_id if us.bot_id else False
        return (mine or message.text("user") == us.user_id) and _later(
            message.text("ts"), self._after
        )


def _key_of(message: dict[str, Any]) -> str | None:
    metadata = Fields(message).inner("metadata")
    if metadata.text("event_type") != METADATA_EVENT:
        return None
    return metadata.inner("event_payload").text("key") or None


def _later(ts: str, than: str) -> bool:
    return _number(ts) > _number(than)


def _number(ts: str) -> tuple[int, int]:
    seconds, _, fraction = ts.partition(".")
    if not (seconds.isdecimal() and fraction.isdecimal()):
        return (0, 0)
    return int(seconds), int(fraction)
