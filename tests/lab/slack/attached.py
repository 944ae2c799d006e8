"""An unmodified Bolt app attached to the lab, over Socket Mode or behind signed HTTP.

For tests of the lab itself; the product's own processes connect by themselves.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from aiohttp import web
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from tests.lab.http import LoopbackServer

if TYPE_CHECKING:
    from tests.lab.slack.testing import SlackLab


class AttachedApp:
    """Register listeners on `.app`, then enter to connect; leaving disconnects and joins."""

    def __init__(self, lab: SlackLab, *, concurrency: int = 5) -> None:
        self._lab = lab
        self._concurrency = concurrency
        self._pool = ThreadPoolExecutor(5)
        self.app = App(
            client=WebClient(token=lab.bot_token, base_url=lab.api_url),
            signing_secret=lab.signing_secret,
            listener_executor=self._pool,
        )

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def connect(self) -> None:
        """Open one socket and return once the lab counts it."""
        before = self._lab.socket_count()
        self._handler = SocketModeHandler(
            self.app, self._lab.app_token, concurrency=self._concurrency
        )
        self._handler.connect()  # type: ignore[no-untyped-call]
        self._lab.wait_for(lambda: self._lab.socket_count() > before, what="a socket")

    def close(self) -> None:
        """Disconnect for good."""
        client = self._handler.client
        client.auto_reconnect_enabled = False
        client.closed = True
        # The SDK's threads wait up to 3 s in recv and 1 s on their queue before they look whether
        # to end; a dropped connection and an empty message end both waits at once.
        self._lab.kill_sockets("drop")
        client.message_queue.put(None)
        self._handler.close()  # type: ignore[no-untyped-call]
        self._pool.shutdown()


class HttpApp:
    """The same behind one signed URL; enter to serve."""

    def __init__(self, lab: SlackLab) -> None:
        self._pool = ThreadPoolExecutor(5)
        self.app = App(
            client=WebClient(token=lab.bot_token, base_url=lab.api_url),
            signing_secret=lab.signing_secret,
            listener_executor=self._pool,
        )
        self.statuses: list[int] = []
        self._server = LoopbackServer(self._build)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.stop()
        self._pool.shutdown()

    @property
    def url(self) -> str:
        return f"{self._server.url}/slack/events"

    def _build(self) -> web.Application:
        server = web.Application()
        server.router.add_post("/slack/events", self._serve)
        return server

    async def _serve(self, request: web.Request) -> web.Response:
        bolt = BoltRequest(
            body=(await request.read()).decode(),
            headers={name: [value] for name, value in request.headers.items()},
        )
        answer = await asyncio.to_thread(self.app.dispatch, bolt)
        self.statuses.append(answer.status)
        return web.Response(
            status=answer.status,
            text=answer.body,
            content_type=answer.first_headers().get("content-type", "text/plain").split(";")[0],
        )
