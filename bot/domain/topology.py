"""What depends on what: things and the relations between them, and how far a relation reaches.

An edge leads from what depends to what it depends on, so that trouble travels against it. Pure; it
must not know where a relation was read.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_DEPTH = 6
"""From an ingress to a node are four steps; what is farther away is hardly its matter."""


class EdgeKind(StrEnum):
    """How one thing depends on another, as it is said in English."""

    ROUTES_TO = "routes to"
    SELECTS = "selects"
    RUNS = "runs"
    """A workload its pods."""
    RUNS_ON = "runs on"
    MOUNTS = "mounts"
    USES = "uses"
    """Configuration by its name, its content unseen."""
    BINDS = "is bound to"
    SCALES = "scales"
    PROTECTS = "protects"
    MAY_CALL = "may call"
    """A policy allows it; whether it happens nobody has seen."""
    CALLS = "calls"
    """Seen: measured, or said in a log."""
    BEHIND = "has behind it"
    WATCHES = "watches"


class Direction(StrEnum):
    """Which way to look from a thing."""

    UP = "up"
    """What depends on it."""
    DOWN = "down"
    """What it depends on."""
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """One thing."""

    place: str
    """`cluster` or `account/region`."""
    kind: str
    """Lower case, such as `deployment`, `node` or `load balancer`."""
    name: str
    namespace: str = ""
    """Empty for what belongs to none."""

    def __str__(self) -> str:
        """Return kind and name."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One relation."""

    source: Vertex
    """What depends."""
    target: Vertex
    """What it depends on."""
    kind: EdgeKind
    detail: str = ""
    """What says so, or how much of it; empty when there is nothing to add."""
    evidence: tuple[str, ...] = ()
    """Labels of the ledger that tell it."""


Chain = tuple[tuple[Edge, ...], ...]
"""Steps that follow each other; the last one may be several edges of one kind side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """A graph; relations that are told more than once are one edge of it."""

    edges: tuple[Edge, ...]
    _out: Mapping[Vertex, list[Edge]] = field(init=False, repr=False, compare=False)
    _in: Mapping[Vertex, list[Edge]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        edges = _joined(self.edges)
        outgoing: dict[Vertex, list[Edge]] = defaultdict(list)
        incoming: dict[Vertex, list[Edge]] = defaultdict(list)
        for one in edges:
            outgoing[one.source].append(one)
            incoming[one.target].append(one)
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "_out", dict(outgoing))
        object.__setattr__(self, "_in", dict(incoming))

    def downstream(self, starts: Iterable[Vertex], *, depth: int = MAX_DEPTH) -> tuple[Edge, ...]:
        """Return the edges to what these depend on, the nearest first, each once."""
        return self._reached(starts, Direction.DOWN, depth)

    def upstream(self, starts: Iterable[Vertex], *, depth: int = MAX_DEPTH) -> tuple[Edge, ...]:
        """Return the edges from what depends on these, the nearest first, each once."""
        return self._reached(starts, Direction.UP, depth)

    def _reached(
        self, starts: Iterable[Vertex], direction: Direction, depth: int
    ) -> tuple[Edge, ...]:
        beside = self._out if direction is Direction.DOWN else self._in
        distance = dict.fromkeys(starts, 0)
        queue = deque(distance)
        found: list[Edge] = []
        while queue:
            near = queue.popleft()
            if distance[near] >= min(depth, MAX_DEPTH):
                continue
            for edge in beside.get(near, ()):
                found.append(edge)
                far = farther(edge, direction)
                if far not in distance:
                    distance[far] = distance[near] + 1
                    queue.append(far)
        return tuple(found)


def farther(edge: Edge, direction: Direction) -> Vertex:
    """Return the end of an edge that lies farther away, looking up or down."""
    return edge.target if direction is Direction.DOWN else edge.source


def nearer(edge: Edge, direction: Direction) -> Vertex:
    """Return the end of an edge that lies nearer, looking up or down."""
    return edge.source if direction is Direction.DOWN else edge.target


def chains(
    edges: Sequence[Edge], starts: Iterable[Vertex], *, direction: Direction
) -> tuple[Chain, ...]:
    """Return reached edges as chains from the starts outward, every edge in one of them.

    `edges` are those of `upstream` or `downstream`, in their order. A way to what is already told
    is a chain of its own, so circles end.
    """
    roots = tuple(dict.fromkeys(starts))
    known = set(roots)
    tree: dict[Vertex, list[Edge]] = defaultdict(list)
    loose: dict[Vertex, list[Edge]] = defaultdict(list)
    for edge in edges:
        far = farther(edge, direction)
        if far in known:
            loose[nearer(edge, direction)].append(edge)
        else:
            known.add(far)
            tree[nearer(edge, direction)].append(edge)
    told = [one for root in roots if root in tree for one in _walked(root, tree, direction)]
    rest = [side for beside in loose.values() for side in _side_by_side(beside, direction)]
    return (*told, *((side,) for side in rest))


def _walked(
    root: Vertex, tree: Mapping[Vertex, list[Edge]], direction: Direction
) -> Iterator[Chain]:
    """Yield the chains of one tree; only the first below a thing begins with the way to it."""
    stack: list[tuple[Vertex, Chain]] = [(root, ())]
    while stack:
        vertex, way = stack.pop()
        longer = [one for one in tree[vertex] if farther(one, direction) in tree]
        ends = _side_by_side([one for one in tree[vertex] if one not in longer], direction)
        if longer:
            first, *others = longer
            yield from ((one,) for one in ends)
            stack += [(farther(one, direction), ((one,),)) for one in reversed(others)]
            stack.append((farther(first, direction), (*way, (first,))))
        else:
            yield (*way, ends[0])
            yield from ((one,) for one in ends[1:])


def _side_by_side(edges: Iterable[Edge], direction: Direction) -> list[tuple[Edge, ...]]:
    """Return edges of one kind to things of one kind together, in the order of the kinds."""
    order = list(EdgeKind)

    def alike(one: Edge) -> tuple[int, str, str, str]:
        far = farther(one, direction)
        return (order.index(one.kind), far.kind, far.place, far.namespace)

    return [tuple(group) for _, group in groupby(sorted(edges, key=alike), key=alike)]


def _joined(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    told: dict[tuple[Vertex, Vertex, EdgeKind], list[Edge]] = defaultdict(list)
    for one in edges:
        told[one.source, one.target, one.kind].append(one)
    return tuple(
        Edge(
            source=source,
            target=target,
            kind=kind,
            detail=", ".join(dict.fromkeys(one.detail for one in same if one.detail)),
            evidence=tuple(dict.fromkeys(label for one in same for label in one.evidence)),
        )
        for (source, target, kind), same in told.items()
    )
