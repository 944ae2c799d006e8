"""A CloudWatch alarm's change of state as its own JSON (shape 10), by SNS or by EventBridge.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts import scopes, severities
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import ANNOTATION_CHARS, key_of, line, link, moment, objects, prose
from bot.adapters.alerts.values import told as said
from bot.domain.alert import Alert, AlertScope, AlertSource, AlertStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.alert import AlertLink

_STATES: Final = {
    "ALARM": AlertStatus.FIRING,
    "OK": AlertStatus.RESOLVED,
    "INSUFFICIENT_DATA": AlertStatus.BLIND,
}
_CITIES: Final = {
    "virginia": "us-east-1", "ohio": "us-east-2", "california": "us-west-1",
    "oregon": "us-west-2", "canada": "ca-central-1", "calgary": "ca-west-1",
    "paulo": "sa-east-1", "ireland": "eu-west-1", "london": "eu-west-2", "paris": "eu-west-3",
    "frankfurt": "eu-central-1", "zurich": "eu-central-2", "stockholm": "eu-north-1",
    "milan": "eu-south-1", "spain": "eu-south-2", "mumbai": "ap-south-1",
    "hyderabad": "ap-south-2", "singapore": "ap-southeast-1", "sydney": "ap-southeast-2",
    "jakarta": "ap-southeast-3", "melbourne": "ap-southeast-4", "tokyo": "ap-northeast-1",
    "seoul": "ap-northeast-2", "osaka": "ap-northeast-3", "hong kong": "ap-east-1",
    "cape town": "af-south-1", "bahrain": "me-south-1", "uae": "me-central-1",
    "tel aviv": "il-central-1",
}  # fmt: skip
"""The message has a region's display name, `US East (N. Virginia)`; its ARN has the code."""
_ARN_REGION: Final = 3
_ARN_ACCOUNT: Final = 4
_MOST_METRICS: Final = 20


def state_of(word: str) -> AlertStatus | None:
    """Return what a state's name means; None for another word."""
    return _STATES.get(word.strip().upper().replace(" ", "_"))


def region_of(text: str) -> str:
    """Return the region's code for a code or a display name; empty when it is neither."""
    low = text[:80].casefold()
    found = next((code for city, code in _CITIES.items() if city in low), "")
    return scopes.region_code(text) or found


