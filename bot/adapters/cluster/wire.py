"""One call to an API server: signed, ended by a deadline, bounded in size, decoded as plain JSON.

Knows HTTP. Must not know kinds or tools. No model class of the client is built: a list of 500 pods
is one `json.loads`.
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import urllib3
from urllib3 import exceptions as transport

from bot.adapters.cluster import faults
from bot.domain.errors import ToolError

if TYPE_CHECKING:
    from bot.adapters.cluster.connect import Connection, Session
    from bot.ports.clock import Clock

JSON = "application/json"
CONNECT_TIMEOUT_S = 3.0
# 500 pods are some 5 MB; what is larger was not asked for narrowly enough to be read.
ANSWER_MAX_BYTES = 32 * 1024 * 1024
# A Status is under a kilobyte; of an HTML page nothing is used anyway.
_REFUSAL_MAX_BYTES = 64 * 1024

Query = dict[str, str]


class Deadline:
    """The end of one read, however many calls it takes."""

    def __init__(self, timeout_s: float, *, clock: Clock) -> None:
        self.timeout_s = timeout_s
        self._clock = clock
        self._end = clock.monotonic() + timeout_s

    def left_s(self) -> float:
        """Return the seconds left; 0 or less when it has passed."""
        return self._end - self._clock.monotonic()

    def passed(self) -> bool:
        """Tell whether no time is left."""
        return self.left_s() <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent."""

    path: str
    query: Query
    accept: str = JSON
    body: dict[str, Any] | None = None

    def url(self, address: str) -> str:
        """Return the whole address."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{address}{self.path}{query}"

    def headers(self, authorization: str | None, *, compressed: bool) -> dict[str, str]:
        """Return the headers, with the credential if there is one."""
        headers = {"accept": self.accept, "user-agent": "nightdesk"}
        if compressed:
            headers["accept-encoding"] = "gzip"
        if self.body is not None:
            headers["content-type"] = JSON
        if authorization is not None:
            headers["authorization"] = authorization
        return headers


class Wire:
    """The calls of one cluster; used from several threads."""

    def __init__(
        self, *, cluster: str, connection: Connection, timeout_s: float, clock: Clock
    ) -> None:
        self.cluster = cluster
        self._connection = connection
        self._timeout_s = timeout_s
        self._clock = clock

    def deadline(self) -> Deadline:
        """Return the deadline of a read that starts now."""
        return Deadline(self._timeout_s, clock=self._clock)

    def json(
        self,
        path: str,
        *,
        deadline: Deadline,
        query: Query | None = None,
        accept: str = JSON,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the object an API server answers with.

        Raises:
            RefusedError: It answered with a code other than success.
            ToolError: The answer is larger than is read.
            UpstreamError: No answer, not in time, torn, or not JSON.
        """
        request = Request(path=path, query=query or {}, accept=accept, body=body)
        content, cut, content_type = self._call(request, deadline, ANSWER_MAX_BYTES)
        if cut:
            raise ToolError(
                f"the answer of {self.cluster} is larger than {ANSWER_MAX_BYTES >> 20} MB; ask"
                " for one namespace, name a label, or lower the limit"
            )
        try:
            parsed = json.loads(content)
        except ValueError:
            # The error would carry the body.
            if "json" in content_type:
                raise faults.torn(cluster=self.cluster) from None
            what = f"{faults.one_line(content_type, 60) or 'no content type'}, not JSON"
            raise faults.not_kubernetes(what, cluster=self.cluster) from None
        if not isinstance(parsed, dict):
            raise faults.not_kubernetes("no JSON object", cluster=self.cluster)
        return parsed

    def text(
        self, path: str, *, deadline: Deadline, query: Query, limit_bytes: int
    ) -> tuple[bytes, bool]:
        """Return up to that many bytes of a plain answer, and whether there were more.

        Raises:
            RefusedError: It answered with a code other than success.
            UpstreamError: No answer, not in time, torn, or a page in HTML.
        """
        request = Request(path=path, query=query, accept="text/plain, */*")
        content, cut, content_type = self._call(request, deadline, limit_bytes, compressed=False)
        if content_type.startswith("text/html"):
            raise faults.not_kubernetes("text/html, not a log", cluster=self.cluster)
        return content, cut

    def _call(
        self, request: Request, deadline: Deadline, limit_bytes: int, *, compressed: bool = True
    ) -> tuple[bytes, bool, str]:
        session = self._connection.session(within_s=deadline.left_s())
        try:
            return self._once(session, request, deadline, limit_bytes, compressed=compressed)
        except faults.RefusedError as error:
            if error.refusal.code != HTTPStatus.UNAUTHORIZED or not session.renewable:
                raise
        # A token may have been replaced before its time; kubectl renews it here, too.
        self._connection.drop(session)
        session = self._connection.session(within_s=deadline.left_s())
        return self._once(session, request, deadline, limit_bytes, compressed=compressed)

    def _once(
        self,
        session: Session,
        request: Request,
        deadline: Deadline,
        limit_bytes: int,
        *,
        compressed: bool,
    ) -> tuple[bytes, bool, str]:
        answer = self._send(session, request, deadline, compressed=compressed)
        # A read time-out bounds each packet, not the answer; this ends one that only trickles.
        watchdog = threading.Timer(max(deadline.left_s(), 0), _cut_off, (answer,))
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._receive(answer, deadline, limit_bytes)
        finally:
            watchdog.cancel()
            _give_back(answer)

    def _send(
        self, session: Session, request: Request, deadline: Deadline, *, compressed: bool
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer once its headers are there."""
        left_s = deadline.left_s()
        if left_s <= 0:
            raise faults.too_slow(deadline.timeout_s, cluster=self.cluster)
        try:
            return session.pool.request(
                "GET" if request.body is None else "POST",
                request.url(session.address),
                headers=request.headers(session.authorization(), compressed=compressed),
                body=None if request.body is None else json.dumps(request.body),
                timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT_S, left_s), read=left_s),
                # Nothing is repeated or followed behind the caller's back, least of all a token.
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except faults.SignInError as error:
            raise faults.unusable(error, cluster=self.cluster) from error
        except (transport.HTTPError, OSError, ValueError) as error:
            if deadline.passed() or isinstance(error, transport.ReadTimeoutError):
                raise faults.too_slow(deadline.timeout_s, cluster=self.cluster) from error
            raise faults.unreachable(
                error, cluster=self.cluster, address=_shown(session.address)
            ) from error

    def _receive(
        self, answer: urllib3.BaseHTTPResponse, deadline: Deadline, limit_bytes: int
    ) -> tuple[bytes, bool, str]:
        """Return up to that much of the body, whether there was more, and its type."""
        good = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
        try:
            # One byte more than wanted tells a full answer from a cut one.
            content = answer.read(
                limit_bytes + 1 if good else _REFUSAL_MAX_BYTES, decode_content=True
            )
        except (transport.HTTPError, OSError, ValueError) as error:
            if deadline.passed() or isinstance(error, transport.ReadTimeoutError):
                raise faults.too_slow(deadline.timeout_s, cluster=self.cluster) from error
            raise faults.torn(cluster=self.cluster) from error
        if deadline.passed():
            # The watchdog may have ended the body: what is here need not be all.
            raise faults.too_slow(deadline.timeout_s, cluster=self.cluster)
        headers = {key.lower(): value for key, value in answer.headers.items()}
        if not good:
            raise faults.RefusedError(faults.read_refusal(answer.status, headers, content))
        cut = len(content) > limit_bytes
        return content[:limit_bytes], cut, headers.get("content-type", "").lower()


def _cut_off(answer: urllib3.BaseHTTPResponse) -> None:
    # The answer may just have ended, and its connection gone back to the pool.
    with contextlib.suppress(ValueError, RuntimeError, OSError):
        answer.shutdown()


def _give_back(answer: urllib3.BaseHTTPResponse) -> None:
    """Close a connection that holds unread bytes; one that was read to its end is kept."""
    if not answer.closed:
        answer.close()
    answer.release_conn()


def _shown(address: str) -> str:
    """Return an address without user name and password."""
    parsed = urllib3.util.parse_url(address)
    return f"{parsed.scheme}://{parsed.netloc}{parsed.path or ''}"
