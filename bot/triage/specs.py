"""What a pod's template asks for, as far as rules compare it with what it gets.

Names, numbers and references only: no value of a variable, no argument, nothing secret. It must
not know how templates were read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port a container says it listens on."""

    name: str
    """Empty for none."""
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One probe of a container."""

    kind: str
    """`Readiness`, `Liveness` or `Startup`, as the kubelet's events write it."""
    port: str
    """A number, or the name of a container's port; empty for a command."""
    path: str
    delay_s: int
    period_s: int
    timeout_s: int
    failures: int
    """Failures in a row after which it has failed."""

    @property
    def patience_s(self) -> int:
        """How long after its start a container that never answers is given up."""
        return self.delay_s + self.period_s * self.failures


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """One container as its template asks for it."""

    name: str
    ports: tuple[Port, ...]
    probes: tuple[Probe, ...]
    requests: Mapping[str, str]
    """Resource to quantity, such as `{"cpu": "250m"}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toleration:
    """What taint a pod puts up with."""

    key: str
    """Empty for every key."""
    exists: bool
    """True when any value of the key will do."""
    value: str
    effect: str
    """Empty for every effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taint:
    """What a node keeps pods away with."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        """Return it as kubectl writes it."""
        return (
            f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSpec:
    """What a pod asks of the cluster."""

    containers: tuple[ContainerSpec, ...] = ()
    node_selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    scheduler: str = ""
    configuration: tuple[tuple[str, str], ...] = ()
    """`configmap` or `secret` and the name of each it refers to, in order; never a content."""

    @property
    def ports(self) -> tuple[Port, ...]:
        """The ports of all containers."""
        return tuple(port for one in self.containers for port in one.ports)

    def container(self, name: str) -> ContainerSpec | None:
        """Return the container of that name."""
        return next((one for one in self.containers if one.name == name), None)

    def tolerates(self, taint: Taint) -> bool:
        """Tell whether the pod may stand on a node with that taint."""
        return any(
            (not one.key or one.key == taint.key)
            and (one.exists or one.value == taint.value)
            and one.effect in {"", taint.effect}
            for one in self.tolerations
        )
