"""Graphs of what depends on what: how far they reach, and that circles end."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.topology import (
    MAX_DEPTH,
    Direction,
    Edge,
    EdgeKind,
    Topology,
    Vertex,
    chains,
    farther,
    nearer,
)
from bot.triage.topology.lines import lines_of

VERTICES = st.sampled_from("abcdefgh").map(
    lambda name: Vertex(place="prod", kind="deployment", namespace="shop", name=name)
)
EDGES = st.lists(
    st.builds(
        Edge,
        source=VERTICES,
        target=VERTICES,
        kind=st.sampled_from(list(EdgeKind)),
        detail=st.sampled_from(["", "x", "y"]),
        evidence=st.sampled_from([(), ("E1",), ("E2",)]),
    ),
    max_size=20,
)
STARTS = st.lists(VERTICES, min_size=1, max_size=3, unique=True)
DEPTHS = st.integers(0, MAX_DEPTH + 3)


def thing(name: str, kind: str = "deployment", namespace: str = "shop") -> Vertex:
    return Vertex(place="prod", kind=kind, namespace=namespace, name=name)


def leads(*names: str, kind: EdgeKind = EdgeKind.CALLS) -> list[Edge]:
    """A way through things, each depending on the next."""
    return [
        Edge(source=thing(one), target=thing(two), kind=kind)
        for one, two in itertools.pairwise(names)
    ]


def reached(
    graph: Topology, starts: list[Vertex], direction: Direction, depth: int
) -> tuple[Edge, ...]:
    reach = graph.upstream if direction is Direction.UP else graph.downstream
    return reach(starts, depth=depth)


def names(edges: tuple[Edge, ...], direction: Direction) -> set[str]:
    return {farther(one, direction).name for one in edges}


def test_downstream_is_what_a_thing_depends_on_and_upstream_what_depends_on_it() -> None:
    graph = Topology(edges=(*leads("a", "b", "c"), *leads("d", "b")))
    assert names(graph.downstream([thing("b")]), Direction.DOWN) == {"c"}
    assert names(graph.upstream([thing("b")]), Direction.UP) == {"a", "d"}


def test_a_way_ends_at_the_depth_asked_for() -> None:
    graph = Topology(edges=tuple(leads("a", "b", "c", "d")))
    assert names(graph.downstream([thing("a")], depth=2), Direction.DOWN) == {"b", "c"}
    assert graph.downstream([thing("a")], depth=0) == ()


def test_what_is_told_twice_is_one_edge_with_both_evidences() -> None:
    one, two = (
        Edge(
            source=thing("a"),
            target=thing("b"),
            kind=EdgeKind.CALLS,
            detail=detail,
            evidence=(label,),
        )
        for detail, label in (("2/s", "E1"), ("log", "E2"))
    )
    (edge,) = Topology(edges=(one, two, one)).edges
    assert edge.evidence == ("E1", "E2")
    assert edge.detail == "2/s, log"


def test_a_circle_is_told_once_and_ends() -> None:
    graph = Topology(edges=tuple(leads("a", "b", "c", "a")))
    edges = graph.downstream([thing("a")])
    told = lines_of(edges, [thing("a")], direction=Direction.DOWN)
    assert [one.text for one in told] == [
        "deployment/a —calls→ deployment/b —calls→ deployment/c",
        "deployment/c —calls→ deployment/a",
    ]


def test_things_of_one_kind_stand_beside_each_other_and_many_are_counted() -> None:
    edges = tuple(
        Edge(source=thing("a"), target=thing(f"n{number}", "node", ""), kind=EdgeKind.RUNS_ON)
        for number in range(8)
    )
    (line,) = lines_of(edges, [thing("a")], direction=Direction.DOWN)
    assert line.text == "deployment/a —runs on→ node/n0, node/n1, node/n2, node/n3, node/n4, +3"


def test_a_thing_elsewhere_is_named_with_its_namespace() -> None:
    edge = Edge(source=thing("a"), target=thing("b", namespace="payments"), kind=EdgeKind.ROUTES_TO)
    (line,) = lines_of((edge,), [thing("a")], direction=Direction.DOWN)
    assert line.text == "deployment/a → deployment/payments/b"


@given(EDGES, STARTS, st.sampled_from([Direction.UP, Direction.DOWN]), DEPTHS)
def test_exactly_the_edges_within_reach_are_found_each_once(
    edges: list[Edge], starts: list[Vertex], direction: Direction, depth: int
) -> None:
    graph = Topology(edges=tuple(edges))
    found = reached(graph, starts, direction, depth)
    near, expected = set(starts), set[Edge]()
    for _ in range(min(depth, MAX_DEPTH)):
        step = {one for one in graph.edges if nearer(one, direction) in near}
        expected |= step
        near |= {farther(one, direction) for one in step}
    assert set(found) == expected
    assert len(found) == len(expected)


@given(EDGES, STARTS, st.sampled_from([Direction.UP, Direction.DOWN]), DEPTHS)
def test_every_reached_edge_is_in_one_chain_and_chains_hang_together(
    edges: list[Edge], starts: list[Vertex], direction: Direction, depth: int
) -> None:
    found = reached(Topology(edges=tuple(edges)), starts, direction, depth)
    told = chains(found, starts, direction=direction)
    assert Counter(edge for chain in told for step in chain for edge in step) == Counter(found)
    for chain in told:
        assert all(len(step) == 1 for step in chain[:-1])
        for (before,), after in itertools.pairwise(chain):
            ends = {nearer(one, direction) for one in after}
            assert ends == {farther(before, direction)}
        assert len({nearer(one, direction) for one in chain[-1]}) == 1


@given(EDGES, STARTS, st.sampled_from([Direction.UP, Direction.DOWN]))
def test_every_line_is_one_bounded_line_with_the_evidence_of_its_edges(
    edges: list[Edge], starts: list[Vertex], direction: Direction
) -> None:
    found = reached(Topology(edges=tuple(edges)), starts, direction, MAX_DEPTH)
    told = lines_of(found, starts, direction=direction)
    assert all("\n" not in one.text and len(one.text) <= 400 for one in told)
    labels = {label for one in found for label in one.evidence}
    assert {label for one in told for label in one.evidence} == labels
