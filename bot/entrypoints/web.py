"""The HTTP side: Slack's signed deliveries, and what an orchestrator asks.

A WSGI application for waitress. What Bolt would stumble over is turned away at this edge: bodies
that are too long, time stamps that are no number, bytes that are no text.
"""

from __future__ import annotations

import json
import re
import threading
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import waitress.server
import waitress.wasyncore
from slack_bolt.adapter.wsgi import SlackRequestHandler

from bot.adapters.factors.links import PREFIX as FACTOR_PREFIX
from bot.entrypoints.webhooks import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from slack_bolt import App

    from bot.entrypoints.factor_door import FactorDoor, PageAnswer
    from bot.entrypoints.webhooks import WebhookDoor

MOST_BYTES: Final = 1_000_000
"""Slack's own deliveries stay far below; the largest are views of a hundred blocks."""
EVENTS_PATH: Final = "/slack/events"
THREADS: Final = 8
_LOOK_UP_S: Final = 1.0
_STAMP: Final = re.compile(r"[0-9]{1,12}")
"""Seconds since the epoch; Bolt answers 500 to anything it cannot turn into a number."""


class WebApp:
    """`/slack/events`, `/alerts/…`, `/factor/…`, `/healthz`, `/readyz`; all else does not exist."""

    def __init__(
        self,
        *,
        app: App | None,
        door: WebhookDoor | None = None,
        factors: FactorDoor | None = None,
        readiness: Callable[[], Mapping[str, bool]],
    ) -> None:
        """Take the Bolt app, or None in Socket Mode, and what to ask for readiness.

        `door` lets webhooks in; None where the registry has none. `factors` lets answers of
        security keys in; None where no public address is set.

        `readiness` names each thing the process needs and whether it has it.
        """
        self._slack = None if app is None else SlackRequestHandler(app, path=EVENTS_PATH)
        self._door = door
        self._factors = factors
        self._readiness = readiness

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        match (environ.get("REQUEST_METHOD"), environ.get("PATH_INFO")):
            case ("GET", "/healthz"):
                return _answer(start_response, HTTPStatus.OK, {"ok": True})
            case ("GET", "/readyz"):
                return self._ready(start_response)
            case ("POST", path) if path == EVENTS_PATH and self._slack is not None:
                return self._deliver(self._slack, environ, start_response)
            case ("POST", str(path)) if path.startswith(PREFIX) and self._door is not None:
                return self._take_alerts(self._door, path, environ, start_response)
            case ("GET", str(path)) if path.startswith(FACTOR_PREFIX) and self._factors is not None:
                return _send(start_response, self._factors.show(path))
            case ("POST", str(path)) if (
                path.startswith(FACTOR_PREFIX) and self._factors is not None
            ):
                return self._take_factor(self._factors, path, environ, start_response)
            case _:
                return _answer(start_response, HTTPStatus.NOT_FOUND, {"error": "not found"})

    def _ready(self, start_response: StartResponse) -> Iterable[bytes]:
        checks = dict(self._readiness())
        ready = all(checks.values())
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return _answer(start_response, status, {"ok": ready, "checks": checks})

    @staticmethod
    def _deliver(
        slack: SlackRequestHandler, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        length = _length(environ)
        if length is None:
            return _refuse(start_response, HTTPStatus.BAD_REQUEST)
        if length > MOST_BYTES:
            return _refuse(start_response, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        stamp = str(environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP") or "")
        if not _STAMP.fullmatch(stamp) or not environ.get("HTTP_X_SLACK_SIGNATURE"):
            return _refuse(start_response, HTTPStatus.UNAUTHORIZED)
        body = environ["wsgi.input"].read(length)
        try:
            body.decode()
        except UnicodeDecodeError:
            return _refuse(start_response, HTTPStatus.BAD_REQUEST)
        inner = {**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return slack(inner, start_response)

    @staticmethod
    def _take_alerts(
        door: WebhookDoor, path: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        length = _length(environ)
        if length is None:
            return _refuse(start_response, HTTPStatus.BAD_REQUEST)
        if length > MOST_BYTES:
            return _refuse(start_response, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        said = door.take(path, headers, environ["wsgi.input"].read(length))
        is_taken = said.status is HTTPStatus.OK
        return _answer(
            start_response, said.status, {"ok": True} if is_taken else {"error": said.text}
        )

    @staticmethod
    def _take_factor(
        factors: FactorDoor, path: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        length = _length(environ)
        if length is None:
            return _refuse(start_response, HTTPStatus.BAD_REQUEST)
        if length > MOST_BYTES:
            return _refuse(start_response, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        media_type = str(environ.get("CONTENT_TYPE") or "")
        body = environ["wsgi.input"].read(length)
        return _send(start_response, factors.take(path, body, media_type=media_type))


class WebServer:
    """A bound waitress server; `run` serves in the calling thread until another calls `close`."""

    def __init__(self, application: WSGIApplication, *, host: str, port: int) -> None:
        self._sockets: dict[int, Any] = {}
        self._server = waitress.server.create_server(
            application,
            map=self._sockets,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            max_request_body_size=MOST_BYTES,
            clear_untrusted_proxy_headers=True,
        )
        self.effective_port = int(self._server.effective_port)
        self.task_dispatcher = self._server.task_dispatcher
        self._closing = threading.Event()
        self._waking = threading.Lock()

    def run(self) -> None:
        """Serve; then let requests under way finish and close every connection.

        waitress's own loop ends only when the last client has gone.
        """
        while not self._closing.is_set():
            waitress.wasyncore.loop(timeout=_LOOK_UP_S, map=self._sockets, count=1)
        self.task_dispatcher.shutdown()
        with self._waking:
            waitress.wasyncore.close_all(self._sockets)

    def close(self) -> None:
        """Have `run` return soon; from any thread."""
        with self._waking:
            if not self._closing.is_set():
                self._closing.set()
                self._server.trigger.pull_trigger()


def http_server(application: WSGIApplication, *, host: str, port: int) -> WebServer:
    """Return a server bound to the address; OSError if that is taken."""
    return WebServer(application, host=host, port=port)


def _length(environ: WSGIEnvironment) -> int | None:
    """Return how long the body says it is; None if that is no number."""
    length = str(environ.get("CONTENT_LENGTH") or "0")
    return int(length) if length.isascii() and length.isdecimal() else None


def _refuse(start_response: StartResponse, status: HTTPStatus) -> Iterable[bytes]:
    return _answer(start_response, status, {"error": status.phrase.lower()})


def _answer(
    start_response: StartResponse, status: HTTPStatus, content: dict[str, object]
) -> Iterable[bytes]:
    body = json.dumps(content).encode()
    start_response(
        f"{status.value} {status.phrase}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
    )
    return [body]


def _send(start_response: StartResponse, page: PageAnswer) -> Iterable[bytes]:
    length = ("Content-Length", str(len(page.body)))
    start_response(f"{page.status.value} {page.status.phrase}", [*page.headers, length])
    return [page.body]
