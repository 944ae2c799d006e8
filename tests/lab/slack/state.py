"""The workspace: everything it remembers, behind one lock that tests can wait on.

It finds, numbers and timestamps things. It must not know HTTP, sockets or the rules of a method.
"""

from __future__ import annotations

import heapq
import threading
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from bot.adapters.slack import limits
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import (
    BOT_NAME,
    BOT_USER_ID,
    Channel,
    File,
    Group,
    Json,
    Message,
    Session,
    Status,
    User,
    View,
)
from tests.lab.slack.traffic import Call, Delivery, ResponseUrl, Scheduled, Trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.clock import LabClock
    from tests.lab.slack.subscriptions import Manifest


class Workspace:
    """One team with one installed app. Hold `changing()` around every read-modify-write."""

    def __init__(self, *, clock: LabClock, manifest: Manifest) -> None:
        self.clock = clock
        self.manifest = manifest
        self.changed = threading.Condition(threading.RLock())
        self.version = 0
        self.base_url = ""
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, Group] = {}
        self.messages: dict[str, dict[str, Message]] = {}
        self.ephemerals: list[Message] = []
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, View] = {}
        self.files: dict[str, File] = {}
        # False: completed uploads are accepted and never appear, as Slack was seen to do.
        self.shares_files = True
        self.statuses: dict[tuple[str, str], list[Status]] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: dict[tuple[str, str], Json] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.tokens: dict[str, str] = {}
        self.socket_tickets: set[str] = set()
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.unknown_methods: list[str] = []
        self.deliver: Callable[[Delivery], None] = lambda _delivery: None
        self.timer_added: Callable[[], None] = lambda: None
        self.on_change: Callable[[], None] = lambda: None
        self._numbers = count(1)
        self._last_ts_us = 0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock; afterwards raise the version and wake everybody who waits."""
        with self.changed:
            yield
            self.version += 1
            self.changed.notify_all()
            self.on_change()

    def new_id(self, prefix: str) -> str:
        """Return an id that nothing else in this workspace has."""
        with self.changed:
            return f"{prefix}LAB{next(self._numbers):07d}"

    def new_ts(self) -> str:
        """Return the present as `seconds.microseconds`, later than every earlier one."""
        with self.changed:
            self._last_ts_us = max(int(self.clock.now() * 1_000_000), self._last_ts_us + 1)
            seconds, micros = divmod(self._last_ts_us, 1_000_000)
            return f"{seconds}.{micros:06d}"

    # Timers on the lab's clock.

    def at(self, due: float, callback: Callable[[], None]) -> None:
        """Run `callback` once the lab's clock has reached `due`."""
        with self.changed:
            heapq.heappush(self._timers, (due, next(self._numbers), callback))
        self.timer_added()

    def next_due(self) -> float | None:
        with self.changed:
            return self._timers[0][0] if self._timers else None

    def run_due(self) -> None:
        """Run every timer whose time has come, in order, and let waiters look again."""
        while True:
            with self.changed:
                if not self._timers or self._timers[0][0] > self.clock.now():
                    break
                callback = heapq.heappop(self._timers)[2]
            callback()
        with self.changing():
            pass

    # Finding things, with Slack's refusals.

    def user(self, user_id: object) -> User:
        found = self.users.get(str(user_id))
        if found is None:
            raise SlackError("user_not_found")
        return found

    def person(self, name: str) -> User:
        """Return the user with that handle or id."""
        for user in self.users.values():
            if name in {user.name, user.id}:
                return user
        raise LookupError(f"nobody is called {name!r}; there are {self._names()}")

    def channel(self, ref: object) -> Channel:
        """Return the channel with that id or name; a user's id opens the direct message."""
        wanted = str(ref or "")
        found = self.channels.get(wanted)
        if found is not None:
            return found
        if wanted in self.users:
            return self.direct(wanted)
        for channel in self.channels.values():
            if channel.kind != "im" and channel.name == wanted.removeprefix("#"):
                return channel
        raise SlackError("channel_not_found")

    def joined_channel(self, ref: object) -> Channel:
        """Return the channel when the bot may write there."""
        channel = self.channel(ref)
        if channel.archived:
            raise SlackError("is_archived")
        if BOT_USER_ID not in channel.members:
            raise SlackError("channel_not_found" if channel.kind == "group" else "not_in_channel")
        return channel

    def direct(self, user_id: str) -> Channel:
        """Return the direct message between the bot and a user, opened if need be."""
        with self.changed:
            for channel in self.channels.values():
                if channel.kind == "im" and channel.peer == user_id:
                    return channel
            opened = Channel(
                id=self.new_id("D"),
                name="",
                kind="im",
                peer=user_id,
                members=[user_id, BOT_USER_ID],
            )
            self.channels[opened.id] = opened
            return opened

    def message(self, channel: Channel, ts: object) -> Message:
        found = self.messages.get(channel.id, {}).get(str(ts))
        if found is None:
            raise SlackError("message_not_found")
        return found

    def root(self, channel: Channel, ts: object) -> Message:
        """Return the root of the thread that the message with this ts belongs to."""
        found = self.messages.get(channel.id, {}).get(str(ts))
        if found is None:
            raise SlackError("thread_not_found")
        return self.messages[channel.id].get(found.root_ts, found)

    def in_thread(self, channel_id: str, root_ts: str) -> list[Message]:
        """Return root and replies, oldest first."""
        rows = self.messages.get(channel_id, {}).values()
        return sorted((row for row in rows if row.root_ts == root_ts), key=lambda row: row.ts)

    def group(self, ref: str) -> Group:
        """Return the user group with that id or handle."""
        for group in self.groups.values():
            if ref.removeprefix("@") in {group.id, group.handle}:
                return group
        raise SlackError("no_such_subteam")

    # Triggers and response URLs.

    def issue_trigger(self, user_id: str, *, view_id: str = "") -> str:
        """Return a trigger id that opens one view within three seconds."""
        with self.changed:
            trigger_id = f"{self.new_id('TR')}.{self.clock.now():.6f}"
            self.triggers[trigger_id] = Trigger(
                issued_at=self.clock.now(), user=user_id, view_id=view_id
            )
            return trigger_id

    def spend_trigger(self, trigger_id: object) -> Trigger:
        found = self.triggers.get(str(trigger_id))
        if found is None:
            raise SlackError("invalid_trigger_id")
        if found.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock.now() - found.issued_at > limits.TRIGGER_ID_TTL_S:
            raise SlackError("expired_trigger_id")
        found.used = True
        return found

    def issue_response_url(self, record: ResponseUrl) -> str:
        with self.changed:
            ticket = self.new_id("RU")
            self.response_urls[ticket] = record
            return f"{self.base_url}/response/{ticket}"

    def snapshot_calls(self, method: str | None = None) -> list[Call]:
        with self.changed:
            return [call for call in self.calls if method in {None, call.method}]

    def describe(self, **fields: Any) -> str:
        """Return what a failing wait needs to say: the last calls and deliveries."""
        with self.changed:
            calls = [
                f"{call.method}{'!' + call.error if call.error else ''}" for call in self.calls
            ]
            told = [f"{one.what}:{one.state}" for one in self.deliveries]
        extra = "".join(f" {key}={value}" for key, value in fields.items())
        return f"last calls {calls[-8:]}, last deliveries {told[-8:]}{extra}"

    def _names(self) -> list[str]:
        return [user.name for user in self.users.values() if user.name != BOT_NAME]
