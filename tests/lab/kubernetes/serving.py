"""Answers to get, list and watch: selection, pages, and the representation asked for.

Everything here is computed from a cluster's snapshot; nothing is sent.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.kubernetes.events_v1 import as_events_v1
from tests.lab.kubernetes.kinds import CORE_EVENTS
from tests.lab.kubernetes.metrics import samples
from tests.lab.kubernetes.selectors import field_filter, label_filter
from tests.lab.kubernetes.status import StatusError, not_found
from tests.lab.kubernetes.tables.render import partial, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.lab.estate.store import SimulatedCluster
    from tests.lab.kubernetes.kinds import ResourceKind
    from tests.lab.kubernetes.routes import Route

Object = dict[str, Any]

JSON = "application/json"
_METRICS_GROUP = "metrics.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """How the client wants objects: whole, as Table rows, or as metadata only."""

    form: str = ""
    version: str = "v1"

    @classmethod
    def read(cls, accept: str) -> Representation:
        """The first acceptable form in an Accept header."""
        for choice in accept.split(","):
            _, *parameters = (part.strip() for part in choice.split(";"))
            given = dict(part.split("=", 1) for part in parameters if "=" in part)
            if given.get("g") != "meta.k8s.io":
                if not given.get("as"):
                    return cls()
                continue
            if given.get("v") in {"v1", "v1beta1"} and given.get("as"):
                return cls(form=given["as"], version=given["v"])
        return cls()

    @property
    def is_table(self) -> bool:
        return self.form == "Table"

    @property
    def is_partial(self) -> bool:
        return self.form.startswith("PartialObjectMetadata")


def stored_key(kind: ResourceKind) -> str:
    """Where the store keeps what this resource shows."""
    return CORE_EVENTS if kind.key == "events.events.k8s.io" else kind.key


def shown(kind: ResourceKind, item: Object) -> Object:
    """A stored object in the shape of the resource it is read through."""
    return as_events_v1(item) if kind.key == "events.events.k8s.io" else item


def selection(kind: ResourceKind, query: Mapping[str, str]) -> Callable[[Object], bool]:
    """The request's selectors as one test."""
    by_label = label_filter(query.get("labelSelector", ""))
    by_field = field_filter(query.get("fieldSelector", ""), kind.key)
    return lambda item: by_label(item) and by_field(item)


def one(cluster: SimulatedCluster, route: Route) -> Object:
    """The object asked for; a 404 Status if there is none."""
    kind = route.kind
    if kind.group == _METRICS_GROUP:
        candidates = samples(cluster, kind.plural, route.namespace)
        found = next((s for s in candidates if s["metadata"]["name"] == route.name), None)
    else:
        found = cluster.peek(stored_key(kind), route.namespace, route.name)
    if found is None:
        raise not_found(kind.plural, kind.group, route.name)
    return shown(kind, found)


def many(cluster: SimulatedCluster, route: Route, query: Mapping[str, str]) -> Object:
    """The list asked for, one page of it if a limit is given."""
    kind = route.kind
    if kind.group == _METRICS_GROUP:
        items, version = samples(cluster, kind.plural, route.namespace), ""
    else:
        items, version = cluster.snapshot(stored_key(kind), route.namespace)
    wanted = selection(kind, query)
    found = [item for item in (shown(kind, item) for item in items) if wanted(item)]
    page, metadata = _page(found, version, query)
    return {
        "kind": f"{kind.kind}List",
        "apiVersion": kind.api_version,
        "metadata": metadata,
        "items": page,
    }


def _page(
    found: list[Object], version: str, query: Mapping[str, str]
) -> tuple[list[Object], Object]:
    metadata: Object = {"resourceVersion": version} if version else {}
    limit = int(query.get("limit") or 0)
    after = _continued(query.get("continue", ""))
    if after:
        found = [item for item in found if _place(item) > after]
    if not limit or len(found) <= limit:
        return found, metadata
    page = found[:limit]
    token = json.dumps(_place(page[-1])).encode()
    metadata["continue"] = base64.urlsafe_b64encode(token).decode()
    if not query.get("labelSelector") and not query.get("fieldSelector"):
        metadata["remainingItemCount"] = len(found) - limit
    return page, metadata


def _place(item: Object) -> list[str]:
    return [item["metadata"].get("namespace", ""), item["metadata"]["name"]]


def _continued(token: str) -> list[str]:
    if not token:
        return []
    try:
        place: list[str] = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError):
        raise StatusError(400, "continue key is not valid") from None
    return place


def represent_one(
    cluster: SimulatedCluster,
    kind: ResourceKind,
    item: Object,
    form: Representation,
    query: Mapping[str, str],
    *,
    with_columns: bool = True,
) -> Object:
    """An object in the form asked for."""
    if form.is_table:
        metadata = {"resourceVersion": item["metadata"].get("resourceVersion", "")}
        return table(
            kind.key,
            [item],
            now=cluster.clock.now(),
            list_metadata=metadata,
            include=query.get("includeObject", "Metadata"),
            with_columns=with_columns,
        )
    if form.is_partial:
        return partial(item)
    return {"kind": kind.kind, "apiVersion": kind.api_version} | item


def represent_many(
    cluster: SimulatedCluster,
    kind: ResourceKind,
    listed: Object,
    form: Representation,
    query: Mapping[str, str],
) -> Object:
    """A list in the form asked for."""
    if form.is_table:
        return table(
            kind.key,
            listed["items"],
            now=cluster.clock.now(),
            list_metadata=listed["metadata"],
            include=query.get("includeObject", "Metadata"),
        )
    if form.is_partial:
        return {
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": listed["metadata"],
            "items": [partial(item) for item in listed["items"]],
        }
    if kind.extension not in {"", "metrics"}:
        return listed
    # Of its own kinds the API server names kind and version once, in the list.
    return listed | {"items": [_unnamed(item) for item in listed["items"]]}


def _unnamed(item: Object) -> Object:
    return {key: value for key, value in item.items() if key not in {"kind", "apiVersion"}}


def scale_of(item: Object) -> Object:
    """The scale subresource of a workload."""
    meta = item["metadata"]
    kept = {key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion")}
    labels = item["spec"]["selector"].get("matchLabels", {})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": kept | {"creationTimestamp": meta["creationTimestamp"]},
        "spec": {"replicas": item["spec"]["replicas"]},
        "status": {
            "replicas": item.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }
