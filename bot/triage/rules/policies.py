"""Network policies that keep out what a workload is there for, or keep in what it needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.backing import hosts_of, numbers_of, pods_behind, service_named, services_of
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.triage.estate import Estate, Pod
    from bot.triage.objects import ObjectRef
    from bot.triage.wiring import Peer, Policy, PolicyRule

# Where names are looked up; who may not go there reaches nobody by name.
DNS_PORT = 53
# What a workload shows whose own look-ups and connections are kept in.
_KEPT_IN = frozenset({Cause.DNS, Cause.DEPENDENCY_DOWN, Cause.NETWORK})


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each workload that policies cut off from whom it serves or needs."""
    for pods in _workloads(estate):
        inward = [one for one in _governing(estate, pods[0]) if one.ingress is not None]
        if inward:
            yield from _kept_out(estate, pods, inward)
        outward = [one for one in _governing(estate, pods[0]) if one.egress is not None]
        if outward:
            yield from _kept_in(estate, pods, outward)


def between(estate: Estate, found: Finding) -> Iterator[Finding]:
    """Yield the policies on the way from an ill workload to the host it does not reach."""
    name, _, rest = found.needs.partition(".")
    namespace = rest.partition(".")[0] or found.object.namespace
    callers = [pod for ref in found.pods if (pod := estate.pod(ref)) is not None]
    service = service_named(estate, name, namespace) if found.needs else None
    called = pods_behind(estate, service) if service is not None else []
    if service is None or not callers or not called:
        return
    caller, answerer = callers[0], called[0]
    ports = {number for port in service.ports for number in numbers_of(port, called)}
    inward = [one for one in _governing(estate, answerer) if one.ingress is not None]
    values = {"caller": found.object.name, "service": service.ref.name}
    hosts = hosts_of(estate, service.ref)
    if inward and not _passes(
        [rule for one in inward for rule in one.ingress or ()], inward[0], caller, ports
    ):
        yield _finding(
            estate, inward[0], "policy_refuses", called, weight=0.95, hosts=hosts, values=values
        )
    outward = [one for one in _governing(estate, caller) if one.egress is not None]
    if outward and not _passes(
        [rule for one in outward for rule in one.egress or ()], outward[0], answerer, ports
    ):
        yield _finding(
            estate,
            outward[0],
            "policy_keeps_from",
            callers,
            weight=0.95,
            hosts=hosts,
            values=values,
        )


def _workloads(estate: Estate) -> Iterator[list[Pod]]:
    """Yield the pods of each workload that policies may govern."""
    owners: dict[ObjectRef, list[Pod]] = {}
    for pod in estate.pods:
        if not estate.is_over(pod):
            owners.setdefault(estate.workload_of(pod), []).append(pod)
    yield from owners.values()


def _governing(estate: Estate, pod: Pod) -> list[Policy]:
    """Return the policies that select a pod, the newest first."""
    return sorted(
        (
            one
            for one in estate.policies
            if one.ref.namespace == pod.ref.namespace and one.selector.selects(pod.labels)
        ),
        key=lambda one: (one.created_at, one.ref.name),
        reverse=True,
    )


def _kept_out(estate: Estate, pods: list[Pod], policies: list[Policy]) -> Iterator[Finding]:
    namespace = pods[0].ref.namespace
    services = services_of(estate, pods)
    if not services or not estate.is_complete("networkpolicies", "pods", namespace=namespace):
        return
    rules = [rule for one in policies for rule in one.ingress or ()]
    if not rules:
        yield _shut(estate, policies, "policy_shuts_out", pods)
        return
    open_rules = [rule for rule in rules if _lets_anybody(estate, namespace, rule)]
    if not open_rules:
        peers = sorted({str(peer.pods) for rule in rules for peer in rule.peers})
        shut = _shut(estate, policies, "policy_admits_nobody", pods, peers="; ".join(peers))
        # Whom it admits may be a job that does not run at this moment.
        yield replace(shut, weight=0.75)
        return
    for service in services:
        ports = {number for port in service.ports for number in numbers_of(port, pods)}
        if ports and not any(_lets_port(pods[0], rule, ports) for rule in open_rules):
            admitted = sorted({port for rule in open_rules for port, _ in rule.ports})
            yield _shut(
                estate,
                policies,
                "policy_port",
                pods,
                service=service.ref.name,
                ports=", ".join(admitted),
                wanted=", ".join(map(str, sorted(ports))),
            )
            return


