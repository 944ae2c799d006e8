"""Reads of one Kubernetes cluster, as tools and triage need them.

Every method raises, besides what it names:
    DeniedError: The API server answered 401 or 403.
    UpstreamError: It did not answer, not in time, or not as a Kubernetes API server.
Objects are returned as the API's own JSON, unredacted: whoever shows or stores anything of them
redacts first (`bot.tools.kubectl.redact`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bot.domain.evidence import Grid

if TYPE_CHECKING:
    from bot.domain.kinds import Kind

KubeObject = dict[str, Any]
"""One object as the API returns it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which objects of a kind."""

    namespace: str | None = None
    """None means all namespaces, or a kind without one."""
    name: str | None = None
    labels: str | None = None
    """A label selector as kubectl takes it."""
    fields: str | None = None
    """A field selector as kubectl takes it."""
    limit: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Objects of a kind, in the server's order."""

    items: tuple[KubeObject, ...]
    more: bool
    """True when the server holds more than the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """The server's own table of a kind, as kubectl prints it."""

    grid: Grid
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which lines of which container."""

    namespace: str
    pod: str
    container: str | None = None
    previous: bool = False
    tail_lines: int = 500
    since_s: int | None = None
    timestamps: bool = False
    limit_bytes: int = 4 * 1024 * 1024
    """The server stops there; the lines it stops at are the oldest of the tail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogText:
    """Log lines, oldest first."""

    text: str
    cut: bool
    """True when the byte limit was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResource:
    """One row of `kubectl api-resources`."""

    plural: str
    short_names: tuple[str, ...]
    group_version: str
    namespaced: bool
    kind: str


class ClusterReader(Protocol):
    """One cluster; every call ends within the reader's time limit (15 s by default)."""

    @property
    def name(self) -> str:
        """The cluster's name in the registry."""
        ...

    def table(self, kind: Kind, selection: Selection, *, wide: bool = False) -> Printed:
        """Return the server-side rendering; a name that does not exist raises ToolError.

        With no namespace in the selection, the first column is NAMESPACE for kinds that have one.
        """
        ...

    def list(self, kind: Kind, selection: Selection) -> Listing:
        """Return the objects; an unknown kind raises ToolError, an empty list does not."""
        ...

    def get(self, kind: Kind, *, name: str, namespace: str | None) -> KubeObject:
        """Return one object; ToolError if it does not exist, naming the closest that do."""
        ...

    def logs(self, query: LogQuery) -> LogText:
        """Return log lines; ToolError names the containers or the reason there are none."""
        ...

    def pod_metrics(self, selection: Selection) -> Listing:
        """Return PodMetrics; ToolError if the cluster has no metrics API."""
        ...

    def node_metrics(self, selection: Selection) -> Listing:
        """Return NodeMetrics; ToolError if the cluster has no metrics API."""
        ...

    def can_i(self, *, verb: str, kind: Kind, name: str | None, namespace: str | None) -> bool:
        """Tell whether our own credentials may do that."""
        ...

    def who_am_i(self) -> tuple[str, tuple[str, ...]]:
        """Return our user name in the cluster, and its groups."""
        ...

    def api_resources(self) -> tuple[ApiResource, ...]:
        """Return what the server offers, core group first."""
        ...

    def schema(self, kind: Kind) -> dict[str, Any]:
        """Return the kind's OpenAPI schema with references resolved one level at a time."""
        ...

    def version(self) -> str:
        """Return the server's version, such as `v1.33.1`."""
        ...


class Clusters(Protocol):
    """The clusters of the registry, connected lazily."""

    def reader(self, name: str) -> ClusterReader:
        """Return the reader of a registered cluster; KeyError for any other name."""
        ...
