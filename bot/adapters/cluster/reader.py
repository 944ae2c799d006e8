"""Reads of one cluster: implements bot.ports.cluster.ClusterReader.

Every path begins with a kind from the closed list, a log, discovery, or a review of our own
rights. Must not redact, print or cache.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bot.adapters.cluster import discovery, faults
from bot.adapters.cluster.objects import (
    Objects,
    not_served,
    object_path,
    read_listing,
    selection_query,
)
from bot.adapters.cluster.podlogs import PodLogs
from bot.adapters.cluster.tables import TABLE, read_table
from bot.domain.errors import ToolError
from bot.domain.kinds import Kind

if TYPE_CHECKING:
    from bot.adapters.cluster.wire import Wire
    from bot.ports.cluster import (
        ApiResource,
        KubeObject,
        Listing,
        LogQuery,
        LogText,
        Printed,
        Selection,
    )

_POD_METRICS = Kind(kind="PodMetrics", plural="pods", group="metrics.k8s.io", version="v1beta1")
_NODE_METRICS = Kind(
    kind="NodeMetrics",
    plural="nodes",
    group="metrics.k8s.io",
    version="v1beta1",
    namespaced=False,
)


class KubernetesReader:
    """One cluster, readable from several threads; every read ends within the wire's limit."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._objects = Objects(wire)
        self._logs = PodLogs(wire, self._objects)

    @property
    def name(self) -> str:
        """The cluster's name in the registry."""
        return self._wire.cluster

    def table(self, kind: Kind, selection: Selection, *, wide: bool = False) -> Printed:
        """Return the server-side rendering; a name that does not exist raises ToolError."""
        deadline = self._wire.deadline()
        everywhere = kind.namespaced and selection.namespace is None
        # One object is read by its path, as kubectl does: the right to list may not be granted.
        by_path = not (everywhere or selection.labels or selection.fields)
        name = selection.name if by_path else None
        answer = self._objects.read(
            kind,
            deadline=deadline,
            namespace=selection.namespace,
            name=name,
            query=({} if name is not None else selection_query(selection))
            | {"includeObject": "Metadata" if everywhere else "None"},
            accept=TABLE,
        )
        printed = read_table(answer, wide=wide, namespaces=everywhere, limit=selection.limit)
        if selection.name is not None and not printed.grid.rows:
            raise self._objects.missing(
                kind, name=selection.name, namespace=selection.namespace, deadline=deadline
            )
        return printed

    def list(self, kind: Kind, selection: Selection) -> Listing:
        """Return the objects; an unknown kind raises ToolError, an empty list does not."""
        answer = self._objects.read(
            kind,
            deadline=self._wire.deadline(),
            namespace=selection.namespace,
            query=selection_query(selection),
        )
        return read_listing(answer, kind, limit=selection.limit)

    def get(self, kind: Kind, *, name: str, namespace: str | None) -> KubeObject:
        """Return one object; ToolError if it does not exist, naming the closest that do."""
        if kind.namespaced and namespace is None:
            raise ToolError(f"{kind.singular} {name} needs a namespace: name it with -n")
        return self._objects.read(
            kind, deadline=self._wire.deadline(), namespace=namespace, name=name
        )

    def logs(self, query: LogQuery) -> LogText:
        """Return log lines; ToolError names the containers or the reason there are none."""
        return self._logs.read(query)

    def pod_metrics(self, selection: Selection) -> Listing:
        """Return PodMetrics; ToolError if the cluster has no metrics API."""
        return self._metrics(_POD_METRICS, selection)

    def node_metrics(self, selection: Selection) -> Listing:
        """Return NodeMetrics; ToolError if the cluster has no metrics API."""
        return self._metrics(_NODE_METRICS, selection)

    def can_i(self, *, verb: str, kind: Kind, name: str | None, namespace: str | None) -> bool:
        """Tell whether our own credentials may do that."""
        attributes = {
            "verb": verb,
            "group": kind.group,
            "version": kind.version,
            "resource": kind.plural,
            "name": name,
            "namespace": namespace,
        }
        status = self._review(
            "authorization.k8s.io",
            "SelfSubjectAccessReview",
            {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
        )
        return bool(status.get("allowed"))

    def who_am_i(self) -> tuple[str, tuple[str, ...]]:
        """Return our user name in the cluster, and its groups; ToolError before Kubernetes 1.28."""
        user = self._review("authentication.k8s.io", "SelfSubjectReview", {}).get("userInfo") or {}
        return str(user.get("username", "")), tuple(user.get("groups") or ())

    def api_resources(self) -> tuple[ApiResource, ...]:
        """Return what the server offers, core group first."""
        deadline = self._wire.deadline()
        fetch = self._objects.fetch
        core = fetch("/api", deadline=deadline, accept=discovery.AGGREGATED)
        groups = fetch("/apis", deadline=deadline, accept=discovery.AGGREGATED)
        if discovery.is_aggregated(core) and discovery.is_aggregated(groups):
            return (
                *discovery.aggregated_resources(core),
                *discovery.aggregated_resources(groups),
            )
        found = discovery.listed_resources(fetch("/api/v1", deadline=deadline))
        for group_version in discovery.preferred_versions(groups):
            try:
                listed = self._wire.json(f"/apis/{group_version}", deadline=deadline)
            except faults.RefusedError:
                # One extension that is down must not hide the others; kubectl skips it, too.
                continue
            found += discovery.listed_resources(listed)
        return tuple(found)

    def schema(self, kind: Kind) -> dict[str, Any]:
        """Return the kind's OpenAPI schema, nested as its objects are; ToolError if none is served.

        References are filled in, save where a schema contains itself.
        """
        deadline = self._wire.deadline()
        path = discovery.schema_path(self._objects.fetch("/openapi/v3", deadline=deadline), kind)
        document = self._objects.fetch(path, deadline=deadline) if path is not None else {}
        schema = discovery.find_schema(document, kind)
        if schema is None:
            raise not_served(kind, cluster=self.name)
        return schema

    def version(self) -> str:
        """Return the server's version, such as `v1.33.1`."""
        answer = self._objects.fetch("/version", deadline=self._wire.deadline())
        found = answer.get("gitVersion")
        if not isinstance(found, str):
            raise faults.not_kubernetes("a version without gitVersion", cluster=self.name)
        return found

    def _metrics(self, kind: Kind, selection: Selection) -> Listing:
        # Not every metrics server takes field selectors: a name goes into the path, which needs a
        # namespace, or is looked for in what came.
        wanted = selection.name
        by_path = wanted is not None and not (kind.namespaced and selection.namespace is None)
        name = wanted if by_path else None
        try:
            answer = self._wire.json(
                object_path(kind, namespace=selection.namespace, name=name),
                deadline=self._wire.deadline(),
                query=None if by_path else selection_query(replace(selection, name=None)),
            )
        except faults.RefusedError as error:
            raise self._no_metrics(kind, name, error.refusal) from error
        items = [answer] if by_path else answer.get("items") or []
        if wanted is not None:
            items = [item for item in items if item["metadata"]["name"] == wanted]
        return read_listing(answer | {"items": items}, kind, limit=selection.limit)

    def _no_metrics(self, kind: Kind, name: str | None, refusal: faults.Refusal) -> Exception:
        if refusal.object_missing and name is not None:
            return ToolError(
                f"{self.name} has no metrics of {kind.plural.removesuffix('s')} {name}: it does not"
                " exist, does not run, or started less than a minute ago"
            )
        if refusal.code == HTTPStatus.NOT_FOUND:
            return ToolError(
                f"{self.name} has no metrics API: metrics-server is not installed there, so usage"
                " cannot be read; requests and limits can"
            )
        return faults.refused(refusal, cluster=self.name)

    def _review(self, group: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Return a review's status; a review is created, but nothing is stored or changed."""
        try:
            answer = self._wire.json(
                f"/apis/{group}/v1/{kind.lower()}s",
                deadline=self._wire.deadline(),
                body={"apiVersion": f"{group}/v1", "kind": kind, "spec": spec},
            )
        except faults.RefusedError as error:
            if error.refusal.code == HTTPStatus.NOT_FOUND:
                raise ToolError(f"{self.name} is too old to answer a {kind}") from error
            raise faults.refused(error.refusal, cluster=self.name) from error
        return answer.get("status") or {}
