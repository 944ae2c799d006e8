"""Calls that were measured: meshes and clients that name both ends, asked for with one query.

Who may read only some namespaces sees the series of those: both ends of a call are in the labels
of the end that was scraped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.topology import Edge, EdgeKind, Vertex
from bot.tools.promql.selectors import in_quotes
from bot.triage.topology.vertices import UNSEEN_WORKLOAD, workload_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.triage.estate import Estate
    from bot.triage.measures.meter import Look

WINDOW = "10m"
# The busiest, so that the answer stays small; the read policy's own bound for topk.
MAX_PAIRS = 100
_UNKNOWN = frozenset({"", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counter:
    """A metric that names both ends of a call; labels as its exporter documents them."""

    metric: str
    caller: str
    called: str
    caller_place: str = ""
    called_place: str = ""
    """Labels with the namespaces; empty where the ends are names alone."""

    @property
    def labels(self) -> str:
        """What its calls are told apart by."""
        named = (self.caller, self.caller_place, self.called, self.called_place)
        return ", ".join(label for label in named if label)

    def rate(self, matchers: str) -> str:
        """Return the expression for the calls of some series, each once.

        Where both ends are scraped, each reports the call; the greater number counts.
        """
        each = f"rate({self.metric}{{{matchers}}}[{WINDOW}])"
        return f"max by ({self.labels}) (sum by ({self.labels}, reporter) ({each}))"


_ISTIO = _Counter(
    metric="istio_requests_total",
    caller="source_workload",
    caller_place="source_workload_namespace",
    called="destination_workload",
    called_place="destination_workload_namespace",
)
_LINKERD = _Counter(
    metric="response_total",
    caller="deployment",
    caller_place="namespace",
    called="dst_deployment",
    called_place="dst_namespace",
)
# As Tempo and the OpenTelemetry collector make it of traces.
_TRACES = _Counter(metric="traces_service_graph_request_total", caller="client", called="server")
_COUNTERS = (_ISTIO, _LINKERD, _TRACES)
METRICS = tuple(one.metric for one in _COUNTERS)
"""What is asked for."""


def query_of(name: str, namespace: str, *, wide: bool) -> str:
    """Return the one query for the calls of a workload's namespace.

    `wide` says that the asker may read what no `namespace` label keeps apart: calls from elsewhere
    that only their callers report, and those of traces, which are told by names alone.
    """
    own = in_quotes(namespace)
    if wide:
        places = (_ISTIO.caller_place, _ISTIO.called_place)
        terms = [_ISTIO.rate(f"{place}={own}") for place in places]
        places = (_LINKERD.caller_place, _LINKERD.called_place)
        terms += [_LINKERD.rate(f'{place}={own}, direction="outbound"') for place in places]
        ends = (_TRACES.caller, _TRACES.called)
        terms += [_TRACES.rate(f"{end}={in_quotes(name)}") for end in ends]
    else:
        terms = [
            _ISTIO.rate(f"namespace={own}"),
            _LINKERD.rate(f'namespace={own}, direction="outbound"'),
        ]
    return f"topk({MAX_PAIRS}, {' or '.join(terms)})"


def measured(estate: Estate, look: Look) -> Iterator[Edge]:
    """Yield the calls a look has seen happen; what was not called in the window is left out."""
    series = look.reading.series if look.reading is not None and look.has_numbers else ()
    for one in series:
        rate = one.points[-1][1] if one.points else 0.0
        if not math.isfinite(rate) or rate <= 0:
            continue
        labels = dict(one.labels)
        counter = next((each for each in _COUNTERS if each.caller in labels), None)
        if counter is None:
            continue
        caller = _end(estate, labels, counter.caller, counter.caller_place)
        called = _end(estate, labels, counter.called, counter.called_place)
        if caller is not None and called is not None and caller != called:
            yield Edge(
                source=caller,
                target=called,
                kind=EdgeKind.CALLS,
                detail=f"{rate:.3g}/s",
                evidence=look.labels,
            )


def _end(estate: Estate, labels: Mapping[str, str], name: str, place: str) -> Vertex | None:
    """Return one end of a call; None where the mesh itself does not know it."""
    said = labels.get(name, "")
    if said in _UNKNOWN:
        return None
    if place:
        return workload_named(estate, said, labels.get(place, ""))
    homes = {one.ref.namespace for one in estate.workloads if one.ref.name == said}
    if len(homes) == 1:
        return workload_named(estate, said, homes.pop())
    return Vertex(place=estate.cluster, kind=UNSEEN_WORKLOAD, name=said)
