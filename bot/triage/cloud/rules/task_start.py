"""ECS: tasks that cannot be started: image, secrets, role, room."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import CloudFinding, Statement
from bot.triage.cloud.rules.tasks import is_over, newest, oldest, stopped_tasks
from bot.triage.cloud.sight import ServiceSight

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bot.triage.cloud.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign:
    """ECS's words for why a task did not start, the more particular ones first."""

    words: re.Pattern[str]
    cause: Cause
    category: Category
    weight: float


def _sign(words: str, cause: Cause, category: Category, weight: float = 0.92) -> _Sign:
    return _Sign(
        words=re.compile(words, re.IGNORECASE), cause=cause, category=category, weight=weight
    )


# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
_SIGNS = (
    _sign(
        r"secret.{0,200}(?:AccessDenied|not authorized)|not authorized to perform:? "
        r"(?:secretsmanager|ssm|kms|ecr|logs|sts):|unable to assume|AssumeRole",
        Cause.ACCESS,
        Category.CONFIGURATION,
    ),
    _sign(
        r"can't find the specified secret|(?:secret|parameter).{0,200}ResourceNotFound"
        r"|invalid (?:ssm )?parameters|retrieved secret.{0,80}did not contain",
        Cause.MISSING_CONFIG,
        Category.CONFIGURATION,
    ),
    _sign(
        r"CannotPullContainer.{0,300}(?:denied|unauthorized|no basic auth|403)",
        Cause.IMAGE_ACCESS_DENIED,
        Category.CONFIGURATION,
    ),
    _sign(
        r"CannotPullContainer.{0,300}(?:not found|manifest unknown|does not exist)",
        Cause.IMAGE_NOT_FOUND,
        Category.CONFIGURATION,
    ),
    _sign(
        r"(?:CannotPullContainer|ResourceInitialization).{0,300}(?:i/o timeout|context deadline"
        r"|request canceled|dial tcp|no route|unable to pull registry auth)",
        Cause.NETWORK,
        Category.INFRASTRUCTURE,
        0.85,
    ),
    _sign(r"CannotPullContainer", Cause.IMAGE_NOT_FOUND, Category.CONFIGURATION, 0.6),
    _sign(
        r"executable file not found|exec format error|CannotStartContainer",
        Cause.BAD_COMMAND,
        Category.CONFIGURATION,
        0.88,
    ),
    _sign(
        r"unable to place a task|RESOURCE:|Capacity is unavailable|no Container Instance",
        Cause.UNSCHEDULABLE_CAPACITY,
        Category.CAPACITY,
        0.88,
    ),
    _sign(r"ResourceInitializationError", Cause.WRONG_CONFIG, Category.CONFIGURATION, 0.7),
)


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield why a service's tasks do not come up, one finding a cause."""
    if not isinstance(sight, ServiceSight):
        return
    told: dict[Cause, CloudFinding] = {}
    for end in sight.ends:
        text = f"{end.reason} {end.container_reason}".strip()
        sign = _sign_of(text)
        if sign is not None and sign.cause not in told:
            alike = [
                one
                for one in sight.ends
                if _sign_of(f"{one.reason} {one.container_reason}".strip()) is sign
            ]
            told[sign.cause] = _finding(
                sight, sign, text, since=oldest(alike), last=newest(alike), count=len(alike)
            )
    if not told:
        for at, message in sight.events:
            sign = _sign_of(message)
            recent = sight.running < sight.desired
            if sign is not None and recent and sign.cause not in told:
                told[sign.cause] = _finding(sight, sign, message, since=at, last=at, count=1)
    yield from told.values()
    gone = [one for one in sight.secrets if one.is_gone]
    if gone and Cause.MISSING_CONFIG not in told and sight.running < sight.desired:
        yield _secret_gone(sight, gone[0].used_as, gone[0].name)


def _sign_of(text: str) -> _Sign | None:
    return next((sign for sign in _SIGNS if sign.words.search(text)), None)


def _finding(
    sight: ServiceSight,
    sign: _Sign,
    text: str,
    *,
    since: datetime | None,
    last: datetime | None,
    count: int,
) -> CloudFinding:
    return CloudFinding(
        resource=sight.resource,
        cause=sign.cause,
        category=sign.category,
        statement=Statement(
            phrase="aws_task_not_started",
            values={
                "object": sight.resource.name, "count": str(count), "line": text,
                "running": str(sight.running), "desired": str(sight.desired),
            },
            evidence=(sight.label,),
        ),
        weight=sign.weight,
        since=since,
        over=is_over(sight, last),
        depth=4,
        check=stopped_tasks(sight),
    )  # fmt: skip


def _secret_gone(sight: ServiceSight, setting: str, name: str) -> CloudFinding:
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.MISSING_CONFIG,
        category=Category.CONFIGURATION,
        statement=Statement(
            phrase="aws_secret_gone",
            values={"object": sight.resource.name, "missing": name, "setting": setting},
            evidence=(sight.secrets_label, sight.label),
        ),
        weight=0.8,
        depth=4,
        check=stopped_tasks(sight),
    )
