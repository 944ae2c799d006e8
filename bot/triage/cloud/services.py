"""Looks at an ECS service: what is read of it in two rounds, and the sight that makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.domain.evidence import EvidenceState
from bot.tools.aws.answer import answered, nothing
from bot.tools.aws.differences import difference
from bot.tools.aws.looks import spelled
from bot.tools.aws.series import Metric, last_minutes, period_for, points_of, told
from bot.triage.cloud.answers import (
    found_lines,
    groups_of,
    moment_of,
    secrets_of,
    series_of,
)
from bot.triage.cloud.collecting import Wanted, listing, look
from bot.triage.cloud.resource import short_name
from bot.triage.cloud.sight import Deployment, Image, Lines, ServiceSight, TaskEnd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading
    from bot.triage.cloud.collecting import Collector, Taken
    from bot.triage.cloud.resource import Resource

METRICS_MINUTES = 180
LOG_MINUTES = 60
# Any of them makes a line worth reading; Insights looks for them case aside.
LOG_WORDS = ("error", "exception", "panic", "fatal", "traceback", "refused", "timed out", "denied")
_METRICS = (("CPUUtilization", "Average"), ("CPUUtilization", "Maximum"),
            ("MemoryUtilization", "Average"), ("MemoryUtilization", "Maximum"))  # fmt: skip
_TRAFFIC = (("RequestCount", "Sum"), ("HTTPCode_Target_5XX_Count", "Sum"))
_SAME = frozenset(
    {"taskDefinitionArn", "revision", "registeredAt", "registeredBy", "status", "deregisteredAt",
     "compatibilities", "requiresAttributes"}
)  # fmt: skip


def wanted(service: Resource) -> tuple[Wanted, ...]:
    """Return the reads that show a service by itself."""
    return (
        look(service.place, "service", cluster=service.cluster, service=service.name),
        _metrics(service),
    )


def wanted_next(service: Resource, main: Taken) -> tuple[Wanted, ...]:
    """Return the reads that what the first ones showed leads to: log, secrets, target groups."""
    newest, _ = _definitions(main)
    found: list[Wanted] = []
    group = _log_group(newest)
    if group:
        found.append(
            look(
                service.place,
                "logs",
                group=group,
                minutes=LOG_MINUTES,
                words=list(LOG_WORDS),
            )
        )
    if newest:
        found.append(look(service.place, "secrets", of=f"task/{_revision(newest)}"))
    if newest and not list(_secret_names(newest)):
        found.append(listing(service.place, "secretsmanager", "list_secrets"))
    arns = [
        str(one["targetGroupArn"])
        for one in _service(main).get("loadBalancers", [])
        if one.get("targetGroupArn")
    ]
    if arns:
        found.append(_groups(service, arns))
    return tuple(found)


def seen(
    service: Resource, taken: Sequence[Taken], more: Sequence[Taken], collector: Collector
) -> ServiceSight | None:
    """Return the service, or None when it is not there or could not be read."""
    main, metrics = taken
    found = _service(main)
    if not found:
        return None
    newest, older = _definitions(main)
    by_source = {one.evidence.observation.source: one for one in more}
    logs, secrets = by_source.get("logs"), by_source.get("secrets")
    groups, unused = by_source.get("target groups"), by_source.get("aws secretsmanager")
    return ServiceSight(
        resource=replace(service, arn=str(found.get("serviceArn") or "")),
        label=main.label,
        at=collector.clock.now(),
        desired=int(found.get("desiredCount") or 0),
        running=int(found.get("runningCount") or 0),
        pending=int(found.get("pendingCount") or 0),
        deployments=tuple(_deployment(one) for one in found.get("deployments", [])),
        memory_mb=_memory_mb(newest),
        variables=dict(_variables(newest)),
        injected=tuple(_secret_names(newest)),
        role=str(newest.get("executionRoleArn") or ""),
        changes=tuple(difference(older, newest, ignore=_SAME)) if older and newest else (),
        images=tuple(_images(main, newest, older)),
        ends=tuple(_ends(main)),
        events=tuple(
            (moment_of(one.get("createdAt")), str(one.get("message", "")))
            for one in found.get("events", [])
        ),
        series={**series_of(metrics), **(series_of(groups) if groups is not None else {})},
        series_label=metrics.label,
        errors=found_lines(logs, _log_group(newest)) if logs is not None else Lines(),
        groups=groups_of(groups) if groups is not None else (),
        groups_label=groups.label if groups is not None else "",
        secrets=secrets_of(secrets) if secrets is not None else (),
        secrets_label=secrets.label if secrets is not None else "",
        unused=tuple(_never_read(unused)) if unused is not None else (),
        unused_label=unused.label if unused is not None else "",
        whole=main.state is EvidenceState.OK,
    )


def _metrics(service: Resource) -> Wanted:
    dimensions = (("ClusterName", service.cluster), ("ServiceName", service.name))

    def work(reading: Reading) -> Answer:
        metrics = [
            Metric(label=f"{name} ({stat})", namespace="AWS/ECS", name=name,
                   dimensions=dimensions, stat=stat)
            for name, stat in _METRICS
        ]  # fmt: skip
        return measured(reading, metrics, source="metrics", minutes=METRICS_MINUTES)

    asked = {"namespace": "AWS/ECS", "dimensions": dict(dimensions), "minutes": METRICS_MINUTES}
    query = spelled("cloudwatch.get_metric_data", asked)
    return Wanted(place=service.place, source="metrics", query=query, work=work)


def measured(reading: Reading, metrics: Sequence[Metric], *, source: str, minutes: int) -> Answer:
    """Return metrics over the last minutes in a line each."""
    window = last_minutes(reading, minutes)
    period_s = period_for(window)
    queries = [metric.query(place, period_s) for place, metric in enumerate(metrics)]
    found = points_of(reading, queries, window, what=source)
    if not any(found.values()):
        return nothing(source, f"no points in the last {minutes} min", reading, window=window)
    lines = [told(one.label, found.get(f"m{place}", [])) for place, one in enumerate(metrics)]
    return answered(source, lines, reading, rows=len(lines), window=window)


def _groups(service: Resource, arns: Sequence[str]) -> Wanted:
    """Return a read of target groups: how they ask for health, who is well, how they fare."""

    def work(reading: Reading) -> Answer:
        groups = reading.read("elbv2", "describe_target_groups", TargetGroupArns=list(arns)).get(
            "TargetGroups", []
        )
        lines, metrics = [], []
        for group in groups:
            arn = str(group.get("TargetGroupArn"))
            health = reading.attempt(
                f"health of {group.get('TargetGroupName')}",
                "elbv2",
                "describe_target_health",
                TargetGroupArn=arn,
            )
            states = [
                str(one.get("TargetHealth", {}).get("State"))
                for one in health.get("TargetHealthDescriptions", [])
            ]
            lines.append(
                f"{group.get('TargetGroupName')}: health is asked at"
                f" {group.get('HealthCheckProtocol')} {group.get('HealthCheckPath') or '-'};"
                f" {states.count('healthy')} of {len(states)} targets healthy"
            )
            dimensions = (("TargetGroup", arn.rpartition(":")[2]),)
            metrics += [
                Metric(label=f"{name} ({stat})", namespace="AWS/ApplicationELB", name=name,
                       dimensions=dimensions, stat=stat)
                for name, stat in _TRAFFIC
            ]  # fmt: skip
        window = last_minutes(reading, METRICS_MINUTES)
        queries = [one.query(place, period_for(window)) for place, one in enumerate(metrics)]
        found = points_of(reading, queries, window, what="traffic")
        lines += [told(one.label, found.get(f"m{place}", [])) for place, one in enumerate(metrics)]
        return answered("target groups", lines, reading, rows=len(groups), window=window)

    query = spelled("elbv2.describe_target_groups", {"TargetGroupArns": list(arns)})
    return Wanted(place=service.place, source="target groups", query=query, work=work)


def _service(main: Taken) -> Content:
    found = main.entries("ecs.describe_services", "services")
    alive = [one for one in found if one.get("status") != "INACTIVE" or one.get("desiredCount")]
    return alive[0] if alive else {}


def _definitions(main: Taken) -> tuple[Content, Content]:
    """Return the newest task definition and the one before it, each empty if unread."""
    told = [
        dict(content.get("taskDefinition") or {})
        for _, content in main.answers("ecs.describe_task_definition")
    ]
    return (told[0] if told else {}), (told[1] if len(told) > 1 else {})


def _revision(definition: Content) -> str:
    return short_name(str(definition.get("taskDefinitionArn") or ""))


def _containers(definition: Content) -> list[Content]:
    return list(definition.get("containerDefinitions", []))


def _log_group(definition: Content) -> str:
    for container in _containers(definition):
        options = (container.get("logConfiguration") or {}).get("options") or {}
        if options.get("awslogs-group"):
            return str(options["awslogs-group"])
    return ""


def _variables(definition: Content) -> Iterator[tuple[str, str]]:
    for container in _containers(definition):
        for one in container.get("environment", []):
            yield str(one.get("name")), str(one.get("value"))


def _secret_names(definition: Content) -> Iterator[str]:
    for container in _containers(definition):
        for one in container.get("secrets", []):
            yield str(one.get("name"))


def _memory_mb(definition: Content) -> int:
    limits = [int(one.get("memory") or 0) for one in _containers(definition)]
    return sum(limits) or int(definition.get("memory") or 0)


def _deployment(one: Content) -> Deployment:
    return Deployment(
        revision=short_name(str(one.get("taskDefinition") or "")),
        status=str(one.get("status") or ""),
        at=moment_of(one.get("createdAt")),
        desired=int(one.get("desiredCount") or 0),
        running=int(one.get("runningCount") or 0),
        failed=int(one.get("failedTasks") or 0),
        state=str(one.get("rolloutState") or ""),
    )


def _images(main: Taken, newest: Content, older: Content) -> Iterator[Image]:
    pushed: dict[tuple[str, str], Any] = {}
    for params, content in main.answers("ecr.describe_images"):
        details = content.get("imageDetails", [])
        for wanted_id in params.get("imageIds", []):
            which = str(wanted_id.get("imageTag") or wanted_id.get("imageDigest"))
            at = moment_of(details[0].get("imagePushedAt")) if details else None
            pushed[str(params.get("repositoryName")), which] = at
    names = [str(one.get("image") or "") for part in (newest, older) for one in _containers(part)]
    for name in dict.fromkeys(names):
        repository, _, which = name.partition("/")[2].partition("@" if "@" in name else ":")
        yield Image(name=name, pushed_at=pushed.get((repository, which or "latest")))


def _ends(main: Taken) -> Iterator[TaskEnd]:
    tasks = main.entries("ecs.describe_tasks", "tasks")
    ends = []
    for task in tasks:
        base = TaskEnd(
            at=moment_of(task.get("stoppedAt")),
            revision=short_name(str(task.get("taskDefinitionArn") or "")),
            code=str(task.get("stopCode") or ""),
            reason=str(task.get("stoppedReason") or ""),
        )
        failed = [
            one for one in task.get("containers", []) if one.get("exitCode") or one.get("reason")
        ]
        for one in failed[:1]:
            base = replace(
                base,
                container=str(one.get("name") or ""),
                exit_code=one.get("exitCode"),
                container_reason=str(one.get("reason") or ""),
            )
        ends.append(base)
    yield from sorted(ends, key=lambda one: one.at.timestamp() if one.at else 0, reverse=True)


def _never_read(listed: Taken) -> Iterator[tuple[str, str]]:
    for one in listed.entries("secretsmanager.list_secrets", "SecretList"):
        if not one.get("LastAccessedDate") and not one.get("DeletedDate"):
            yield str(one.get("Name") or ""), str(one.get("ARN") or "")
