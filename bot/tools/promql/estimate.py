"""What a query would cost its server, asked before it is sent: rule P6.

A count is cheap: the server answers it from its index and the newest samples alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.tools.promql.guard import ResultKind
from bot.tools.refusal import refuse

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.metrics import MetricsReader
    from bot.tools.promql.guard import Expression
    from bot.tools.promql.selectors import Selector

MAX_SAMPLES = 10_000_000
MAX_SERIES = 100_000
"""Touched by all selectors together."""
MAX_RESULT_SERIES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was counted."""

    series: int
    samples: int
    absent: tuple[str, ...]
    """Selectors that have no series at the end of the window, as text."""


def check_cost(
    expression: Expression, reader: MetricsReader, *, at: datetime, span_s: float, step_s: float
) -> Cost:
    """Return the cost of a query that may be sent.

    Raises:
        ToolError: Rule P6; it says how many series or samples, and how to ask for fewer.
    """
    counts: dict[str, int] = {}
    for selector in expression.selectors:
        if selector.text not in counts:
            counts[selector.text] = reader.series_count(selector.text, at=at)
    series = sum(counts.values())
    if series > MAX_SERIES:
        widest = max(counts, key=lambda text: counts[text])
        raise refuse(
            "P6",
            f"the query would read {series:,} series, {MAX_SERIES:,} are allowed;"
            f" `{widest}` alone has {counts[widest]:,}",
            'more labels in that selector: namespace="…", job="…", pod=~"NAME-.*"',
        )
    samples = sum(
        counts[selector.text] * _samples(selector, reader, span_s=span_s, step_s=step_s)
        for selector in expression.selectors
    )
    if samples > MAX_SAMPLES:
        raise refuse(
            "P6",
            f"the query would read about {samples:,.0f} samples of {series:,} series,"
            f" {MAX_SAMPLES:,} are allowed",
            "fewer series (more labels), a shorter window, or a shorter range",
        )
    absent = tuple(text for text, count in counts.items() if count == 0)
    return Cost(series=series, samples=int(samples), absent=absent)


def too_many_series(expression: Expression, *, found: int) -> Exception:
    """Return the refusal (P8) of a result that no one can read."""
    how_many = f"more than {MAX_RESULT_SERIES:,}" if found > MAX_RESULT_SERIES else f"{found:,}"
    inner = expression.text if expression.kind is ResultKind.VECTOR else "…"
    shown = inner if len(inner) <= 120 else "…"  # noqa: PLR2004 -- about a line
    return refuse(
        "P8",
        f"the result has {how_many} series",
        f"aggregate: sum by (LABEL) ({shown}), or topk(10, {shown})",
    )


def _samples(selector: Selector, reader: MetricsReader, *, span_s: float, step_s: float) -> float:
    """Return how many samples of each series the server looks at, at most.

    Windows that overlap are read once; windows that do not are read one by one.
    """
    interval_s = reader.scrape_interval_s
    points = span_s / step_s + 1 if step_s else 1.0
    at_once = points * max(selector.range_s / interval_s, 1.0)
    return min(at_once, (span_s + selector.range_s) / interval_s + 1)
