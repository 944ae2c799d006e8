"""`aws service`: an ECS service's deployments, what its newest revision changed, how tasks end."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.ports.cloud import MissingError
from bot.tools.aws.answer import answered, section
from bot.tools.aws.differences import difference
from bot.tools.aws.rendering import grid, when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.evidence import Grid
    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

SOURCE = "services"
MAX_EVENTS = 15
MAX_STOPPED = 20
VOLATILE = frozenset(
    {"taskDefinitionArn", "revision", "registeredAt", "registeredBy", "status", "deregisteredAt",
     "compatibilities", "requiresAttributes"}
)  # fmt: skip
"""They differ between any two revisions and say nothing."""
_STOPPED_COLUMNS = ("STOPPED", "REVISION", "CODE", "REASON", "CONTAINERS")
_ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def look_at_service(reading: Reading, cluster: str, service: str) -> Answer:
    """Return how a service is deployed, what changed in it and why its tasks stopped."""
    found = described(reading, cluster, service)
    counts = ", ".join(
        f"{word} {found.get(f'{word}Count')}" for word in ("desired", "running", "pending")
    )
    lines = [f"service {service} in cluster {cluster}: {found.get('status')}, {counts}"]
    lines += section("deployments", [_deployment(one) for one in found.get("deployments", [])])
    lines += _revisions(reading, found)
    lines += section(
        "events, newest first",
        [
            f"{when(event.get('createdAt'))} {event.get('message')}"
            for event in found.get("events", [])[:MAX_EVENTS]
        ],
    )
    lines += _targets(reading, found)
    stopped = _stopped(reading, cluster, service)
    lines.append(
        f"tasks stopped in the last hour (ECS keeps no longer): {len(stopped.rows)}"
        if not any(gap.startswith("stopped tasks") for gap in reading.gaps)
        else "tasks stopped in the last hour: unknown"
    )
    return answered(SOURCE, lines, reading, table=stopped)


def described(reading: Reading, cluster: str, service: str) -> Content:
    """Return the service; MissingError names those the cluster has."""
    found = reading.read("ecs", "describe_services", cluster=cluster, services=[service])
    for one in found.get("services", []):
        if one.get("status") != "INACTIVE" or one.get("desiredCount"):
            return dict(one)
    listed = reading.read("ecs", "list_services", cluster=cluster)
    names = [str(arn).rpartition("/")[2] for arn in listed.get("serviceArns", [])]
    raise MissingError(
        f"cluster {cluster} has no service {service}; it has {', '.join(sorted(names)) or 'none'}"
    )


def _deployment(one: Content) -> str:
    reason = one.get("rolloutStateReason")
    return (
        f"{one.get('status')} {revision_name(one.get('taskDefinition'))} since"
        f" {when(one.get('createdAt'))}: desired {one.get('desiredCount')}, running"
        f" {one.get('runningCount')}, failed {one.get('failedTasks', 0)},"
        f" {one.get('rolloutState', 'no rollout state')}" + (f" ({reason})" if reason else "")
    )


def _revisions(reading: Reading, service: Content) -> list[str]:
    """Compare the newest revision with the one that ran before it, and date both images."""
    after, before = revisions_of(reading, service)
    lines: list[str] = []
    if before and after:
        newest, older = (revision_name(one.get("taskDefinitionArn")) for one in (after, before))
        lines += section(
            f"{newest} against {older}",
            difference(before, after, ignore=VOLATILE) or ["the same definition"],
        )
    images = [image for one in (after, before) for image in images_of(one)]
    lines += section("images", [_pushed(reading, image) for image in dict.fromkeys(images)])
    return lines


def revisions_of(reading: Reading, service: Content) -> tuple[Content, Content]:
    """Return a service's newest task definition and the one that ran before; each may be empty."""
    arns = [str(one.get("taskDefinition")) for one in service.get("deployments", [])]
    newest = arns[0] if arns else str(service.get("taskDefinition") or "")
    family, _, number = revision_name(newest).partition(":")
    older = next((arn for arn in arns if arn != newest), None)
    if older is None and number.isdigit() and int(number) > 1:
        older = f"{family}:{int(number) - 1}"
    after = definition_of(reading, newest) if number else {}
    before = definition_of(reading, older) if older else {}
    return after, before


def definition_of(reading: Reading, name: str) -> Content:
    """Return a task definition, nothing and a gap if it could not be read."""
    found = reading.attempt(
        f"task definition {revision_name(name)}",
        "ecs",
        "describe_task_definition",
        taskDefinition=name,
    )
    return dict(found.get("taskDefinition") or {})


