"""The Messenger port in Slack: what is said around an answer, and where the answer will stand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from bot.adapters.slack.blocks.incident import incident_card
from bot.adapters.slack.blocks.notice import note_card
from bot.adapters.slack.blocks.scope import scope_card
from bot.adapters.slack.sinks.files import LOOK_AFTER_S, FileSlot
from bot.adapters.slack.sinks.slot import Slot
from bot.adapters.slack.sinks.stream import STREAM_INTERVAL_S, StreamSink
from bot.adapters.slack.sinks.update import UPDATE_INTERVAL_S, UpdateSink
from bot.domain.conversation import ChannelId, MessageTs, Surface
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.adapters.slack.gateway import SlackGateway
    from bot.domain.alert import Alert
    from bot.domain.conversation import PersonId, Question, Thread
    from bot.domain.incident import Incident
    from bot.domain.registry import Registry
    from bot.ports.clock import Clock
    from bot.ports.messenger import LiveMessage
    from bot.ports.store import Deliveries

SEEN: Final = "eyes"
COURTESY_PATIENCE_S: Final = 0.0
"""A courtesy that has to wait is dropped: nobody's answer, or next click, waits behind it."""
ANNOUNCE_PATIENCE_S: Final = 5.0
"""How long an incident's first message may wait to be brought up to date; it is tried again."""
CLOCKS_APART: Final = timedelta(minutes=5)
"""How far Slack's clock and ours may differ when an unrecorded message is looked for."""
STATUS: Final = "is looking into it…"
LOADING: Final = (
    "Reading the cluster…",
    "Checking events and logs…",
    "Comparing with what changed…",
)


