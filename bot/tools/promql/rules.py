"""The rules of the read policy that look at one part of a query each: P2 to P5 and P7 to P10.

Every refusal names its rule, what is wrong and the nearest form that is allowed. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import promql_parser as promql

from bot.tools.promql.durations import DAY_S, MINUTE_S, spelled
from bot.tools.promql.functions import AGGREGATIONS, FUNCTIONS, LOW_CARDINALITY, RANKED
from bot.tools.promql.selectors import matcher_texts
from bot.tools.refusal import quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.errors import ToolError

MAX_RANGE_S = 7 * DAY_S
MAX_OFFSET_S = 31 * DAY_S
MAX_SUBQUERY_POINTS = 500
MAX_SPAN_S = 7 * DAY_S
MAX_POINTS = 1_500
MAX_RANKED = 100
# Clocks differ by seconds; an @ a minute ahead is no look into the future.
_CLOCK_SKEW_S = 60.0


def check_span(*, span_s: float, step_s: float) -> None:
    """Return if a window of that length and step may be asked for; ToolError (P5) if not."""
    if span_s <= 0 or step_s <= 0:
        raise refuse("P5", "the window has no length", "minutes=60")
    if span_s > MAX_SPAN_S:
        raise refuse(
            "P5",
            f"the window of {spelled(span_s)} is longer than {spelled(MAX_SPAN_S)}",
            f"minutes={MAX_SPAN_S // MINUTE_S}",
        )
    if span_s / step_s > MAX_POINTS:
        raise refuse(
            "P5",
            f"{span_s / step_s:,.0f} points per series are more than {MAX_POINTS:,}",
            f"a step of at least {spelled(-(-span_s // MAX_POINTS))}",
        )


def check_narrow(metric: str, matchers: Sequence[promql.Matcher], text: str) -> None:
    """Return if a label says which series are meant; ToolError (P2) if none does."""
    if metric in LOW_CARDINALITY:
        return
    if any(m.op == promql.MatchOp.Equal and m.value for m in matchers):
        return
    inside = [*matcher_texts(matchers), 'namespace="…"']
    raise refuse(
        "P2",
        f"{quoted(text)} says with no label which of its series are meant",
        f"{metric}{{{','.join(inside)}}}",
    )


def check_range(range_s: float, selector: str) -> None:
    """Return if a range is short enough; ToolError (P3) if not."""
    if range_s > MAX_RANGE_S:
        raise refuse(
            "P3",
            f"a range of {spelled(range_s)}, {spelled(MAX_RANGE_S)} are allowed",
            f"{selector}[{spelled(MAX_RANGE_S)}]",
        )


def check_time(offset_s: float, at_s: float | None, now: datetime) -> None:
    """Return if offset and `@` lie in the past and not too far; ToolError (P3) if not."""
    if abs(offset_s) > MAX_OFFSET_S:
        raise refuse(
            "P3",
            f"an offset of {spelled(abs(offset_s))}, {spelled(MAX_OFFSET_S)} are allowed",
            f"offset {spelled(MAX_OFFSET_S)}",
        )
    if offset_s < 0:
        raise refuse("P3", "a negative offset looks into the future", "no offset, or offset 5m")
    if at_s is None:
        return
    if at_s > now.timestamp() + _CLOCK_SKEW_S:
        raise refuse("P3", "@ names a time in the future", f"@ {now.timestamp():.0f}")
    if at_s < now.timestamp() - MAX_OFFSET_S:
        earliest = (now - timedelta(seconds=MAX_OFFSET_S)).timestamp()
        raise refuse(
            "P3", f"@ names a time more than {spelled(MAX_OFFSET_S)} ago", f"@ {earliest:.0f}"
        )


def check_function(function: promql.Function) -> None:
    """Return if a function may be used; ToolError (P9) if not."""
    if function.name not in FUNCTIONS:
        raise refuse(
            "P9",
            f"{quoted(function.name)} is not among the functions that may be used",
            "rate, increase, *_over_time, histogram_quantile, label_replace …",
        )


def check_aggregation(tree: promql.AggregateExpr) -> None:
    """Return if an aggregation may be used; ToolError (P8, P9) if not."""
    name = str(tree.op)
    if name not in AGGREGATIONS:
        raise refuse(
            "P9",
            f"{quoted(name)} is not among the aggregations that may be used",
            "sum, avg, min, max, count, quantile, topk …",
        )
    if name in RANKED:
        wanted = tree.param
        if not isinstance(wanted, promql.NumberLiteral) or not 1 <= wanted.val <= MAX_RANKED:
            raise refuse("P8", f"{name} of more than {MAX_RANKED}", f"{name}({MAX_RANKED}, …)")


def check_matching(tree: promql.BinaryExpr) -> None:
    """Return if two sides are matched one to one; ToolError (P7, P9) if not."""
    modifier = tree.modifier
    if modifier is None:
        return
    card = modifier.card
    many_to_one = promql.VectorMatchCardinality.ManyToOne
    if card == many_to_one or card == promql.VectorMatchCardinality.OneToMany:  # noqa: PLR1714 -- unhashable
        raise _no_join("group_left and group_right join many series to one")
    matching = modifier.matching
    if (
        matching is not None
        and matching.type == promql.LabelModifierType.Include
        and not matching.labels
    ):
        raise _no_join("on() without labels matches everything with everything")
    fill = modifier.fill_values
    if fill.lhs is not None or fill.rhs is not None:
        raise refuse("P9", "not every server knows fill modifiers", "the query without them")


def _no_join(problem: str) -> ToolError:
    return refuse(
        "P7", problem, "the same labels on both sides: sum by (pod) (A) / sum by (pod) (B)"
    )
