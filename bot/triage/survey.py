"""Looks at namespaces of one cluster once and enters what it saw in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from typing import TYPE_CHECKING, Protocol

from bot.domain.evidence import Evidence, EvidenceState, Observation
from bot.domain.fields import text
from bot.domain.progress import Task, TaskState
from bot.triage.assembly import SYSTEM, beside, estate_of
from bot.triage.estate import Estate
from bot.triage.facts import COMPONENTS, NAMESPACED, OPTIONAL, Ask, collect, read_family
from bot.triage.rules.startup import lacks_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.agent.session import Session
    from bot.domain.registry import Access
    from bot.ports.clock import Clock
    from bot.ports.cluster import ClusterReader
    from bot.triage.facts import Reading

# A person granted more namespaces than this by pattern sees the first; the title says which.
MAX_NAMESPACES = 20

_ANSWERS = frozenset({EvidenceState.OK, EvidenceState.EMPTY, EvidenceState.TRUNCATED})


class Ledger(Protocol):
    """As much of a run's session as entering what was seen needs."""

    def check(self) -> None:
        """Return if the run may go on, as the session's `check` says."""
        ...

    def recorded(self, tool_use_id: str) -> Evidence | None:
        """Return what the ledger holds under that id."""
        ...

    def enter(self, tool_use_id: str, observation: Observation) -> Evidence:
        """Put the observation in the ledger."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The namespaces of a cluster, as far as they may be listed and the asker may read them."""

    known: tuple[str, ...]
    state: EvidenceState
    evidence: Evidence | None
    """None where they may not be listed: nothing of what was asked is missing then."""

    @property
    def are_known(self) -> bool:
        """Tell whether a name that is not among them does not exist."""
        return self.state in {EvidenceState.OK, EvidenceState.EMPTY}

    @property
    def is_silent(self) -> bool:
        """Tell whether the cluster did not answer at all."""
        return self.state is EvidenceState.UNREACHABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One look at a cluster."""

    estate: Estate
    evidence: tuple[Evidence, ...]
    namespaces: tuple[str | None, ...]
    """What was looked at; None stands for all."""
    believed: bool = False
    """True when they were named and nobody could say whether they exist."""

    @property
    def is_blind(self) -> bool:
        """Tell whether no list of any namespace could be read."""
        return not any(
            _answered(entry)
            for entry in self.evidence
            if entry.observation.source in NAMESPACED
            and entry.observation.namespace in self.namespaces
        )

    @property
    def gaps(self) -> tuple[Evidence, ...]:
        """What could not be read whole."""
        whole = {EvidenceState.OK, EvidenceState.EMPTY}
        return tuple(one for one in self.evidence if one.observation.state not in whole)

    @property
    def reason(self) -> str:
        """Why the first thing that could not be read could not."""
        return next((one.observation.body for one in self.gaps), "")


def read_names(reader: ClusterReader, access: Access, *, session: Session, clock: Clock) -> Names:
    """Return the namespaces of a cluster that the asker may read; the ledger has no others."""
    listed = read_family(
        reader,
        "namespaces",
        None,
        at=clock.now(),
        clock=clock,
        only=lambda name: access.may_read(reader.name, name),
    )
    session.check()
    seen = listed.observation
    is_refused = seen.state is EvidenceState.DENIED
    return Names(
        known=tuple(text(item, "metadata", "name") for item in listed.items),
        state=seen.state,
        evidence=(
            None if is_refused else entered(session, f"triage-{reader.name}-namespaces", seen)
        ),
    )


def readable_namespaces(
    names: Names, access: Access, wanted: Sequence[str], *, cluster: str
) -> tuple[str | None, ...]:
    """Return what to list: those wanted, all at once (None), or each that is granted."""
    if wanted:
        return tuple(name for name in wanted if access.may_read(cluster, name))
    if access.may_read(cluster, None):
        return (None,)
    granted = access.namespaces(cluster)
    plain = [pattern for pattern in granted if not set(pattern) & set("*?[")]
    if names.are_known:
        plain = [name for name in plain if name in names.known]
    matching = [
        name for name in names.known if any(fnmatchcase(name, pattern) for pattern in granted)
    ]
    return tuple(dict.fromkeys((*plain, *matching)))[:MAX_NAMESPACES]


def survey(
    reader: ClusterReader,
    *,
    namespaces: tuple[str | None, ...],
    nodes: bool,
    believed: bool,
    session: Session,
    clock: Clock,
) -> Survey:
    """Return the estate of those namespaces, each family entered in the ledger.

    `nodes` says that what belongs to no namespace may be read. It is read where it can matter:
    nodes beside some namespaces only if a pod is ill, volumes only if a claim is not bound.

    Raises:
        CancelledByPersonError, LeaseLostError: As the session's `check` says.
    """
    place = ", ".join(name or "all namespaces" for name in namespaces)
    task = Task(
        task_id=f"survey-{reader.name}",
        title=f"Look at {place} of {reader.name}",
        state=TaskState.IN_PROGRESS,
    )
    session.show(task)
    at = clock.now()

    def read(asks: list[Ask]) -> list[Reading]:
        return list(collect(reader, asks=asks, at=at, clock=clock, check=session.check))

    readings = read(_asks(namespaces, nodes=nodes))
    readings += read(_asks_more(estate_of(reader.name, readings, at=at, labels={}), nodes=nodes))
    labels: dict[tuple[str, str | None], str] = {}
    evidence: list[Evidence] = []
    for entry in readings:
        if entry.beside and entry.observation.state is EvidenceState.DENIED:
            continue  # nobody asked about it, so nothing of what was asked is missing
        namespace = entry.observation.namespace
        name = f"triage-{reader.name}-{namespace or 'all'}-{entry.family}"
        kept = entered(session, name, entry.observation)
        evidence.append(kept)
        if _answered(kept):
            family = beside(entry.family) if entry.beside else entry.family
            labels[family, namespace] = kept.label
    failed = sum(not _answered(entry) for entry in evidence)
    session.show(
        Task(
            task_id=task.task_id,
            title=task.title,
            state=TaskState.ERROR if failed == len(evidence) else TaskState.COMPLETE,
            outcome=f"{len(evidence)} lists" + (f", {failed} not readable" if failed else ""),
        )
    )
    return Survey(
        estate=estate_of(reader.name, readings, at=at, labels=labels),
        evidence=tuple(evidence),
        namespaces=namespaces,
        believed=believed,
    )


def entered(session: Ledger, name: str, observation: Observation) -> Evidence:
    """Return the observation's place in the ledger.

    A run that another worker began finds that worker's entry and keeps it if it says the same; if
    the cluster has changed since, what is seen now gets an entry of its own.
    """
    for attempt in count(1):
        tool_use_id = name if attempt == 1 else f"{name}-{attempt}"
        known = session.recorded(tool_use_id)
        if known is None:
            return session.enter(tool_use_id, observation)
        if known.observation.body == observation.body:
            return known
    raise AssertionError("a count has no end")


def _answered(entry: Evidence) -> bool:
    return entry.observation.state in _ANSWERS


def _asks(namespaces: tuple[str | None, ...], *, nodes: bool) -> list[Ask]:
    """Return what is read in any case; `nodes` says that more than namespaces may be read."""
    asks = [
        Ask(family=family, namespace=name)
        for name in namespaces
        for family in (*NAMESPACED, *OPTIONAL)
    ]
    if nodes and None in namespaces:
        asks.append(Ask(family="nodes"))
    elif nodes and SYSTEM not in namespaces:
        asks += [Ask(family=family, namespace=SYSTEM, beside=True) for family in COMPONENTS]
    return asks


def _asks_more(estate: Estate, *, nodes: bool) -> list[Ask]:
    """Return what can only matter because of what was read first."""
    asks = []
    is_sick = any(not pod.ready and not estate.is_over(pod) for pod in estate.pods)
    if nodes and not estate.whole and is_sick:
        asks.append(Ask(family="nodes"))
    if nodes and any(claim.phase != "Bound" for claim in estate.claims):
        asks += [Ask(family="storageclasses"), Ask(family="persistentvolumes")]
    lacking = {
        pod.ref.namespace
        for pod in estate.pods
        for container in pod.containers
        if lacks_key(container.waiting_message)
    }
    return asks + [Ask(family="configmaps", namespace=name) for name in sorted(lacking)]
