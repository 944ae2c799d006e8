"""Loki's HTTP API over streams that were pushed: pushes, reads, limits and misbehaviour."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.lab.estate.faults import Fault, FaultKind
from tests.lab.kubernetes.replies import SIGN_IN_PAGE, json_reply, torn_reply, wait_out
from tests.lab.logs.search import QueryError, Search, Stream, read_query
from tests.lab.recording import RecordingServer

if TYPE_CHECKING:
    from collections.abc import Mapping

_API = "/loki/api/v1"
_SAID = {
    400: "parse error at line 1, col 18: syntax error: unexpected IDENTIFIER",
    401: "no org id",
    429: "too many outstanding requests",
    500: "rpc error: code = Code(500) desc = context canceled",
    504: (
        "request timed out, decrease the duration of the request or add more label matchers"
        " (prefer exact match over regex match) to reduce the amount of data processed"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsRequest:
    """One request the server received."""

    path: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)


class LogsLab(RecordingServer[LogsRequest]):
    """A log server on loopback while the context is open.

    With `tenant`, every request has to name it. `entries_limit` is the server's own.
    """

    def __init__(self, *, tenant: str | None = None, entries_limit: int = 5_000) -> None:
        super().__init__()
        self._tenant = tenant
        self._entries_limit = entries_limit
        self._streams: dict[str, Stream] = {}
        self._faults: tuple[Fault, ...] = ()

    def hang(self) -> Fault:
        """Accept requests and stay silent until the fault is cleared."""
        return self._suffer(Fault(FaultKind.HANG))

    def fail(self, status: int, *, retry_after_s: int | None = None) -> Fault:
        """Answer with this code, in Loki's words where it has some for it."""
        return self._suffer(Fault(FaultKind.FAIL, status=status, retry_after_s=retry_after_s))

    def tear(self) -> Fault:
        """Break the connection in the middle of each body."""
        return self._suffer(Fault(FaultKind.TEAR))

    def answer_html(self, *, status: int = 200) -> Fault:
        """Answer as a proxy's sign-in page does."""
        return self._suffer(Fault(FaultKind.HTML, status=status))

    def _suffer(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults += (fault,)
        return fault

    def record_of(self, request: web.Request) -> LogsRequest:
        """What to remember of a request."""
        return LogsRequest(
            path=request.path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The API's answer, or what a fault makes of it."""
        with self._lock:
            faults = self._faults
        fault = next((one for one in faults if one.take(request.path_qs)), None)
        if fault is None:
            return self._serve(request, await request.read())
        if fault.kind is FaultKind.FAIL:
            return _failure(fault)
        if fault.kind is FaultKind.HTML:
            return web.Response(text=SIGN_IN_PAGE, content_type="text/html", status=fault.status)
        if fault.kind is FaultKind.TEAR:
            whole = self._serve(request, b"").body
            return await torn_reply(request, whole if isinstance(whole, bytes) else b"")
        await wait_out(fault)
        return self._serve(request, b"")

    def _serve(self, request: web.Request, body: bytes) -> web.Response:
        if self._tenant is not None and request.headers.get("X-Scope-OrgID") != self._tenant:
            return web.Response(text=_SAID[401], status=401)
        path = request.path.removeprefix(_API)
        if request.method == "POST" and path == "/push":
            self._push(json.loads(body))
            return web.Response(status=204)
        try:
            return json_reply(self._read(path, request.query))
        except QueryError as error:
            return web.Response(text=str(error), status=400)
        except KeyError:
            return web.Response(text="404 page not found\n", status=404)

    def _push(self, pushed: dict[str, Any]) -> None:
        with self._lock:
            for one in pushed["streams"]:
                key = json.dumps(one["stream"], sort_keys=True)
                stream = self._streams.setdefault(key, Stream(labels=one["stream"], entries=[]))
                stream.entries.extend((int(at), line) for at, line in one["values"])

    def _read(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        start, end = int(query["start"]), int(query["end"])
        with self._lock:
            streams = [one for one in self._streams.values() if _within(one, start, end)]
        if path == "/labels":
            return _success(sorted({name for one in streams for name in one.labels}))
        if path.startswith("/label/") and path.endswith("/values"):
            name = path.split("/")[2]
            return _success(sorted({one.labels[name] for one in streams if name in one.labels}))
        if path == "/series":
            search = read_query(query["match[]"])
            return {
                "status": "success",
                "data": [one.labels for one in streams if search.has(one)],
            }
        if path != "/query_range":
            raise KeyError(path)
        return self._found(read_query(query["query"]), query, start, end)

    def _found(
        self, search: Search, query: Mapping[str, str], start: int, end: int
    ) -> dict[str, Any]:
        limit = int(query.get("limit", "100"))
        if limit > self._entries_limit:
            raise QueryError(
                "max entries limit per query exceeded, limit > max_entries_limit_per_query"
                f" ({limit} > {self._entries_limit})"
            )
        newest_first = query.get("direction", "backward") == "backward"
        with self._lock:
            found = [
                (at, line, number)
                for number, one in enumerate(self._streams.values())
                if search.has(one)
                for at, line in one.entries
                if start <= at < end and search.passes(line)
            ]
            labels = [one.labels for one in self._streams.values()]
        found.sort(key=lambda entry: entry[0], reverse=newest_first)
        values: dict[int, list[list[str]]] = {}
        for at, line, number in found[:limit]:
            values.setdefault(number, []).append([str(at), line])
        result = [{"stream": labels[number], "values": own} for number, own in values.items()]
        return {
            "status": "success",
            "data": {"resultType": "streams", "result": result, "stats": {}},
        }


def _success(names: list[str]) -> dict[str, Any]:
    # An empty list is left out, as Go's omitempty does.
    return {"status": "success", **({"data": names} if names else {})}


def _within(stream: Stream, start: int, end: int) -> bool:
    return any(start <= at < end for at, _ in stream.entries)


def _failure(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    said = _SAID.get(fault.status)
    if said is None:
        return web.Response(
            text="<html>gateway</html>",
            content_type="text/html",
            status=fault.status,
            headers=headers,
        )
    return web.Response(text=said, status=fault.status, headers=headers)
