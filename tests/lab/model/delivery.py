"""Brings a reply to the client at its pace and to its fate: the part that knows HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.lab.model.errors import ApiError
from tests.lab.model.events import as_events, as_message
from tests.lab.model.journal import Outcome
from tests.lab.model.replies import Fate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.model.caching import Usage
    from tests.lab.model.dialects import Dialect
    from tests.lab.model.journal import Journal
    from tests.lab.model.replies import Delivery, Reply

IDLE_STEP_S = 0.01
"""How often an idle response looks whether it may go on and whether its client is there."""

_PING = {"type": "ping"}
_LOST = ApiError(status=500, type="api_error", message="Internal server error")


class Courier:
    """Delivers one reply to one HTTP request."""

    def __init__(
        self,
        http: web.Request,
        *,
        dialect: Dialect,
        journal: Journal,
        number: int,
        gate: Callable[[], asyncio.Event],
    ) -> None:
        self._http = http
        self._dialect = dialect
        self._journal = journal
        self._number = number
        self._gate = gate

    async def deliver(
        self, reply: Reply, *, model: str, usage: Usage, stream: bool
    ) -> web.StreamResponse:
        """Send the reply and return aiohttp's response for it."""
        if not await self._think(reply.delivery.first_byte_s):
            return self._close(web.Response(), Outcome.LEFT)
        if stream:
            events = as_events(reply, model=model, usage=usage, provider=self._dialect.provider)
            return await self._stream(events, reply.delivery)
        message = as_message(reply, model=model, usage=usage, provider=self._dialect.provider)
        return await self._send(message, reply.delivery)

    def refuse(self, error: ApiError, outcome: Outcome = Outcome.REFUSED) -> web.Response:
        """Return an HTTP error in the dialect's words."""
        headers = self._dialect.headers(error)
        status = self._dialect.status(error)
        self._journal.note(self._number, outcome=outcome, status=status, error=error.message)
        body = self._dialect.error_body(error, headers)
        return web.json_response(body, status=status, headers=headers)

    def answer(self, body: dict[str, Any]) -> web.Response:
        """Return a plain JSON answer."""
        self._journal.note(self._number, outcome=Outcome.ANSWERED, status=200)
        return web.json_response(body, headers=self._dialect.headers())

    async def _send(self, message: dict[str, Any], delivery: Delivery) -> web.StreamResponse:
        match delivery.fate:
            case Fate.FAILED:
                return self.refuse(delivery.error or _LOST, Outcome.FAILED)
            case Fate.SILENT:
                await self._idle(None, None)
                return self._close(web.Response(), Outcome.SILENT)
            case Fate.HELD:
                if not await self._hold(None, None):
                    return self._close(web.Response(), Outcome.LEFT)
                return self.answer(message)
            case Fate.TORN | Fate.ENDED:
                return await self._send_half(message)
            case Fate.WHOLE:
                return self.answer(message)

    async def _send_half(self, message: dict[str, Any]) -> web.StreamResponse:
        whole = json.dumps(message).encode()
        response = web.StreamResponse(headers=self._dialect.headers())
        response.content_type = "application/json"
        response.content_length = len(whole)
        await response.prepare(self._http)
        await response.write(whole[: len(whole) // 2])
        return self._close(response, Outcome.TORN)

    async def _stream(self, events: list[dict[str, Any]], delivery: Delivery) -> web.StreamResponse:
        response = web.StreamResponse(headers=self._dialect.headers())
        response.headers["content-type"] = self._dialect.stream_type
        response.headers["cache-control"] = "no-cache"
        await response.prepare(self._http)
        self._journal.note(self._number, status=200)
        whole = delivery.fate is Fate.WHOLE
        first = events if whole else events[: delivery.after_events]
        try:
            await self._write(response, first, delivery)
            if whole:
                self._journal.note(self._number, outcome=Outcome.ANSWERED)
                return response
            return await self._meet_fate(response, events[len(first) :], delivery)
        except ConnectionResetError:
            return self._close(response, Outcome.LEFT)

    async def _meet_fate(
        self, response: web.StreamResponse, rest: list[dict[str, Any]], delivery: Delivery
    ) -> web.StreamResponse:
        match delivery.fate:
            case Fate.FAILED:
                await response.write(self._dialect.failure(delivery.error or _LOST))
                self._journal.note(self._number, outcome=Outcome.FAILED)
            case Fate.ENDED:
                self._journal.note(self._number, outcome=Outcome.ENDED)
            case Fate.HELD:
                if not await self._hold(response, delivery.ping_every_s):
                    return self._close(response, Outcome.LEFT)
                await self._write(response, rest, delivery)
                self._journal.note(self._number, outcome=Outcome.ANSWERED)
            case Fate.SILENT:
                await self._idle(response, delivery.ping_every_s)
                return self._close(response, Outcome.SILENT)
            case _:
                return self._close(response, Outcome.TORN)
        return response

    async def _write(
        self, response: web.StreamResponse, events: list[dict[str, Any]], delivery: Delivery
    ) -> None:
        sent = self._journal.all()[self._number].events_sent
        for count, event in enumerate(events, start=sent + 1):
            await response.write(self._dialect.event(event))
            self._journal.note(self._number, events_sent=count)
            if delivery.per_event_s:
                await asyncio.sleep(delivery.per_event_s)

    async def _think(self, seconds: float) -> bool:
        """Let time pass before the first byte; False when the client did not wait."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        while not self._client_left():
            left = ends_at - loop.time()
            if left <= 0:
                return True
            await asyncio.sleep(min(left, IDLE_STEP_S))
        return False

    async def _hold(self, response: web.StreamResponse | None, ping_every_s: float | None) -> bool:
        """Wait for the test's release; False when the client went away before."""
        self._journal.note(self._number, outcome=Outcome.HELD)
        released = await self._idle(response, ping_every_s, until=self._gate())
        self._journal.note(self._number, outcome=Outcome.OPEN)
        return released

    async def _idle(
        self,
        response: web.StreamResponse | None,
        ping_every_s: float | None,
        *,
        until: asyncio.Event | None = None,
    ) -> bool:
        """Send nothing but pings; True once `until` is set, False once the client is gone."""
        loop = asyncio.get_running_loop()
        pinged_at, pings = loop.time(), 0
        while not self._client_left():
            if until is not None and until.is_set():
                return True
            await asyncio.sleep(IDLE_STEP_S)
            if response is None or ping_every_s is None:
                continue
            if loop.time() - pinged_at >= ping_every_s:
                await response.write(self._dialect.event(_PING))
                pinged_at, pings = loop.time(), pings + 1
                self._journal.note(self._number, pings_sent=pings)
        return False

    def _client_left(self) -> bool:
        transport = self._http.transport
        return transport is None or transport.is_closing()

    def _close(self, response: web.StreamResponse, outcome: Outcome) -> web.StreamResponse:
        self._journal.note(self._number, outcome=outcome)
        if self._http.transport is not None:
            self._http.transport.close()
        return response
