"""The reads the grammar can express, each a frozen value that can be written out again.

A command is what is asked, never what was typed: two spellings of one read are equal, and
`canonical()` is the spelling kept as evidence. Nothing here knows how a read is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.kinds import Kind
from bot.tools.kubectl.spelling import Target, option, qualified, scope, spelled, switch, written


class Output(StrEnum):
    """How `get` prints."""

    TABLE = "table"
    WIDE = "wide"
    NAME = "name"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Get:
    """`kubectl get`."""

    targets: tuple[Target, ...]
    namespace: str | None = None
    all_namespaces: bool = False
    labels: str | None = None
    fields: str | None = None
    output: Output = Output.TABLE
    show_labels: bool = False
    label_columns: tuple[str, ...] = ()
    sort_by: str | None = None
    no_headers: bool = False
    ignore_not_found: bool = False

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written(
            "kubectl get",
            *spelled(self.targets),
            *scope(self.namespace, all_namespaces=self.all_namespaces),
            *option("-l", self.labels),
            *option("--field-selector", self.fields),
            *option("-o", None if self.output is Output.TABLE else self.output.value),
            *switch("--show-labels", on=self.show_labels),
            *option("-L", ",".join(self.label_columns) or None),
            *option("--sort-by", self.sort_by),
            *switch("--no-headers", on=self.no_headers),
            *switch("--ignore-not-found", on=self.ignore_not_found),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe:
    """`kubectl describe`."""

    targets: tuple[Target, ...]
    namespace: str | None = None
    labels: str | None = None
    show_events: bool = True

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written(
            "kubectl describe",
            *spelled(self.targets),
            *scope(self.namespace),
            *option("-l", self.labels),
            *option("--show-events", None if self.show_events else "false"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """`kubectl logs`, with `--grep` of our own."""

    target: Target | None = None
    """One named object; None when `labels` chooses the pods."""
    namespace: str | None = None
    labels: str | None = None
    container: str | None = None
    previous: bool = False
    since_s: int | None = None
    tail: int | None = 500
    """Newest lines to read; None, with `grep` only, reads as far back as a search goes."""
    timestamps: bool = False
    all_containers: bool = False
    prefix: bool = False
    grep: tuple[str, ...] = ()
    """Texts of which a line must contain one, case aside; empty shows every line."""

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written(
            "kubectl logs",
            *spelled((self.target,) if self.target else ()),
            *scope(self.namespace),
            *option("-l", self.labels),
            *option("-c", self.container),
            *switch("--all-containers", on=self.all_containers),
            *switch("--previous", on=self.previous),
            *option("--since", None if self.since_s is None else f"{self.since_s}s"),
            *option("--tail", None if self.tail is None else str(self.tail)),
            *switch("--timestamps", on=self.timestamps),
            *switch("--prefix", on=self.prefix),
            *option("--grep", ",".join(self.grep) or None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopPods:
    """`kubectl top pods`."""

    name: str | None = None
    namespace: str | None = None
    all_namespaces: bool = False
    labels: str | None = None
    containers: bool = False
    sort_by: str | None = None
    """`cpu` or `memory`, the greatest first; by name when None."""

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written(
            "kubectl top pods",
            *([self.name] if self.name else []),
            *scope(self.namespace, all_namespaces=self.all_namespaces),
            *option("-l", self.labels),
            *switch("--containers", on=self.containers),
            *option("--sort-by", self.sort_by),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopNodes:
    """`kubectl top nodes`."""

    name: str | None = None
    labels: str | None = None
    sort_by: str | None = None
    """`cpu` or `memory`, the greatest first; by name when None."""

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written(
            "kubectl top nodes",
            *([self.name] if self.name else []),
            *option("-l", self.labels),
            *option("--sort-by", self.sort_by),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """`kubectl events`."""

    about: Target | None = None
    """One named object; None for every object."""
    namespace: str | None = None
    all_namespaces: bool = False
    types: tuple[str, ...] = ()
    """`Normal`, `Warning`; empty means both."""

    def canonical(self) -> str:
        """Return the command as it is written again."""
        about = spelled((self.about,))[0] if self.about else None
        return written(
            "kubectl events",
            *scope(self.namespace, all_namespaces=self.all_namespaces),
            *option("--for", about),
            *option("--types", ",".join(self.types) or None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutHistory:
    """`kubectl rollout history`."""

    target: Target
    namespace: str | None = None
    revision: int | None = None

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written(
            "kubectl rollout history",
            *spelled((self.target,)),
            *scope(self.namespace),
            *option("--revision", None if self.revision is None else str(self.revision)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStatus:
    """`kubectl rollout status`, answered once instead of waited for."""

    target: Target
    namespace: str | None = None

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written("kubectl rollout status", *spelled((self.target,)), *scope(self.namespace))


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """`kubectl topology`, of our own: what depends on an object and what it depends on."""

    target: Target
    namespace: str | None = None
    direction: str = "both"
    """`up`, `down` or `both`."""
    depth: int = 2

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written(
            "kubectl topology",
            *spelled((self.target,)),
            *scope(self.namespace),
            *option("--direction", None if self.direction == "both" else self.direction),
            *option("--depth", str(self.depth)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CanI:
    """`kubectl auth can-i`, about the bot's own credentials."""

    action: str
    target: Target
    """At most one name."""
    namespace: str | None = None

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written(
            "kubectl auth can-i",
            self.action,
            *spelled((self.target,)),
            *scope(self.namespace),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoAmI:
    """`kubectl auth whoami`, about the bot's own credentials."""

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return "kubectl auth whoami"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """`kubectl explain`."""

    kind: Kind
    path: tuple[str, ...] = ()
    """Field names below the kind."""

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return written(
            "kubectl explain", ".".join((qualified(self.kind, self.kind.plural), *self.path))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResources:
    """`kubectl api-resources`."""

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return "kubectl api-resources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """`kubectl version`, the server's."""

    def canonical(self) -> str:
        """Return the command as it is written again."""
        return "kubectl version"


NamespacedCommand = (
    Get | Describe | Logs | TopPods | Events | RolloutHistory | RolloutStatus | Topology | CanI
)
"""Reads that look into a namespace, or into all of them."""
ClusterCommand = TopNodes | WhoAmI | Explain | ApiResources | Version
"""Reads about the cluster as a whole."""
KubectlCommand = NamespacedCommand | ClusterCommand
