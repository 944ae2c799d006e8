"""Talking with the bot in the lab's Slack, and waiting for the end of what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack.actions import DETAILS, RATE, RETRY

if TYPE_CHECKING:
    from tests.lab.slack.reading import Seen
    from tests.lab.slack.records import Message
    from tests.lab.slack.testing import SlackLab

ENDS = frozenset({DETAILS, RATE, RETRY})
"""Controls only a closed card has."""


class Chat:
    """One workspace, seen from the people's side."""

    def __init__(self, slack: SlackLab, *, patience_s: float = 25.0) -> None:
        self.slack = slack
        self._patience_s = patience_s

    def ask(self, text: str, *, who: str = "ana", channel: str = "#oncall") -> Message:
        """Mention the bot; return the message that starts the thread."""
        return self.slack.as_user(who).mention(channel, text)

    def answers(self, channel: str, thread_ts: str) -> list[Seen]:
        """The closed cards of a thread, oldest first."""
        return [
            seen
            for seen in self.slack.thread(channel, thread_ts)
            if seen.by_bot and not seen.streaming and ENDS & set(seen.action_ids)
        ]

    def answer(self, channel: str, thread_ts: str, *, number: int = 1) -> Seen:
        """Return the thread's closed card of that number, once it is there."""

        def look() -> Seen | None:
            found = self.answers(channel, thread_ts)
            return found[number - 1] if len(found) >= number else None

        return self.slack.wait_for(
            look, timeout_s=self._patience_s, what=f"answer {number} in {channel} {thread_ts}"
        )

    def asked_and_answered(
        self, text: str, *, who: str = "ana", channel: str = "#oncall"
    ) -> tuple[Message, Seen]:
        """Ask in a new thread and return question and closed card."""
        question = self.ask(text, who=who, channel=channel)
        return question, self.answer(channel, question.ts)

    def said_by_bot(self, channel: str, thread_ts: str) -> list[Seen]:
        """Everything the bot has in a thread."""
        return [seen for seen in self.slack.thread(channel, thread_ts) if seen.by_bot]

    def wait_for_words(self, channel: str, thread_ts: str, words: str) -> Seen:
        """Return the bot's message in the thread that holds the words."""
        return self.slack.wait_for_reply(
            channel, thread_ts, contains=words, timeout_s=self._patience_s
        )
