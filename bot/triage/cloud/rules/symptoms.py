"""What only shows that something is wrong: errors at the edge, tasks missing, rising metrics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import CloudFinding, Statement
from bot.triage.cloud.measures import since, total
from bot.triage.cloud.rules.invocations import last_errors
from bot.triage.cloud.rules.sense import QUIET
from bot.triage.cloud.rules.tasks import stopped_tasks
from bot.triage.cloud.sight import BalancerSight, DatabaseSight, FunctionSight, ServiceSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.chart import Point
    from bot.triage.cloud.sight import Sight

# Of all requests of a while; fewer are the noise of the internet.
_ERROR_SHARE = 0.01
_GATEWAY = ("HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count")
_RUNNING = frozenset({"available", "backing-up", "storage-optimization", "modifying"})


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield the symptoms of one resource."""
    match sight:
        case BalancerSight():
            yield from _balancer(sight)
        case ServiceSight():
            yield from _service(sight)
        case FunctionSight():
            yield from _function(sight)
        case DatabaseSight():
            yield from _database(sight)
        case _:
            return


def _balancer(sight: BalancerSight) -> Iterator[CloudFinding]:
    requests = sight.points("RequestCount", "Sum")
    recent_s = (sight.at - QUIET).timestamp()
    for metric in _GATEWAY:
        points = sight.points(metric, "Sum")
        failed = total(points, recent_s)
        if failed > _ERROR_SHARE * max(total(requests, recent_s), 1.0):
            values = {
                "object": sight.resource.name,
                "count": f"{failed:.0f}",
                "requests": f"{total(requests, recent_s):.0f}",
                "metric": metric,
            }
            yield _symptom(sight, "aws_gateway_errors", values, _first(points), sight.label)
    ill = [group for group in sight.groups if group.unhealthy]
    if ill:
        values = {
            "object": sight.resource.name,
            "count": str(ill[0].unhealthy),
            "total": str(ill[0].unhealthy + ill[0].healthy),
            "line": ill[0].reasons[0] if ill[0].reasons else "-",
        }
        yield _symptom(sight, "aws_targets_ill", values, None, sight.label)


def _service(sight: ServiceSight) -> Iterator[CloudFinding]:
    if sight.running < sight.desired:
        values = {
            "object": sight.resource.name,
            "running": str(sight.running),
            "desired": str(sight.desired),
        }
        began = next((one.at for one in sight.deployments), None)
        yield _symptom(sight, "aws_tasks_missing", values, began, sight.label)


def _function(sight: FunctionSight) -> Iterator[CloudFinding]:
    points = sight.points("Errors", "Sum")
    failed = total(since(points, (sight.at - QUIET).timestamp()))
    if failed > 0:
        values = {"object": sight.resource.name, "count": f"{failed:.0f}"}
        yield _symptom(sight, "aws_function_fails", values, _first(points), sight.label)


def _database(sight: DatabaseSight) -> Iterator[CloudFinding]:
    if sight.status not in _RUNNING:
        values = {"object": sight.resource.name, "status": sight.status}
        yield _symptom(sight, "aws_database_state", values, None, sight.label)


def _symptom(
    sight: Sight, phrase: str, values: dict[str, str], began: datetime | None, label: str
) -> CloudFinding:
    match sight:
        case FunctionSight():
            check = last_errors(sight)
        case ServiceSight():
            check = stopped_tasks(sight)
        case _:
            check = (
                f"aws cloudwatch describe-alarms --state-value ALARM"
                f" --region {sight.resource.place.region}"
            )
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.UNKNOWN,
        category=Category.NONE,
        statement=Statement(phrase=phrase, values=values, evidence=(label,)),
        weight=0.4,
        since=began,
        symptom=True,
        check=check,
    )


def _first(points: tuple[Point, ...]) -> datetime | None:
    found = next((at_s for at_s, value in points if value > 0), None)
    return None if found is None else datetime.fromtimestamp(found, tz=UTC)
