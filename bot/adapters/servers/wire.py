"""One call to a server: signed, ended by a deadline, bounded in size, decoded as JSON.

The Python clients of these APIs that most use retry, follow redirects with the credentials and have
no deadline for an answer that trickles. So urllib3 is used as for clusters. What an answer means is
the reader's.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from bot.adapters.servers.connect import Session, open_session
from bot.adapters.servers.faults import EndpointError, RefusedError, ServerFaults, TooLargeError
from bot.adapters.servers.shape import ShapeError
from bot.adapters.servers.signing import Sign
from bot.adapters.transport import Answer, Call, Deadline, SignInError, ask, one_line
from bot.domain.metrics import MetricsEndpoint
from bot.ports.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip",
    "user-agent": "nightdesk",
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How one cluster's server is reached."""

    endpoint: MetricsEndpoint
    cluster: str
    sign: Sign
    timeout_s: float
    """For one read, however many calls it takes."""
    clock: Clock


class Wire:
    """The calls of one server; used from several threads."""

    def __init__(self, reach: Reach, *, faults: ServerFaults, limit_bytes: int) -> None:
        self.cluster = reach.cluster
        self._reach = reach
        self._faults = faults
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._session: Session | None = None

    def deadline(self) -> Deadline:
        """Return the deadline of a read that starts now."""
        return Deadline(self._reach.timeout_s, clock=self._reach.clock)

    def read(
        self,
        path: str,
        query: Sequence[tuple[str, str]],
        decode: Callable[[Any], _T],
        *,
        deadline: Deadline | None = None,
    ) -> _T:
        """Return what `decode` makes of a successful call's JSON; it may raise ShapeError.

        Raises:
            RefusedError: It answered with a code other than success.
            TooLargeError: The answer is larger than is read; a smaller one may not be.
            UpstreamError: No answer, not in time, torn, or not this API's.
        """
        answer = self._call(path, query, deadline or self.deadline())
        if answer.status != HTTPStatus.OK:
            raise RefusedError(answer)
        if answer.cut:
            raise TooLargeError
        try:
            return decode(self._parsed(answer))
        except ShapeError as error:
            raise self._faults.stranger(str(error), cluster=self.cluster) from error

    def _parsed(self, answer: Answer) -> Any:
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError):
            # The error would carry the body.
            if "json" in answer.content_type:
                raise self._faults.torn(cluster=self.cluster) from None
            what = f"{one_line(answer.content_type, 60) or 'no content type'}, not JSON"
            raise self._faults.stranger(what, cluster=self.cluster) from None

    def _opened(self) -> Session:
        with self._lock:
            if self._session is None:
                try:
                    self._session = open_session(self._reach.endpoint, entry=self._faults.entry)
                except EndpointError as error:
                    raise self._faults.unusable(error, cluster=self.cluster) from error
            return self._session

    def _call(self, path: str, query: Sequence[tuple[str, str]], deadline: Deadline) -> Answer:
        session = self._opened()
        # Signatures of version 4 want blanks as %20 and slashes escaped.
        encoded = urlencode(query, quote_via=quote, safe="")
        url = f"{session.address}{path}" + (f"?{encoded}" if encoded else "")
        try:
            signature = self._reach.sign(url)
        except SignInError as error:
            raise self._faults.unusable(error, cluster=self.cluster) from error
        return ask(
            session.pool,
            Call(url=url, headers=session.headers | _HEADERS | dict(signature)),
            deadline=deadline,
            limit_bytes=self._limit_bytes,
            faults=self._faults.of_call(self.cluster, address=session.address),
        )
