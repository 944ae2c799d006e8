"""`kubectl topology`: one object's place in what depends on what, read anew for one command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.domain.topology import Direction
from bot.ports.clock import Clock
from bot.tools.answer import text_answer
from bot.triage.assembly import estate_of
from bot.triage.facts import Ask, collect
from bot.triage.objects import ObjectRef
from bot.triage.topology.graphing import (
    FAMILIES,
    above,
    below,
    graph_of,
    selecting_nobody,
    starts_of,
)
from bot.triage.topology.lines import lines_of
from bot.triage.topology.traffic import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.cluster import ClusterReader
    from bot.tools.answer import Answer
    from bot.tools.kubectl.command import Topology as Command
    from bot.triage.estate import Estate
    from bot.triage.facts import Reading

SOURCE = "topology"
MAX_LINES = 40
"""Of one direction."""
_WHOLE = frozenset({EvidenceState.OK, EvidenceState.EMPTY})
# What is missing has no size; one byte says that something is.
_UNKNOWN_BYTES = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTopology:
    """Reads the lists around an object and tells what leads to it and what it needs."""

    clock: Clock

    def __call__(self, command: Command, reader: ClusterReader) -> Answer:
        """Return the answer; a list that could not be read makes it a truncated one.

        Raises:
            ToolError: There is no such object.
            DeniedError, UpstreamError: The cluster refuses it, or does not answer.
        """
        kind, name = command.target.kind, command.target.names[0]
        reader.get(kind, name=name, namespace=command.namespace)
        at = self.clock.now()
        asks = [Ask(family=family, namespace=command.namespace) for family in FAMILIES]
        readings = collect(reader, asks=asks, at=at, clock=self.clock, check=lambda: None)
        estate = estate_of(reader.name, readings, at=at, labels={})
        target = ObjectRef(
            cluster=reader.name, kind=kind.singular, namespace=command.namespace or "", name=name
        )
        direction = Direction(command.direction)
        body: list[str] = []
        rows = left = 0
        told = f"{kind.singular}/{name}"
        titles = {
            Direction.UP: f"What depends on {told}:",
            Direction.DOWN: f"What {told} depends on:",
        }
        for way in titles if direction is Direction.BOTH else (direction,):
            lines = _lines(estate, target, way, command.depth)
            rows += len(lines)
            left += len(lines[MAX_LINES:])
            body += [titles[way]]
            body += [f"  {line}" for line in lines[:MAX_LINES]] or ["  nothing that was read"]
        gaps = _gaps(readings)
        body += [f"NOT READ: {gap}" for gap in gaps]
        body += [f"CUT: {left} more lines; ask for less --depth"] if left else []
        body.append(_known(command))
        cut_bytes = _UNKNOWN_BYTES if gaps or left else 0
        return text_answer(SOURCE, "\n".join(body), rows=rows, cut_bytes=cut_bytes)


def _lines(estate: Estate, target: ObjectRef, way: Direction, depth: int) -> list[str]:
    graph = graph_of(estate, shown=(target,))
    starts = starts_of(estate, target, up=way is Direction.UP)
    edges = (above if way is Direction.UP else below)(graph, starts, depth=depth)
    lines = [one.text for one in lines_of(edges, starts, direction=way)]
    if way is Direction.DOWN:
        empty = selecting_nobody(estate, [*starts, *(one.target for one in edges)])
        lines += [f"{one} selects pods by labels that no workload has" for one in empty]
    return lines


def _gaps(readings: Sequence[Reading]) -> list[str]:
    return [
        f"{one.family} ({one.observation.state.value}): {one.observation.body}"
        if one.observation.state is not EvidenceState.TRUNCATED
        else f"{one.family}: only the first {len(one.items)}"
        for one in readings
        if one.observation.state not in _WHOLE
    ]


def _known(command: Command) -> str:
    where = f"namespace {command.namespace}" if command.namespace else "all namespaces"
    return (
        f"Read: {where}. Who calls whom is known here only where a network policy names both;"
        f" measured calls are in promql: {', '.join(METRICS)}."
    )
