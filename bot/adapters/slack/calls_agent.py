"""Calls of Slack's agent container: streams, the status line, the session, suggested prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack.calls_part import CallsPart, Json, metadata_of
from bot.domain.conversation import MessageTs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.conversation import ChannelId, PersonId


class AgentCalls(CallsPart):
    """Every one of these may be missing in a workspace; whoever calls has a way without."""

    def start_stream(
        self,
        channel: ChannelId,
        thread_ts: MessageTs,
        *,
        recipient: PersonId,
        team_id: str,
        chunks: Sequence[Json],
        patience_s: float | None = None,
    ) -> MessageTs:
        """Start a native stream that shows its tasks as a plan, and return its ts."""
        answer = self._caller.call(
            "chat.startStream",
            lambda: self._client.chat_startStream(
                channel=channel,
                thread_ts=thread_ts,
                recipient_user_id=recipient,
                recipient_team_id=team_id,
                task_display_mode="plan",
                chunks=list(chunks),
            ),
            patience_s=patience_s,
        )
        return MessageTs(str(answer.get("ts") or ""))

    def append_stream(
        self,
        channel: ChannelId,
        ts: MessageTs,
        chunks: Sequence[Json],
        *,
        patience_s: float | None = None,
    ) -> None:
        """Add to a running stream; refused from five minutes after its start."""
        self._caller.call(
            "chat.appendStream",
            lambda: self._client.chat_appendStream(channel=channel, ts=ts, chunks=list(chunks)),
            patience_s=patience_s,
        )

    def stop_stream(self, channel: ChannelId, ts: MessageTs, *, key: str | None = None) -> None:
        """End a stream; the message stays and can be updated from then on."""
        self._caller.call(
            "chat.stopStream",
            lambda: self._client.chat_stopStream(channel=channel, ts=ts, metadata=metadata_of(key)),
        )

    def set_status(
        self,
        channel: ChannelId,
        thread_ts: MessageTs,
        status: str,
        *,
        loading_messages: Sequence[str] = (),
        patience_s: float | None = None,
    ) -> None:
        """Show "is …" under the thread; Slack clears it with the next message or in 2 minutes."""
        self._caller.call(
            "assistant.threads.setStatus",
            lambda: self._client.assistant_threads_setStatus(
                channel_id=channel,
                thread_ts=thread_ts,
                status=status,
                loading_messages=list(loading_messages) or None,
            ),
            patience_s=patience_s,
        )

    def set_session(
        self,
        channel: ChannelId,
        thread_ts: MessageTs,
        status: str,
        *,
        initiator: PersonId | None = None,
        patience_s: float | None = None,
    ) -> None:
        """Set the session's lifecycle; `processing` is what makes Slack offer its Stop button."""
        self._caller.call(
            "agents.sessions.setStatus",
            lambda: self._client.agents_sessions_setStatus(
                channel_id=channel, thread_ts=thread_ts, status=status, initiator_user_id=initiator
            ),
            patience_s=patience_s,
        )

    def set_prompts(
        self, channel: ChannelId, prompts: Sequence[Mapping[str, str]], *, title: str
    ) -> None:
        """Pin up to four suggested prompts to the messages tab."""
        self._caller.call(
            "assistant.threads.setSuggestedPrompts",
            lambda: self._client.assistant_threads_setSuggestedPrompts(
                channel_id=channel, prompts=[dict(prompt) for prompt in prompts], title=title
            ),
        )
