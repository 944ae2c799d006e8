"""The stream of a watch: what is there now if asked for, then every later change."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from tests.lab.kubernetes.routes import is_true
from tests.lab.kubernetes.serving import (
    Representation,
    represent_one,
    selection,
    shown,
    stored_key,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from tests.lab.estate.store import SimulatedCluster
    from tests.lab.kubernetes.routes import Route

Object = dict[str, Any]

_LONGEST_S = 1800.0  # kube-apiserver ends watches after --min-request-timeout, 30 to 60 minutes

_LOOK_S = 0.25  # how often a silent watch looks whether its client is still there


async def watch_stream(
    cluster: SimulatedCluster,
    route: Route,
    query: Mapping[str, str],
    form: Representation,
    *,
    is_connected: Callable[[], bool],
) -> AsyncGenerator[bytes, None]:
    """Watch events as JSON lines, until `timeoutSeconds` have passed or the client is gone."""
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()
    leave = cluster.subscribe(lambda: loop.call_soon_threadsafe(woken.set))
    ends_at = loop.time() + float(query.get("timeoutSeconds") or _LONGEST_S)
    stream = _Stream(cluster, route, query, form)
    try:
        for line in stream.opening():
            yield line
        while is_connected() and loop.time() < ends_at:
            woken.clear()
            for line in stream.later():
                yield line
            with contextlib.suppress(TimeoutError):
                left_s = max(0.0, ends_at - loop.time())
                await asyncio.wait_for(woken.wait(), timeout=min(left_s, _LOOK_S))
    finally:
        leave()


class _Stream:
    """Remembers how far one watch has come."""

    def __init__(
        self,
        cluster: SimulatedCluster,
        route: Route,
        query: Mapping[str, str],
        form: Representation,
    ) -> None:
        self._cluster = cluster
        self._route = route
        self._query = query
        self._form = form
        self._key = stored_key(route.kind)
        self._wanted = selection(route.kind, query)
        self._columns_sent = False
        self._version = 0

    def opening(self) -> list[bytes]:
        """What the watch begins with; nothing when it continues from a known version."""
        since = self._query.get("resourceVersion", "")
        initial = is_true(self._query.get("sendInitialEvents", ""))
        items, version = self._cluster.snapshot(self._key, self._route.namespace)
        if since not in {"", "0"} and not initial:
            self._version = int(since)
            return []
        self._version = int(version)
        lines = [self._line("ADDED", item) for item in items if self._is_wanted(item)]
        if initial:
            lines.append(self._bookmark(version))
        return lines

    def later(self) -> list[bytes]:
        """Changes since the last call."""
        lines = []
        for change in self._cluster.changes_since(self._version, self._key):
            self._version = change.version
            if self._is_wanted(change.object):
                lines.append(self._line(change.type, change.object))
        return lines

    def _is_wanted(self, item: Object) -> bool:
        meta = item["metadata"]
        namespace, name = self._route.namespace, self._route.name
        if namespace and meta.get("namespace") != namespace:
            return False
        return (not name or meta["name"] == name) and self._wanted(shown(self._route.kind, item))

    def _line(self, type_: str, item: Object) -> bytes:
        body = represent_one(
            self._cluster,
            self._route.kind,
            shown(self._route.kind, item),
            self._form,
            self._query,
            with_columns=not self._columns_sent,
        )
        self._columns_sent = True
        return json.dumps({"type": type_, "object": body}).encode() + b"\n"

    def _bookmark(self, version: str) -> bytes:
        """The mark after the initial objects that informers with watch-lists wait for."""
        kind = self._route.kind
        metadata = {
            "resourceVersion": version,
            "creationTimestamp": None,
            "annotations": {"k8s.io/initial-events-end": "true"},
        }
        body = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
        return json.dumps({"type": "BOOKMARK", "object": body}).encode() + b"\n"
