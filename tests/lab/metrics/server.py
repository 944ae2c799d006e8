"""The metrics server itself: checks who asks, answers, records, misbehaves when told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.lab.estate.faults import Fault, FaultKind
from tests.lab.kubernetes.replies import SIGN_IN_PAGE, json_reply, torn_reply, wait_out
from tests.lab.metrics.api import Api, ApiError
from tests.lab.recording import RecordingServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.clock import LabClock
    from tests.lab.metrics.tracks import MetricStore

_API = "/api/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsRequest:
    """One request the server received; the query keeps the last value of each name."""

    path: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    raw_query: str = ""
    """The query as it came over the wire, which signatures cover."""


class MetricsLab(RecordingServer[MetricsRequest]):
    """A server of the Prometheus HTTP API over one store, on loopback while the context is open.

    With `authorization`, every request has to carry exactly that header.
    """

    def __init__(
        self,
        store: MetricStore,
        *,
        clock: LabClock,
        authorization: str | None = None,
        prefix: str = "",
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.store = store
        self.clock = clock
        self.warnings: list[str] = []
        """Told with every result, as Thanos tells that a store did not answer."""
        self.without: set[str] = set()
        """Paths this server does not have, such as `/rules`."""
        self.counts: dict[str, float] = {}
        """What `count(…)` of a selector gives instead of counting."""
        self._authorization = authorization
        self._prefix = prefix
        self._api = Api(store)
        self._faults: tuple[Fault, ...] = ()

    @property
    def url(self) -> str:
        """What stands before `/api/v1`."""
        return f"{super().url}{self._prefix}"

    @property
    def rules(self) -> list[dict[str, Any]]:
        """Alerting rules as they stand in `rules.yaml`; a test may add to them and take away."""
        return self._api.rules

    def hang(self, *, on: str = "") -> Fault:
        """Accept requests and stay silent until the fault is cleared."""
        return self._suffer(Fault(FaultKind.HANG, on=on))

    def fail(self, status: int, *, on: str = "", retry_after_s: int | None = None) -> Fault:
        """Answer with this code, and the API's error where it has one for it."""
        return self._suffer(
            Fault(FaultKind.FAIL, status=status, on=on, retry_after_s=retry_after_s)
        )

    def tear(self, *, on: str = "") -> Fault:
        """Break the connection in the middle of each body."""
        return self._suffer(Fault(FaultKind.TEAR, on=on))

    def answer_html(self, *, on: str = "", status: int = 200) -> Fault:
        """Answer as a proxy's sign-in page does."""
        return self._suffer(Fault(FaultKind.HTML, on=on, status=status))

    def _suffer(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults += (fault,)
        return fault

    def record_of(self, request: web.Request) -> MetricsRequest:
        """What to remember of a request."""
        return MetricsRequest(
            path=request.path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            raw_query=request.raw_path.partition("?")[2],
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The API's answer, or what a fault makes of it."""
        with self._lock:
            faults = self._faults
        fault = next((one for one in faults if one.take(request.path_qs)), None)
        if fault is None:
            return self._serve(request)
        return await self._spoiled(request, fault)

    async def _spoiled(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.kind is FaultKind.FAIL:
            return _failure(fault)
        if fault.kind is FaultKind.HTML:
            return web.Response(text=SIGN_IN_PAGE, content_type="text/html", status=fault.status)
        if fault.kind is FaultKind.TEAR:
            whole = self._serve(request).body
            return await torn_reply(request, whole if isinstance(whole, bytes) else b"")
        await wait_out(fault)
        return self._serve(request)

    def _told(self, query: Mapping[str, str]) -> dict[str, Any] | None:
        selector = query.get("query", "").removeprefix("count(").removesuffix(")")
        if selector not in self.counts:
            return None
        return _told_vector(self.counts[selector], self.clock.now())

    def _serve(self, request: web.Request) -> web.Response:
        expected = self._authorization
        if expected is not None and request.headers.get("Authorization") != expected:
            return web.Response(text="Unauthorized\n", status=401)
        if request.method != "GET":
            return web.Response(text="Method Not Allowed\n", status=405)
        prefix = f"{self._prefix}{_API}"
        path = request.path.removeprefix(prefix)
        if not request.path.startswith(prefix) or path in self.without:
            return web.Response(text="404 page not found\n", status=404)
        try:
            found = self._told(request.query) or self._api.answer(
                path, request.query, request.query.getall("match[]", []), self.clock.now()
            )
        except ApiError as error:
            body = {"status": "error", "errorType": error.kind, "error": str(error)}
            return json_reply(body, status=error.code)
        except KeyError:
            return web.Response(text="404 page not found\n", status=404)
        answered: dict[str, Any] = {"status": "success", "data": found}
        if self.warnings and path.startswith("/query"):
            answered["warnings"] = list(self.warnings)
        return json_reply(answered)


def _told_vector(value: float, at_s: float) -> dict[str, Any]:
    row = {"metric": {}, "value": [at_s, f"{value:.0f}"]}
    return {"resultType": "vector", "result": [row]}


def _failure(fault: Fault) -> web.Response:
    kinds = {
        400: ("bad_data", 'invalid parameter "query": 1:7: parse error: unexpected <by>'),
        422: ("execution", "query processing would load too many samples into memory"),
        429: ("too_many_requests", "too many outstanding requests"),
        503: ("timeout", "query timed out in expression evaluation"),
    }
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    if fault.status not in kinds:
        return web.Response(text="upstream connect error", status=fault.status, headers=headers)
    kind, message = kinds[fault.status]
    reply = json_reply(
        {"status": "error", "errorType": kind, "error": message}, status=fault.status
    )
    reply.headers.update(headers)
    return reply
