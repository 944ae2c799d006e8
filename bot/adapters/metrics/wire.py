"""One call to a metrics server: signed, ended by a deadline, bounded in size, decoded as JSON.

The Python client of this API that most use retries, follows redirects with the credentials and
has no deadline for an answer that trickles; it brings requests and dateparser to build the same
URLs. So urllib3 is used as for clusters.
"""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from bot.adapters.metrics import faults
from bot.adapters.metrics.connect import Session, open_session
from bot.adapters.transport import Call, Deadline, SignInError, ask, one_line
from bot.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.metrics.signing import Sign
    from bot.domain.metrics import MetricsEndpoint
    from bot.ports.clock import Clock

# A thousand series of 360 points are some 12 MB.
ANSWER_MAX_BYTES = 32 * 1024 * 1024
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip",
    "user-agent": "nightdesk",
}


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
                raise faults.SERVER.torn(cluster=self.cluster) from None
            what = f"{one_line(content_type, 60) or 'no content type'}, not JSON"
            raise faults.SERVER.stranger(what, cluster=self.cluster) from None
        if not isinstance(parsed, dict) or parsed.get("status") != "success":
            raise faults.SERVER.stranger("JSON without a status", cluster=self.cluster)
        if "data" not in parsed:
            raise faults.SERVER.stranger("JSON without data", cluster=self.cluster)
        return parsed

    def _opened(self) -> Session:
        with self._lock:
            if self._session is None:
                try:
                    self._session = open_session(self._endpoint)
                except faults.EndpointError as error:
                    raise faults.SERVER.unusable(error, cluster=self.cluster) from error
            return self._session

    def _call(
        self, path: str, query: Sequence[tuple[str, str]], deadline: Deadline
    ) -> tuple[bytes, str]:
        cluster, session = self.cluster, self._opened()
        # Signatures of version 4 want blanks as %20 and slashes escaped.
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
            raise ToolError(
                f"the answer of {cluster}'s metrics server is larger than"
                f" {ANSWER_MAX_BYTES >> 20} MB; aggregate, or ask for a shorter window"
            )
        return answer.content, answer.content_type