def images_of(definition: Content) -> Iterable[str]:
    """Yield the images of a task definition's containers."""
    for container in definition.get("containerDefinitions", []):
        if container.get("image"):
            yield str(container["image"])


def _pushed(reading: Reading, image: str) -> str:
    """Say when an image was pushed, as far as this account and region know."""
    ecr = _ECR_IMAGE.fullmatch(image)
    if ecr is None:
        return f"{image}: not in ECR, its push time is not known"
    if not _is_here(reading, ecr):
        return f"{image}: in {ecr['account']}/{ecr['region']}, ask there for its push time"
    details = _details(reading, ecr)
    if details is None:
        return f"{image}: push time not read"
    return (
        f"{image}: pushed {when(details[0].get('imagePushedAt'))}, {details[0].get('imageDigest')}"
        if details
        else f"{image}: not in its repository"
    )


def pushed_at(reading: Reading, image: str) -> datetime | None:
    """Return when an image was pushed to this account and region; None if they cannot tell."""
    ecr = _ECR_IMAGE.fullmatch(image)
    details = _details(reading, ecr) if ecr is not None and _is_here(reading, ecr) else None
    at = details[0].get("imagePushedAt") if details else None
    return at if isinstance(at, datetime) else None


def _is_here(reading: Reading, ecr: re.Match[str]) -> bool:
    return ecr["account"] == reading.account_id and ecr["region"] == reading.region


def _details(reading: Reading, ecr: re.Match[str]) -> list[Content] | None:
    """Return what the repository says of the image; None, and a gap, if it could not be asked."""
    wanted = (
        {"imageDigest": ecr["digest"]} if ecr["digest"] else {"imageTag": ecr["tag"] or "latest"}
    )
    before = len(reading.gaps)
    found = reading.attempt(
        f"image {ecr[0]}",
        "ecr",
        "describe_images",
        repositoryName=ecr["repository"],
        imageIds=[wanted],
    )
    return None if len(reading.gaps) > before else list(found.get("imageDetails", []))


def _targets(reading: Reading, service: Content) -> list[str]:
    lines = []
    for balancer in service.get("loadBalancers", []):
        arn = balancer.get("targetGroupArn")
        if not arn:
            continue
        found = reading.attempt(
            "target health", "elbv2", "describe_target_health", TargetGroupArn=arn
        )
        lines += target_lines(found)
    return section("targets at the load balancer", lines)


def target_lines(health: Content) -> list[str]:
    """Return each target's health in words; the ill ones first."""
    told = []
    for one in health.get("TargetHealthDescriptions", []):
        target, state = one.get("Target", {}), one.get("TargetHealth", {})
        reason = ": ".join(str(state[key]) for key in ("Reason", "Description") if state.get(key))
        line = f"{target.get('Id')}:{target.get('Port')} {state.get('State')}"
        told.append((state.get("State") == "healthy", f"{line} ({reason})" if reason else line))
    return [line for _well, line in sorted(told)]


def _stopped(reading: Reading, cluster: str, service: str) -> Grid:
    listed = reading.attempt(
        "stopped tasks",
        "ecs",
        "list_tasks",
        cluster=cluster,
        serviceName=service,
        desiredStatus="STOPPED",
    )
    arns = listed.get("taskArns", [])[:100]
    tasks: list[Content] = []
    if arns:
        found = reading.attempt(
            "stopped tasks", "ecs", "describe_tasks", cluster=cluster, tasks=arns
        )
        tasks = sorted(
            found.get("tasks", []), key=lambda task: when(task.get("stoppedAt")), reverse=True
        )
    return grid(_STOPPED_COLUMNS, (_stopped_row(task) for task in tasks[:MAX_STOPPED]))


def _stopped_row(task: Content) -> tuple[Any, ...]:
    containers = "; ".join(_container(one) for one in task.get("containers", []))
    return (
        task.get("stoppedAt"),
        revision_name(task.get("taskDefinitionArn")),
        task.get("stopCode"),
        task.get("stoppedReason"),
        containers,
    )


def _container(one: Content) -> str:
    code = one.get("exitCode")
    ended = "no exit code" if code is None else f"exit {code}"
    reason = f", {one['reason']}" if one.get("reason") else ""
    return f"{one.get('name')} {ended}{reason}"


def revision_name(arn: object) -> str:
    """Return a task definition's family and number, such as `web:42`."""
    return str(arn or "").rpartition("/")[2]
