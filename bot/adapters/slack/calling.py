"""One Web API call done properly: budget, waiting, retrying what may be retried, clear errors.

It knows methods by name only. What to say and where is the gateway's.
"""

from __future__ import annotations

import threading
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.adapters.slack import limits
from bot.adapters.slack.errors import (
    SlackBusyError,
    SlackSwitchedOffError,
    SlackUncertainError,
    translated,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_sdk.web import SlackResponse

    from bot.domain.errors import UpstreamError
    from bot.ports.clock import Clock

_HTTP_TIMEOUT_S: Final = 10
_BURST: Final = 8
"""Calls that may come at once; Slack tolerates short bursts above the rate."""
_TRIES_AFTER_BREAK: Final = 2
_PAUSE_AFTER_BREAK_S: Final = 0.5
_NO_EFFECT_TWICE: Final = frozenset(
    {
        "agents.sessions.setStatus",
        "assistant.threads.setStatus",
        "assistant.threads.setSuggestedPrompts",
        "auth.test",
        "chat.delete",
        "chat.getPermalink",
        "chat.stopStream",
        "chat.update",
        "conversations.history",
        "conversations.replies",
        "reactions.add",
        "usergroups.list",
        "usergroups.users.list",
        "users.info",
        "views.publish",
        "views.update",
    }
)
"""Methods that may be repeated when nobody knows whether the first call arrived."""


class Buckets(Protocol):
    """Token buckets shared by all processes that call with one token."""

    def take(self, key: str, *, per_minute: float, burst: int, wait_s: float) -> bool:
        """Take one token, waiting at most that long; False if there was none in time."""
        ...


def web_client(*, token: str, base_url: str) -> WebClient:
    """Return a client without the SDK's own retries: they sleep and repeat what must not be."""
    return WebClient(token=token, base_url=base_url, timeout=_HTTP_TIMEOUT_S, retry_handlers=[])


class Caller:
    """Makes calls within the budget of each method; thread-safe.

    `patience_s` is how long one call may wait for budget, rate limit or network together. It is 0
    where an acknowledgement waits behind the caller.
    """

    def __init__(self, *, buckets: Buckets, clock: Clock, patience_s: float) -> None:
        self._buckets = buckets
        self._clock = clock
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._switched_off: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._log = structlog.get_logger()

    def call(
        self,
        method: str,
        send: Callable[[], SlackResponse],
        *,
        lane: str = "",
        patience_s: float | None = None,
    ) -> dict[str, Any]:
        """Return Slack's answer.

        Args:
            method: Slack's name of it, such as `chat.update`.
            send: makes the call; may run more than once.
            lane: part of the budget's key where Slack counts by channel.
            patience_s: overrides the caller's own.

        Raises:
            SlackBusyError: No budget in time.
            SlackUncertainError: The connection broke, and repeating could do harm or did not help.
            SlackSwitchedOffError: The workspace does not have the method.
            SlackDeniedError, SlackRefusedError: Slack said no.
        """
        if method in self._switched_off:
            raise SlackSwitchedOffError(method)
        deadline = self._clock.monotonic() + (
            self._patience_s if patience_s is None else patience_s
        )
        breaks = 0
        while True:
            self._await_turn(method, lane, deadline)
            try:
                return self._send(method, send)
            except SlackBusyError as busy:
                self._hold(method + lane, busy.retry_after_s or 1.0)
            except SlackUncertainError:
                breaks += 1
                left_s = deadline - self._clock.monotonic()
                if (
                    method not in _NO_EFFECT_TWICE
                    or breaks >= _TRIES_AFTER_BREAK
                    or left_s < _PAUSE_AFTER_BREAK_S
                ):
                    raise
                self._clock.sleep(_PAUSE_AFTER_BREAK_S)

    def _send(self, method: str, send: Callable[[], SlackResponse]) -> dict[str, Any]:
        try:
            content = send().data
        except SlackApiError as refused:
            error = translated(method, refused.response)
            self._note(error)
            raise error from None
        except (OSError, HTTPException, SlackRequestError) as broken:
            raise SlackUncertainError(method, type(broken).__name__) from None
        return content if isinstance(content, dict) else {}

    def _note(self, error: UpstreamError) -> None:
        if isinstance(error, SlackSwitchedOffError):
            with self._lock:
                self._switched_off.add(error.method)
            self._log.warning("slack_method_switched_off", method=error.method)

    def _await_turn(self, method: str, lane: str, deadline: float) -> None:
        """Return when the method may be called; SlackBusyError if not before the deadline."""
        key = method + lane
        with self._lock:
            wait_s = self._not_before.get(key, 0.0) - self._clock.monotonic()
        left_s = deadline - self._clock.monotonic()
        if wait_s > left_s:
            raise SlackBusyError(method, retry_after_s=wait_s)
        if wait_s > 0:
            self._clock.sleep(wait_s)
        per_minute = limits.CALLS_PER_MINUTE.get(method, limits.DEFAULT_PER_MINUTE)
        left_s = max(deadline - self._clock.monotonic(), 0.0)
        name = f"slack:{method}:{lane}" if lane else f"slack:{method}"
        if not self._buckets.take(name, per_minute=per_minute, burst=_BURST, wait_s=left_s):
            raise SlackBusyError(method, retry_after_s=60 / per_minute)

    def _hold(self, key: str, seconds: float) -> None:
        with self._lock:
            self._not_before[key] = self._clock.monotonic() + seconds
