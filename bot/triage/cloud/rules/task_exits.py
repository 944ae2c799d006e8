"""ECS: tasks that start and end by themselves with an error of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.blame import blame
from bot.triage.cloud.finding import CloudFinding, Statement
from bot.triage.cloud.rules.sense import meaning_in
from bot.triage.cloud.rules.task_memory import KILLED_EXIT
from bot.triage.cloud.rules.tasks import (
    ASKED_TO_GO,
    is_calm,
    is_over,
    last_errors,
    newest,
    oldest,
    percent,
    suffers,
)
from bot.triage.cloud.sight import ServiceSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.cloud.blame import Blame
    from bot.triage.cloud.sight import Sight, TaskEnd

_BAD_COMMAND = frozenset({126, 127})


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield the error a service's tasks end with."""
    if not isinstance(sight, ServiceSight):
        return
    ended = [one for one in sight.ends if _by_itself(one)]
    told = blame(sight.errors.texts)
    if told is not None and meaning_in(f"{told.error}: {told.message}") is not None:
        told = None
    if ended:
        yield _crash(sight, ended, told)
    elif told is not None and suffers(sight):
        yield _logged(sight, told)


def _by_itself(end: TaskEnd) -> bool:
    return end.exit_code not in (None, 0, KILLED_EXIT, ASKED_TO_GO) and end.code in (
        "EssentialContainerExited",
        "",
    )


def _crash(sight: ServiceSight, ended: list[TaskEnd], told: Blame | None) -> CloudFinding:
    code = ended[0].exit_code
    values = {
        "object": sight.resource.name, "count": str(len(ended)), "exit_code": str(code),
        "line": f"{told.error}: {told.message}" if told else "",
        "place": told.where if told else "",
    }  # fmt: skip
    phrase = "aws_exit"
    if told is not None:
        phrase = "aws_exit_at" if told.where else "aws_exit_line"
    labels = (sight.label, *((sight.errors.label,) if told is not None else ()))
    bad_command = code in _BAD_COMMAND
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.BAD_COMMAND if bad_command else Cause.APPLICATION_CRASH,
        category=Category.CONFIGURATION if bad_command else Category.APPLICATION,
        statement=Statement(phrase=phrase, values=values, evidence=labels),
        weight=0.92 if told is not None and told.where else 0.7,
        since=oldest(ended),
        over=is_over(sight, newest(ended)),
        depth=2,
        check=last_errors(sight),
        ruled_out=tuple(_ruled_out(sight)),
        blame=told,
    )


def _logged(sight: ServiceSight, told: Blame) -> CloudFinding:
    """Return an error that is logged though no task ended of it."""
    times = [line.at for line in sight.errors.lines if line.at is not None]
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.APPLICATION_CRASH,
        category=Category.APPLICATION,
        statement=Statement(
            phrase="aws_exception_at" if told.where else "aws_exception",
            values={
                "object": sight.resource.name, "line": f"{told.error}: {told.message}",
                "place": told.where,
            },
            evidence=(sight.errors.label,),
        ),
        weight=0.6 if told.where else 0.5,
        since=min(times, default=None),
        over=is_over(sight, max(times, default=None)),
        depth=1,
        check=last_errors(sight),
        blame=told,
    )  # fmt: skip


def _ruled_out(sight: ServiceSight) -> Iterator[Statement]:
    cpu, memory = is_calm(sight, "CPUUtilization"), is_calm(sight, "MemoryUtilization")
    if cpu and memory:
        yield Statement(
            phrase="aws_not_resources",
            values={
                "object": sight.resource.name,
                "cpu": percent(sight, "CPUUtilization"),
                "memory": percent(sight, "MemoryUtilization"),
            },
            evidence=(sight.series_label,),
        )