class SlackMessenger:
    """Messenger over one gateway; holds no state of a conversation."""

    def __init__(
        self,
        *,
        gateway: SlackGateway,
        deliveries: Deliveries,
        registry: Registry,
        clock: Clock,
        update_interval_s: float = UPDATE_INTERVAL_S,
        stream_interval_s: float = STREAM_INTERVAL_S,
        look_after_s: tuple[float, ...] = LOOK_AFTER_S,
    ) -> None:
        """Take the gateway.

        The intervals are the least time between two updates of progress; `look_after_s` are the
        pauses before each look whether a file has arrived.
        """
        self._gateway = gateway
        self._deliveries = deliveries
        self._registry = registry
        self._clock = clock
        self._update_interval_s = update_interval_s
        self._stream_interval_s = stream_interval_s
        self._look_after_s = look_after_s
        self._log = structlog.get_logger()

    def acknowledge(self, question: Question) -> None:
        """Show that the question was seen: a status, a reaction in channels, a Stop button."""
        channel, thread_ts = question.channel, question.thread_ts
        steps: list[tuple[str, Callable[[], None]]] = [
            (
                "status",
                lambda: self._gateway.set_status(
                    channel,
                    thread_ts,
                    STATUS,
                    loading_messages=LOADING,
                    patience_s=COURTESY_PATIENCE_S,
                ),
            ),
            (
                "session",
                lambda: self._gateway.set_session(
                    channel,
                    thread_ts,
                    "processing",
                    initiator=question.person,
                    patience_s=COURTESY_PATIENCE_S,
                ),
            ),
        ]
        entry = self._registry.channel(channel)
        quiet = entry is not None and entry.quiet
        if question.surface is Surface.CHANNEL and not quiet:
            steps.append(
                (
                    "reaction",
                    lambda: self._gateway.react(
                        channel, question.ts, SEEN, patience_s=COURTESY_PATIENCE_S
                    ),
                )
            )
        for name, step in steps:
            self._try(name, step)

    def open_live(self, thread: Thread, question: Question, *, key: str) -> LiveMessage:
        """Return the live message of that key.

        A stream where a person asked, an edited message where nobody did: Slack streams to a
        human recipient only.
        """
        slot = self._slot(thread, key=key, after=question.ts)
        updates = UpdateSink(
            slot=slot,
            continuation=lambda number: self._slot(
                thread, key=f"{key}/part-{number}", after=question.ts
            ),
            files=FileSlot(
                gateway=self._gateway,
                deliveries=self._deliveries,
                channel=thread.channel,
                thread_ts=thread.thread_ts,
                after=question.ts,
                key=f"{key}/files",
                clock=self._clock,
                look_after_s=self._look_after_s,
            ),
            settled=lambda: self._settle(thread),
            clock=self._clock,
            interval_s=self._update_interval_s,
        )
        if not question.person or question.surface is Surface.TERMINAL:
            return updates
        return StreamSink(
            gateway=self._gateway,
            slot=slot,
            updates=updates,
            channel=thread.channel,
            thread_ts=thread.thread_ts,
            recipient=question.person,
            team_id=thread.team_id,
            clock=self._clock,
            interval_s=self._stream_interval_s,
        )

    def note(self, thread: Thread, text: str, *, key: str) -> None:
        """Post one short sentence into the thread, once per key."""
        self._slot(thread, key=key, after=thread.thread_ts).post_once(note_card(text))
        self._settle(thread)

    def announce(self, incident: Incident, alerts: Sequence[Alert]) -> MessageTs:
        """Post the first message of an incident's thread, or bring it up to date.

        A message that a person deleted is not put back where the thread has begun.
        """
        channel = ChannelId(incident.channel)
        card = incident_card(
            incident,
            alerts,
            watched=self._watched_for(channel),
            link_hosts=self._registry.link_hosts(),
        )
        oldest = incident.opened_at - CLOCKS_APART
        slot = Slot(
            gateway=self._gateway,
            deliveries=self._deliveries,
            channel=channel,
            thread_ts=None,
            after=MessageTs(f"{oldest.timestamp():.6f}"),
            key=f"incident/{incident.incident_id}",
        )
        if incident.thread_ts is None:
            return slot.put(card)
        slot.refresh(card, patience_s=ANNOUNCE_PATIENCE_S)
        return MessageTs(incident.thread_ts)

    def whisper(self, thread: Thread, person: PersonId, text: str) -> None:
        """Tell one person something only they see.

        In a direct message that is the thread itself, where it lasts.
        """
        channel, thread_ts = thread.channel, thread.thread_ts
        if thread.surface is Surface.DIRECT:
            self._gateway.post(channel, note_card(text), thread_ts=thread_ts)
        else:
            self._gateway.post_ephemeral(channel, person, note_card(text), thread_ts=thread_ts)
            # Only a message for all clears the status line by itself.
            self._try(
                "status",
                lambda: self._gateway.set_status(
                    channel, thread_ts, "", patience_s=COURTESY_PATIENCE_S
                ),
            )
        self._settle(thread)

    def pick_scope(
        self, thread: Thread, question: Question, clusters: tuple[str, ...], *, key: str
    ) -> None:
        """Ask which cluster is meant, once per key."""
        self._slot(thread, key=key, after=question.ts).post_once(scope_card(clusters))
        self._settle(thread)

    def _watched_for(self, channel: ChannelId) -> tuple[ChannelId, ...]:
        """Return the channels whose alerts are told in this one instead."""
        return tuple(
            ChannelId(entry.channel)
            for entry in self._registry.channels
            if entry.alerts is not None and entry.alerts.shadow_channel == channel
        )

    def _slot(self, thread: Thread, *, key: str, after: MessageTs) -> Slot:
        return Slot(
            gateway=self._gateway,
            deliveries=self._deliveries,
            channel=thread.channel,
            thread_ts=thread.thread_ts,
            after=after,
            key=key,
        )

    def _settle(self, thread: Thread) -> None:
        """Take the Stop button away; Slack leaves the session processing otherwise."""
        self._try(
            "session",
            lambda: self._gateway.set_session(
                thread.channel, thread.thread_ts, "active", patience_s=COURTESY_PATIENCE_S
            ),
        )

    def _try(self, what: str, step: Callable[[], None]) -> None:
        try:
            step()
        except UpstreamError as error:
            self._log.info("slack_courtesy_skipped", what=what, reason=str(error))