def _kept_in(estate: Estate, pods: list[Pod], policies: list[Policy]) -> Iterator[Finding]:
    rules = [rule for one in policies for rule in one.egress or ()]
    if any(rule.allows_port(DNS_PORT, "dns") for rule in rules):
        return
    phrase = "policy_keeps_from_dns" if rules else "policy_shuts_in"
    # Whoever needs nobody is well shut in.
    is_ill = any(not pod.ready or any(one.waiting_reason for one in pod.containers) for pod in pods)
    yield _finding(
        estate,
        policies[0],
        phrase,
        pods,
        weight=0.85 if is_ill else 0.6,
        stops=_KEPT_IN,
        quiet=not is_ill,
    )


def _lets_anybody(estate: Estate, namespace: str, rule: PolicyRule) -> bool:
    """Tell whether a rule admits somebody who may exist; what cannot be seen may."""
    if not rule.peers:
        return True
    return any(
        peer.block
        or peer.namespaces is not None
        or (peer.pods is not None and _is_anybody(estate, namespace, peer))
        for peer in rule.peers
    )


def _is_anybody(estate: Estate, namespace: str, peer: Peer) -> bool:
    labels = [pod.labels for pod in estate.pods if pod.ref.namespace == namespace]
    labels += [one.labels for one in estate.workloads if one.ref.namespace == namespace]
    return peer.pods is None or any(peer.pods.selects(own) for own in labels)


def _lets_port(pod: Pod, rule: PolicyRule, ports: set[int]) -> bool:
    names = {own.number: own.name for own in pod.spec.ports}
    return any(rule.allows_port(port, names.get(port, "")) for port in ports)


def _passes(rules: Sequence[PolicyRule], policy: Policy, other: Pod, ports: set[int]) -> bool:
    """Tell whether traffic with that pod may pass; address ranges and namespaces unseen may."""
    for rule in rules:
        is_peer = not rule.peers or any(
            bool(peer.block)
            or (
                (peer.pods is None or peer.pods.selects(other.labels))
                and (peer.namespaces is not None or other.ref.namespace == policy.ref.namespace)
            )
            for peer in rule.peers
        )
        if is_peer and (not ports or any(rule.allows_port(port) for port in ports)):
            return True
        if is_peer and any(not port.isdecimal() for port, _ in rule.ports):
            return True
    return False


def _shut(
    estate: Estate, policies: list[Policy], phrase: str, pods: list[Pod], **values: str
) -> Finding:
    owner = estate.workload_of(pods[0])
    return _finding(
        estate,
        policies[0],
        phrase,
        pods,
        weight=0.85,
        hosts=hosts_of(estate, owner),
        values=values,
    )


def _finding(
    estate: Estate,
    policy: Policy,
    phrase: str,
    pods: list[Pod],
    *,
    weight: float,
    hosts: tuple[str, ...] = (),
    stops: frozenset[Cause] = frozenset(),
    quiet: bool = False,
    values: Mapping[str, str] | None = None,
) -> Finding:
    namespace = policy.ref.namespace
    return Finding(
        object=policy.ref,
        cause=Cause.NETWORK_POLICY_BLOCKS,
        category=Category.CONFIGURATION,
        phrase=phrase,
        values={"workload": estate.workload_of(pods[0]).name, **(values or {})},
        evidence=estate.cite("networkpolicies", "services", "pods", namespace=namespace),
        weight=weight,
        affected=len(pods),
        since=policy.created_at,
        check=f"kubectl describe networkpolicy {policy.ref.name} -n {namespace}",
        pods=tuple(pod.ref for pod in pods),
        hosts=hosts,
        stops=stops,
        quiet=quiet,
    )
