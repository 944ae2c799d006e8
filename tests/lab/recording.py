"""A loopback server that remembers its requests and lets go of those that wait when it stops."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from typing import Any, Generic, Protocol, Self, TypeVar

from aiohttp import web

from tests.lab.http import LoopbackServer


class Recorded(Protocol):
    """What is remembered of a request."""

    @property
    def path(self) -> str: ...


_R = TypeVar("_R", bound=Recorded)


class RecordingServer(ABC, Generic[_R]):
    """One aiohttp route for every path, on loopback while the context is open."""

    def __init__(self, *, port: int = 0) -> None:
        self._server = LoopbackServer(self._build, port=port)
        self._requests: list[_R] = []
        self._lock = threading.Lock()
        self._held: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return once the port accepts connections."""
        self._server.start()

    def stop(self) -> None:
        """Close every connection; from then on the server is unreachable."""
        self._server.stop()

    def requests(self, *, containing: str = "") -> list[_R]:
        """Requests received so far, oldest first, whose path contains the text."""
        with self._lock:
            return [request for request in self._requests if containing in request.path]

    def forget_requests(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._requests.clear()

    @abstractmethod
    def record_of(self, request: web.Request) -> _R:
        """What to remember of a request."""

    @abstractmethod
    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer to a request that is remembered already."""

    def _build(self) -> web.Application:
        app = web.Application()
        app.on_shutdown.append(self._drop_held)
        app.router.add_route("*", "/{path:.*}", self._receive)
        return app

    async def _drop_held(self, _app: web.Application) -> None:
        """End requests that wait: aiohttp itself forgets those whose client has left."""
        held = tuple(self._held)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is served outside any task")
        self._held.add(task)
        try:
            with self._lock:
                self._requests.append(self.record_of(request))
            return await self.answer(request)
        finally:
            self._held.discard(task)
