"""An answer as an observation: dated, plain, without secrets.

Every tool ends here, whatever its own scrubbing let through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.chart import masked_chart
from bot.domain.evidence import EvidenceState, Grid, Observation
from bot.domain.secret_text import mask
from bot.tools.answer import head
from bot.tools.plain_text import plain

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.chart import Chart
    from bot.tools.answer import Answer


def safe(text: str) -> str:
    """Return foreign text as it may be shown and stored."""
    return mask(plain(text))


def observed(
    answer: Answer,
    *,
    tool: str,
    query: str,
    cluster: str,
    namespace: str | None,
    collected_at: datetime,
    took_s: float,
    chart: Chart | None = None,
    most_bytes: int | None = None,
) -> Observation:
    """Return the answer as what a tool observed; with `most_bytes` its body ends there."""
    body, cut_bytes = safe(answer.body), 0
    if most_bytes is not None:
        body, cut_bytes = head(body, most_bytes)
    return Observation(
        tool=tool,
        source=answer.source,
        query=safe(query),
        cluster=cluster,
        namespace=namespace,
        state=EvidenceState.TRUNCATED if cut_bytes else answer.state,
        body=f"{body}\nCUT: {cut_bytes} bytes left out here" if cut_bytes else body,
        collected_at=collected_at,
        took_s=took_s,
        rows=answer.rows,
        cut_bytes=answer.cut_bytes + cut_bytes,
        window=answer.window,
        grid=_safe_grid(answer.grid),
        chart=masked_chart(chart, safe),
    )


def _safe_grid(grid: Grid | None) -> Grid | None:
    if grid is None:
        return None
    rows = tuple(tuple(safe(cell) for cell in row) for row in grid.rows)
    return Grid(columns=grid.columns, rows=rows)
