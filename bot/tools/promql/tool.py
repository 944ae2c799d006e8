"""The `promql` and `find_metrics` tools: one query in, one observation out, for model and people.

A refusal by the guard or by the asker's rights is a ToolError; whatever a server says or does not
say is an observation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Observation, Window
from bot.tools.answer import Answer
from bot.tools.cluster_choice import chosen_cluster
from bot.tools.promql import finding, reading
from bot.tools.promql.guard import checked
from bot.tools.promql.lexical import MAX_QUERY_CHARS
from bot.tools.promql.rules import MAX_SPAN_S, check_span
from bot.tools.promql.scoping import (
    check_access,
    check_cluster,
    namespace_of,
    readable_matcher,
)
from bot.tools.promql.typed import TypedQuery, written
from bot.tools.shown import observed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.conversation import Scope
    from bot.domain.registry import Access
    from bot.ports.clock import Clock
    from bot.ports.metrics import MetricsReader, MetricsSources

TOOL_NAME = "promql"
FIND_NAME = "find_metrics"
MAX_MINUTES = MAX_SPAN_S // 60
MAX_BODY_BYTES = 64 * 1024

Cluster = Annotated[
    str | None,
    Field(
        description="Cluster whose metrics to read; the conversation's first if left out.",
        max_length=253,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An observation, with the numbers it was written from for whoever works with them."""

    observation: Observation
    reading: reading.Reading


class PromqlTool:
    """Reads metrics for one asker in one conversation."""

    def __init__(self, sources: MetricsSources, scope: Scope, access: Access, clock: Clock) -> None:
        self._sources = sources
        self._scope = scope
        self._access = access
        self._clock = clock

    def promql(
        self,
        query: Annotated[
            str,
            Field(description="One PromQL expression.", min_length=1, max_length=MAX_QUERY_CHARS),
        ],
        minutes: Annotated[
            int | None,
            Field(
                description="Evaluate over the last so many minutes; the value now if left out.",
                ge=1,
                le=MAX_MINUTES,
            ),
        ] = None,
        compare: Annotated[
            bool, Field(description="Also give the day and the week before.")
        ] = False,
        cluster: Cluster = None,
    ) -> Observation:
        """Read metrics with one PromQL expression; nothing can be changed.

        Use it for how much, since when and how often: usage, rates, error ratios, latency. With
        minutes you get each series' last, min, max, mean, trend, the times its level changed,
        gaps and counter resets, not the samples. Do not guess metric names: find_metrics has them.

        Refused, with the nearest allowed form: a selector without a literal metric name or without
        an equality matcher such as namespace="shop"; ranges over 7d, offsets over 31d; subqueries
        of more than 500 points; group_left, group_right, on(); topk over 100; more than 1000
        resulting series (aggregate with sum by (label)).

        No data is not zero. NaN is a division by zero, such as an error ratio without traffic.

        Example, with minutes=60:
        sum by (pod) (rate(container_cpu_usage_seconds_total{namespace="shop"}[5m]))
        """
        return self.measure(query, minutes=minutes, compare=compare, cluster=cluster).observation

    def find_metrics(
        self,
        words: Annotated[
            str,
            Field(
                description="Words, or one metric's name with or without matchers, or an alert's.",
                min_length=1,
                max_length=300,
            ),
        ],
        cluster: Cluster = None,
    ) -> Observation:
        """Find metrics before querying them.

        Words such as "memory working set" give names with type and help. One metric's name, also
        as name{namespace="shop"}, gives its labels and their values. An alert's name gives its
        rule's own expression, and the alerts it has raised.
        """
        name = self._cluster(cluster)
        wanted = " ".join(words.split())

        def find(reader: MetricsReader) -> reading.Reading:
            now = self._clock.now()
            window = Window(start=now - timedelta(hours=1), end=now)
            return reading.Reading(
                answer=finding.found(wanted, reader, self._access, window=window)
            )

        return self.observed(
            name, find, tool=FIND_NAME, query=f"{FIND_NAME} {wanted}", namespace=None
        ).observation

    def measure(
        self,
        query: str,
        *,
        minutes: int | None = None,
        compare: bool = False,
        cluster: str | None = None,
    ) -> Measured:
        """Return what `promql` observes, with its numbers.

        Raises:
            ToolError: The guard, the asker's rights or the server refuse the query.
        """
        name = self._cluster(cluster)
        now = self._clock.now().replace(microsecond=0)
        if minutes is not None:
            check_span(span_s=minutes * 60, step_s=reading.step_for(minutes * 60))
        expression = checked(query, now=now, ranged=minutes is not None)
        check_access(expression, self._access, name)

        def read(reader: MetricsReader) -> reading.Reading:
            return reading.read(
                reading.Asked(
                    expression=expression,
                    reader=reader,
                    at=now,
                    minutes=minutes,
                    compare=compare,
                    visible=readable_matcher(self._access, name),
                )
            )

        typed = TypedQuery(query=expression.text, minutes=minutes, compare=compare)
        return self.observed(
            name,
            read,
            tool=TOOL_NAME,
            query=written(typed),
            namespace=namespace_of(expression.selectors),
        )

    def _cluster(self, wanted: str | None) -> str:
        name = chosen_cluster(self._scope, wanted)
        check_cluster(self._access, name)
        return name

    def observed(
        self,
        cluster: str,
        read: Callable[[MetricsReader], reading.Reading],
        *,
        tool: str,
        query: str,
        namespace: str | None,
    ) -> Measured:
        """Return what `read` found on the cluster's server, or why it did not answer.

        Raises:
            ToolError: The cluster has no metrics server, or `read` raised one.
        """
        try:
            reader = self._sources.reader(cluster)
        except KeyError as error:
            raise ToolError(
                f"no metrics server is registered for {cluster}; use kubectl top for usage now"
            ) from error
        started_s = self._clock.monotonic()
        try:
            seen = read(reader)
        except DeniedError as error:
            seen = _failed(EvidenceState.DENIED, f"denied: {error}")
        except UpstreamError as error:
            seen = _failed(EvidenceState.UNREACHABLE, str(error))
        observation = observed(
            seen.answer,
            tool=tool,
            query=query,
            cluster=cluster,
            namespace=namespace,
            collected_at=self._clock.now(),
            took_s=self._clock.monotonic() - started_s,
            chart=seen.chart,
            most_bytes=MAX_BODY_BYTES,
        )
        return Measured(observation=observation, reading=seen)


def _failed(state: EvidenceState, reason: str) -> reading.Reading:
    return reading.Reading(answer=Answer(source=reading.SOURCE, body=reason, state=state))
