"""The API server itself: authenticates, authorises, routes, records, misbehaves when told to.

The investigator's token may only read (403 for anything else); the operator's changes what guarded
operations change. It follows one simulated cluster and holds no state of its own but the records.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.lab.estate.access import INVESTIGATOR, OPERATOR, Access
from tests.lab.estate.faults import FaultKind
from tests.lab.kubernetes import reviews
from tests.lab.kubernetes.described import described
from tests.lab.kubernetes.kinds import KINDS
from tests.lab.kubernetes.podlogs import LogRequest, read_log
from tests.lab.kubernetes.protobuf import is_protobuf, read_request
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
from tests.lab.kubernetes.writes import CHANGING, LabWrite, Writes, read_write
from tests.lab.recording import RecordingServer

if TYPE_CHECKING:
    from tests.lab.estate.access import Identity
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
        operator_token: str = "",
        port: int = 0,
        anonymous: bool = False,
    ) -> None:
        super().__init__(port=port)
        self.cluster = cluster
        self.token = token or f"lab-token-{cluster.name}"
        self.operator_token = operator_token or f"lab-operator-token-{cluster.name}"
        self._accepted = {
            f"Bearer {self.token}": INVESTIGATOR,
            f"Bearer {self.operator_token}": OPERATOR,
        } | ({"": INVESTIGATOR} if anonymous else {})
        self._writes = Writes(cluster)

    def stop(self) -> None:
        """Close every connection, and end the controllers; no request is answered any more."""
        super().stop()
        self._writes.stop()

    def writes(self, *, dry_run: bool = False) -> list[LabWrite]:
        """Changing requests received so far, whatever became of them; or the dry runs."""
        return [asked for asked in self._writes.seen() if asked.dry_run is dry_run]

    def forget_requests(self) -> None:
        """Start counting anew."""
        super().forget_requests()
        self._writes.forget()

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
            asked = await self._asked(request)
            fault = self.cluster.fault_for(
                request.path_qs,
                write=asked is not None,
                dry_run=asked is not None and asked.dry_run,
            )
            if fault is not None:
                spoiled = await self._spoil(request, asked, fault)
                if spoiled is not None:
                    return spoiled
            return await self._serve(request, asked)
        except StatusError as refusal:
            return refusal_reply(refusal)

    async def _asked(self, request: web.Request) -> LabWrite | None:
        """The change that is asked for; None for a read, and for a review of rights."""
        if request.method not in CHANGING or _is_review(request.path):
            return None
        asked = await read_write(request)
        self._writes.remember(asked)
        return asked

    async def _spoil(
        self, request: web.Request, asked: LabWrite | None, fault: Fault
    ) -> web.StreamResponse | None:
        """What the fault makes of the answer; None when it only delayed it."""
        match fault.kind:
            case FaultKind.HANG | FaultKind.SLOW:
                await wait_out(fault)
                return None
            case FaultKind.FAIL | FaultKind.REFUSE:
                raise StatusError(fault.status, fault.message, retry_after_s=fault.retry_after_s)
            case FaultKind.CONFLICT:
                raise self._writes.conflict(find_route(request.path.rstrip("/"), KINDS))
            case FaultKind.HTML:
                return web.Response(
                    text=SIGN_IN_PAGE, content_type="text/html", status=fault.status
                )
            case FaultKind.DROP | FaultKind.TEAR:
                return await self._cut(request, asked, fault)

    async def _cut(
        self, request: web.Request, asked: LabWrite | None, fault: Fault
    ) -> web.StreamResponse:
        """Do what was asked for, and break the connection before or in the answer."""
        whole = await self._serve(request, asked)
        body = whole.body if isinstance(whole, web.Response) else b""
        if fault.kind is FaultKind.DROP and request.transport is not None:
            request.transport.abort()
            return whole
        return await torn_reply(request, bytes(body) if isinstance(body, bytes) else b"")

    async def _serve(self, request: web.Request, asked: LabWrite | None) -> web.StreamResponse:
        who = self._accepted.get(request.headers.get("Authorization", ""))
        if who is None:
            raise StatusError(401)
        path = request.path.rstrip("/")
        body = described(self.cluster, path, request.headers.get("Accept", ""), url=self.url)
        if body is not None:
            return body
        if _is_review(path):
            return await self._review(request, path, who)
        route = find_route(path, KINDS)
        verb = verb_of(request.method, route, request.query)
        # As in kube-apiserver, whoever may not read a kind is not told that it is not served.
        self._authorise(route, verb, who)
        if route.kind not in self.cluster.kinds:
            raise unknown_path()
        if asked is not None:
            return self._writes.carry_out(route, asked)
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

    async def _review(self, request: web.Request, path: str, who: Identity) -> web.Response:
        if request.method != "POST":
            raise StatusError(
                405, "the server does not allow this method on the requested resource"
            )
        body = await request.read()
        try:
            asked = read_request(body) if is_protobuf(body) else json.loads(body)
        except (ValueError, LookupError):
            raise StatusError(400, "the object provided is unrecognized") from None
        return json_reply(reviews.review(self.cluster, path, asked, who), status=201)

    def _authorise(self, route: Route, verb: str, who: Identity) -> None:
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
        if not self.cluster.allows(access, who):
            raise forbidden(
                user=who.user,
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


def _is_review(path: str) -> bool:
    return "/authorization.k8s.io/" in path or "/authentication.k8s.io/" in path
