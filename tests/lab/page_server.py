"""Serves the demo page: a Slack-like view of the lab's workspace in a browser, from one address.

The page is static and talks to the lab's mirror, which is mounted beside it, so nothing crosses an
origin. It must not know the bot: what it shows is what the workspace holds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict
from urllib.parse import urlsplit

from aiohttp import web

from bot.adapters.slack.actions import COMMAND, INVESTIGATE
from safe_ops.operations.catalogue import CATALOGUE
from tests.lab.http import LoopbackServer
from tests.lab.slack.mirror import LOOPBACK, Mirror, snapshot
from tests.lab.slack.records import TEAM_DOMAIN
from tests.lab.slack.wire import stream_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.typedefs import Handler

    from tests.lab.slack.records import Json, Message
    from tests.lab.slack.state import Workspace
    from tests.lab.slack.testing import SlackLab

PAGE: Final = Path(__file__).parent / "page"
SECURITY: Final = {
    # Everything comes from this server; style and script only from files, never from text.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_RUN: Final = f"{COMMAND} run "
_WORDS: Final = (
    ("help", "what can be asked"),
    ("status", "how it stands"),
    ("use ", "name a cluster"),
    ("run ", "ask for an operation"),
    ("actions", "operations that are open"),
    ("autonomy", "what runs with one approval less"),
    ("cancel ", "take one back, by its short name"),
    ("stop ", "stop all operations: say why"),
    ("release", "let operations go on"),
)
COMMANDS: Final = (
    {
        "command": COMMAND,
        "entries": [
            *(
                {"insert": f"{COMMAND} {word}", "label": f"{COMMAND} {word}", "detail": detail}
                for word, detail in _WORDS
            ),
            # Two dozen of them: only once somebody wants to run one.
            *(
                {"insert": f"{_RUN}{name} ", "label": name, "detail": one.title, "after": _RUN}
                for name, one in sorted(CATALOGUE.items())
            ),
        ],
    },
)
SHORTCUTS: Final = ({"callback_id": INVESTIGATE, "name": "Investigate"},)
ALERT: Final[Json] = {
    "channel": "#oncall",
    "username": "Alertmanager",
    "attachments": [
        {
            "color": "a30200",
            "fallback": "[FIRING:1] KubePodCrashLooping shop (prod-eu cart warning)",
            "title": "[FIRING:1] KubePodCrashLooping shop (prod-eu cart warning)",
            "title_link": "http://alertmanager.example:9093/#/alerts?receiver=slack",
            "text": "A container of `shop/cart` restarts again and again.",
            "fields": [
                {"title": "namespace", "value": "shop", "short": True},
                {"title": "deployment", "value": "cart", "short": True},
            ],
            "footer": "Alertmanager",
        }
    ],
}
RESOLVED: Final[Json] = {
    "username": "Alertmanager",
    "attachments": [
        {
            "color": "2eb886",
            "fallback": "[RESOLVED] KubePodCrashLooping shop (prod-eu cart warning)",
            "title": "[RESOLVED] KubePodCrashLooping shop (prod-eu cart warning)",
            "title_link": "http://alertmanager.example:9093/#/alerts?receiver=slack",
            "footer": "Alertmanager",
        }
    ],
}
INLINE_TYPES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".txt": "text/plain",
}


class Banner(TypedDict, total=False):
    """What the top of the page says about this demo; `model` is "" when rules answer."""

    model: str
    scenario: str
    description: str
    note: str
    task: str
    """What a visitor may try."""


def alert_message() -> Json:
    """Return the demo's alert as its sender posts it."""
    return {name: value for name, value in ALERT.items() if name != "channel"}


def resolved_message() -> Json:
    """Return what its sender posts once the demo's alert is over."""
    return dict(RESOLVED)


class DemoPage:
    """The page of one lab on a loopback port. Use as a context manager, inside the lab's.

    Args:
        slack: the running workspace; its mirror is served from here, too.
        banner: who answers, and which scenario the estate is in.
        samples: questions offered as chips.
        alert: what "Post an alert" posts: `channel`, and a message as an app sends it.
        port: 0 picks a free one.
    """

    def __init__(
        self,
        slack: SlackLab,
        *,
        banner: Banner,
        samples: Sequence[str],
        alert: Json | None = None,
        port: int = 0,
    ) -> None:
        self._workspace = slack.workspace
        self._mirror = Mirror(slack.workspace, slack.faults)
        self._config: Json = {
            "banner": banner,
            "samples": list(samples),
            "commands": COMMANDS,
            "shortcuts": SHORTCUTS,
            "permalinks": f"https://{TEAM_DOMAIN}.slack.com/archives/",
            "alert": ALERT if alert is None else alert,
        }
        self._http = LoopbackServer(self._build, port=port)
        self._tell_lab = self._workspace.on_change

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Return the address to open in a browser."""
        return f"{self._http.url}/"

    def start(self) -> None:
        """Return once the port accepts connections."""
        self._http.start()
        self._tell_lab = self._workspace.on_change
        self._workspace.on_change = self._tell_both

    def stop(self) -> None:
        """Close every connection and free the port."""
        if self._workspace.on_change == self._tell_both:
            self._workspace.on_change = self._tell_lab
        self._http.stop()

    def _tell_both(self) -> None:
        self._tell_lab()
        self._http.post(self._mirror.wake)

    def _build(self) -> web.Application:
        app = web.Application(middlewares=[_loopback_only])
        self._mirror.add_routes(app)
        app.router.add_get("/demo/config", self._serve_config)
        app.router.add_get("/demo/state", self._serve_state)
        app.router.add_get("/demo/files/{id}", self._serve_file)
        app.router.add_get("/", _serve_index)
        app.router.add_static("/", PAGE)
        app.on_response_prepare.append(_add_security)
        app.on_shutdown.append(self._close_streams)
        return app

    async def _close_streams(self, _app: web.Application) -> None:
        self._mirror.close()

    async def _serve_config(self, _request: web.Request) -> web.Response:
        return _json(self._config)

    async def _serve_state(self, _request: web.Request) -> web.Response:
        with self._workspace.changed:
            return _json(snapshot(self._workspace) | {"streamed": streamed(self._workspace)})

    async def _serve_file(self, request: web.Request) -> web.Response:
        file = self._workspace.files.get(request.match_info["id"])
        if file is None or file.content is None or not file.completed:
            raise web.HTTPNotFound
        inline = INLINE_TYPES.get(Path(file.name).suffix.lower())
        return web.Response(
            body=file.content,
            content_type=inline or "application/octet-stream",
            charset="utf-8" if inline == "text/plain" else None,
            headers={"Content-Disposition": "inline" if inline else "attachment"},
        )


def streamed(workspace: Workspace) -> dict[str, dict[str, int]]:
    """Return, by channel and ts, the messages whose text is a native stream's Markdown.

    The number says how many of the blocks are its tasks, which are shown above the text.
    """
    return {
        channel: {ts: _task_blocks(row) for ts, row in rows.items() if _is_streamed(row)}
        for channel, rows in workspace.messages.items()
    }


def _is_streamed(message: Message) -> bool:
    return message.stream is not None and not message.text


def _task_blocks(message: Message) -> int:
    return len(stream_tasks(message.stream)) if message.stream is not None else 0


@web.middleware
async def _loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    # A name that somebody made resolve to this machine must not read the workspace.
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
        raise web.HTTPForbidden(text="the demo answers on loopback only")
    return await handler(request)


async def _add_security(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY)


async def _serve_index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


def _json(body: Any) -> web.Response:
    return web.Response(text=json.dumps(body), content_type="application/json")
