"""Who may call whom, as network policies declare it: what is allowed, not what happens.

A rule that lets in everybody tells nothing, so it gives no edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.topology import Edge, EdgeKind, Vertex
from bot.triage.topology.vertices import NAMESPACE, selected, vertex_of
from bot.triage.wiring import Selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate
    from bot.triage.wiring import Peer, Policy

# The label every namespace gets from the API server; others of a namespace are not read here.
_NAME_LABEL = "kubernetes.io/metadata.name"
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})


def declared(estate: Estate) -> Iterator[Edge]:
    """Yield an edge for each caller and called that a policy names."""
    for policy in estate.policies:
        place = policy.ref.namespace
        governed = [vertex_of(ref) for ref in selected(estate, policy.selector, place)]
        inward = [peer for rule in policy.ingress or () for peer in rule.peers]
        outward = [peer for rule in policy.egress or () for peer in rule.peers]
        callers = [one for peer in inward for one in _peers(estate, peer, place)]
        called = [one for peer in outward for one in _peers(estate, peer, place)]
        for own in governed:
            yield from (_edge(estate, policy, caller, own) for caller in callers if caller != own)
            yield from (_edge(estate, policy, own, other) for other in called if other != own)


def _edge(estate: Estate, policy: Policy, caller: Vertex, called: Vertex) -> Edge:
    return Edge(
        source=caller,
        target=called,
        kind=EdgeKind.MAY_CALL,
        detail=f"networkpolicy/{policy.ref.name}",
        evidence=estate.cite("networkpolicies", namespace=policy.ref.namespace),
    )


def _peers(estate: Estate, peer: Peer, own: str) -> list[Vertex]:
    """Return whom a peer means: workloads that were seen, else the selector's own words."""
    place = estate.cluster
    if peer.block:
        block = Vertex(place=place, kind="address", name=peer.block)
        return [] if peer.block in _ANYWHERE else [block]
    names = _namespaces(peer, own)
    if names is None:
        return _elsewhere(estate, peer)
    if peer.pods is None or peer.pods == Selector():
        return [Vertex(place=place, kind=NAMESPACE, name=name) for name in names]
    found = []
    for name in names:
        refs = selected(estate, peer.pods, name)
        unseen = Vertex(place=place, kind="pods", namespace=name, name=str(peer.pods))
        found += [vertex_of(ref) for ref in refs] or [unseen]
    return found


def _namespaces(peer: Peer, own: str) -> tuple[str, ...] | None:
    """Return the namespaces a peer names; None when only their labels tell which they are."""
    if peer.namespaces is None:
        return (own,)
    one = peer.namespaces
    if [key for key, _ in one.labels] == [_NAME_LABEL] and not one.requirements:
        return (one.labels[0][1],)
    if len(one.requirements) == 1 and not one.labels:
        told = one.requirements[0]
        if told.key == _NAME_LABEL and told.operator == "In":
            return told.values
    return None


def _elsewhere(estate: Estate, peer: Peer) -> list[Vertex]:
    """Return a peer in namespaces that are known by labels alone."""
    is_everybody = peer.pods is None or peer.pods == Selector()
    if peer.namespaces == Selector():
        # Everybody everywhere is no news; some pods everywhere are those that were seen.
        pods = peer.pods or Selector()
        return [] if is_everybody else [vertex_of(ref) for ref in selected(estate, pods, None)]
    said = f"of namespaces {peer.namespaces}"
    name = said if is_everybody else f"{peer.pods} {said}"
    return [Vertex(place=estate.cluster, kind="pods", name=name)]
