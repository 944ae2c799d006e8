"""The changing half of the API server: reads such requests, remembers and carries them out.

What may be changed at all is decided before; what follows from a change, by the controllers.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.estate.controllers import Controllers
from tests.lab.kubernetes.changing import Write, change, dry_run_of, remove
from tests.lab.kubernetes.evicting import evict
from tests.lab.kubernetes.protobuf import is_protobuf, read_request
from tests.lab.kubernetes.replies import json_reply
from tests.lab.kubernetes.serving import one
from tests.lab.kubernetes.status import StatusError, conflict

if TYPE_CHECKING:
    from aiohttp import web

    from tests.lab.estate.store import SimulatedCluster
    from tests.lab.kubernetes.routes import Route

Object = dict[str, Any]

CHANGING = frozenset({"DELETE", "PATCH", "POST", "PUT"})
_DELETED = frozenset({"jobs", "pods"})
_NOT_ALLOWED = "the server does not allow this method on the requested resource"
_MANAGER_MAX_CHARS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class LabWrite:
    """A changing request as it arrived, whatever became of it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    media_type: str
    dry_run: bool
    field_manager: str


async def read_write(request: web.Request) -> LabWrite:
    """The request's parts; a refusal if its body or options cannot be read."""
    query = dict(request.query)
    body = _parsed(await request.read())
    manager = query.get("fieldManager", "")
    if len(manager) > _MANAGER_MAX_CHARS:
        raise StatusError(
            422, f'fieldManager: Invalid value: "{manager}": may not be longer than 128'
        )
    agent = request.headers.get("User-Agent", "unknown")
    return LabWrite(
        method=request.method,
        path=request.path,
        query=query,
        body=body,
        media_type=request.content_type,
        dry_run=dry_run_of(request.method, query, body),
        # Without a name, kube-apiserver takes the beginning of the user agent.
        field_manager=manager or agent.partition("/")[0],
    )


def _parsed(content: bytes) -> Any:
    if not content:
        return None
    try:
        return read_request(content) if is_protobuf(content) else json.loads(content)
    except (ValueError, LookupError):
        raise StatusError(400, "the object provided is unrecognized") from None


class Writes:
    """Changes to one cluster, and the record of those that were asked for."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster
        self._controllers = Controllers(cluster)
        self._seen: list[LabWrite] = []
        self._lock = threading.Lock()

    def remember(self, asked: LabWrite) -> None:
        """Keep a request for `seen`."""
        with self._lock:
            self._seen.append(asked)

    def seen(self) -> list[LabWrite]:
        """What was asked for so far, oldest first; dry runs and refused ones too."""
        with self._lock:
            return list(self._seen)

    def forget(self) -> None:
        """Begin the record anew."""
        with self._lock:
            self._seen.clear()

    def stop(self) -> None:
        """End the controllers."""
        self._controllers.stop()

    def conflict(self, route: Route) -> StatusError:
        """What is said when somebody was quicker."""
        kind = route.kind
        return conflict(
            kind.plural,
            kind.group,
            route.name,
            "the object has been modified; please apply your changes to the latest version and"
            " try again",
        )

    def carry_out(self, route: Route, asked: LabWrite) -> web.Response:
        """Do it, unless it is a dry run, and answer."""
        write = Write(
            method=asked.method,
            route=route,
            body=asked.body,
            media_type=asked.media_type,
            dry_run=asked.dry_run,
            field_manager=asked.field_manager,
            strict=asked.query.get("fieldValidation") == "Strict",
        )
        if write.method == "POST" and route.subresource == "eviction":
            return json_reply(evict(self._cluster, write, self._controllers.touch), status=201)
        if write.method == "DELETE" and route.name and self._may_go(route):
            return json_reply(remove(self._cluster, write, self._controllers.touch))
        if write.method in {"PATCH", "PUT"} and route.name and route.subresource in {"", "scale"}:
            changed = change(self._cluster, write)
            if not write.dry_run:
                self._controllers.touch(one(self._cluster, route))
            return json_reply(changed)
        raise StatusError(405, _NOT_ALLOWED)

    @staticmethod
    def _may_go(route: Route) -> bool:
        return route.kind.plural in _DELETED and not route.subresource
