"""One look at what changed in a cluster: the observation, and the changes it tells, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.change import Change
from bot.domain.evidence import EvidenceState, Observation, Window
from bot.tools.answer import Answer
from bot.tools.changes.cluster import cluster_changes
from bot.tools.changes.happenings import EVENTS_KEPT
from bot.tools.changes.spelling import spelled
from bot.tools.changes.timeline import SOURCE, timeline
from bot.tools.shown import observed

if TYPE_CHECKING:
    from bot.ports.clock import Clock
    from bot.ports.cluster import ClusterReader
    from bot.tools.changes.cluster import Found

TOOL_NAME = "what_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is looked at."""

    namespace: str | None
    """None for all namespaces."""
    onset: datetime
    window: Window
    wide: bool
    """Whether what belongs to no namespace, and other namespaces, may be read."""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """An observation, and what it tells as values; they have no labels yet."""

    observation: Observation
    changes: tuple[Change, ...]


def look_at_cluster(reader: ClusterReader, look: Look, clock: Clock) -> Looked:
    """Return what changed in a cluster; whatever it does not say becomes the state."""
    started_s = clock.monotonic()
    found = cluster_changes(
        reader,
        namespace=look.namespace,
        window=look.window,
        names=look.names,
        wide=look.wide,
        clock=clock,
    )
    answer = _answer(found, look, now=clock.now())
    observation = observed(
        answer,
        tool=TOOL_NAME,
        query=spelled(look.onset, look.window, look.names),
        cluster=reader.name,
        namespace=look.namespace,
        collected_at=clock.now(),
        took_s=clock.monotonic() - started_s,
    )
    return Looked(observation=observation, changes=found.changes)


def _answer(found: Found, look: Look, *, now: datetime) -> Answer:
    if found.denied or found.silent:
        state = EvidenceState.DENIED if found.denied else EvidenceState.UNREACHABLE
        return Answer(source=SOURCE, body="\n".join(found.gaps), state=state)
    notes = []
    if now - look.window.start > EVENTS_KEPT:
        notes.append(
            "Events are kept for about an hour: older scaling, cordons and reboots are not seen."
        )
    return timeline(
        found.changes,
        onset=look.onset,
        window=look.window,
        gaps=found.gaps,
        notes=notes,
        namespaced=look.namespace is None,
    )
