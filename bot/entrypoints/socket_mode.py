"""The Socket Mode connection: opened, watched, and closed without losing what is under way."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Any, Final

import structlog
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.entrypoints.slack_app import LISTENER_THREADS, close_app

if TYPE_CHECKING:
    from slack_bolt import App
    from slack_sdk.socket_mode.client import BaseSocketModeClient

    from bot.ports.clock import Clock

PING_INTERVAL_S: Final = 5.0
STALE_AFTER_S: Final = 4 * PING_INTERVAL_S
"""The SDK itself gives a session up after four missed pings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketHealth:
    """How the connection stands."""

    connected: bool
    greeted: bool
    """Slack has said hello at least once; before, nothing can arrive."""
    pong_age_s: float | None
    """Seconds since the last answered ping; None before the first."""

    @property
    def ready(self) -> bool:
        """Tell whether deliveries can be expected to arrive.

        `is_connected` alone can lie (bolt-python#318), so the age of the last pong counts too.
        """
        fresh = self.pong_age_s is None or self.pong_age_s < STALE_AFTER_S
        return self.connected and self.greeted and fresh


class SocketRunner:
    """One Socket Mode connection of one app; start and stop it once."""

    def __init__(
        self,
        app: App,
        *,
        app_token: str,
        clock: Clock,
        ping_interval_s: float = PING_INTERVAL_S,
    ) -> None:
        self._app = app
        self._clock = clock
        self._greeted = threading.Event()
        self._handler = SocketModeHandler(
            app,
            app_token,
            concurrency=LISTENER_THREADS,
            ping_interval=ping_interval_s,
        )
        self._handler.client.message_listeners.append(self._on_message)
        self._log = structlog.get_logger()

    def start(self) -> None:
        """Connect and return; reconnecting is the SDK's.

        Raises:
            SlackApiError: The app token is not accepted.
        """
        self._handler.connect()  # type: ignore[no-untyped-call] # Bolt has none here

    def health(self) -> SocketHealth:
        """Return how the connection stands now."""
        client = self._handler.client
        session = client.current_session
        pong_at = session.last_ping_pong_time if session is not None else None
        return SocketHealth(
            connected=client.is_connected(),
            greeted=self._greeted.is_set(),
            pong_age_s=None if pong_at is None else self._clock.now().timestamp() - pong_at,
        )

    def wait_until_greeted(self, timeout_s: float) -> bool:
        """Return when Slack has said hello; False if it did not in time."""
        return self._greeted.wait(timeout_s)

    def stop(self) -> None:
        """Take no more deliveries, let the listeners under way finish, free every thread."""
        client = self._handler.client
        client.current_session_state.terminated = True
        if client.current_session is not None and client.current_session.sock is not None:
            # The receiver would notice only at the end of its time-out of three seconds.
            with suppress(OSError):
                client.current_session.sock.shutdown(SHUT_RDWR)
        try:
            client.close()
        except AttributeError:
            # slack-sdk 3.47: a session replaced after a refresh has lost its socket, and closing
            # it fails on None before the threads are stopped. Without a session it goes through.
            self._log.info("socket_session_was_gone")
            client.current_session = None
            client.close()
        close_app(self._app)

    def _on_message(
        self, _client: BaseSocketModeClient, message: dict[str, Any], _raw: str | None
    ) -> None:
        if message.get("type") == "hello":
            self._answer_at_once()
            self._greeted.set()

    def _answer_at_once(self) -> None:
        """Let acknowledgements leave unbuffered.

        A mention comes as two events, and the second small answer on the socket would wait for the
        peer's delayed acknowledgement of the first, some 40 ms (Nagle's algorithm, RFC 896).
        """
        session = self._handler.client.current_session
        sock = session.sock if session is not None else None
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
