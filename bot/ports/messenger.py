"""How a flow talks to people, wherever they are: in Slack or at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alert import Alert
    from bot.domain.conversation import MessageTs, PersonId, Question, Thread
    from bot.domain.incident import Incident
    from bot.domain.outcome import Outcome
    from bot.domain.progress import Task


class LiveMessage(Protocol):
    """The one message of an investigation, from first sign of life to its end state."""

    def show(self, task: Task) -> None:
        """Add the task, or replace the one with its id; calls are batched, none may block long."""
        ...

    def preview(self, outcome: Outcome) -> None:
        """Show what is known already above the plan, while the look goes on; never raises."""
        ...

    def close(self, outcome: Outcome) -> None:
        """Turn the message into the final card; repeating it leaves one card.

        Raises:
            UpstreamError: It could not be delivered in any form; the run stays open and is
                delivered when it is resumed.
        """
        ...


class Messenger(Protocol):
    """Everything that is said outside a live message."""

    def acknowledge(self, question: Question) -> None:
        """Show within a second that the question was seen; never raises."""
        ...

    def open_live(self, thread: Thread, question: Question, *, key: str) -> LiveMessage:
        """Return the live message of that key; a key seen before continues the same message."""
        ...

    def note(self, thread: Thread, text: str, *, key: str) -> None:
        """Post one short sentence into the thread, once per key."""
        ...

    def announce(self, incident: Incident, alerts: Sequence[Alert]) -> MessageTs:
        """Post the first message of an incident's thread, or bring it up to date; return its ts.

        Only for incidents that came by no message of this channel.

        Raises:
            UpstreamError: It could not be posted in any form.
        """
        ...

    def whisper(self, thread: Thread, person: PersonId, text: str) -> None:
        """Tell one person something only they see; refusals and hints, never a record."""
        ...

    def pick_scope(
        self, thread: Thread, question: Question, clusters: tuple[str, ...], *, key: str
    ) -> None:
        """Ask which cluster is meant, with one button or menu entry each, once per key."""
        ...
