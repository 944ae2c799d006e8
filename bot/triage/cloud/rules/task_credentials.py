"""ECS: tasks that are told where a database is, but not how to sign in; quiet, and of no use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.secret_text import tells_a_secret
from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import Advice, CloudFinding, Statement
from bot.triage.cloud.sight import ServiceSight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.triage.cloud.sight import DatabaseSight, Sight

_WITH_CREDENTIALS = re.compile(r"(?i)(?:url|uri|dsn|connection_?string)$")
_AUTHENTICATES = re.compile(r"(?i)(?:iam|auth).{0,20}(?:enabled|mode|token)$")


def find(sight: Sight, databases: Sequence[DatabaseSight]) -> Iterator[CloudFinding]:
    """Yield missing credentials of a service that names a database nobody is connected to."""
    if not isinstance(sight, ServiceSight):
        return
    named = [
        (name, value, database)
        for name, value in sight.variables.items()
        for database in databases
        if database.endpoint and database.endpoint in value and _is_idle(database)
    ]
    if not named or _has_credentials(sight):
        return
    setting, value, database = named[0]
    secret_name, secret_arn = sight.unused[0] if sight.unused else ("", "")
    more = [
        Statement(
            phrase="aws_no_connections",
            values={"object": database.resource.name},
            evidence=(database.label,),
        )
    ]
    if secret_name:
        more.append(
            Statement(
                phrase="aws_secret_unused",
                values={"missing": secret_name},
                evidence=(sight.unused_label,),
            )
        )
    too_little = _too_little(sight)
    if too_little is not None:
        more.append(too_little)
    yield CloudFinding(
        resource=sight.resource,
        cause=Cause.CREDENTIALS_MISSING,
        category=Category.CONFIGURATION,
        statement=Statement(
            phrase="aws_no_credentials",
            values={"object": sight.resource.name, "setting": setting},
            evidence=(sight.label,),
        ),
        # No password can be meant so (IAM signs in without); a secret nobody read is a third fact.
        weight=0.92 if secret_name else 0.75,
        since=next((one.at for one in sight.deployments), None),
        depth=4,
        check=(
            "aws ecs describe-task-definition --task-definition"
            f" {sight.deployments[0].revision if sight.deployments else sight.resource.name}"
            f" --query taskDefinition.containerDefinitions[].secrets"
            f" --region {sight.resource.place.region}"
        ),
        needs=value,
        more=tuple(more),
        cure=(_inject(sight, secret_arn),) if secret_arn else (),
    )


def _is_idle(database: DatabaseSight) -> bool:
    """Tell whether nobody was connected in all the time that was measured."""
    points = database.points("DatabaseConnections", "Maximum")
    return bool(points) and all(value == 0 for _, value in points)


def _has_credentials(sight: ServiceSight) -> bool:
    names = (*sight.variables, *sight.injected)
    return bool(sight.injected) or any(
        tells_a_secret(name) or _WITH_CREDENTIALS.search(name) or _AUTHENTICATES.search(name)
        for name in names
    )


def _too_little(sight: ServiceSight) -> Statement | None:
    """Say it when all targets are well though the service cannot do its work."""
    for group in sight.groups:
        if group.healthy and not group.unhealthy:
            return Statement(
                phrase="aws_check_too_little",
                values={"path": group.path or "/", "count": str(group.healthy)},
                evidence=(sight.groups_label,),
            )
    return None


def _inject(sight: ServiceSight, arn: str) -> Advice:
    return Advice(
        action="aws_inject_action",
        risk="aws_inject_risk",
        undo="aws_inject_undo",
        values={"object": sight.resource.name, "arn": arn, "role": sight.role or "-"},
        check=(
            f"aws ecs describe-services --cluster {sight.resource.cluster} --services"
            f" {sight.resource.name} --region {sight.resource.place.region}"
        ),
    )
