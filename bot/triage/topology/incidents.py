"""What stands above and below an alert's objects, for who investigates it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.topology import Direction
from bot.triage.quoting import quoted
from bot.triage.scene import refs
from bot.triage.topology.graphing import (
    above,
    below,
    called,
    graph_of,
    selecting_nobody,
    starts_of,
)
from bot.triage.topology.lines import Line, lines_of
from bot.triage.topology.vertices import vertex_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.topology import Vertex
    from bot.triage.estate import Estate
    from bot.triage.finding import Finding
    from bot.triage.objects import ObjectRef

MAX_LINES = 20
DEPTH = 3
"""From a workload up to an ingress, and down to the volumes of what it calls."""


def topology_of(
    estates: Sequence[Estate], targets: Sequence[ObjectRef], found: Sequence[Finding] = ()
) -> tuple[str, ...]:
    """Return what depends on the targets and what they depend on, each line with its evidence.

    Without targets it is what leads to the workloads that were looked at. `found` are faults whose
    logs may say who does not reach whom.
    """
    lines: list[Line] = []
    for estate in estates:
        own = tuple(one for one in targets if one.cluster == estate.cluster)
        lines += _around(estate, own, found) if targets else _fronts(estate)
    shown = list(dict.fromkeys(f"{one.text} {refs(one.evidence)}".rstrip() for one in lines))
    if len(shown) <= MAX_LINES:
        return tuple(shown)
    left = len(shown) - MAX_LINES + 1
    return (*shown[: MAX_LINES - 1], f"{left} more lines are left out")


def _around(
    estate: Estate, targets: tuple[ObjectRef, ...], found: Sequence[Finding]
) -> Iterator[Line]:
    graph = graph_of(estate, shown=targets, more=called(estate, found))
    up = tuple(dict.fromkeys(one for ref in targets for one in starts_of(estate, ref, up=True)))
    down = tuple(dict.fromkeys(vertex_of(ref) for ref in targets))
    upward, downward = above(graph, up, depth=DEPTH), below(graph, down, depth=DEPTH)
    yield from lines_of(upward, up, direction=Direction.UP)
    yield from _empty(estate, [*up, *(one.target for one in downward)])
    yield from lines_of(downward, down, direction=Direction.DOWN)


def _fronts(estate: Estate) -> Iterator[Line]:
    """Yield the ways a request takes from the outermost things down to workloads."""
    services = [vertex_of(one.ref) for one in estate.services]
    routed = {one.service for route in estate.routes for one in route.backends}
    starts = [vertex_of(one.ref) for one in estate.routes]
    starts += [one for one in services if one.name not in routed]
    edges = below(graph_of(estate), starts, depth=2)
    fronts = {"service", "ingress"}
    ways = [one for one in edges if one.source.kind in fronts]
    yield from lines_of(ways, starts, direction=Direction.DOWN)
    yield from _empty(estate, services)


def _empty(estate: Estate, vertices: Sequence[Vertex]) -> Iterator[Line]:
    for one in selecting_nobody(estate, vertices):
        yield Line(
            text=quoted(f"{one} selects pods by labels that no workload has"),
            evidence=estate.cite("services", "pods", namespace=one.namespace),
        )
