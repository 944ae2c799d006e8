"""Every source of changes of a cluster, read at once; what could not be read is named.

Only names, times and redacted differences leave here: of a config map nothing but who wrote it
when, of a Secret nothing at all.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.change import Change, ChangeSource, in_order
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.cluster import KubeObject, Selection
from bot.tools.changes.argo import syncs
from bot.tools.changes.happenings import happenings
from bot.tools.changes.nodes import node_changes
from bot.tools.changes.rollouts import rollouts
from bot.tools.changes.writes import writes
from bot.tools.kubectl.fields import kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.evidence import Window
    from bot.ports.clock import Clock
    from bot.ports.cluster import ClusterReader

# As many as the cluster adapter keeps connections.
_PARALLEL = 8
# Objects of one list, and events, which come in no useful order.
_LIMIT, _EVENTS_LIMIT = 1_000, 2_000
# No list is begun later than this, so that those of a cluster that hangs do not add up.
BUDGET_S = 20.0
_SAME_ROLLOUT_S = 120.0
_WORKLOADS = ("deployments", "statefulsets", "daemonsets")
_NODE_EVENTS = "node events"
# Kinds that not every cluster has.
_OPTIONAL = frozenset({"applications"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a place tells of its changes."""

    changes: tuple[Change, ...]
    """Oldest first."""
    gaps: tuple[str, ...] = ()
    """What could not be read, a sentence each."""
    denied: bool = False
    """True when nothing could be read and all of it was refused."""
    silent: bool = False
    """True when nothing could be read for another reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    family: str
    """As gaps name it."""
    plural: str
    selection: Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    family: str
    items: tuple[KubeObject, ...] = ()
    gap: str = ""
    denied: bool = False


def cluster_changes(
    reader: ClusterReader,
    *,
    namespace: str | None,
    window: Window,
    names: Sequence[str] = (),
    wide: bool,
    clock: Clock,
) -> Found:
    """Return what changed in a namespace, or in all of them, and around it.

    Args:
        reader: The cluster.
        namespace: None for all.
        window: The time looked at.
        names: Workloads whose rollouts and scaling are wanted; all if empty. Config, nodes and
            syncs are told in any case, for they reach further than their names.
        wide: Whether what belongs to no namespace, and other namespaces, may be read.
        clock: For the time that lists may take together.
    """
    lists = _read(reader, _asks(namespace, wide=wide), clock)
    gaps = [one.gap for one in lists.values() if one.gap]
    if not wide:
        gaps.append("nodes, Argo CD elsewhere: only namespaces are the asker's to read")
    needed = [one for one in lists.values() if one.family not in _OPTIONAL]
    nothing = all(one.gap and not one.items for one in needed)
    is_denied = nothing and all(one.denied for one in needed)
    return Found(
        changes=_told(reader.name, lists, namespace=namespace, window=window, names=names),
        gaps=tuple(gaps),
        denied=is_denied,
        silent=nothing and not is_denied,
    )


def _asks(namespace: str | None, *, wide: bool) -> list[_Ask]:
    here = Selection(namespace=namespace, limit=_LIMIT)
    asks = [
        _Ask(family=plural, plural=plural, selection=here)
        for plural in (*_WORKLOADS, "replicasets", "configmaps", "horizontalpodautoscalers")
    ]
    events = Selection(namespace=namespace, limit=_EVENTS_LIMIT)
    asks.append(_Ask(family="events", plural="events", selection=events))
    everywhere = Selection(limit=_LIMIT) if wide else here
    asks.append(_Ask(family="applications", plural="applications", selection=everywhere))
    if wide:
        asks.append(_Ask(family="nodes", plural="nodes", selection=Selection(limit=_LIMIT)))
    if wide and namespace is not None:
        # Events about nodes are kept in namespace `default`, or in any.
        about = Selection(fields="involvedObject.kind=Node", limit=_EVENTS_LIMIT)
        asks.append(_Ask(family=_NODE_EVENTS, plural="events", selection=about))
    return asks


def _read(reader: ClusterReader, asks: Sequence[_Ask], clock: Clock) -> dict[str, _List]:
    began_s = clock.monotonic()

    def listed(ask: _Ask) -> _List:
        if clock.monotonic() - began_s > BUDGET_S:
            late = f"{ask.family}: not asked, the other lists took longer than {BUDGET_S:g} s"
            return _List(family=ask.family, gap=late)
        try:
            found = reader.list(kind(ask.plural), ask.selection)
        except DeniedError as error:
            return _List(family=ask.family, gap=f"{ask.family}: denied: {error}", denied=True)
        except UpstreamError as error:
            return _List(family=ask.family, gap=f"{ask.family}: {error}")
        except ToolError as error:
            # A kind that is not served has no objects.
            return _List(
                family=ask.family, gap="" if ask.family in _OPTIONAL else f"{ask.family}: {error}"
            )
        more = f"{ask.family}: there are more than {ask.selection.limit}" if found.more else ""
        return _List(family=ask.family, items=found.items, gap=more)

    with ThreadPoolExecutor(max_workers=_PARALLEL, thread_name_prefix="changes") as pool:
        futures = [pool.submit(copy_context().run, listed, ask) for ask in asks]
        return {one.family: one for one in (future.result() for future in futures)}


def _told(
    cluster: str,
    lists: dict[str, _List],
    *,
    namespace: str | None,
    window: Window,
    names: Sequence[str],
) -> tuple[Change, ...]:
    def items(family: str) -> tuple[KubeObject, ...]:
        return lists[family].items if family in lists else ()

    rolled = list(rollouts(cluster, items("replicasets"), items("deployments")))
    owned = [one for plural in _WORKLOADS for one in items(plural)]
    owned += items("horizontalpodautoscalers")
    written = [
        one for one in writes(cluster, owned, ChangeSource.WORKLOAD) if not _is_told_by(rolled, one)
    ]
    happened = happenings(cluster, (*items("events"), *items(_NODE_EVENTS)), rolled)
    narrowed = [one for one in (*rolled, *written, *happened) if _is_wanted(one, names)]
    around = [
        *writes(cluster, items("configmaps"), ChangeSource.CONFIG),
        *node_changes(cluster, items("nodes")),
        *syncs(cluster, items("applications"), namespace=namespace),
    ]
    return in_order((*narrowed, *around), window=window)


def _is_told_by(rolled: Sequence[Change], write: Change) -> bool:
    """Tell whether a rollout already says what was written: it names the fields, too."""
    return any(
        one.object == write.object
        and one.namespace == write.namespace
        and abs((one.at - write.at).total_seconds()) <= _SAME_ROLLOUT_S
        for one in rolled
    )


def _is_wanted(one: Change, names: Sequence[str]) -> bool:
    if not names or one.source is ChangeSource.NODE:
        return True
    name = one.object.partition("/")[2]
    # A ReplicaSet or pod of an event carries its workload's name in front.
    return any(name == wanted or name.startswith(f"{wanted}-") for wanted in names)
