"""Socket Mode: open sockets, envelopes out, acknowledgements in.

Runs in the server's event loop. It must not know which deliveries are tried again.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from bot.adapters.slack import limits
from tests.lab.slack.delivery import Outcome
from tests.lab.slack.records import APP_ID, Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.slack.state import Workspace
    from tests.lab.slack.traffic import Delivery

# How long a socket that was told to refresh stays open; the real service leaves about 10 s.
DRAIN_S = 0.3


@dataclass(slots=True, kw_only=True, eq=False)
class _Socket:
    ws: web.WebSocketResponse
    request: web.Request
    draining: bool = False


class SocketPool:
    """The app's open sockets; each envelope goes to one of them, in turn."""

    def __init__(
        self, workspace: Workspace, *, ack_timeout_s: float, on_open: Callable[[], None]
    ) -> None:
        self._workspace = workspace
        self._ack_timeout_s = ack_timeout_s
        self._on_open = on_open
        self._sockets: list[_Socket] = []
        # By envelope id. A client that refreshed acknowledges over its new socket.
        self._pending: dict[str, tuple[asyncio.Future[Outcome], _Socket]] = {}
        self._turn = 0
        self._closers: set[asyncio.Task[None]] = set()
        self.opened = 0

    def ready(self) -> bool:
        return bool(self._usable())

    def count(self) -> int:
        return len(self._sockets)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hold one socket until either side closes it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._workspace.socket_tickets:
            return web.Response(status=404, text="unknown or used ticket")
        self._workspace.socket_tickets.discard(ticket)
        ws = web.WebSocketResponse(autoping=True)
        await ws.prepare(request)
        if len(self._sockets) >= limits.SOCKETS_PER_APP:
            await ws.send_json(_disconnect("too_many_websockets"))
            await ws.close()
            return ws
        socket = _Socket(ws=ws, request=request)
        self._sockets.append(socket)
        await ws.send_json(
            {
                "type": "hello",
                "num_connections": len(self._sockets),
                "debug_info": {"host": "lab", "approximate_connection_time": 18060},
                "connection_info": {"app_id": APP_ID},
            }
        )
        with self._workspace.changing():
            self.opened += 1
        self._on_open()
        try:
            async for frame in ws:
                if frame.type is WSMsgType.TEXT:
                    self._resolve(frame.data)
        finally:
            self._forget(socket)
        return ws

    async def send(self, delivery: Delivery, *, attempt: int, reason: str) -> Outcome:
        """Send one envelope and wait for its acknowledgement."""
        usable = self._usable()
        self._turn += 1
        socket = usable[self._turn % len(usable)]
        envelope: Json = {
            "type": delivery.kind,
            "envelope_id": str(uuid.uuid4()),
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if reason else ""}
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._pending[envelope["envelope_id"]] = (answered, socket)
        try:
            await socket.ws.send_json(envelope)
            async with asyncio.timeout(self._ack_timeout_s):
                return await answered
        except TimeoutError:
            return Outcome(failure="timeout")
        except ConnectionError:
            return Outcome(failure="connection_failed")
        finally:
            self._pending.pop(envelope["envelope_id"], None)

    async def kill(self, reason: str) -> None:
        """Disconnect every socket; `drop` cuts the connection without a word."""
        for socket in list(self._sockets):
            if reason == "drop":
                transport = socket.request.transport
                if transport is not None:
                    transport.abort()
                self._forget(socket)
                continue
            socket.draining = True
            await socket.ws.send_json(_disconnect(reason))
            closer = asyncio.get_running_loop().create_task(self._close_later(socket))
            self._closers.add(closer)
            closer.add_done_callback(self._closers.discard)

    async def close(self) -> None:
        """Close every socket for good."""
        for closer in list(self._closers):
            closer.cancel()
        await asyncio.gather(*self._closers, return_exceptions=True)
        for socket in list(self._sockets):
            await socket.ws.close(drain=False)

    async def _close_later(self, socket: _Socket) -> None:
        await asyncio.sleep(DRAIN_S)
        await socket.ws.close()

    def _resolve(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            return
        answered, _ = self._pending.get(str(frame.get("envelope_id")), (None, None))
        if answered is not None and not answered.done():
            answered.set_result(Outcome(answer=frame.get("payload") or {}))

    def _usable(self) -> list[_Socket]:
        fresh = [socket for socket in self._sockets if not socket.draining and not socket.ws.closed]
        return fresh or [socket for socket in self._sockets if not socket.ws.closed]

    def _forget(self, socket: _Socket) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
        for answered, sent_over in self._pending.values():
            # What a draining socket still carried may yet be acknowledged over the next one.
            if sent_over is socket and not socket.draining and not answered.done():
                answered.set_result(Outcome(failure="connection_failed"))
        with self._workspace.changing():
            pass


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "lab"}}
