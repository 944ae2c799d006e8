"""The lab over HTTP, for the demo page: a snapshot, gestures, and a stream that says "changed".

Loopback only. It must not add behaviour: every gesture is a Persona's.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from tests.lab.slack.errors import NotOnScreenError, SlackError
from tests.lab.slack.personas import Persona
from tests.lab.slack.reading import see_all
from tests.lab.slack.records import BOT_USER_ID, Json, Message
from tests.lab.slack.traffic import Delivery
from tests.lab.slack.webhooks import post_as_app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.slack.faults import Faults
    from tests.lab.slack.state import Workspace

VERBS = frozenset(
    {
        "click",
        "close_view",
        "delete",
        "dm",
        "edit",
        "look_at",
        "mention",
        "open_home",
        "post",
        "react",
        "reply",
        "shortcut",
        "slash",
        "stop",
        "submit_view",
        "unreact",
    }
)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
HEARTBEAT_S = 15.0


class Mirror:
    """Serves `/_lab/*`."""

    def __init__(self, workspace: Workspace, faults: Faults) -> None:
        self._workspace = workspace
        self._faults = faults
        self._sleepers: set[asyncio.Event] = set()
        self._closing = False

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("OPTIONS", "/_lab/{rest}", self._guarded(_preflight))
        app.router.add_get("/_lab/state", self._guarded(self._state))
        app.router.add_get("/_lab/events", self._guarded(self._events))
        app.router.add_post("/_lab/act", self._guarded(self._act))
        app.router.add_post("/_lab/alert", self._guarded(self._alert))
        app.router.add_post("/_lab/clock", self._guarded(self._clock))
        app.router.add_post("/_lab/faults", self._guarded(self._fault))

    def wake(self) -> None:
        """Let every event stream look at the version again."""
        for sleeper in self._sleepers:
            sleeper.set()

    def close(self) -> None:
        self._closing = True
        self.wake()

    def _guarded(self, serve: Any) -> Any:
        async def guarded(request: web.Request) -> web.StreamResponse:
            # A page of some other site must not act here through the reader's browser.
            ours = {urlsplit(f"//{request.host}").hostname, request.remote} <= LOOPBACK
            if not ours or not _from_loopback_page(request):
                return web.Response(status=403, text="the lab answers on loopback only")
            try:
                response: web.StreamResponse = await serve(request)
            except (NotOnScreenError, SlackError, LookupError, TypeError, ValueError) as error:
                response = _json({"ok": False, "error": str(error)}, status=400)
            return response

        return guarded

    async def _state(self, _request: web.Request) -> web.Response:
        with self._workspace.changed:
            return _json(snapshot(self._workspace))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        sleeper = asyncio.Event()
        self._sleepers.add(sleeper)
        told = -1
        try:
            while not self._closing:
                version = self._workspace.version
                if version != told:
                    frame = f"id: {version}\ndata: {json.dumps({'version': version})}\n\n"
                    told = version
                else:
                    frame = ": still here\n\n"
                await response.write(frame.encode())
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await sleeper.wait()
                except TimeoutError:
                    continue
                sleeper.clear()
        except ConnectionError:
            return response
        finally:
            self._sleepers.discard(sleeper)
        return response

    async def _act(self, request: web.Request) -> web.Response:
        body = await request.json()
        verb = str(body.get("verb"))
        if verb not in VERBS:
            raise ValueError(f"no such verb {verb!r}; there are {sorted(VERBS)}")
        persona = Persona(self._workspace, str(body.get("persona")))
        result = getattr(persona, verb)(**(body.get("args") or {}))
        return _json({"ok": True, **_result(result)})

    async def _alert(self, request: web.Request) -> web.Response:
        body = await request.json()
        channel = self._workspace.channel(body.pop("channel", "") or "#oncall")
        message = post_as_app(self._workspace, channel, body)
        return _json({"ok": True, **_result(message)})

    async def _clock(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._workspace.clock.advance(float(body.get("advance_s") or 0))
        return _json({"ok": True, "now": self._workspace.clock.now()})

    async def _fault(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("clear"):
            self._faults.clear()
        if body.get("method"):
            wanted = {key: value for key, value in body.items() if key != "clear"}
            self._faults.add(**wanted)
        return _json({"ok": True, "pending": [asdict(one) for one in self._faults.pending()]})


def snapshot(workspace: Workspace) -> Json:
    """Return everything there is to show, for one reader who may see all."""
    return {
        "version": workspace.version,
        "now": workspace.clock.now(),
        "bot_user_id": BOT_USER_ID,
        "users": [user.to_json() for user in workspace.users.values()],
        "groups": [one.to_json(include_users=True) for one in workspace.groups.values()],
        "channels": [
            {**channel.to_json(), "members": channel.members, "kind": channel.kind}
            for channel in workspace.channels.values()
        ],
        "messages": {
            channel: [seen.to_json() for seen in see_all(workspace, rows.values())]
            for channel, rows in workspace.messages.items()
        },
        "ephemerals": [seen.to_json() for seen in see_all(workspace, workspace.ephemerals)],
        "views": [
            {**view.to_json(), "user": view.user, "errors": view.errors}
            for view in workspace.views.values()
        ],
        "stacks": workspace.stacks,
        "unknown_methods": workspace.unknown_methods,
        "homes": {user: view.to_json() for user, view in workspace.homes.items()},
        "deliveries": [
            {
                "id": one.id,
                "kind": one.kind,
                "what": one.what,
                "state": one.state,
                "attempts": one.attempts,
                "failures": one.failures,
            }
            for one in workspace.deliveries[-50:]
        ],
        "sessions": _by_thread({key: asdict(one) for key, one in workspace.sessions.items()}),
        "titles": _by_thread(workspace.titles),
        "prompts": _by_thread(workspace.prompts),
        "statuses": _by_thread(
            {
                key: asdict(rows[-1])
                for key, rows in workspace.statuses.items()
                if rows and not rows[-1].cleared_by
            }
        ),
    }


def _by_thread(table: Mapping[tuple[str, str], object]) -> list[Json]:
    return [
        {"channel": channel, "thread_ts": thread_ts, "value": value}
        for (channel, thread_ts), value in table.items()
    ]


async def allow_loopback_pages(request: web.Request, response: web.StreamResponse) -> None:
    """Let a page served from another loopback port read the answers under `/_lab`."""
    origin = request.headers.get("Origin")
    if origin and request.path.startswith("/_lab/") and _from_loopback_page(request):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"


async def _preflight(_request: web.Request) -> web.Response:
    return web.Response(status=204)


def _from_loopback_page(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    return not origin or urlsplit(origin).hostname in LOOPBACK


def _result(result: object) -> Json:
    if isinstance(result, Message):
        return {"channel": result.channel, "ts": result.ts}
    if isinstance(result, Delivery):
        return {"delivery": result.id, "state": result.state}
    return {}


def _json(body: Json, *, status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(body), status=status, content_type="application/json")
