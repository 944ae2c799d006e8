"""Wires the workspace to HTTP: Web API, sockets, uploads, response URLs, webhooks, the mirror.

It owns the event loop's side of everything; rules live in the modules it calls.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from tests.lab.http import LoopbackServer
from tests.lab.slack import response_urls
from tests.lab.slack.args import parse_body
from tests.lab.slack.calls import WebApi
from tests.lab.slack.delivery import Dispatcher
from tests.lab.slack.errors import SlackError
from tests.lab.slack.events_http import Endpoint
from tests.lab.slack.mirror import Mirror, allow_loopback_pages
from tests.lab.slack.socket_mode import SocketPool
from tests.lab.slack.web_api import files
from tests.lab.slack.webhooks import receive_webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.lab.slack.delivery import Transport
    from tests.lab.slack.faults import Faults
    from tests.lab.slack.state import Workspace
    from tests.lab.slack.tiers import Tiers
    from tests.lab.slack.traffic import Delivery

MAX_UPLOAD_BYTES = 64 * 1024 * 1024
UPLOAD_STEP = "upload"
"""What a fault calls the step that is no method of the Web API: sending the bytes."""


class SlackServer:
    """One HTTP server for one workspace; start and stop it once."""

    def __init__(
        self,
        workspace: Workspace,
        faults: Faults,
        tiers: Tiers,
        *,
        port: int,
        ack_timeout_s: float,
        signing_secret: str,
        endpoint_url: str,
    ) -> None:
        self._workspace = workspace
        self._faults = faults
        self._tiers = tiers
        self._ack_timeout_s = ack_timeout_s
        self._secret = signing_secret
        self.endpoint_url = endpoint_url
        self._http = LoopbackServer(self._build, port=port)
        self._running = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def url(self) -> str:
        return self._http.url

    def start(self) -> None:
        """Serve; events that were told before are delivered once an app connects."""
        self._http.start()
        self._running = True
        self._workspace.base_url = self._http.url
        self._workspace.deliver = self._deliver
        self._workspace.timer_added = lambda: self._post(self._arm_timer)
        self._workspace.on_change = lambda: self._post(self._mirror.wake)

    def stop(self) -> None:
        """Close sockets and connections, cancel attempts, free the port."""
        self._running = False
        self._http.stop()

    def kill_sockets(self, reason: str) -> None:
        self._http.call(self._sockets.kill(reason))

    def socket_count(self) -> int:
        return self._sockets.count()

    def verify_endpoint(self) -> bool:
        """Return whether the configured URL answers Slack's url_verification."""
        return self._http.call(self._endpoint().verify())

    def _deliver(self, delivery: Delivery) -> None:
        self._post(lambda: self._dispatcher.submit(delivery))

    def _post(self, callback: Callable[[], None]) -> None:
        if self._running:
            self._http.post(callback)

    def _build(self) -> web.Application:
        self._dispatcher = Dispatcher(
            self._workspace, self._faults, transport=self._transport, post=self._post
        )
        self._sockets = SocketPool(
            self._workspace, ack_timeout_s=self._ack_timeout_s, on_open=self._dispatcher.flush
        )
        self._mirror = Mirror(self._workspace, self._faults)
        api = WebApi(self._workspace, self._faults, self._tiers)
        app = web.Application(client_max_size=MAX_UPLOAD_BYTES)
        app.router.add_route("*", "/api/{method}", api.serve)
        app.router.add_get("/link", self._sockets.serve)
        app.router.add_route("*", "/upload/{ticket}", self._upload)
        app.router.add_get("/files/{id}/{name}", self._download)
        app.router.add_post("/response/{ticket}", self._use_response_url)
        app.router.add_post("/services/{channel}", self._webhook)
        self._mirror.add_routes(app)
        app.on_response_prepare.append(allow_loopback_pages)
        app.cleanup_ctx.append(self._client_session)
        app.on_shutdown.append(self._shut_down)
        return app

    def _transport(self) -> Transport:
        return self._endpoint() if self.endpoint_url else self._sockets

    def _endpoint(self) -> Endpoint:
        return Endpoint(
            self.endpoint_url,
            signing_secret=self._secret,
            session=self._session,
            ack_timeout_s=self._ack_timeout_s,
        )

    async def _client_session(self, _app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as session:
            self._session = session
            yield

    async def _shut_down(self, _app: web.Application) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._mirror.close()
        await self._dispatcher.close()
        await self._sockets.close()

    def _arm_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._workspace.next_due()
        if due is None or not self._workspace.clock.follows_real_time:
            return
        delay_s = max(0.0, due - self._workspace.clock.now())
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._run_timers)

    def _run_timers(self) -> None:
        self._workspace.run_due()
        self._arm_timer()

    async def _upload(self, request: web.Request) -> web.Response:
        content = await request.read()
        fault = self._faults.take(UPLOAD_STEP)
        if fault is not None:
            return web.Response(status=fault.status or 500, text=fault.error)
        if files.receive(self._workspace, request.match_info["ticket"], content):
            return web.Response(text=f"OK - {len(content)}")
        return web.Response(status=400, text="unknown ticket or wrong length")

    async def _download(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        file = self._workspace.files.get(request.match_info["id"])
        if self._workspace.tokens.get(token, "unknown"):
            # The real service redirects to a sign-in page, which is HTML with status 200.
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        if file is None or file.content is None or not file.completed:
            return web.Response(status=404)
        return web.Response(body=file.content, content_type="application/octet-stream")

    async def _use_response_url(self, request: web.Request) -> web.Response:
        try:
            body = parse_body(request.content_type, await request.read(), {})
            response_urls.use(self._workspace, request.match_info["ticket"], body)
        except SlackError as error:
            gone = error.code in {"no_such_url", "expired_url", "used_url"}
            answer = {"ok": False, "error": error.code, **error.extra}
            return web.Response(
                status=404 if gone else 400,
                text=json.dumps(answer),
                content_type="application/json",
            )
        return web.Response(text="ok")

    async def _webhook(self, request: web.Request) -> web.Response:
        try:
            body = parse_body(request.content_type, await request.read(), {})
            receive_webhook(self._workspace, request.match_info["channel"], body)
        except SlackError as error:
            return web.Response(status=400, text=error.code)
        return web.Response(text="ok")
