"""The live message as a native stream, as long as Slack keeps one alive.

A stream dies five minutes after its start and holds about eleven kilobytes, so before either the
same message goes on as an edited one. So it does when Slack refuses the stream, when a person
stopped it, when a worker takes over from one that died, and from the first card on, because a
stream has no place above its plan. Nothing shown is lost: the board has every task, and the edited
message shows all of them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import structlog

from bot.adapters.slack import limits
from bot.adapters.slack.blocks.plan import PLAN_TITLE, chunks
from bot.adapters.slack.errors import SlackUncertainError
from bot.adapters.slack.sinks.pace import Pace
from bot.adapters.slack.sinks.update import PROGRESS_PATIENCE_S, UpdateSink
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from bot.adapters.slack.gateway import SlackGateway
    from bot.adapters.slack.sinks.slot import Slot
    from bot.domain.conversation import ChannelId, MessageTs, PersonId
    from bot.domain.outcome import Outcome
    from bot.domain.progress import Task
    from bot.ports.clock import Clock

STREAM_INTERVAL_S: Final = 0.7
"""chat.appendStream has 100 calls a minute."""


class StreamSink:
    """LiveMessage by chat.startStream and chat.appendStream, over an UpdateSink for the rest."""

    def __init__(
        self,
        *,
        gateway: SlackGateway,
        slot: Slot,
        updates: UpdateSink,
        channel: ChannelId,
        thread_ts: MessageTs,
        recipient: PersonId,
        team_id: str,
        clock: Clock,
        interval_s: float = STREAM_INTERVAL_S,
    ) -> None:
        """Take the place and the sink that goes on when there is no stream (any more)."""
        self._gateway = gateway
        self._slot = slot
        self._updates = updates
        self._channel = channel
        self._thread_ts = thread_ts
        self._recipient = recipient
        self._team_id = team_id
        self._clock = clock
        self._pace = Pace(send=self._flush, interval_s=interval_s, clock=clock)
        self._stream_ts: MessageTs | None = None
        self._started_at = 0.0
        self._size_bytes = 0
        self._streaming = True
        self._log = structlog.get_logger()

    def show(self, task: Task) -> None:
        """Add or replace a task; it is in Slack within about a second."""
        with self._updates.lock:
            changed = self._updates.board.put(task)
        if changed:
            self._pace.ask()

    def preview(self, outcome: Outcome) -> None:
        """Show what is known already above the plan; the message is edited from here on."""
        self._updates.hold(outcome)
        self._pace.hurry()

    def close(self, outcome: Outcome) -> None:
        """End the stream and turn its message into the final card.

        Raises:
            UpstreamError: Slack took it in no form, or cannot be reached.
        """
        self._pace.close()
        # A message that exists may still be streaming, from here or from a worker that died.
        if self._slot.locate() is not None and self._streaming:
            self._end()
        self._updates.close(outcome)

    def _flush(self) -> None:
        if not self._streaming:
            self._updates.flush()
            return
        if self._updates.has_preview:
            self._hand_over((), why="first card")
            return
        with self._updates.lock:
            unseen = self._updates.board.take_unseen()
        if not unseen:
            return
        if self._stream_ts is None:
            self._start(unseen)
        elif self._is_worn(sent := chunks(unseen, title=None)):
            self._hand_over(unseen, why="rotation")
        else:
            self._append(unseen, sent)

    def _start(self, tasks: tuple[Task, ...]) -> None:
        """Start the stream, unless the message is there already: then it is edited from now on."""
        content = chunks(tasks, title=PLAN_TITLE)
        # Slack counts from its own start, which lies between here and the answer.
        began_at = self._clock.monotonic()
        started: list[MessageTs] = []

        def send() -> MessageTs:
            started.append(
                self._gateway.start_stream(
                    self._channel,
                    self._thread_ts,
                    recipient=self._recipient,
                    team_id=self._team_id,
                    chunks=content,
                    patience_s=PROGRESS_PATIENCE_S,
                )
            )
            return started[-1]

        try:
            self._slot.place(send)
        except SlackUncertainError:
            # Whether there is a stream is not known; the next try looks into the thread first.
            self._put_back(tasks)
            raise
        except UpstreamError as error:
            self._hand_over(tasks, why=str(error))
            return
        if not started:
            self._end()
            self._hand_over(tasks, why="taken over")
            return
        self._stream_ts = started[-1]
        self._started_at = began_at
        self._size_bytes = _size_bytes(content)

    def _append(self, tasks: tuple[Task, ...], content: list[dict[str, object]]) -> None:
        if self._stream_ts is None:
            return
        try:
            self._gateway.append_stream(
                self._channel, self._stream_ts, content, patience_s=PROGRESS_PATIENCE_S
            )
        except UpstreamError as error:
            if error.retry_after_s is not None:
                self._put_back(tasks)
                raise
            self._hand_over(tasks, why=str(error))
            return
        self._size_bytes += _size_bytes(content)

    def _is_worn(self, content: list[dict[str, object]]) -> bool:
        age_s = self._clock.monotonic() - self._started_at
        size_bytes = self._size_bytes + _size_bytes(content)
        return age_s >= limits.STREAM_ROTATE_AFTER_S or size_bytes > limits.STREAM_ROTATE_BYTES

    def _hand_over(self, tasks: tuple[Task, ...], *, why: str) -> None:
        """Go on as an edited message, with everything shown so far."""
        self._log.info("slack_stream_handed_over", key=self._slot.key, reason=why)
        self._put_back(tasks)
        self._end()
        self._updates.flush()

    def _end(self) -> None:
        """Stop the stream; from here on the message is edited."""
        self._slot.end_stream()
        self._stream_ts = None
        self._streaming = False

    def _put_back(self, tasks: tuple[Task, ...]) -> None:
        with self._updates.lock:
            self._updates.board.put_back(tasks)


def _size_bytes(content: list[dict[str, object]]) -> int:
    return len(json.dumps(content, ensure_ascii=False).encode(errors="replace"))
