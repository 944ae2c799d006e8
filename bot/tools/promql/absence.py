"""Why a query came to nothing, as far as the server can tell: empty is not zero.

It asks at most twice more, and only what the asker may read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import process as closest

from bot.domain.errors import ToolError, UpstreamError
from bot.tools.promql.labelling import value
from bot.tools.promql.selectors import NAME, in_quotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.evidence import Window
    from bot.ports.metrics import MetricsReader, Series
    from bot.tools.promql.guard import Expression
    from bot.tools.promql.selectors import Selector

_ALIKE = 70  # percent; below it a suggestion only confuses
_SUGGESTIONS = 4
_NAMES_LIMIT = 50_000

EMPTY_IS_NOT_ZERO = "No data is not zero: nothing may be concluded about the value."


def reason(
    expression: Expression,
    absent: Sequence[str],
    reader: MetricsReader,
    window: Window,
    visible: str | None,
) -> str:
    """Return sentences on what is missing.

    Args:
        expression: What was asked.
        absent: Its selectors that have no series.
        reader: The server.
        window: Where to look for names that exist.
        visible: Matcher for what the asker may read; None for everything.
    """
    said = [f"No series: {expression.text} has no data on {reader.name}."]
    missing = [one for one in expression.selectors if one.text in absent]
    try:
        if missing:
            said.append(_about(missing[0], reader, window, visible))
        else:
            said.append(
                "Its selectors have series, so a comparison, a match between two sides, or an"
                " empty range left nothing over."
            )
    except (UpstreamError, ToolError):
        said.append("Which part of it is missing could not be found out.")
    return " ".join((*said, EMPTY_IS_NOT_ZERO))


def no_number(series: Sequence[Series]) -> str:
    """Return the sentence for a result in which nothing is a finite number."""
    return (
        f"{len(series)} series, and every value is NaN or infinite: a division by zero, such as a"
        " ratio while there was no traffic, or a quantile of an empty histogram. That is neither"
        " zero nor healthy; ask for the parts of the expression by themselves."
    )


def _about(selector: Selector, reader: MetricsReader, window: Window, visible: str | None) -> str:
    names = reader.label_values(
        NAME, selector=f"{{{visible}}}" if visible else None, window=window, limit=_NAMES_LIMIT
    )
    if selector.metric not in names:
        near = closest.extract(selector.metric, names, limit=_SUGGESTIONS, score_cutoff=_ALIKE)
        close = ", ".join(name for name, _, _ in near)
        return f"There is no metric {selector.metric}{f'; closest: {close}' if close else ''}."
    for label, wanted in selector.equal:
        # The restricting matcher is on namespace itself, so another label's values need both.
        inside = ",".join(filter(None, (f"{NAME}={in_quotes(selector.metric)}", visible)))
        known = reader.label_values(label, selector=f"{{{inside}}}", window=window, limit=1_000)
        if wanted not in known:
            near = closest.extract(wanted, known, limit=_SUGGESTIONS)
            close = ", ".join(value(name) for name, _, _ in near)
            there = f"closest: {close}" if close else "the label has no values there"
            return f"{selector.metric} has no {label}={in_quotes(value(wanted))}; {there}."
    return f"{selector.metric} exists, but no series of it has all of {selector.text}."
