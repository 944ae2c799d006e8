"""`aws load_balancer`: which targets are healthy, and who answers with 5xx."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import process

from bot.ports.cloud import MissingError
from bot.tools.aws.answer import answered, section
from bot.tools.aws.ecs_service import target_lines
from bot.tools.aws.rendering import grid, when
from bot.tools.aws.series import Metric, last_minutes, period_for, points_of, told

if TYPE_CHECKING:
    from bot.domain.evidence import Window
    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

SOURCE = "load balancers"
MAX_GROUPS = 10
_CLOSEST = 5
_NAMESPACES = {"application": "AWS/ApplicationELB", "network": "AWS/NetworkELB"}
_METRICS = {
    "application": (
        ("RequestCount", "Sum"), ("HTTPCode_ELB_5XX_Count", "Sum"),
        ("HTTPCode_Target_5XX_Count", "Sum"), ("HTTPCode_Target_4XX_Count", "Sum"),
        ("TargetResponseTime", "p95"), ("TargetConnectionErrorCount", "Sum"),
        ("RejectedConnectionCount", "Sum"),
    ),
    "network": (
        ("ActiveFlowCount", "Average"), ("NewFlowCount", "Sum"), ("TCP_Target_Reset_Count", "Sum"),
        ("TCP_ELB_Reset_Count", "Sum"),
    ),
}  # fmt: skip
_COLUMNS = ("TARGET GROUP", "HEALTHY", "UNHEALTHY", "OTHER", "CHECK")


def look_at_load_balancer(reading: Reading, name: str, minutes: int) -> Answer:
    """Return a load balancer's targets by health, and its traffic and errors over some minutes."""
    balancer = _balancer(reading, name)
    state = balancer.get("State", {})
    lines = [
        f"{balancer.get('Type')} load balancer {name}: {state.get('Code')}"
        + (f" ({state['Reason']})" if state.get("Reason") else "")
        + f", {balancer.get('Scheme')}, since {when(balancer.get('CreatedTime'))}"
    ]
    groups = reading.attempt(
        "target groups",
        "elbv2",
        "describe_target_groups",
        LoadBalancerArn=balancer["LoadBalancerArn"],
    ).get("TargetGroups", [])
    if len(groups) > MAX_GROUPS:
        reading.gaps.append(f"{len(groups) - MAX_GROUPS} more target groups")
    rows = []
    for group in groups[:MAX_GROUPS]:
        health = reading.attempt(
            f"health of {group.get('TargetGroupName')}",
            "elbv2",
            "describe_target_health",
            TargetGroupArn=group["TargetGroupArn"],
        )
        lines += section(f"targets of {group.get('TargetGroupName')}", target_lines(health))
        rows.append(_row(group, health))
    window = last_minutes(reading, minutes)
    lines += section(f"traffic, last {minutes} min", _traffic(reading, balancer, window))
    return answered(SOURCE, lines, reading, table=grid(_COLUMNS, rows), window=window)


def _balancer(reading: Reading, name: str) -> Content:
    try:
        found = reading.read("elbv2", "describe_load_balancers", Names=[name])
        return dict(found["LoadBalancers"][0])
    except (MissingError, IndexError):
        known = reading.read("elbv2", "describe_load_balancers").get("LoadBalancers", [])
        names = [str(one.get("LoadBalancerName")) for one in known]
        close = [match for match, _score, _place in process.extract(name, names, limit=_CLOSEST)]
        raise MissingError(
            f"there is no load balancer {name} in this account and region"
            + (f"; closest of {len(names)}: {', '.join(close)}" if close else "; it has none")
        ) from None


def _row(group: Content, health: Content) -> tuple[object, ...]:
    states = [
        str(one.get("TargetHealth", {}).get("State"))
        for one in health.get("TargetHealthDescriptions", [])
    ]
    healthy, unhealthy = states.count("healthy"), states.count("unhealthy")
    check = f"{group.get('HealthCheckProtocol')} {group.get('HealthCheckPath') or ''}".strip()
    name = group.get("TargetGroupName")
    return name, healthy, unhealthy, len(states) - healthy - unhealthy, check


def _traffic(reading: Reading, balancer: Content, window: Window) -> list[str]:
    kind = str(balancer.get("Type"))
    if kind not in _NAMESPACES:
        return []
    dimension = str(balancer["LoadBalancerArn"]).partition(":loadbalancer/")[2]
    metrics = [
        Metric(
            label=f"{metric} ({stat} per minute)" if stat == "Sum" else f"{metric} ({stat})",
            namespace=_NAMESPACES[kind],
            name=metric,
            dimensions=(("LoadBalancer", dimension),),
            stat=stat,
        )
        for metric, stat in _METRICS[kind]
    ]
    period_s = period_for(window)
    queries = [metric.query(place, period_s) for place, metric in enumerate(metrics)]
    found = points_of(reading, queries, window, what="traffic")
    if not found:
        return []
    return [told(metric.label, found.get(f"m{place}", [])) for place, metric in enumerate(metrics)]
