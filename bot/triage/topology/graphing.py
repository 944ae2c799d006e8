"""A cluster's lists → what depends on what: from an ingress down to nodes and volumes.

Only what objects say of each other by name or label is an edge; who calls whom is no object's
matter, except where a policy declares it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bot.domain.topology import Edge, EdgeKind, Topology, Vertex
from bot.triage.backing import under
from bot.triage.topology.policies import declared
from bot.triage.topology.vertices import selected, vertex_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from bot.triage.estate import Estate, Pod
    from bot.triage.finding import Finding
    from bot.triage.objects import ObjectRef

FAMILIES = (
    "pods",
    "deployments",
    "statefulsets",
    "daemonsets",
    "replicasets",
    "jobs",
    "services",
    "ingresses",
    "networkpolicies",
    "persistentvolumeclaims",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
)
"""The lists a graph is made of."""
ACTING = frozenset({EdgeKind.SCALES, EdgeKind.PROTECTS, EdgeKind.WATCHES})
"""What acts on a thing and takes no request to it."""
_WORKLOADS = ("deployments", "statefulsets", "daemonsets", "pods")


def graph_of(
    estate: Estate, *, shown: Collection[ObjectRef] = (), more: Iterable[Edge] = ()
) -> Topology:
    """Return the graph of what was read; what belongs to its workload stands for it.

    Args:
        estate: What was read.
        shown: Pods that are to be vertices of their own; all others are told by their workload.
        more: What was seen elsewhere, such as calls that were measured.
    """
    edges = [
        *_routes(estate),
        *_behind_services(estate),
        *_workloads(estate, frozenset(shown)),
        *_volumes(estate),
        *_acting(estate),
        *declared(estate),
        *more,
    ]
    return Topology(edges=tuple(edges))


def starts_of(estate: Estate, target: ObjectRef, *, up: bool) -> tuple[Vertex, ...]:
    """Return where to begin to look from an object.

    Who calls a Service calls the workload behind it as well, so looking up begins at both.
    """
    behind = under(estate, target) if up and target.kind == "service" else set()
    rest = sorted(behind - {target}, key=str)
    return tuple(dict.fromkeys(vertex_of(ref) for ref in (target, *rest)))


def above(graph: Topology, starts: Sequence[Vertex], *, depth: int) -> tuple[Edge, ...]:
    """Return the edges from what depends on these, the nearest first.

    What scales or protects somebody who only calls them is not their matter.
    """
    own = set(starts)
    reached = graph.upstream(starts, depth=depth)
    return tuple(one for one in reached if one.kind not in ACTING or one.target in own)


def below(graph: Topology, starts: Sequence[Vertex], *, depth: int) -> tuple[Edge, ...]:
    """Return the edges to what these depend on, the nearest first."""
    return graph.downstream(starts, depth=depth)


def selecting_nobody(estate: Estate, vertices: Iterable[Vertex]) -> list[Vertex]:
    """Return those of the Services that look for pods by labels and find no workload."""
    wanted = set(vertices)
    return [
        vertex_of(one.ref)
        for one in estate.services
        if one.selector is not None
        and vertex_of(one.ref) in wanted
        and not selected(estate, one.selector, one.ref.namespace)
    ]


def called(estate: Estate, findings: Iterable[Finding]) -> Iterator[Edge]:
    """Yield the calls that logs complain about: who fails to reach which host."""
    for one in findings:
        if not one.needs or one.object.cluster != estate.cluster:
            continue
        name, _, rest = one.needs.partition(".")
        namespace = rest.partition(".")[0] or one.object.namespace
        known = next(
            (
                each.ref
                for each in estate.services
                if (each.ref.name, each.ref.namespace) == (name, namespace)
            ),
            None,
        )
        host = Vertex(place=estate.cluster, kind="host", name=one.needs)
        yield Edge(
            source=vertex_of(one.object),
            target=vertex_of(known) if known is not None else host,
            kind=EdgeKind.CALLS,
            detail="log",
            evidence=(one.words.label,) if one.words is not None else one.evidence,
        )


def _routes(estate: Estate) -> Iterator[Edge]:
    for route in estate.routes:
        for to in route.backends:
            service = estate.ref("service", to.service, route.ref)
            yield Edge(
                source=vertex_of(route.ref),
                target=vertex_of(service),
                kind=EdgeKind.ROUTES_TO,
                evidence=estate.cite("ingresses", namespace=route.ref.namespace),
            )


def _behind_services(estate: Estate) -> Iterator[Edge]:
    for one in estate.services:
        if one.selector is None:
            continue
        for ref in selected(estate, one.selector, one.ref.namespace):
            yield Edge(
                source=vertex_of(one.ref),
                target=vertex_of(ref),
                kind=EdgeKind.SELECTS,
                evidence=estate.cite("services", *_listed(ref), namespace=ref.namespace),
            )


def _workloads(estate: Estate, shown: frozenset[ObjectRef]) -> Iterator[Edge]:
    """Yield what workloads run on and what they refer to."""
    standing: Counter[tuple[Vertex, Vertex]] = Counter()
    for pod in estate.pods:
        owner = estate.workload_of(pod)
        teller = vertex_of(owner)
        evidence = estate.cite("pods", namespace=pod.ref.namespace)
        yield from _references(estate, pod, teller, evidence)
        if pod.ref in shown and pod.ref != owner:
            own = vertex_of(pod.ref)
            yield Edge(source=teller, target=own, kind=EdgeKind.RUNS, evidence=evidence)
            teller = own
        if pod.node and not estate.is_over(pod):
            node = Vertex(place=estate.cluster, kind="node", name=pod.node)
            standing[teller, node] += 1
    for (teller, node), count in sorted(standing.items(), key=lambda each: str(each[0])):
        many = f"{count} pods" if count > 1 else ""
        evidence = estate.cite("pods", namespace=teller.namespace)
        yield Edge(
            source=teller, target=node, kind=EdgeKind.RUNS_ON, detail=many, evidence=evidence
        )
    for one in estate.workloads:
        evidence = estate.cite(f"{one.ref.kind}s", namespace=one.ref.namespace)
        yield from _configuration(vertex_of(one.ref), one.spec.configuration, evidence)


def _references(
    estate: Estate, pod: Pod, teller: Vertex, evidence: tuple[str, ...]
) -> Iterator[Edge]:
    for name in pod.claims:
        claim = vertex_of(estate.ref("persistentvolumeclaim", name, pod.ref))
        yield Edge(source=teller, target=claim, kind=EdgeKind.MOUNTS, evidence=evidence)
    if estate.workload(estate.workload_of(pod)) is None:
        # A workload's own template tells it otherwise, and does not speak of old pods.
        yield from _configuration(teller, pod.spec.configuration, evidence)


def _configuration(
    teller: Vertex, named: Iterable[tuple[str, str]], evidence: tuple[str, ...]
) -> Iterator[Edge]:
    for kind, name in named:
        content = Vertex(place=teller.place, kind=kind, namespace=teller.namespace, name=name)
        yield Edge(source=teller, target=content, kind=EdgeKind.USES, evidence=evidence)


def _volumes(estate: Estate) -> Iterator[Edge]:
    for one in estate.claims:
        if one.volume:
            volume = Vertex(place=estate.cluster, kind="persistentvolume", name=one.volume)
            evidence = estate.cite("persistentvolumeclaims", namespace=one.ref.namespace)
            yield Edge(
                source=vertex_of(one.ref), target=volume, kind=EdgeKind.BINDS, evidence=evidence
            )


def _acting(estate: Estate) -> Iterator[Edge]:
    """Yield what acts on workloads: autoscalers and disruption budgets."""
    for scaler in estate.autoscalers:
        target = estate.ref(scaler.target_kind, scaler.target_name, scaler.ref)
        yield Edge(
            source=vertex_of(scaler.ref),
            target=vertex_of(target),
            kind=EdgeKind.SCALES,
            evidence=estate.cite("horizontalpodautoscalers", namespace=scaler.ref.namespace),
        )
    for budget in estate.budgets:
        place = budget.ref.namespace
        for ref in selected(estate, budget.selector, place):
            yield Edge(
                source=vertex_of(budget.ref),
                target=vertex_of(ref),
                kind=EdgeKind.PROTECTS,
                detail=budget.rule,
                evidence=estate.cite("poddisruptionbudgets", namespace=place),
            )


def _listed(ref: ObjectRef) -> tuple[str, ...]:
    family = f"{ref.kind}s"
    return (family if family in _WORKLOADS else "pods",)
