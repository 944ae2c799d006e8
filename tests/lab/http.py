"""A loopback HTTP server in a thread of its own, which every simulator shares."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


_T = TypeVar("_T")


class LoopbackServer:
    """Serve one aiohttp application on 127.0.0.1 until stopped.

    `build` is called inside the server's own event loop. Port 0 picks a free port; `url` is
    known once `start` returned.
    """

    def __init__(self, build: Callable[[], web.Application], *, port: int = 0) -> None:
        self._build = build
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True, name="lab-http")
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._port

    def start(self) -> None:
        """Return once the port accepts connections."""
        self._thread.start()
        self._ready.wait(timeout=10)
        if self._failure is not None:
            raise RuntimeError(f"lab server could not start on port {self._port}") from (
                self._failure
            )

    def call(self, coroutine: Coroutine[Any, Any, _T], timeout_s: float = 10) -> _T:
        """Run a coroutine in the server's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout_s)

    def post(self, callback: Callable[..., object], *args: object) -> None:
        """Run a plain function soon in the server's loop."""
        self._loop.call_soon_threadsafe(callback, *args)

    def stop(self) -> None:
        """Close every connection and free the port; safe to call twice."""
        if not self._loop.is_running():
            return
        self.call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    async def _close(self) -> None:
        if self._runner is None:
            return
        server = self._runner.server
        open_now = [one.transport for one in server.connections] if server is not None else []
        await self._runner.cleanup()
        # A connection whose peer does not read closes only once its buffer is empty: never.
        for transport in open_now:
            if transport is not None:
                transport.abort()
        # abort() reports the loss in the loop's next round.
        await asyncio.sleep(0)

    async def _open(self) -> None:
        self._runner = web.AppRunner(self._build(), access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._open())
        except OSError as error:
            self._failure = error
            self._ready.set()
            return
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()
