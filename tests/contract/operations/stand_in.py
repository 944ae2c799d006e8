"""A stand-in API server that answers as told, for what no well-behaved server does.

It knows no objects: each request takes the next scripted answer, and every request is kept.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kubernetes import client

from tests.lab.recording import RecordingServer

Object = dict[str, Any]

TOKEN = "operator-token"  # of a server on loopback


Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""One way to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    peer: object = field(repr=False)
    """The connection it came by."""


class StandIn(RecordingServer[Seen]):
    """Gives its replies in turn; the last one again and again."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self._replies = list(replies)

    def record_of(self, request: web.Request) -> Seen:
        """What arrived, its body still unread."""
        return Seen(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=None,
            peer=request.transport.get_extra_info("peername") if request.transport else None,
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The next reply."""
        content = await request.read()
        self._requests[-1] = Seen(
            **{
                name: getattr(self._requests[-1], name) for name in Seen.__slots__ if name != "body"
            },
            body=json.loads(content) if content else None,
        )
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return await reply(request)

    @property
    def seen(self) -> Seen:
        """The one request there was."""
        (only,) = self.requests()
        return only


def api_client(url: str, *, token: str = TOKEN, proxy: str | None = None) -> client.ApiClient:
    """The official client, signed in with a token."""
    configuration = client.Configuration(host=url)
    configuration.proxy = proxy
    configuration.api_key["authorization"] = token
    configuration.api_key_prefix["authorization"] = "Bearer"
    return client.ApiClient(configuration)


def says(code: int, body: Object, **headers: str) -> Reply:
    """Answer with a JSON object."""

    async def reply(_request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response(body, status=code, headers=named)

    return reply


def status(code: int, message: str, *, details: Object | None = None, **headers: str) -> Reply:
    """Answer with a Kubernetes Status of a failure."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "code": code,
    }
    return says(code, body | ({"details": details} if details else {}), **headers)


def page(code: int) -> Reply:
    """Answer as a proxy's sign-in page does."""

    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>Sign in</html>", content_type="text/html", status=code)

    return reply


def plain(code: int, text: str) -> Reply:
    """Answer with plain text."""

    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=code)

    return reply


async def drops(request: web.Request) -> web.StreamResponse:
    """Take the request, then break the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def breaks_off(request: web.Request) -> web.StreamResponse:
    """Promise a whole answer and send its beginning."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 100
    await response.prepare(request)
    await response.write(b'{"kind": "Sta')
    if request.transport is not None:
        request.transport.close()
    return response


async def hangs(_request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    return web.Response()


async def trickles(request: web.Request) -> web.StreamResponse:
    """Answer a byte at a time, without end."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    try:
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)
    except ConnectionError:
        return response
