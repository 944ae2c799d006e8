"""Objects of a cluster as vertices of a graph, and the workloads that labels or names mean.

It must not know what edges there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.topology import Vertex

if TYPE_CHECKING:
    from bot.triage.estate import Estate
    from bot.triage.objects import ObjectRef
    from bot.triage.wiring import Selector

NAMESPACE = "namespace"
UNSEEN_WORKLOAD = "workload"
"""Kind of what is named and was not looked at, so that nobody knows what it is."""


def vertex_of(ref: ObjectRef) -> Vertex:
    """Return an object's vertex."""
    return Vertex(place=ref.cluster, kind=ref.kind, namespace=ref.namespace, name=ref.name)


def selected(estate: Estate, selector: Selector, namespace: str | None) -> list[ObjectRef]:
    """Return the workloads whose pods a selector selects; None for every namespace.

    A pod that belongs to nobody stands for itself.
    """
    found = [
        one.ref
        for one in estate.workloads
        if namespace in {None, one.ref.namespace} and selector.selects(one.labels)
    ]
    found += [
        estate.workload_of(pod)
        for pod in estate.pods
        if namespace in {None, pod.ref.namespace} and selector.selects(pod.labels)
    ]
    return list(dict.fromkeys(found))


def workload_named(estate: Estate, name: str, namespace: str) -> Vertex:
    """Return the workload of that name, whatever its kind; one of no kind if it was not seen."""
    known = (one.ref for one in estate.workloads)
    for ref in known:
        if (ref.name, ref.namespace) == (name, namespace):
            return vertex_of(ref)
    owners = {estate.workload_of(pod) for pod in estate.pods if pod.ref.namespace == namespace}
    own = next((ref for ref in owners if ref.name == name), None)
    if own is not None:
        return vertex_of(own)
    return Vertex(place=estate.cluster, kind=UNSEEN_WORKLOAD, namespace=namespace, name=name)
