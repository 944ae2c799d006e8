"""The verdict on what depends on what: what objects, policies, metrics and logs tell of it.

Whoever reads it must know what could not be seen: nothing in a cluster lists who calls whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.topology import Direction, EdgeKind
from bot.domain.verdict import Cause, Status, Verdict
from bot.triage.finding import Finding
from bot.triage.objects import ObjectRef
from bot.triage.quoting import quoted
from bot.triage.scene import place, refs
from bot.triage.telling import named
from bot.triage.topology.graphing import above, below, called, graph_of, selecting_nobody, starts_of
from bot.triage.topology.lines import lines_of
from bot.triage.topology.traffic import METRICS, measured, query_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.topology import Topology, Vertex
    from bot.triage.estate import Estate
    from bot.triage.language.book import Book
    from bot.triage.measures.meter import Look, Meter
    from bot.triage.scene import Scene

MAX_TARGETS = 3
MAX_LINES = 12
"""Of one direction; the rest is counted."""
DEPTH = 3
"""From a workload up to an ingress, and from a Service down to a node."""
# Objects whose calls a mesh would know.
_CALLING = frozenset(
    {"deployment", "statefulset", "daemonset", "cronjob", "job", "pod", "service", "replicaset"}
)
_FAMILIES = ("services", "ingresses", "pods", "networkpolicies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question about what objects depend on, or what depends on them."""

    targets: tuple[ObjectRef, ...]
    direction: Direction
    found: tuple[Finding, ...]
    """Faults of the objects as the logs tell them: they may say who does not reach whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """One object's answer."""

    lines: tuple[str, ...]
    evidence: tuple[str, ...]
    sees_calls: bool


def told(
    scene: Scene,
    asked: Asked,
    *,
    meter_of: Callable[[str], Meter | None],
    is_wide: Callable[[str], bool],
) -> Verdict:
    """Return what was seen of it, and what nobody could see.

    Args:
        scene: What was looked at.
        asked: The objects, and which way to look.
        meter_of: What measures a cluster; None where nothing does.
        is_wide: Whether the asker may read all of a cluster.

    Raises:
        CancelledByPersonError, LeaseLostError: As the session's `check` says.
    """
    answers = [
        _told(scene, asked, target, meter_of(target.cluster), wide=is_wide(target.cluster))
        for target in asked.targets[:MAX_TARGETS]
    ]
    lines = [line for one in answers for line in one.lines]
    if left := asked.targets[MAX_TARGETS:]:
        lines.append(scene.book.say("topology_more_targets", objects=named(left)))
    if scene.not_read:
        lines.append(scene.not_read)
    cited = tuple(dict.fromkeys(label for one in answers for label in one.evidence))
    is_whole = not scene.gaps and all(one.sees_calls for one in answers)
    return Verdict(
        status=Status.CONFIRMED if is_whole else Status.LIKELY,
        summary="\n".join(lines),
        object=str(asked.targets[0]) if len(asked.targets) == 1 else None,
        cause=Cause.NONE,
        evidence=cited,
        nothing_to_do=True,
    )


def nobody_named(scene: Scene) -> Verdict:
    """Return that the question names nothing to look from."""
    return Verdict(
        status=Status.INCONCLUSIVE,
        summary=scene.book.say("topology_whose", scope=scene.place),
        cause=Cause.UNKNOWN,
        next_checks=("kubectl get services,ingresses -A", "kubectl get networkpolicies -A"),
    )


def _told(
    scene: Scene, asked: Asked, target: ObjectRef, meter: Meter | None, *, wide: bool
) -> _Told:
    estate = scene.estate(target)
    look = _calls(meter, target, wide=wide)
    seen = tuple(measured(estate, look)) if look is not None else ()
    graph = graph_of(estate, shown=asked.targets, more=(*called(estate, asked.found), *seen))
    said: list[tuple[str, tuple[str, ...]]] = []
    if asked.direction is not Direction.DOWN:
        said += _way(scene, graph, target, Direction.UP)
    if asked.direction is not Direction.UP:
        said += _way(scene, graph, target, Direction.DOWN)
    if target.kind in _CALLING:
        said.append(_unseen(scene, target, meter, look, is_measured=bool(seen)))
    return _Told(
        lines=tuple(f"{line} {refs(labels)}".rstrip() for line, labels in said),
        evidence=tuple(dict.fromkeys(label for _, labels in said for label in labels)),
        sees_calls=bool(seen) or target.kind not in _CALLING,
    )


def _calls(meter: Meter | None, target: ObjectRef, *, wide: bool) -> Look | None:
    if meter is None or target.kind not in _CALLING:
        return None
    return meter.measure(query_of(target.name, target.namespace, wide=wide))


def _way(
    scene: Scene, graph: Topology, target: ObjectRef, direction: Direction
) -> list[tuple[str, tuple[str, ...]]]:
    """Return a heading and what lies that way, a line each with its labels."""
    estate = scene.estate(target)
    is_up = direction is Direction.UP
    starts = starts_of(estate, target, up=is_up)
    edges = (above if is_up else below)(graph, starts, depth=DEPTH)
    way = "up" if is_up else "down"
    object_ = quoted(f"{target.kind}/{target.name}")
    values = {"object": object_, "place": place(scene.book, target.cluster, *_inside(target))}
    looked = estate.cite(*_FAMILIES, namespace=target.namespace)
    if not edges:
        return [(scene.book.say(f"topology_{way}_none", **values), looked)]
    lines = lines_of(edges, starts, direction=direction, say=lambda kind: word_of(scene.book, kind))
    heading = scene.book.say(f"topology_{way}", **values)
    said: list[tuple[str, tuple[str, ...]]] = [(heading, ())]
    said += [(f"• `{one.text}`", one.evidence) for one in lines[:MAX_LINES]]
    if left := lines[MAX_LINES:]:
        labels = tuple(dict.fromkeys(label for one in left for label in one.evidence))
        said.append((scene.book.say("topology_more", count=str(len(left))), labels))
    if not is_up:
        vertices = [*starts, *(one.target for one in edges)]
        empty = selecting_nobody(estate, vertices)
        said += [_selects_nobody(scene, estate, one) for one in empty]
    return said


def _selects_nobody(scene: Scene, estate: Estate, vertex: Vertex) -> tuple[str, tuple[str, ...]]:
    said = scene.book.say("topology_selects_nobody", object=quoted(str(vertex)))
    return said, estate.cite("services", "pods", namespace=vertex.namespace)


def _unseen(
    scene: Scene, target: ObjectRef, meter: Meter | None, look: Look | None, *, is_measured: bool
) -> tuple[str, tuple[str, ...]]:
    """Return how calls are known here, and why they may not all be."""
    if look is None or meter is None:
        said = scene.book.say("topology_no_server", cluster=target.cluster)
        return said, scene.estate(target).cite("networkpolicies", namespace=target.namespace)
    if is_measured:
        return scene.book.say("topology_measured"), look.labels
    metrics = ", ".join(f"`{one}`" for one in METRICS)
    said = scene.book.say("topology_unmeasured", metrics=metrics, reason=look.reason)
    return said, look.labels


def _inside(target: ObjectRef) -> tuple[str, ...]:
    return (target.namespace,) if target.namespace else ()


def word_of(book: Book, kind: EdgeKind) -> str:
    """Return what a relation is called in a language."""
    return book.say(f"edge_{kind.name.lower()}")
