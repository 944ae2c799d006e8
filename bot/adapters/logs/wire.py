"""One call to a log server: signed, ended by a deadline, bounded in size, decoded as JSON.

Session, credentials and transport are those of metrics servers; only what an answer and a failure
look like is Loki's own.
"""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from bot.adapters.logs import faults
from bot.adapters.metrics.connect import Session, open_session
from bot.adapters.metrics.faults import EndpointError
from bot.adapters.transport import Answer, Call, Deadline, SignInError, ask, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.metrics.signing import Sign
    from bot.domain.logs import LogsEndpoint
    from bot.ports.clock import Clock

# Five thousand lines of six kilobytes each.
ANSWER_MAX_BYTES = 32 * 1024 * 1024
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip",
    "user-agent": "nightdesk",
}


class TooLargeError(Exception):
    """The answer has more bytes than are read; fewer entries may fit."""


class Wire:
    """The calls of one server; used from several threads."""

    def __init__(
        self,
        endpoint: LogsEndpoint,
        *,
        cluster: str,
        sign: Sign,
        timeout_s: float,
        clock: Clock,
    ) -> None:
        self.cluster = cluster
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
        self, path: str, query: Sequence[tuple[str, str]], *, deadline: Deadline
    ) -> dict[str, Any]:
        """Return the whole answer of a successful call.

        Raises:
            RefusedError: It answered with a code other than success.
            TooLargeError: The answer is larger than is read.
            UpstreamError: No answer, not in time, torn, or not this API's.
        """
        found = self._call(path, query, deadline)
        try:
            parsed = json.loads(found.content)
        except ValueError:
            # The error would carry the body.
            if "json" in found.content_type:
                raise faults.SERVER.torn(cluster=self.cluster) from None
            what = f"{one_line(found.content_type, 60) or 'no content type'}, not JSON"
            raise faults.SERVER.stranger(what, cluster=self.cluster) from None
        if not isinstance(parsed, dict) or parsed.get("status") != "success":
            raise faults.SERVER.stranger("JSON without a status", cluster=self.cluster)
        return parsed

    def _opened(self) -> Session:
        with self._lock:
            if self._session is None:
                try:
                    self._session = open_session(self._endpoint, entry="loki")
                except EndpointError as error:
                    raise faults.SERVER.unusable(error, cluster=self.cluster) from error
            return self._session

    def _call(self, path: str, query: Sequence[tuple[str, str]], deadline: Deadline) -> Answer:
        cluster, session = self.cluster, self._opened()
        encoded = urlencode(query, quote_via=quote, safe="")
        url = f"{session.address}{path}" + (f"?{encoded}" if encoded else "")
        try:
            signature = self._sign(url)
        except SignInError as error:
            raise faults.SERVER.unusable(error, cluster=cluster) from error
        answer = ask(
            session.pool,
            Call(url=url, headers=session.headers | _HEADERS | dict(signature)),
            deadline=deadline,
            limit_bytes=ANSWER_MAX_BYTES,
            faults=faults.SERVER.of_call(cluster, address=session.address),
        )
        if answer.status != HTTPStatus.OK:
            raise faults.RefusedError(
                faults.read_refusal(answer.status, answer.headers, answer.content)
            )
        if answer.cut:
            raise TooLargeError
        return answer
