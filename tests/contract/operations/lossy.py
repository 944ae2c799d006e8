"""A way to AWS that loses what a test wants lost: before it arrives, or its answer."""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

# Headers that are about one connection, not about the request.
_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}


class Loss(StrEnum):
    """What becomes of a request."""

    ANSWER = "answer"
    """It arrives; the connection closes without an answer."""
    SILENCE = "silence"
    """It arrives; nothing is ever said."""
    PAGE = "page"
    """It does not arrive; a proxy's page is the answer."""


@dataclass
class Lossy:
    """Serves on loopback and passes on to `url`, but for requests of one operation."""

    url: str
    operation: str
    loss: Loss
    address: str = ""
    passed_on: int = 0
    """Requests of the operation that reached AWS."""
    _server: ThreadingHTTPServer = field(init=False, repr=False)
    _over: threading.Event = field(default_factory=threading.Event, repr=False)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handling(self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Pass one request on, or lose it."""
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        lost = str(request.headers.get("x-amz-target", "")).endswith(f".{self.operation}")
        if lost and self.loss is Loss.PAGE:
            _say(request, 200, {"content-type": "text/html"}, b"<html>Sign in</html>")
            return
        answer, content = self._asked(request, body)
        if lost:
            self.passed_on += 1
            if self.loss is Loss.SILENCE:
                self._over.wait(30)
            request.close_connection = True
            return
        _say(request, answer.status, dict(answer.getheaders()), content)

    def _asked(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc)
        kept = {key: value for key, value in request.headers.items() if key.lower() not in _HOP}
        connection.request(request.command, request.path, body=body, headers=kept)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content


def _say(
    request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes
) -> None:
    request.send_response_only(status)
    for key, value in headers.items():
        if key.lower() not in _HOP:
            request.send_header(key, value)
    request.send_header("content-length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def _handling(lossy: Lossy) -> type[BaseHTTPRequestHandler]:
    def take(request: BaseHTTPRequestHandler) -> None:
        lossy.take(request)

    def quiet(_request: BaseHTTPRequestHandler, *_args: object) -> None:
        return None

    methods: dict[str, Callable[..., None]] = {
        f"do_{method}": take for method in ("GET", "POST", "PUT")
    }
    return type("Request", (BaseHTTPRequestHandler,), {**methods, "log_message": quiet})
