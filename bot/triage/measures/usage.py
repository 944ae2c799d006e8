"""What a workload, namespace or node uses of processor and memory, against what it asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.tools.promql.durations import spelled
from bot.tools.promql.reading import step_for
from bot.tools.promql.selectors import in_quotes, selector_text
from bot.tools.promql.units import BYTES
from bot.triage.measures.figures import Quantity, course, share, shown
from bot.triage.measures.meter import Look
from bot.triage.measures.subject import NODE
from bot.triage.scene import refs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.triage.language.book import Book
    from bot.triage.measures.meter import Meter
    from bot.triage.measures.subject import Subject

CPU, MEMORY = "cpu", "memory"
RATE_S = 300
"""A rate over five minutes sees four scrapes even where targets are scraped once a minute."""
# cAdvisor also reports a pod's whole group, without a container's name, and its pause container:
# summing over them counts everything twice.
_REAL = ('container!=""', 'container!="POD"')


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resource:
    quantity: Quantity
    metric: str
    is_rate: bool


_RESOURCES = {
    CPU: _Resource(
        quantity=Quantity(phrase="what_cpu", unit="cores"),
        metric="container_cpu_usage_seconds_total",
        is_rate=True,
    ),
    MEMORY: _Resource(
        # The working set is what the kubelet evicts by; usage would count reclaimable cache.
        quantity=Quantity(phrase="what_memory", unit=BYTES),
        metric="container_memory_working_set_bytes",
        is_rate=False,
    ),
}
# Which bound the values are compared with, by metric of kube-state-metrics.
_OF_PODS = (
    ("request", "kube_pod_container_resource_requests"),
    ("limit", "kube_pod_container_resource_limits"),
)
_OF_NODES = (("allocatable", "kube_node_status_allocatable"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Sentences with their labels, and the looks they came from."""

    lines: tuple[str, ...]
    looks: tuple[Look, ...]

    @property
    def is_measured(self) -> bool:
        """Tell whether anything was measured, not only looked for."""
        return any(look.has_numbers and look.is_measurement for look in self.looks)


def usage(
    book: Book, meter: Meter, subject: Subject, *, resources: Sequence[str], minutes: int
) -> Told:
    """Return what a subject uses, with a chart of each resource in the evidence."""
    lines: list[str] = []
    looks: list[Look] = []
    bounds: list[tuple[str, Look]] = []
    for name in resources:
        resource = _RESOURCES[name]
        look = meter.measure(_query(resource, subject, minutes), minutes=minutes, compare=True)
        looks.append(look)
        sentences = course(book, look, resource.quantity, name=subject.name, minutes=minutes)
        lines.append(f"{' '.join(sentences)} {refs(look.labels)}")
        if not look.has_numbers:
            continue
        if not bounds:
            bounds = [(bound, meter.measure(query)) for bound, query in _bounds(subject)]
            looks += [found for _, found in bounds]
        lines.append(_against(book, look, bounds, name))
    return Told(lines=tuple(lines), looks=tuple(looks))


def _query(resource: _Resource, subject: Subject, minutes: int) -> str:
    matchers = _node(subject) if subject.kind == NODE else subject.matchers
    selector = selector_text(resource.metric, (*matchers, *_REAL))
    if not resource.is_rate:
        return f"sum({selector})"
    range_s = max(RATE_S, step_for(minutes * 60))
    return f"sum(rate({selector}[{spelled(range_s)}]))"


def _node(subject: Subject) -> tuple[str, ...]:
    return (f"node={in_quotes(subject.name)}",)


def _bounds(subject: Subject) -> list[tuple[str, str]]:
    is_node = subject.kind == NODE
    matchers = _node(subject) if is_node else subject.matchers
    return [
        (bound, f"sum by (resource) ({selector_text(metric, matchers)})")
        for bound, metric in (_OF_NODES if is_node else _OF_PODS)
    ]


def _against(book: Book, look: Look, bounds: Sequence[tuple[str, Look]], name: str) -> str:
    """Return the sentence that sets the newest value and the highest against the bounds."""
    unit = _RESOURCES[name].quantity.unit
    first = look.reading.summaries[0] if look.reading is not None else None
    said, cited = [], list(look.labels)
    for bound, found in bounds:
        cited += found.labels
        whole = _by_resource(found).get(name)
        if first is None or not whole:
            reason = found.reason if not found.has_numbers else ""
            phrase = "bound_unread" if found.reading is None or _failed(found) else "bound_none"
            said.append(book.say(phrase, bound=book.say(bound), reason=reason))
            continue
        said.append(
            book.say(
                "bound",
                bound=book.say(bound),
                whole=shown(whole, unit),
                now=share(first.last[1], whole),
                max=share(first.highest[1], whole),
            )
        )
    return f"{' '.join(said)} {refs(tuple(dict.fromkeys(cited)))}"


def _failed(look: Look) -> bool:
    return look.state.value in {"denied", "unreachable"}


def _by_resource(look: Look) -> Mapping[str, float]:
    if look.reading is None:
        return {}
    return {dict(one.labels).get("resource", ""): one.points[-1][1] for one in look.reading.series}
