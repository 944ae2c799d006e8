"""Lambda: runs that end in an exception of the code itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.blame import blame
from bot.triage.cloud.finding import CloudFinding, Statement
from bot.triage.cloud.rules.invocations import failing_since, is_noise, is_over, last_errors
from bot.triage.cloud.rules.sense import MEMORY, TIMED_OUT, first_at, last_at, meaning_in
from bot.triage.cloud.sight import FunctionSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.cloud.sight import Sight


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield the exception a function's newest failing runs end in."""
    if not isinstance(sight, FunctionSight) or is_noise(sight):
        return
    lines = [
        line
        for line in sight.errors.lines
        if not (TIMED_OUT.search(line.text) or MEMORY.search(line.text))
    ]
    told = blame([line.text for line in lines])
    if told is None or meaning_in(f"{told.error}: {told.message}") is not None:
        return
    place = "aws_exception_at" if told.where else "aws_exception"
    evidence = tuple(dict.fromkeys((sight.errors.label, sight.label)))
    yield CloudFinding(
        resource=sight.resource,
        cause=Cause.APPLICATION_CRASH,
        category=Category.APPLICATION,
        statement=Statement(
            phrase=place,
            values={
                "object": sight.resource.name, "line": f"{told.error}: {told.message}",
                "place": told.where,
            },
            evidence=evidence,
        ),
        weight=0.9 if told.where else 0.75,
        since=failing_since(sight, first_at(lines)),
        over=is_over(sight, last_at(lines)),
        depth=1,
        check=last_errors(sight),
        blame=told,
    )  # fmt: skip
