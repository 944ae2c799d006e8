"""The API server itself: authenticates, authorises, routes, records, misbehaves when told to.

Reads only: the account has no right to write (403), and what gets past that is 405. It follows one
simulated cluster and holds no state of
its own but the record of requests.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.lab.estate.access import Access
from tests.lab.estate.faults import FaultKind
from tests.lab.kubernetes import reviews
from tests.lab.kubernetes.described import described
from tests.lab.kubernetes.kinds import KINDS
from tests.lab.kubernetes.podlogs import LogRequest, read_log
from tests.lab.kubernetes.protobuf import is_protobuf, read_review
from tests.lab.kubernetes.replies import (
    SIGN_IN_PAGE,
    json_reply,
    refusal_reply,
    torn_reply,
    wait_out,
)
from tests.lab.kubernetes.routes import Route, find_route, verb_of
from tests.lab.kubernetes.serving import (
    JSON,
    Representation,
    many,
    one,
    represent_many,
    represent_one,
    scale_of,
)
from tests.lab.kubernetes.status import StatusError, forbidden, unknown_path
from tests.lab.kubernetes.watching import watch_stream
from tests.lab.recording import RecordingServer

if TYPE_CHECKING:
    from tests.lab.estate.faults import Fault
    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRequest:
    """One request the server received; the query keeps the last value of each name."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    user_agent: str = ""
    at: float = 0.0


class KubernetesLab(RecordingServer[LabRequest]):
    """A Kubernetes API server over one simulated cluster, on loopback while the context is open.

    kubectl never sends credentials over plain HTTP (client-go reads them for TLS servers only), so
    it needs `anonymous`, which serves requests without a token as `kubectl proxy` would. A wrong
    token is refused either way.
    """

    def __init__(
        self,
        cluster: SimulatedCluster,
        *,
        token: str = "",
        port: int = 0,
        anonymous: bool = False,
    ) -> None:
        super().__init__(port=port)
        self.cluster = cluster
        self.token = token or f"lab-token-{cluster.name}"
        self._accepted = {f"Bearer {self.token}"} | ({""} if anonymous else set())

    def record_of(self, request: web.Request) -> LabRequest:
        """What to remember of a request."""
        return LabRequest(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            user_agent=request.headers.get("User-Agent", ""),
            at=self.cluster.clock.now(),
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The cluster's answer, or what a fault makes of it."""
        try:
            fault = self.cluster.fault_for(request.path_qs)
            if fault is not None:
                spoiled = await self._spoil(request, fault)
                if spoiled is not None:
                    return spoiled
            return await self._serve(request)
        except StatusError as refusal:
            return refusal_reply(refusal)

    async def _spoil(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        """What the fault makes of the answer; None when it only delayed it."""
        if fault.kind in {FaultKind.HANG, FaultKind.SLOW}:
            await wait_out(fault)
            return None
        if fault.kind is FaultKind.FAIL:
            raise StatusError(fault.status, retry_after_s=fault.retry_after_s)
        if fault.kind is FaultKind.HTML:
            return web.Response(text=SIGN_IN_PAGE, content_type="text/html", status=fault.status)
        whole = await self._serve(request)
        body = whole.body if isinstance(whole, web.Response) else b""
        return await torn_reply(request, bytes(body) if isinstance(body, bytes) else b"")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization", "") not in self._accepted:
            raise StatusError(401)
        path = request.path.rstrip("/")
        body = described(self.cluster, path, request.headers.get("Accept", ""), url=self.url)
        if body is not None:
            return body
        if "/authorization.k8s.io/" in path or "/authentication.k8s.io/" in path:
            return await self._review(request, path)
        route = find_route(path, KINDS)
        verb = verb_of(request.method, route, request.query)
        # As in kube-apiserver, whoever may not read a kind is not told that it is not served.
        self._authorise(route, verb)
        if route.kind not in self.cluster.kinds:
            raise unknown_path()
        if request.method != "GET":
            raise StatusError(
                405, "the server does not allow this method on the requested resource"
            )
        if route.subresource == "log":
            return await self._log(request, route)
        form = Representation.read(request.headers.get("Accept", ""))
        if verb == "watch":
            return await self._watch(request, route, form)
        return self._read(route, form, dict(request.query))

    async def _review(self, request: web.Request, path: str) -> web.Response:
        if request.method != "POST":
            raise StatusError(
                405, "the server does not allow this method on the requested resource"
            )
        body = await request.read()
        try:
            asked = read_review(body) if is_protobuf(body) else json.loads(body)
        except (ValueError, LookupError):
            raise StatusError(400, "the object provided is unrecognized") from None
        return json_reply(reviews.review(self.cluster, path, asked), status=201)

    def _authorise(self, route: Route, verb: str) -> None:
        namespace = route.namespace
        if route.kind.plural == "namespaces" and route.name:
            namespace = route.name  # as kube-apiserver does for requests about one namespace
        access = Access(
            verb=verb,
            resource=route.resource,
            group=route.kind.group,
            namespace=namespace,
            name=route.name,
        )
        if not self.cluster.allows(access):
            raise forbidden(
                user=reviews.USER,
                verb=verb,
                resource=route.resource,
                group=route.kind.group,
                namespace=namespace,
                name=route.name,
            )

    def _read(self, route: Route, form: Representation, query: dict[str, str]) -> web.Response:
        if route.subresource == "scale":
            return json_reply(scale_of(one(self.cluster, route)))
        if route.name:
            item = one(self.cluster, route)
            return json_reply(represent_one(self.cluster, route.kind, item, form, query))
        listed = many(self.cluster, route, query)
        return json_reply(represent_many(self.cluster, route.kind, listed, form, query))

    async def _watch(
        self, request: web.Request, route: Route, form: Representation
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": JSON})
        await response.prepare(request)

        def is_connected() -> bool:
            return request.transport is not None and not request.transport.is_closing()

        stream = watch_stream(self.cluster, route, request.query, form, is_connected=is_connected)
        async with contextlib.aclosing(stream):
            async for line in stream:
                await response.write(line)
        return response

    async def _log(self, request: web.Request, route: Route) -> web.StreamResponse:
        asked = LogRequest.read(request.query, self.cluster.clock.now())
        chunks = read_log(self.cluster, route.namespace, route.name, asked)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        return response
