"""Objects of a kind by path, and the words for those that do not exist.

Knows the API's paths and selectors. Must not know tables, logs or reviews.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bot.adapters.cluster import faults
from bot.adapters.cluster.names import path_segment, suggestion
from bot.adapters.cluster.tables import continues
from bot.adapters.cluster.wire import JSON
from bot.domain.errors import ToolError, UpstreamError
from bot.domain.kinds import Kind
from bot.ports.cluster import Listing

if TYPE_CHECKING:
    from bot.adapters.cluster.wire import Query, Wire
    from bot.adapters.transport import Deadline
    from bot.ports.cluster import Selection

PODS = Kind(kind="Pod", plural="pods")
NAMESPACES = Kind(kind="Namespace", plural="namespaces", namespaced=False)
_NAMES_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
# Enough to find a resemblance in; more would cost seconds on a busy server.
_NAMES_MAX = 1000


class Objects:
    """Reads of objects in one cluster, with its refusals turned into our errors."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._cluster = wire.cluster

    def read(
        self,
        kind: Kind,
        *,
        deadline: Deadline,
        namespace: str | None,
        name: str | None = None,
        query: Query | None = None,
        accept: str = JSON,
    ) -> dict[str, Any]:
        """Return one object, or a collection when no name is given, as the API answers it.

        Raises:
            ToolError: The object does not exist (its text names the closest), the kind is not
                served, or a selector is wrong.
        """
        path = object_path(kind, namespace=namespace, name=name)
        try:
            return self._wire.json(path, deadline=deadline, query=query, accept=accept)
        except faults.RefusedError as error:
            refusal = error.refusal
            if refusal.object_missing and name is not None:
                raise self.missing(
                    kind, name=name, namespace=namespace, deadline=deadline
                ) from error
            if refusal.code == HTTPStatus.NOT_FOUND:
                raise not_served(kind, cluster=self._cluster) from error
            raise faults.refused(refusal, cluster=self._cluster) from error

    def fetch(self, path: str, *, deadline: Deadline, accept: str = JSON) -> dict[str, Any]:
        """Return a document of the server itself, such as its version."""
        try:
            return self._wire.json(path, deadline=deadline, accept=accept)
        except faults.RefusedError as error:
            raise faults.refused(error.refusal, cluster=self._cluster) from error

    def missing(
        self, kind: Kind, *, name: str, namespace: str | None, deadline: Deadline
    ) -> ToolError:
        """Return the error for an object that does not exist, with the closest names that do.

        Only the namespace that was asked for is looked into: the asker may not know of others.
        """
        place = f" in namespace {namespace}" if kind.namespaced and namespace else ""
        said = f"{self._cluster} has no {kind.singular} {name}{place}"
        scope = namespace if kind.namespaced else None
        try:
            answer = self._wire.json(
                object_path(kind, namespace=scope, name=None),
                deadline=deadline,
                query={"limit": str(_NAMES_MAX)},
                accept=_NAMES_ONLY,
            )
            names = [found["metadata"]["name"] for found in answer.get("items") or []]
            if not names and scope is not None and not self._namespace_exists(scope, deadline):
                return ToolError(f"{self._cluster} has no namespace {scope}")
        except (faults.RefusedError, UpstreamError, ToolError):
            # What was asked is answered; names to choose from are an extra.
            return ToolError(said)
        return ToolError(f"{said}; {suggestion(name, names)}")

    def _namespace_exists(self, namespace: str, deadline: Deadline) -> bool:
        try:
            self._wire.json(
                object_path(NAMESPACES, namespace=None, name=namespace), deadline=deadline
            )
        except faults.RefusedError as error:
            return not error.refusal.object_missing
        return True


def object_path(kind: Kind, *, namespace: str | None, name: str | None) -> str:
    """Return the path of an object, or of a collection when no name is given.

    Raises:
        ToolError: A name is none an object can have.
    """
    inside = ""
    if kind.namespaced and namespace is not None:
        inside = f"/namespaces/{path_segment(namespace)}"
    last = f"/{path_segment(name)}" if name is not None else ""
    return f"{kind.path}{inside}/{kind.plural}{last}"


def selection_query(selection: Selection) -> Query:
    """Return the query that selects from a collection; a name becomes a field selector."""
    fields = [f"metadata.name={path_segment(selection.name)}"] if selection.name is not None else []
    if selection.fields:
        fields.append(selection.fields)
    query = {"limit": str(selection.limit)}
    if selection.labels:
        query["labelSelector"] = selection.labels
    if fields:
        query["fieldSelector"] = ",".join(fields)
    return query


def read_listing(answer: dict[str, Any], kind: Kind, *, limit: int) -> Listing:
    """Return a collection's objects, each with its apiVersion and kind, which lists leave out."""
    version = f"{kind.group}/{kind.version}" if kind.group else kind.version
    items = answer.get("items") or []
    return Listing(
        items=tuple({"apiVersion": version, "kind": kind.kind} | item for item in items[:limit]),
        more=len(items) > limit or continues(answer),
    )


def not_served(kind: Kind, *, cluster: str) -> ToolError:
    """Return the error for a kind the cluster does not know."""
    version = f"{kind.group}/{kind.version}" if kind.group else kind.version
    return ToolError(
        f"{cluster} does not serve {kind.plural} ({version}): what defines them is not installed"
        " there. `kubectl api-resources` lists what it has"
    )
