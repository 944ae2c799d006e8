"""What is known for steps about Services and network policies: labels, ports, rules to add."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.triage.backing import numbers_of, pods_behind, service_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.triage.estate import Estate, Pod
    from bot.triage.finding import Finding
    from bot.triage.wiring import Policy, Service

# Labels that controllers give, each pod or revision another one.
_GIVEN = frozenset(
    {"pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name"}
)
# How a namespace is told from others by its labels.
# https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#automatic-labelling
_NAMESPACE = "kubernetes.io/metadata.name"


def of(estate: Estate, found: Finding) -> Iterator[tuple[str, str]]:
    """Yield slots and values for a finding about a Service or a policy; nothing for others."""
    if found.object.kind == "service":
        yield from _service(estate, found)
    elif found.object.kind == "networkpolicy":
        yield from _policy(estate, found)


def _service(estate: Estate, found: Finding) -> Iterator[tuple[str, str]]:
    service = service_named(estate, found.object.name, found.object.namespace)
    if service is None or service.selector is None or service.selector.requirements:
        return
    right = _matching(estate, found, service)
    if right and right != service.selector.labels:
        yield "right", ",".join(f"{key}={value}" for key, value in right)
    if "target" in found.values:
        yield from _port(service, found, pods_behind(estate, service))


def _matching(estate: Estate, found: Finding, service: Service) -> tuple[tuple[str, str], ...]:
    """Return the labels by which a Service would select those it is meant for."""
    chosen = service.selector.labels if service.selector is not None else ()
    if found.phrase == "service_misses":
        name = found.values.get("workload", "")
        meant = [
            one.labels
            for one in estate.workloads
            if (one.ref.name, one.ref.namespace) == (name, service.ref.namespace)
        ]
        own = {key: value for key, value in meant[0].items() if key not in _GIVEN} if meant else {}
        return tuple((key, own[key]) for key, _ in chosen if key in own) or tuple(own.items())
    if found.phrase == "service_mixes":
        strangers = set(found.values.get("others", "").split(", "))
        pods = pods_behind(estate, service)
        apart = _shared(one for one in pods if estate.workload_of(one).name not in strangers)
        for pod in pods:
            if estate.workload_of(pod).name in strangers:
                apart -= set(pod.labels.items())
        return (*chosen, *sorted(apart)[:1]) if apart else ()
    return ()


def _shared(pods: Iterable[Pod]) -> set[tuple[str, str]]:
    """Return the labels that all of the pods carry."""
    labels = [{(k, v) for k, v in pod.labels.items() if k not in _GIVEN} for pod in pods]
    return set.intersection(*labels) if labels else set()


def _port(service: Service, found: Finding, pods: list[Pod]) -> Iterator[tuple[str, str]]:
    """Yield where a port leads and where it should: to the only port the pods offer."""
    offered = {port.number for pod in pods for port in pod.spec.ports}
    for index, port in enumerate(service.ports):
        if str(port.number) == found.values.get("port") and len(offered) == 1:
            yield "index", str(index)
            yield "listens", str(*offered)
            yield "before", port.target if port.target.isdecimal() else json.dumps(port.target)


def _policy(estate: Estate, found: Finding) -> Iterator[tuple[str, str]]:
    policy = next((one for one in estate.policies if one.ref == found.object), None)
    if policy is None:
        return
    if policy.egress:
        yield "egress", str(len(policy.egress))
    elif policy.egress is not None:
        yield "shut_in", "yes"
    if wanted := found.values.get("wanted"):
        yield "wanted_ports", wanted
    yield from _rule(estate, found, policy)


def _rule(estate: Estate, found: Finding, policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield the rule that would let one caller reach one Service, to be put behind the others."""
    callers = [one for one in estate.workloads if one.ref.name == found.values.get("caller")]
    services = [
        one
        for one in estate.services
        if one.ref.name == found.values.get("service") and pods_behind(estate, one)
    ]
    if len(callers) != 1 or len(services) != 1:
        return
    caller, service = callers[0], services[0]
    chosen = service.selector.labels if service.selector is not None else ()
    is_inward = found.phrase == "policy_refuses"
    rules = policy.ingress if is_inward else policy.egress
    labels = dict(caller.labels) if is_inward else dict(chosen)
    labels = {key: value for key, value in labels.items() if key not in _GIVEN}
    if not rules or not labels:
        return
    other = caller.ref.namespace if is_inward else service.ref.namespace
    peer: dict[str, object] = {}
    if other != policy.ref.namespace:
        peer["namespaceSelector"] = {"matchLabels": {_NAMESPACE: other}}
    peer["podSelector"] = {"matchLabels": labels}
    rule: dict[str, object] = {"from" if is_inward else "to": [peer]}
    pods = pods_behind(estate, service)
    numbers = sorted({number for port in service.ports for number in numbers_of(port, pods)})
    if numbers:
        rule["ports"] = [{"port": number} for number in numbers]
    path = "/spec/ingress" if is_inward else "/spec/egress"
    yield "rule", json.dumps(rule, separators=(",", ":"))
    yield "into", f"{path}/-"
    yield "out_of", f"{path}/{len(rules)}"
