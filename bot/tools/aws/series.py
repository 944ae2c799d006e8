"""CloudWatch metrics in a few words each: levels, and when they changed.

A metric without points is said to have none; CloudWatch leaves out what did not happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import TYPE_CHECKING, Any

from bot.domain.evidence import Window
from bot.domain.spans import stamp
from bot.tools.promql.changes import changes_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.chart import Point
    from bot.tools.aws.reading import Reading

MAX_PERIODS = 360
"""Points of one metric in a composite; six hours by the minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One series to ask for."""

    label: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str = "Sum"

    def query(self, place: int, period_s: int) -> dict[str, Any]:
        """Return it as an entry of MetricDataQueries."""
        return {
            "Id": f"m{place}",
            "Label": self.label,
            "MetricStat": {
                "Metric": {
                    "Namespace": self.namespace,
                    "MetricName": self.name,
                    "Dimensions": [
                        {"Name": name, "Value": value} for name, value in self.dimensions
                    ],
                },
                "Period": period_s,
                "Stat": self.stat,
            },
        }


def last_minutes(reading: Reading, minutes: int) -> Window:
    """Return the window that ends now, at a whole minute."""
    end = reading.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
    return Window(start=end - timedelta(minutes=minutes), end=end)


def points_of(
    reading: Reading, queries: Sequence[dict[str, Any]], window: Window, *, what: str
) -> dict[str, list[Point]]:
    """Return each query's points by its id, oldest first; a gap is noted if AWS did not answer."""
    if not queries:
        return {}
    content = reading.attempt(
        what,
        "cloudwatch",
        "get_metric_data",
        MetricDataQueries=list(queries),
        StartTime=window.start,
        EndTime=window.end,
        ScanBy="TimestampAscending",
    )
    found: dict[str, list[Point]] = {}
    for result in content.get("MetricDataResults", []):
        times, values = result.get("Timestamps", []), result.get("Values", [])
        points = zip((_seconds(at) for at in times), map(float, values), strict=False)
        found.setdefault(result["Id"], []).extend(points)
    return {name: sorted(points) for name, points in found.items()}


def told(label: str, points: Sequence[Point]) -> str:
    """Return one series as a line: its levels, its last value, and where it changed."""
    if not points:
        return f"{label}: no points"
    values = [value for _at, value in points]
    line = (
        f"{label}: last {number(values[-1])} at {_time(points[-1])}, min {number(min(values))},"
        f" max {number(max(values))}, mean {number(fmean(values))}, {len(values)} points"
    )
    steps = [
        f"changed from about {number(step.before)} to {number(step.after)} at"
        f" {stamp(datetime.fromtimestamp(step.at_s, tz=UTC))}"
        for step in changes_in(points)
    ]
    return "; ".join([line, *steps])


def period_for(window: Window, *, finest_s: int = 60) -> int:
    """Return the finest period, a multiple of a minute, that keeps a window's points few."""
    seconds = (window.end - window.start).total_seconds()
    wanted = max(finest_s, -(-int(seconds) // MAX_PERIODS))
    return -(-wanted // 60) * 60


def number(value: float) -> str:
    """Return a value without digits nobody measured."""
    return f"{value:.0f}" if value == int(value) else f"{value:.4g}"


def _seconds(at: Any) -> float:
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _time(point: Point) -> str:
    return stamp(datetime.fromtimestamp(point[0], tz=UTC))
