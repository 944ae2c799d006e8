"""`aws alarm`: an alarm's terms, when its state changed, and its metric around that time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rapidfuzz import process

from bot.domain.evidence import Window
from bot.ports.cloud import MissingError
from bot.tools.aws.answer import answered, section
from bot.tools.aws.rendering import compact, grid, when
from bot.tools.aws.series import MAX_PERIODS, number, period_for, points_of, told

if TYPE_CHECKING:
    from bot.domain.chart import Point
    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

SOURCE = "alarms"
_SHOWN = (
    "StateValue", "StateReason", "AlarmDescription", "AlarmRule", "Namespace", "MetricName",
    "Dimensions", "Statistic", "ExtendedStatistic", "Period", "EvaluationPeriods",
    "DatapointsToAlarm", "ComparisonOperator", "Threshold", "TreatMissingData", "ActionsEnabled",
)  # fmt: skip
_BEFORE, _AFTER = timedelta(hours=2), timedelta(hours=2)
_CLOSEST = 5
_BREACHES = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def look_at_alarm(reading: Reading, name: str) -> Answer:
    """Return what an alarm says and whether its metric bears it out."""
    alarm = _alarm(reading, name)
    changed = alarm.get("StateUpdatedTimestamp")
    lines = [f"alarm {name}: {alarm.get('StateValue')} since {when(changed)}"]
    lines += [f"{key}: {compact(alarm[key])}" for key in _SHOWN if alarm.get(key) not in (None, [])]
    window = None
    if "AlarmRule" in alarm:
        lines += _children(reading, name)
    else:
        window = _around(reading, alarm)
        lines += section("metric around the change", _metric(reading, alarm, window))
    history = reading.attempt(
        "history",
        "cloudwatch",
        "describe_alarm_history",
        AlarmName=name,
        HistoryItemType="StateUpdate",
        MaxRecords=20,
    ).get("AlarmHistoryItems", [])
    rows = grid(
        ("TIME", "CHANGE"),
        ((item.get("Timestamp"), item.get("HistorySummary")) for item in history),
    )
    lines.append(f"state changes kept by CloudWatch: {len(rows.rows)}")
    return answered(SOURCE, lines, reading, table=rows, window=window)


def _alarm(reading: Reading, name: str) -> Content:
    kinds = ["MetricAlarm", "CompositeAlarm"]
    found = reading.read("cloudwatch", "describe_alarms", AlarmNames=[name], AlarmTypes=kinds)
    for alarm in (*found.get("MetricAlarms", []), *found.get("CompositeAlarms", [])):
        if alarm.get("AlarmName") == name:
            return dict(alarm)
    known = reading.read("cloudwatch", "describe_alarms", AlarmTypes=kinds)
    names = [
        str(alarm.get("AlarmName"))
        for alarm in (*known.get("MetricAlarms", []), *known.get("CompositeAlarms", []))
    ]
    close = [match for match, _score, _place in process.extract(name, names, limit=_CLOSEST)]
    raise MissingError(
        f"there is no alarm {name} in this account and region"
        + (f"; closest of {len(names)}: {', '.join(close)}" if close else "; it has none at all")
    )


def _children(reading: Reading, name: str) -> list[str]:
    found = reading.attempt(
        "alarms it is made of", "cloudwatch", "describe_alarms", ChildrenOfAlarmName=name
    )
    alarms = (*found.get("MetricAlarms", []), *found.get("CompositeAlarms", []))
    return section(
        "made of",
        [
            f"{one.get('AlarmName')}: {one.get('StateValue')} since"
            f" {when(one.get('StateUpdatedTimestamp'))}: {one.get('StateReason', '')}"
            for one in alarms
        ],
    )


def _around(reading: Reading, alarm: Content) -> Window:
    now = reading.now()
    changed = alarm.get("StateUpdatedTimestamp")
    at = changed.astimezone(UTC) if isinstance(changed, datetime) else now
    evaluated = timedelta(
        seconds=int(alarm.get("Period") or 60) * int(alarm.get("EvaluationPeriods") or 1)
    )
    start = at - max(_BEFORE, 3 * evaluated)
    end = min(now + timedelta(minutes=1), at + max(_AFTER, 3 * evaluated))
    return Window(
        start=start.replace(second=0, microsecond=0), end=end.replace(second=0, microsecond=0)
    )


def _metric(reading: Reading, alarm: Content, window: Window) -> list[str]:
    queries = _queries(alarm, window)
    found = points_of(reading, queries, window, what="metric")
    labels = {query["Id"]: str(query.get("Label") or query["Id"]) for query in queries}
    lines: list[str] = []
    for name, points in found.items():
        lines.append(told(labels.get(name, name), points))
        lines += _verdict(alarm, points)
    return lines or (
        [] if reading.gaps else ["no points: the metric did not report in this window"]
    )


def _queries(alarm: Content, window: Window) -> list[dict[str, Any]]:
    if alarm.get("Metrics"):
        return [dict(query) for query in alarm["Metrics"]]
    period_s = max(int(alarm.get("Period") or 60), 60)
    if (window.end - window.start).total_seconds() / period_s > MAX_PERIODS:
        period_s = period_for(window, finest_s=period_s)
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions") if key in alarm}
    stat = str(alarm.get("Statistic") or alarm.get("ExtendedStatistic") or "Average")
    return [
        {
            "Id": "m0",
            "Label": f"{alarm.get('MetricName')} ({stat} per {period_s} s)",
            "MetricStat": {"Metric": metric, "Period": period_s, "Stat": stat},
        }
    ]


def _verdict(alarm: Content, points: list[Point]) -> list[str]:
    """Say how often the threshold is crossed, before the change, since it, and in the end."""
    breaches = _BREACHES.get(str(alarm.get("ComparisonOperator")))
    threshold, changed = alarm.get("Threshold"), alarm.get("StateUpdatedTimestamp")
    if breaches is None or threshold is None or not points or not isinstance(changed, datetime):
        return []
    since_s = changed.timestamp()
    before = [value for at_s, value in points if at_s < since_s]
    after = [value for at_s, value in points if at_s >= since_s]

    def share(values: list[float]) -> str:
        count = sum(breaches(value, threshold) for value in values)
        return f"{count} of {len(values)}"

    last = "does" if breaches(points[-1][1], threshold) else "does not"
    return [
        (
            f"points beyond the threshold of {number(float(threshold))}: {share(before)} before the"
            f" change, {share(after)} since; the last one {last} cross it"
        )
    ]
