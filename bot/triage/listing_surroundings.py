"""What surrounds workloads as lists a person can read; only fields that cannot hold a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.spans import age, stamp
from bot.triage import reading_bounds, reading_wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from bot.ports.cluster import KubeObject
    from bot.triage.wiring import PolicyRule

Row = tuple[str, ...]


def columns_of(family: str) -> Row:
    """Return the columns of a family's list; KeyError for a family of another module."""
    return _LISTS[family][0]


def row_of(family: str, item: KubeObject, *, at: datetime) -> Row:
    """Return one object's row."""
    return _LISTS[family][1](item, at)


def is_listed(family: str) -> bool:
    """Tell whether this module lists that family."""
    return family in _LISTS


def pairs(values: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """Return names and values as `a=1,b=2`."""
    items = values.items() if hasattr(values, "items") else values
    return ",".join(f"{name}={value}" for name, value in items)


def _service(item: KubeObject, at: datetime) -> Row:
    one = reading_wiring.read_service("", item)
    ports = ", ".join(f"{port.name or '-'} {port.number}->{port.target}" for port in one.ports)
    selector = "<none>" if one.selector is None else str(one.selector)
    return one.ref.namespace, one.ref.name, one.kind, ports, selector, age(at, one.created_at)


def _slice(item: KubeObject, _: datetime) -> Row:
    one = reading_wiring.read_endpoints("", item)
    return one.ref.namespace, one.ref.name, one.service, str(one.ready), str(one.unready)


def _route(item: KubeObject, at: datetime) -> Row:
    one = reading_wiring.read_route("", item)
    backends = ", ".join(f"{to.address} -> {to.service}:{to.port}" for to in one.backends)
    return one.ref.namespace, one.ref.name, backends, age(at, one.created_at)


def _gateway_route(item: KubeObject, at: datetime) -> Row:
    one = reading_wiring.read_gateway_route("", item)
    backends = ", ".join(f"{to.address} -> {to.service}:{to.port}" for to in one.backends)
    refused = "; ".join(
        f"gateway {no.gateway}: {no.condition}=False {no.reason} since {stamp(no.since)}"
        f" {no.message}".rstrip()
        for no in one.refusals
    )
    return one.ref.namespace, one.ref.name, backends, refused, age(at, one.created_at)


def _policy(item: KubeObject, at: datetime) -> Row:
    one = reading_wiring.read_policy("", item)
    return (
        one.ref.namespace,
        one.ref.name,
        str(one.selector),
        _allowed(one.ingress),
        _allowed(one.egress),
        stamp(one.created_at),
        age(at, one.created_at),
    )


def _allowed(rules: tuple[PolicyRule, ...] | None) -> str:
    if rules is None:
        return "not governed"
    said = []
    for rule in rules:
        peers = [
            peer.block
            or " ".join(
                f"{what} {chosen}"
                for what, chosen in (("namespaces", peer.namespaces), ("pods", peer.pods))
                if chosen is not None
            )
            for peer in rule.peers
        ]
        ports = ", ".join(f"{port}-{end}" if end else port for port, end in rule.ports)
        said.append(f"{' or '.join(peers) or 'anybody'} on {ports or 'any port'}")
    return "; ".join(said) or "nothing"


def _quota(item: KubeObject, _: datetime) -> Row:
    one = reading_bounds.read_quota("", item)
    told = ", ".join(
        f"{name} {one.used.get(name, '?')} of {most}" for name, most in one.hard.items()
    )
    return one.ref.namespace, one.ref.name, told


def _limits(item: KubeObject, _: datetime) -> Row:
    one = reading_bounds.read_limit_range("", item)
    return one.ref.namespace, one.ref.name, ", ".join(one.bounds)


def _claim(item: KubeObject, at: datetime) -> Row:
    one = reading_bounds.read_claim("", item)
    return (
        one.ref.namespace,
        one.ref.name,
        one.phase,
        one.volume,
        one.size,
        " ".join(one.modes),
        one.storage_class or "<default>",
        stamp(one.created_at),
        age(at, one.created_at),
    )


def _volume(item: KubeObject, _: datetime) -> Row:
    one = reading_bounds.read_volume("", item)
    return one.ref.name, one.phase, one.size, " ".join(one.modes), one.storage_class, one.claim


def _class(item: KubeObject, _: datetime) -> Row:
    one = reading_bounds.read_storage_class("", item)
    return one.ref.name, one.provisioner, "default" if one.is_default else ""


def _schedule(item: KubeObject, _: datetime) -> Row:
    one = reading_bounds.read_schedule("", item)
    suspended = "suspended" if one.suspended else "no"
    return one.ref.namespace, one.ref.name, one.schedule, suspended, stamp(one.last_at)


def _autoscaler(item: KubeObject, _: datetime) -> Row:
    one = reading_bounds.read_autoscaler("", item)
    metrics = ", ".join(
        f"{metric.name} {metric.current or '<unknown>'}/{metric.target}" for metric in one.metrics
    )
    told = "; ".join(
        f"{kind}={said.holds} {said.reason} since {stamp(said.since)} {said.message}".rstrip()
        for kind, said in one.conditions.items()
    )
    target = f"{one.target_kind}/{one.target_name}"
    sizes = f"{one.current} of at most {one.most}"
    return one.ref.namespace, one.ref.name, target, sizes, metrics, told


def _budget(item: KubeObject, _: datetime) -> Row:
    one = reading_bounds.read_budget("", item)
    return (
        one.ref.namespace,
        one.ref.name,
        str(one.selector),
        one.rule,
        str(one.allowed),
        f"{one.healthy} healthy, {one.needed} needed, {one.expected} expected",
        stamp(one.since),
    )


def _keys(item: KubeObject, _: datetime) -> Row:
    one = reading_bounds.read_config_keys("", item)
    return one.ref.namespace, one.ref.name, ", ".join(one.keys)


_LISTS: dict[str, tuple[Row, Callable[[KubeObject, datetime], Row]]] = {
    "services": (("NAMESPACE", "NAME", "TYPE", "PORTS", "SELECTOR", "AGE"), _service),
    "endpointslices": (("NAMESPACE", "NAME", "SERVICE", "READY", "NOT READY"), _slice),
    "ingresses": (("NAMESPACE", "NAME", "BACKENDS", "AGE"), _route),
    "httproutes": (("NAMESPACE", "NAME", "BACKENDS", "REFUSED", "AGE"), _gateway_route),
    "networkpolicies": (
        ("NAMESPACE", "NAME", "PODS", "LETS IN", "LETS OUT", "CREATED", "AGE"),
        _policy,
    ),
    "resourcequotas": (("NAMESPACE", "NAME", "USED"), _quota),
    "limitranges": (("NAMESPACE", "NAME", "BOUNDS"), _limits),
    "persistentvolumeclaims": (
        ("NAMESPACE", "NAME", "PHASE", "VOLUME", "SIZE", "MODES", "CLASS", "CREATED", "AGE"),
        _claim,
    ),
    "persistentvolumes": (("NAME", "PHASE", "SIZE", "MODES", "CLASS", "CLAIM"), _volume),
    "storageclasses": (("NAME", "PROVISIONER", "DEFAULT"), _class),
    "cronjobs": (("NAMESPACE", "NAME", "SCHEDULE", "SUSPENDED", "LAST RUN"), _schedule),
    "horizontalpodautoscalers": (
        ("NAMESPACE", "NAME", "TARGET", "REPLICAS", "METRICS", "CONDITIONS"),
        _autoscaler,
    ),
    "poddisruptionbudgets": (
        ("NAMESPACE", "NAME", "PODS", "RULE", "ALLOWED", "STATE", "SINCE"),
        _budget,
    ),
    "configmaps": (("NAMESPACE", "NAME", "KEYS"), _keys),
}
