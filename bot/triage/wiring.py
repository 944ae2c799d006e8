"""What leads to pods and what stands in the way: Services, endpoints, routes, network policies.

Values and look-ups only. It must not know how the objects were read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.triage.objects import ObjectRef

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One expression of a selector."""

    key: str
    operator: str
    """`In`, `NotIn`, `Exists` or `DoesNotExist`."""
    values: tuple[str, ...]

    def holds(self, labels: Labels) -> bool:
        """Tell whether labels meet it; an operator nobody knows is met by none."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
            case _:
                return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A label selector; an empty one selects everything."""

    labels: tuple[tuple[str, str], ...] = ()
    requirements: tuple[Requirement, ...] = ()

    def selects(self, labels: Labels) -> bool:
        """Tell whether an object with these labels is meant."""
        return all(labels.get(key) == value for key, value in self.labels) and all(
            one.holds(labels) for one in self.requirements
        )

    def __str__(self) -> str:
        """Return it as kubectl writes selectors."""
        said = [f"{key}={value}" for key, value in self.labels]
        said += [
            f"{one.key} {one.operator} {' '.join(one.values)}".strip() for one in self.requirements
        ]
        return ",".join(said) or "<all>"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    """One port of a Service and where it leads."""

    name: str
    number: int
    target: str
    """The pods' port: a number, or the name of a container's port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One Service."""

    ref: ObjectRef
    kind: str
    """`ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`."""
    selector: Selector | None
    """None when somebody else keeps its endpoints, or it is a name only."""
    ports: tuple[ServicePort, ...]
    created_at: datetime

    def leads_to(self, labels: Labels) -> bool:
        """Tell whether pods with these labels stand behind it."""
        return self.selector is not None and self.selector.selects(labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """One EndpointSlice."""

    ref: ObjectRef
    service: str
    ready: int
    unready: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where one path of a route leads."""

    address: str
    """Host and path, such as `shop.example.com/cart`."""
    service: str
    port: str
    """A number, or the name of the Service's port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a Gateway's controller says is wrong with a route."""

    gateway: str
    condition: str
    """`Accepted` or `ResolvedRefs`, which is False."""
    reason: str
    message: str
    """Foreign text."""
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One Ingress, or one HTTPRoute of the Gateway API."""

    ref: ObjectRef
    backends: tuple[Backend, ...]
    """Those in the route's own namespace."""
    created_at: datetime
    refusals: tuple[Refusal, ...] = ()
    """An Ingress has none: its controller does not answer in its status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who may come in, or who may be spoken to."""

    pods: Selector | None
    namespaces: Selector | None
    """None means the policy's own namespace, where `pods` is given."""
    block: str
    """An address range; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One thing a policy allows."""

    peers: tuple[Peer, ...]
    """Empty for everybody."""
    ports: tuple[tuple[str, int], ...]
    """A port's number or name, and the end of its range or 0; empty for all ports."""

    def allows_port(self, number: int, name: str = "") -> bool:
        """Tell whether the rule lets traffic to that port of a pod through."""
        return not self.ports or any(
            port == str(number)
            or (bool(name) and port == name)
            or (port.isdecimal() and int(port) <= number <= end)
            for port, end in self.ports
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One NetworkPolicy."""

    ref: ObjectRef
    selector: Selector
    """The pods it governs."""
    ingress: tuple[PolicyRule, ...] | None
    """None when it does not govern what comes in."""
    egress: tuple[PolicyRule, ...] | None
    """None when it does not govern what goes out."""
    created_at: datetime
