"""Waiting for what the app does and looking at the result, in process.

It reads the workspace under its lock and wakes on its changes; nothing here polls or acts.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from tests.lab.slack.reading import Seen, see_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.slack.records import Json, Session, Status, View
    from tests.lab.slack.state import Workspace
    from tests.lab.slack.traffic import Call, Delivery

_T = TypeVar("_T")


class Watcher:
    """The half of the lab that only looks."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    # Waiting.

    def wait_for(
        self, condition: Callable[[], _T | None], *, timeout_s: float = 5.0, what: str = ""
    ) -> _T:
        """Return the condition's first truthy value, looked at after every change.

        Raises:
            TimeoutError: it stayed falsy; the message has the last calls and deliveries.
        """
        deadline = time.monotonic() + timeout_s
        with self.workspace.changed:
            while True:
                value = condition()
                if value:
                    return value
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    break
                self.workspace.changed.wait(left_s)
            seen = self.workspace.describe()
        raise TimeoutError(f"waited {timeout_s} s for {what or 'a condition'}: {seen}")

    def wait_for_reply(
        self,
        channel: str,
        thread_ts: str,
        *,
        contains: str = "",
        finished: bool = True,
        timeout_s: float = 5.0,
    ) -> Seen:
        """Return the bot's newest settled message in the thread that has the words."""

        def look() -> Seen | None:
            for seen in reversed(self.thread(channel, thread_ts)):
                settled = not (finished and seen.streaming)
                if seen.by_bot and settled and contains in seen.words:
                    return seen
            return None

        return self.wait_for(look, timeout_s=timeout_s, what=f"a reply with {contains!r}")

    def wait_for_call(self, method: str, *, count: int = 1, timeout_s: float = 5.0) -> Call:
        """Return the count-th finished call of the method."""

        def look() -> Call | None:
            done = [call for call in self.calls(method) if call.done]
            return done[count - 1] if len(done) >= count else None

        return self.wait_for(look, timeout_s=timeout_s, what=f"call {count} of {method}")

    def wait_for_view(
        self, user: str, *, callback_id: str | None = None, timeout_s: float = 5.0
    ) -> View:
        """Return the modal on top of the person's screen."""

        def look() -> View | None:
            stack = self.workspace.stacks.get(self.workspace.person(user).id) or []
            view = self.workspace.views[stack[-1]] if stack else None
            if view is None or callback_id not in {None, view.body.get("callback_id")}:
                return None
            return view

        return self.wait_for(look, timeout_s=timeout_s, what=f"a modal for {user}")

    def wait_for_ephemeral(self, user: str, *, contains: str = "", timeout_s: float = 5.0) -> Seen:
        """Return the newest message that only this person sees and that has the words."""

        def look() -> Seen | None:
            return next(
                (one for one in reversed(self.ephemerals(user)) if contains in one.words), None
            )

        return self.wait_for(look, timeout_s=timeout_s, what=f"a note to {user}: {contains!r}")

    def wait_until_delivered(self, *, timeout_s: float = 5.0) -> None:
        """Return once every delivery is acknowledged or given up."""
        self.wait_for(
            lambda: all(one.finished for one in self.workspace.deliveries),
            timeout_s=timeout_s,
            what="the end of every delivery",
        )

    # Looking.

    def messages(self, channel: str) -> list[Seen]:
        """Return the channel's messages, replies included, oldest first."""
        with self.workspace.changed:
            room = self.workspace.channel(channel)
            return see_all(self.workspace, self.workspace.messages.get(room.id, {}).values())

    def thread(self, channel: str, thread_ts: str) -> list[Seen]:
        """Return root and replies, oldest first."""
        with self.workspace.changed:
            room = self.workspace.channel(channel)
            return see_all(self.workspace, self.workspace.in_thread(room.id, thread_ts))

    def ephemerals(self, user: str) -> list[Seen]:
        """Return what only this person sees, oldest first."""
        with self.workspace.changed:
            wanted = self.workspace.person(user).id
            rows = [one for one in self.workspace.ephemerals if one.only_for == wanted]
            return see_all(self.workspace, rows)

    def views(self, user: str | None = None) -> list[View]:
        """Return the open modals, bottom first, of one person or of all."""
        with self.workspace.changed:
            wanted = None if user is None else self.workspace.person(user).id
            return [one for one in self.workspace.views.values() if wanted in {None, one.user}]

    def home(self, user: str) -> View | None:
        """Return the person's Home tab as published."""
        return self.workspace.homes.get(self.workspace.person(user).id)

    def calls(self, method: str | None = None) -> list[Call]:
        """Return the recorded Web API calls, oldest first, of one method or of all."""
        return self.workspace.snapshot_calls(method)

    def deliveries(self, what: str | None = None) -> list[Delivery]:
        """Return what was told to the app, oldest first, of one type or of all."""
        with self.workspace.changed:
            return [one for one in self.workspace.deliveries if what in {None, one.what}]

    def statuses(self, channel: str, thread_ts: str) -> list[Status]:
        """Return every status line the thread had, oldest first; `cleared_by` says how it ended."""
        with self.workspace.changed:
            room = self.workspace.channel(channel)
            return list(self.workspace.statuses.get((room.id, thread_ts), []))

    def session(self, channel: str, thread_ts: str) -> Session | None:
        """Return the agent session of a thread."""
        return self.workspace.sessions.get((self.workspace.channel(channel).id, thread_ts))

    def prompts(self, channel: str, thread_ts: str = "") -> Json | None:
        """Return the suggested prompts of a thread, or of the whole DM."""
        return self.workspace.prompts.get((self.workspace.channel(channel).id, thread_ts))

    def unknown_methods(self) -> list[str]:
        """Return the Web API methods that were called and do not exist here."""
        return list(self.workspace.unknown_methods)
