"""How long a window's summary takes: 50 series of 1,500 points, as large as a reader asks for."""

from __future__ import annotations

import json
import random
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from bot.adapters.metrics import decoding
from bot.tools.promql.render import Setting, range_table
from bot.tools.promql.summary import Summary, summarised

if TYPE_CHECKING:
    from bot.ports.metrics import Series

SERIES = 50
POINTS = 1_500
STEP_S = 15.0
ROUNDS = 5


def measure() -> dict[str, object]:
    """Milliseconds to summarise and to render, and to read the same JSON for comparison."""
    body = json.dumps(_answer())
    answers, parse_ms = _timed(lambda: json.loads(body))
    result, decode_ms = _timed(lambda: decoding.result(answers))
    summaries, summary_ms = _timed(lambda: [_summary(series) for series in result.series])
    setting = Setting(head="", unit="bytes", span_s=POINTS * STEP_S)
    _, render_ms = _timed(lambda: range_table(summaries, setting))
    size = f"{SERIES} series of {POINTS:,} points"
    return {
        f"{size}, read as JSON": {"value": parse_ms, "unit": "ms"},
        f"{size}, decoded": {"value": decode_ms, "unit": "ms", "ratio": decode_ms / parse_ms},
        f"{size}, summarised": {
            "value": summary_ms,
            "unit": "ms",
            "ratio": summary_ms / parse_ms,
            "note": "of reading the JSON",
        },
        f"{size}, rendered": {"value": render_ms, "unit": "ms"},
    }


def _answer() -> dict[str, Any]:
    rng = random.Random(1)
    rows = []
    for number in range(SERIES):
        onset = rng.randrange(POINTS)
        values = [
            [place * STEP_S, f"{(3 if place > onset else 1) * 1e8 + rng.gauss(0, 5e6):.0f}"]
            for place in range(POINTS)
        ]
        rows.append({"metric": {"namespace": "shop", "pod": f"cart-{number}"}, "values": values})
    return {"status": "success", "data": {"resultType": "matrix", "result": rows}}


def _summary(series: Series) -> Summary:
    found = summarised(series, start_s=0.0, end_s=(POINTS - 1) * STEP_S, step_s=STEP_S)
    if found is None:
        raise RuntimeError("a series of numbers has a summary")
    return found


def _timed(work: Any) -> tuple[Any, float]:
    """What the work gives, and the median of its milliseconds."""
    found, took_ms = None, []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = work()
        took_ms.append((time.perf_counter() - started) * 1_000)
    return found, median(took_ms)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
