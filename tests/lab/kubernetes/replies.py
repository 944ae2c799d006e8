"""How answers leave the server: as JSON, as a Status, late, or torn."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.lab.kubernetes.serving import JSON

if TYPE_CHECKING:
    from tests.lab.estate.faults import Fault
    from tests.lab.kubernetes.status import StatusError

Object = dict[str, Any]

SIGN_IN_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>"


def json_reply(body: Object, *, status: int = 200, content_type: str = JSON) -> web.Response:
    """The body as compact JSON."""
    encoded = json.dumps(body, separators=(",", ":")).encode()
    return web.Response(body=encoded, status=status, headers={"Content-Type": content_type})


def refusal_reply(refusal: StatusError) -> web.Response:
    """The Status of a refusal, with Retry-After where it has one."""
    response = json_reply(refusal.body, status=refusal.code)
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response


async def wait_out(fault: Fault) -> None:
    """Return when the fault is cleared or its seconds are over."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(ended.set)

    fault.on_clear(wake)
    try:
        await asyncio.wait_for(ended.wait(), timeout=fault.seconds)
    except TimeoutError:
        return
    finally:
        fault.forget(wake)


async def torn_reply(request: web.Request, body: bytes) -> web.StreamResponse:
    """Promise the whole body, send half of it, and drop the connection."""
    response = web.StreamResponse(headers={"Content-Type": JSON, "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
