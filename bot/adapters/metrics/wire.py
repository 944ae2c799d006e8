"""One call to a metrics server: signed, ended by a deadline, bounded in size, decoded as JSON.

The Python client of this API that most use retries, follows redirects with the credentials and
has no deadline for an answer that trickles; it brings requests and dateparser to build the same
URLs. So urllib3 is used as for clusters.
"""

from __future__ import annotations

import contextlib
import json
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import urllib3
from urllib3 import exceptions as transport

from bot.adapters.cluster.faults import one_line
from bot.adapters.cluster.wire import Deadline
from bot.adapters.metrics import faults
from bot.adapters.metrics.connect import Session, open_session
from bot.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.metrics.signing import Sign
    from bot.domain.metrics import MetricsEndpoint
    from bot.ports.clock import Clock

CONNECT_TIMEOUT_S = 3.0
# A thousand series of 360 points are some 12 MB.
ANSWER_MAX_BYTES = 32 * 1024 * 1024
_REFUSAL_MAX_BYTES = 64 * 1024


class Wire:
    """The calls of one server; used from several threads."""

    def __init__(
        self,
        endpoint: MetricsEndpoint,
        *,
        cluster: str,
        sign: Sign,
        timeout_s: float,
        clock: Clock,
    ) -> None:
        self.cluster = cluster
        self.scrape_interval_s = endpoint.scrape_interval_s
        self._endpoint = endpoint
        self._sign = sign
        self._timeout_s = timeout_s
        self._clock = clock
        self._lock = threading.Lock()
        self._session: Session | None = None

    def deadline(self) -> Deadline:
        """Return the deadline of a read that starts now."""
        return Deadline(self._timeout_s, clock=self._clock)

    def answer(
        self, path: str, query: Sequence[tuple[str, str]] = (), *, deadline: Deadline | None = None
    ) -> dict[str, Any]:
        """Return the whole answer of a successful call; its `data` is there.

        Raises:
            RefusedError: It answered with a code other than success.
            ToolError: The answer is larger than is read.
            UpstreamError: No answer, not in time, torn, or not this API's.
        """
        content, content_type = self._call(path, query, deadline or self.deadline())
        try:
            parsed = json.loads(content)
        except ValueError:
            # The error would carry the body.
            if "json" in content_type:
                raise faults.torn(cluster=self.cluster) from None
            what = f"{one_line(content_type, 60) or 'no content type'}, not JSON"
            raise faults.not_prometheus(what, cluster=self.cluster) from None
        if not isinstance(parsed, dict) or parsed.get("status") != "success":
            raise faults.not_prometheus("JSON without a status", cluster=self.cluster)
        if "data" not in parsed:
            raise faults.not_prometheus("JSON without data", cluster=self.cluster)
        return parsed

    def _opened(self) -> Session:
        with self._lock:
            if self._session is None:
                try:
                    self._session = open_session(self._endpoint)
                except faults.EndpointError as error:
                    raise faults.unusable(error, cluster=self.cluster) from error
            return self._session

    def _call(
        self, path: str, query: Sequence[tuple[str, str]], deadline: Deadline
    ) -> tuple[bytes, str]:
        session = self._opened()
        # Signatures of version 4 want blanks as %20 and slashes escaped.
        encoded = urlencode(query, quote_via=quote, safe="")
        url = f"{session.address}{path}" + (f"?{encoded}" if encoded else "")
        answer = self._send(session, url, deadline)
        # A read time-out bounds each packet, not the answer; this ends one that only trickles.
        watchdog = threading.Timer(max(deadline.left_s(), 0), _cut_off, (answer,))
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._receive(answer, deadline)
        finally:
            watchdog.cancel()
            _give_back(answer)

    def _send(self, session: Session, url: str, deadline: Deadline) -> urllib3.BaseHTTPResponse:
        left_s = deadline.left_s()
        if left_s <= 0:
            raise faults.too_slow(deadline.timeout_s, cluster=self.cluster)
        try:
            headers = session.headers | {
                "accept": "application/json",
                "accept-encoding": "gzip",
                "user-agent": "nightdesk",
                **self._sign(url),
            }
            return session.pool.request(
                "GET",
                url,
                headers=headers,
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
                error, cluster=self.cluster, address=session.address
            ) from error

    def _receive(self, answer: urllib3.BaseHTTPResponse, deadline: Deadline) -> tuple[bytes, str]:
        good = answer.status == HTTPStatus.OK
        limit = ANSWER_MAX_BYTES if good else _REFUSAL_MAX_BYTES
        try:
            # One byte more than wanted tells a full answer from a cut one.
            content = answer.read(limit + 1, decode_content=True)
        except (transport.HTTPError, OSError, ValueError) as error:
            if deadline.passed() or isinstance(error, transport.ReadTimeoutError):
                raise faults.too_slow(deadline.timeout_s, cluster=self.cluster) from error
            raise faults.torn(cluster=self.cluster) from error
        if deadline.passed():
            # The watchdog may have ended the body: what is here need not be all.
            raise faults.too_slow(deadline.timeout_s, cluster=self.cluster)
        headers = {key.lower(): value for key, value in answer.headers.items()}
        if not good:
            refusal = faults.read_refusal(answer.status, headers, content)
            raise faults.RefusedError(refusal)
        if len(content) > limit:
            raise ToolError(
                f"the answer of {self.cluster}'s metrics server is larger than"
                f" {ANSWER_MAX_BYTES >> 20} MB; aggregate, or ask for a shorter window"
            )
        return content, headers.get("content-type", "").lower()


def _cut_off(answer: urllib3.BaseHTTPResponse) -> None:
    # The answer may just have ended, and its connection gone back to the pool.
    with contextlib.suppress(ValueError, RuntimeError, OSError):
        answer.shutdown()


def _give_back(answer: urllib3.BaseHTTPResponse) -> None:
    """Close a connection that holds unread bytes; one that was read to its end is kept."""
    if not answer.closed:
        answer.close()
    answer.release_conn()
