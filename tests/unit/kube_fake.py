"""A cluster in memory behind the cluster port, and a clock that stands still.

It answers as the port promises and nothing more: no HTTP, no selectors beyond equality. What a
real API server does is tested against the lab.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.errors import ToolError
from bot.domain.evidence import Grid
from bot.ports.cluster import ApiResource, Listing, LogText, Printed

if TYPE_CHECKING:
    from bot.domain.kinds import Kind
    from bot.ports.cluster import ClusterReader, Clusters, KubeObject, LogQuery, Selection

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


class StillClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing here should wait {seconds} s")


class FakeCluster:
    """One cluster; `fails` maps a plural, or a plural in a namespace, to the error it raises."""

    def __init__(self, *objects: KubeObject, name: str = "prod") -> None:
        self._name = name
        self.objects = list(objects)
        self.logs_of: dict[tuple[str, str], str | Exception] = {}
        self.previous_logs_of: dict[tuple[str, str], str] = {}
        self.fails: dict[str | tuple[str, str | None], Exception] = {}
        self.more: set[str] = set()
        self.pod_usage: tuple[KubeObject, ...] | None = None
        self.node_usage: tuple[KubeObject, ...] | None = None
        self.schemas: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []

    @property
    def name(self) -> str:
        return self._name

    def table(self, kind: Kind, selection: Selection, *, wide: bool = False) -> Printed:
        found = self._selected(kind, selection)
        if selection.name is not None and not found:
            raise ToolError(f"{self.name} has no {kind.singular} {selection.name}")
        everywhere = kind.namespaced and selection.namespace is None
        rows = tuple(
            (
                *([item["metadata"].get("namespace", "")] if everywhere else []),
                item["metadata"]["name"],
                "5m",
                *(["node-a"] if wide else []),
            )
            for item in found
        )
        columns = (
            *(["NAMESPACE"] if everywhere else []),
            "NAME",
            "AGE",
            *(["NODE"] if wide else []),
        )
        return Printed(grid=Grid(columns=columns, rows=rows), more=kind.plural in self.more)

    def list(self, kind: Kind, selection: Selection) -> Listing:
        return Listing(items=self._selected(kind, selection), more=kind.plural in self.more)

    def get(self, kind: Kind, *, name: str, namespace: str | None) -> KubeObject:
        self._check(kind.plural, namespace)
        for item in self.objects:
            place = item["metadata"].get("namespace")
            if (
                item["kind"] == kind.kind
                and item["metadata"]["name"] == name
                and place == namespace
            ):
                return item
        raise ToolError(f"{self.name} has no {kind.singular} {name}")

    def logs(self, query: LogQuery) -> LogText:
        self._check("logs", query.namespace)
        kept = self.previous_logs_of if query.previous else self.logs_of
        found = kept.get((query.pod, query.container or ""), "")
        if isinstance(found, Exception):
            raise found
        if query.previous and not found:
            raise ToolError("there is no previous run")
        lines = found.splitlines(keepends=True)[-query.tail_lines :]
        text = "".join(lines)
        encoded = text.encode()
        return LogText(
            text=encoded[: query.limit_bytes].decode(errors="ignore"),
            cut=len(encoded) > query.limit_bytes,
        )

    def pod_metrics(self, selection: Selection) -> Listing:
        return self._usage(self.pod_usage, selection)

    def node_metrics(self, selection: Selection) -> Listing:
        return self._usage(self.node_usage, selection)

    def can_i(self, *, verb: str, kind: Kind, name: str | None, namespace: str | None) -> bool:
        self.calls.append(f"can_i {verb} {kind.plural} {name} {namespace}")
        return verb in {"get", "list"}

    def who_am_i(self) -> tuple[str, tuple[str, ...]]:
        return "system:serviceaccount:ops:nightdesk", ("system:authenticated",)

    def api_resources(self) -> tuple[ApiResource, ...]:
        return (
            ApiResource(
                plural="pods", short_names=("po",), group_version="v1", namespaced=True, kind="Pod"
            ),
            ApiResource(
                plural="secrets", short_names=(), group_version="v1", namespaced=True, kind="Secret"
            ),
        )

    def schema(self, kind: Kind) -> dict[str, Any]:
        return self.schemas[kind.plural]

    def version(self) -> str:
        self._check("version", None)
        return "v1.33.1"

    def _usage(self, items: tuple[KubeObject, ...] | None, selection: Selection) -> Listing:
        if items is None:
            raise ToolError(f"{self.name} has no metrics API")
        found = [
            item
            for item in items
            if selection.namespace in {None, item["metadata"].get("namespace")}
        ]
        return Listing(items=tuple(found), more=False)

    def _selected(self, kind: Kind, selection: Selection) -> tuple[KubeObject, ...]:
        self._check(kind.plural, selection.namespace)
        wanted = dict(term.split("=") for term in (selection.labels or "").split(",") if term)
        found = [
            item
            for item in self.objects
            if item["kind"] == kind.kind
            and (selection.namespace in {None, item["metadata"].get("namespace")})
            and selection.name in {None, item["metadata"]["name"]}
            and wanted.items() <= item["metadata"].get("labels", {}).items()
            and _has_fields(item, selection.fields)
        ]
        return tuple(found[: selection.limit])

    def _check(self, plural: str, namespace: str | None) -> None:
        self.calls.append(f"{plural} {namespace}")
        for key in (plural, (plural, namespace)):
            if key in self.fails:
                raise self.fails[key]


class FakeClusters:
    def __init__(self, *clusters: FakeCluster) -> None:
        self._clusters = {cluster.name: cluster for cluster in clusters}

    def reader(self, name: str) -> ClusterReader:
        return self._clusters[name]


def checked_by_mypy(cluster: FakeCluster, clusters: FakeClusters) -> tuple[ClusterReader, Clusters]:
    """Fails to type-check as soon as a fake and its port differ."""
    return cluster, clusters


def _has_fields(item: KubeObject, fields: str | None) -> bool:
    for term in (fields or "").split(","):
        path, _, value = term.partition("=")
        found: Any = item
        for step in path.split(".") if path else []:
            found = found.get(step) if isinstance(found, dict) else None
        if path and found != value:
            return False
    return True


def thing(kind: str, name: str, namespace: str | None = "shop", **fields: Any) -> KubeObject:
    """An object with metadata; keyword arguments become its other fields, `labels` goes inside."""
    metadata: dict[str, Any] = {
        "name": name,
        "uid": f"uid-{name}",
        "creationTimestamp": ago(hours=1),
        "labels": fields.pop("labels", {}),
        "annotations": fields.pop("annotations", {}),
    }
    if namespace:
        metadata["namespace"] = namespace
    owner = fields.pop("owner", None)
    if owner:
        metadata["ownerReferences"] = [
            {
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": True,
            }
        ]
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


def pod(name: str, *, ready: bool = True, restarts: int = 0, **fields: Any) -> KubeObject:
    """A pod with one container `app`; not ready means it crash-loops after exit code 137."""
    crashed = {
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
        "lastState": {
            "terminated": {
                "reason": "OOMKilled",
                "exitCode": 137,
                "startedAt": ago(minutes=3),
                "finishedAt": ago(minutes=2),
            }
        },
    }
    running = {"state": {"running": {"startedAt": ago(hours=1)}}, "lastState": {}}
    spec = fields.pop("spec", {"containers": [{"name": "app", "image": "registry/app:1"}]})
    return thing(
        "Pod",
        name,
        spec=spec,
        status={
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "app",
                    "ready": ready,
                    "restartCount": restarts,
                    **(running if ready else crashed),
                }
            ],
        },
        **fields,
    )


def event(
    reason: str, about: KubeObject, *, at: str, kind: str = "Warning", **more: Any
) -> KubeObject:
    """An event about an object."""
    return thing(
        "Event",
        f"{about['metadata']['name']}.{reason}.{at}",
        about["metadata"].get("namespace", "default"),
        type=kind,
        reason=reason,
        message=more.pop("message", f"{reason} happened"),
        lastTimestamp=at,
        involvedObject={
            "kind": about["kind"],
            "name": about["metadata"]["name"],
            "uid": about["metadata"]["uid"],
        },
        **more,
    )
