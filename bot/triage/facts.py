"""Collects lists from a cluster: every family in parallel, each an observation of its own.

A family that cannot be read becomes an UNREACHABLE or DENIED observation and the rest goes on:
what is missing is named, never guessed.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Grid, Observation
from bot.domain.fields import text
from bot.domain.kinds import KINDS
from bot.ports.cluster import KubeObject, Selection
from bot.triage.assembly import WORKLOADS
from bot.triage.listing import grid_of
from bot.triage.quoting import plain_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from bot.domain.kinds import Kind
    from bot.ports.clock import Clock
    from bot.ports.cluster import ClusterReader, Listing

# As many as the cluster adapter keeps connections; more would only queue at the API server.
PARALLEL = 8
# Objects of one list, so that it stays well below what the adapter reads; more is said to be more.
LIMIT = 1_000
# No list is begun later than this, so that many namespaces of a cluster that hangs do not add up.
BUDGET_S = 20.0
# How often a person's Stop is looked for while lists are under way.
POLL_S = 0.25

NAMESPACED = (
    "pods",
    *WORKLOADS,
    "replicasets",
    "jobs",
    "events",
    "services",
    "endpointslices",
    "ingresses",
    "networkpolicies",
    "resourcequotas",
    "limitranges",
    "persistentvolumeclaims",
    "cronjobs",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
)
# Kinds that not every cluster has: where they are not served there are no such objects.
OPTIONAL = ("httproutes",)
# What tells that the cluster itself is ill, read of its own namespace.
COMPONENTS = ("pods", "deployments", "daemonsets")

Item = TypeVar("Item")
Result = TypeVar("Result")

_KINDS = {kind.plural: kind for kind in KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a read brought, before it is dated."""

    body: str
    grid: Grid | None = None
    rows: int = 0
    cut_bytes: int = 0
    """Bytes left out; the server says only that there is more, which is one byte at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one family's call brought."""

    family: str
    observation: Observation
    items: tuple[KubeObject, ...]
    beside: bool = False
    """True when it was read of the cluster's own namespace, which nobody asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One list to be read."""

    family: str
    namespace: str | None = None
    """None for all namespaces, or for a kind without one."""
    beside: bool = False


def collect(
    reader: ClusterReader,
    *,
    asks: Sequence[Ask],
    at: datetime,
    clock: Clock,
    check: Callable[[], None],
) -> tuple[Reading, ...]:
    """Return one reading for each list asked for, in their order.

    `at` is the moment from which ages are counted, so that all of them agree.
    `check` is called four times a second and may raise; lists under way are not waited for then.
    """
    began = clock.monotonic()

    def reading_of(ask: Ask) -> Reading:
        is_late = clock.monotonic() - began > BUDGET_S
        found = read_family(reader, ask.family, ask.namespace, at=at, clock=clock, is_late=is_late)
        return replace(found, beside=ask.beside)

    return together(reading_of, asks, check=check)


def together(
    work: Callable[[Item], Result], items: Iterable[Item], *, check: Callable[[], None]
) -> tuple[Result, ...]:
    """Return the results in the order of the items, worked on at the same time."""
    pool = ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="triage")
    try:
        futures = [pool.submit(copy_context().run, work, item) for item in items]
        waiting: set[Future[Result]] = set(futures)
        while waiting:
            _, waiting = wait(waiting, timeout=POLL_S, return_when=FIRST_COMPLETED)
            check()
        return tuple(future.result() for future in futures)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def read_family(
    reader: ClusterReader,
    family: str,
    namespace: str | None,
    *,
    at: datetime,
    clock: Clock,
    is_late: bool = False,
    only: Callable[[str], bool] = lambda _: True,
) -> Reading:
    """Return one list; `is_late` says that there is no time left to begin it.

    What `only` refuses by its name is left out, and is nowhere to be seen. An optional kind that
    the cluster does not serve is EMPTY.
    """
    kind = _KINDS[family]
    items: list[KubeObject] = []

    def read() -> Seen:
        if is_late:
            raise UpstreamError(
                f"not asked: the other lists of {reader.name} took longer than {BUDGET_S:g} s",
                system=f"kubernetes {reader.name}",
            )
        listing = _listed(reader, kind, Selection(namespace=namespace, limit=LIMIT))
        items.extend(item for item in listing.items if only(text(item, "metadata", "name")))
        grid = grid_of(family, items, at=at)
        body = "\n".join("\t".join(row) for row in (grid.columns, *grid.rows))
        return Seen(
            body=body if items else f"no {family}",
            grid=grid,
            rows=len(items),
            cut_bytes=1 if listing.more else 0,
        )

    where = "" if not kind.namespaced else f" -n {namespace}" if namespace else " -A"
    observation = observe(
        read,
        reader=reader,
        source=family,
        query=f"kubectl get {family}{where}",
        namespace=namespace,
        clock=clock,
        refused=EvidenceState.EMPTY if family in OPTIONAL else EvidenceState.UNREACHABLE,
    )
    return Reading(family=family, observation=observation, items=tuple(items))


def _listed(reader: ClusterReader, kind: Kind, selection: Selection) -> Listing:
    """Return the objects; a role that does not name an optional kind hides that it is absent."""
    try:
        return reader.list(kind, selection)
    except DeniedError as error:
        version = f"{kind.group}/{kind.version}"
        if kind.plural in OPTIONAL and not any(
            (one.plural, one.group_version) == (kind.plural, version)
            for one in reader.api_resources()
        ):
            raise ToolError(f"{reader.name} does not serve {kind.plural}") from error
        raise
    except UpstreamError:
        raise
    except ToolError as error:
        if kind.plural not in OPTIONAL:
            raise
        raise ToolError(f"{reader.name} does not serve {kind.plural}") from error


def observe(
    read: Callable[[], Seen],
    *,
    reader: ClusterReader,
    source: str,
    query: str,
    namespace: str | None,
    clock: Clock,
    refused: EvidenceState = EvidenceState.UNREACHABLE,
) -> Observation:
    """Return what `read` saw, or why it saw nothing.

    `refused` is what a ToolError means: of a list, that it could not be read.
    """
    started = clock.monotonic()
    state = EvidenceState.EMPTY
    try:
        seen = read()
        state = EvidenceState.OK if seen.rows else state
        state = EvidenceState.TRUNCATED if seen.cut_bytes else state
    except DeniedError as error:
        seen, state = Seen(body=plain_line(str(error))), EvidenceState.DENIED
    except UpstreamError as error:
        seen, state = Seen(body=plain_line(str(error))), EvidenceState.UNREACHABLE
    except ToolError as error:
        seen, state = Seen(body=plain_line(str(error))), refused
    return Observation(
        tool="kubectl",
        source=source,
        query=query,
        cluster=reader.name,
        namespace=namespace,
        state=state,
        body=seen.body,
        collected_at=clock.now(),
        took_s=clock.monotonic() - started,
        rows=seen.rows,
        cut_bytes=seen.cut_bytes,
        grid=seen.grid,
    )
