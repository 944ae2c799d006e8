"""One call to an API server: signed, ended by a deadline, bounded in size, decoded as plain JSON.

Knows HTTP. Must not know kinds or tools. No model class of the client is built: a list of 500 pods
is one `json.loads`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from bot.adapters.cluster import faults
from bot.adapters.transport import (
    Answer,
    Call,
    Deadline,
    Faults,
    SignInError,
    ask,
    one_line,
    shown_address,
)
from bot.domain.errors import ToolError

if TYPE_CHECKING:
    from bot.adapters.cluster.connect import Connection, Session
    from bot.ports.clock import Clock

JSON = "application/json"
# 500 pods are some 5 MB; what is larger was not asked for narrowly enough to be read.
ANSWER_MAX_BYTES = 32 * 1024 * 1024

Query = dict[str, str]


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
        answer = self._call(request, deadline, ANSWER_MAX_BYTES)
        if answer.cut:
            raise ToolError(
                f"the answer of {self.cluster} is larger than {ANSWER_MAX_BYTES >> 20} MB; ask"
                " for one namespace, name a label, or lower the limit"
            )
        try:
            parsed = json.loads(answer.content)
        except (ValueError, RecursionError):
            # The error would carry the body.
            if "json" in answer.content_type:
                raise faults.torn(cluster=self.cluster) from None
            what = f"{one_line(answer.content_type, 60) or 'no content type'}, not JSON"
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
        answer = self._call(request, deadline, limit_bytes, compressed=False)
        if answer.content_type.startswith("text/html"):
            raise faults.not_kubernetes("text/html, not a log", cluster=self.cluster)
        return answer.content, answer.cut

    def _call(
        self, request: Request, deadline: Deadline, limit_bytes: int, *, compressed: bool = True
    ) -> Answer:
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
    ) -> Answer:
        cluster = self.cluster
        try:
            headers = request.headers(session.authorization(), compressed=compressed)
        except SignInError as error:
            raise faults.unusable(error, cluster=cluster) from error
        answer = ask(
            session.pool,
            Call(
                url=request.url(session.address),
                headers=headers,
                body=None if request.body is None else json.dumps(request.body),
            ),
            deadline=deadline,
            limit_bytes=limit_bytes,
            faults=Faults(
                too_slow=partial(faults.too_slow, cluster=cluster),
                torn=partial(faults.torn, cluster=cluster),
                unreachable=partial(
                    faults.unreachable, cluster=cluster, address=shown_address(session.address)
                ),
            ),
        )
        if not answer.good:
            raise faults.RefusedError(
                faults.read_refusal(answer.status, answer.headers, answer.content)
            )
        return answer
