"""A graph's reached edges as lines: `ingress/shop → service/cart → deployment/cart`.

Names come from whoever can create an object, so every line is made fit to be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.topology import Direction, EdgeKind, chains, farther, nearer
from bot.triage.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.domain.topology import Chain, Edge, Vertex

MAX_BESIDE = 5
"""Things named on one line beside each other; of more, so many and their count."""
MAX_LINE_CHARS = 400
# What an arrow alone says: the way a request takes.
_PLAIN = frozenset({EdgeKind.ROUTES_TO, EdgeKind.SELECTS, EdgeKind.RUNS, EdgeKind.BEHIND})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One chain in words."""

    text: str
    evidence: tuple[str, ...]


def lines_of(
    edges: Sequence[Edge],
    starts: Sequence[Vertex],
    *,
    direction: Direction,
    say: Callable[[EdgeKind], str] = lambda kind: kind.value,
) -> tuple[Line, ...]:
    """Return reached edges as lines, each read from what depends to what it depends on.

    `say` puts the kinds of relations into words.
    """
    home = {(one.place, one.namespace) for one in starts}
    if len(home) > 1:
        home = {(place, "") for place, _ in home}
    return tuple(
        Line(text=_written(chain, home, direction, say), evidence=_evidence(chain, direction))
        for chain in chains(edges, starts, direction=direction)
    )


def name_of(vertex: Vertex, home: Iterable[tuple[str, str]]) -> str:
    """Return kind and name, with the place where it is not at home; foreign text."""
    homes = set(home)
    if vertex.place not in {place for place, _ in homes}:
        inside = f"{vertex.namespace}/" if vertex.namespace else ""
        return f"{vertex.place}/{vertex.kind}/{inside}{vertex.name}"
    if not vertex.namespace or (vertex.place, vertex.namespace) in homes:
        return str(vertex)
    return f"{vertex.kind}/{vertex.namespace}/{vertex.name}"


def _written(
    chain: Chain,
    home: set[tuple[str, str]],
    direction: Direction,
    say: Callable[[EdgeKind], str],
) -> str:
    def named(edges: Sequence[Edge]) -> str:
        names = [name_of(farther(one, direction), home) for one in edges]
        details = {one.detail for one in edges}
        told = [
            f"{name} ({one.detail})" if one.detail and len(details) > 1 else name
            for name, one in zip(names, edges, strict=True)
        ]
        more = [f"+{len(told) - MAX_BESIDE}"] if len(told) > MAX_BESIDE else []
        return ", ".join([*told[:MAX_BESIDE], *more])

    def arrow(edges: Sequence[Edge]) -> str:
        first = edges[0]
        if first.kind in _PLAIN:
            return "→"
        shared = {one.detail for one in edges}
        detail = f" ({first.detail})" if first.detail and len(shared) == 1 else ""
        return f"—{say(first.kind)}{detail}→"

    parts = [name_of(nearer(chain[0][0], direction), home)]
    for edges in chain:
        parts += [arrow(edges), named(edges)]
    ordered = parts if direction is Direction.DOWN else parts[::-1]
    return quoted(" ".join(ordered), MAX_LINE_CHARS)


def _evidence(chain: Chain, direction: Direction) -> tuple[str, ...]:
    """Return the labels in the order in which the line is read."""
    ordered = chain if direction is Direction.DOWN else chain[::-1]
    return tuple(
        dict.fromkeys(label for edges in ordered for one in edges for label in one.evidence)
    )