def read_alarm(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return the alarm of a notification, metric-math and composite ones too; else None."""
    status = state_of(line(body.get("NewStateValue")))
    name = said(body.get("AlarmName"))
    if not name or status is None:
        return None
    arn = line(body.get("AlarmArn")).split(":")
    trigger = body.get("Trigger")
    metrics = _metrics(trigger) if isinstance(trigger, dict) else []
    region = arn[_ARN_REGION] if len(arn) > _ARN_ACCOUNT else region_of(line(body.get("Region")))
    account = said(body.get("AWSAccountId")) or (arn[_ARN_ACCOUNT] if len(arn) > 5 else "")  # noqa: PLR2004
    rule = prose(body.get("AlarmRule"), ANNOTATION_CHARS)
    return (
        alarm(
            name=name,
            status=status,
            account=account,
            region=region,
            metrics=metrics,
            description=prose(body.get("AlarmDescription"), ANNOTATION_CHARS),
            reason=prose(body.get("NewStateReason"), ANNOTATION_CHARS),
            old_state=line(body.get("OldStateValue")),
            changed_at=moment(body.get("StateChangeTime")),
            expression=rule or _expression(trigger, metrics),
        ),
    )


def read_alarm_event(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return the alarm of EventBridge's `CloudWatch Alarm State Change`; else None."""
    detail = body.get("detail")
    if body.get("detail-type") != "CloudWatch Alarm State Change" or not isinstance(detail, dict):
        return None
    state, old, settings = (
        found if isinstance(found, dict) else {}
        for found in (detail.get(n) for n in ("state", "previousState", "configuration"))
    )
    status = state_of(line(state.get("value")))
    name = said(detail.get("alarmName"))
    if not name or status is None:
        return None
    metrics = _metrics({"Metrics": settings.get("metrics")})
    return (
        alarm(
            name=name,
            status=status,
            account=line(body.get("account")),
            region=line(body.get("region")),
            metrics=metrics,
            description=prose(settings.get("description"), ANNOTATION_CHARS),
            reason=prose(state.get("reason"), ANNOTATION_CHARS),
            old_state=line(old.get("value")),
            changed_at=moment(state.get("timestamp")),
            expression=prose(settings.get("alarmRule"), ANNOTATION_CHARS)
            or _expression(None, metrics),
        ),
    )


def alarm(
    *,
    name: str,
    status: AlertStatus,
    account: str = "",
    region: str = "",
    metrics: Sequence[Mapping[str, Any]] = (),
    description: str = "",
    reason: str = "",
    old_state: str = "",
    changed_at: datetime | None = None,
    expression: str = "",
    links: Sequence[AlertLink] = (),
    is_partial: bool = False,
) -> Alert:
    """Return the alert for an alarm; every road of CloudWatch ends here, so identities agree.

    An alarm without data is blind, never resolved.
    """
    place = AlertScope(account=account or None, region=scopes.region_code(region) or None)
    labels = {"alarm_name": name} | {k: str(v) for k, v in _labels(metrics).items()}
    is_over = status is AlertStatus.RESOLVED
    return shaped(
        source=AlertSource.CLOUDWATCH,
        name=name,
        status=status,
        severity=severities.of_words(f"{name} {description}"),
        labels=labels,
        annotations={"description": description, "reason": reason, "old_state": old_state},
        identity={"alarm_name": name, "account_id": account, "region": place.region or ""},
        group_key=key_of(AlertSource.CLOUDWATCH, account, place.region or "", name),
        starts_at=None if is_over else changed_at,
        ends_at=changed_at if is_over else None,
        scope=scopes.merged([place, *map(_place, metrics)]),
        links=[*links, *_console(name, place.region)],
        text="\n".join(part for part in (name, description, reason) if part),
        expression=expression,
        is_partial=is_partial,
    )


def _console(name: str, region: str | None) -> list[AlertLink]:
    if region is None or not name.replace("-", "").replace("_", "").isalnum():
        return []
    suffix = ".cn" if region.startswith("cn-") else ""
    host = "console.amazonaws" if suffix else "console.aws.amazon"
    top = f"{host}{'.cn' if suffix else '.com'}"
    return list(
        link(
            "Alarm", f"https://{region}.{top}/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"
        )
    )


def _metrics(trigger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an alarm's metrics: name, namespace, dimensions, and expression if it is one."""
    entries = objects(trigger.get("Metrics") or trigger.get("metrics"), _MOST_METRICS)
    found = []
    for entry in entries or [trigger]:
        stat = entry.get("MetricStat") or entry.get("metricStat")
        metric = (stat.get("Metric") or stat.get("metric")) if isinstance(stat, dict) else entry
        if isinstance(metric, dict):
            found.append(
                {
                    "name": line(metric.get("MetricName") or metric.get("name")),
                    "namespace": line(metric.get("Namespace") or metric.get("namespace")),
                    "dimensions": _dimensions(metric.get("Dimensions") or metric.get("dimensions")),
                    "expression": prose(entry.get("Expression") or entry.get("expression")),
                }
            )
    return found


def _dimensions(value: object) -> dict[str, str]:
    """Return dimensions of any of the three writings: name/value, Name/Value, or an object."""
    if isinstance(value, dict):
        return {line(k): line(v) for k, v in list(value.items())[:_MOST_METRICS]}
    return {
        name: line(entry.get("value") or entry.get("Value"))
        for entry in objects(value, _MOST_METRICS)
        if (name := line(entry.get("name") or entry.get("Name")))
    }


def _labels(metrics: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    real = [metric for metric in metrics if metric["name"]]
    labels: dict[str, str] = {}
    for metric in reversed(real):
        labels |= metric["dimensions"]
    if real:
        labels |= {"metric_name": real[0]["name"], "metric_namespace": real[0]["namespace"]}
    return labels


def _place(metric: Mapping[str, Any]) -> AlertScope:
    return scopes.of_dimensions(metric["namespace"], metric["dimensions"], account="", region="")


def _expression(trigger: object, metrics: Sequence[Mapping[str, Any]]) -> str:
    """Return the rule in one line: a metric against its threshold, or the metric-math formula."""
    formulas = [metric["expression"] for metric in metrics if metric["expression"]]
    fields = trigger if isinstance(trigger, dict) else {}
    plain = [f"{metric['namespace']} {metric['name']}" for metric in metrics if metric["name"]]
    left = "; ".join(formulas) or " ".join(plain[:1])
    bound = f"{line(fields.get('ComparisonOperator'))} {line(fields.get('Threshold'))}".strip()
    period = line(fields.get("Period"))
    statistic = line(fields.get("Statistic") or fields.get("ExtendedStatistic"))
    over = f"({statistic} over {period} s)" if period and not formulas else ""
    return " ".join(part for part in (left, over, bound) if part) if left else ""
