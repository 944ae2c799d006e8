"""Functions and services whose log says that something else is not there or refuses them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import CloudFinding, Statement
from bot.triage.cloud.rules import invocations, tasks
from bot.triage.cloud.rules.sense import reaches, sensed
from bot.triage.cloud.sight import FunctionSight, ServiceSight

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bot.triage.cloud.rules.sense import Sensed
    from bot.triage.cloud.sight import Sight

_PHRASES = {
    Cause.DNS: "aws_dns",
    Cause.DEPENDENCY_DOWN: "aws_unreachable",
    Cause.ACCESS: "aws_access",
    Cause.MISSING_CONFIG: "aws_setting",
    Cause.WRONG_CONFIG: "aws_value",
    Cause.STORAGE: "aws_disk",
}
# Of a service that shows no other trouble; fewer are retries that succeeded.
_LEAST_LINES = 3
_HOST_SETTING = re.compile(r"(?i)(?:host|hostname|addr|address|endpoint|url|uri)$")
# AWS says which action is missing.
_ACTION = re.compile(r"not authorized to perform:?\s*(?P<action>[\w-]+:\w+)")


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield what a function or service does not reach, may not use, or was not told."""
    if not isinstance(sight, FunctionSight | ServiceSight):
        return
    told = sensed(sight.errors.lines, *_PHRASES)
    if told is None or _is_noise(sight, told):
        return
    meaning = told.meaning
    subject = meaning.subject
    if meaning.cause is Cause.ACCESS and (action := _ACTION.search(told.line)) is not None:
        subject = action["action"]
    phrase = _PHRASES[meaning.cause]
    values = {"object": sight.resource.name, "subject": subject, "line": told.line}
    if not subject:
        phrase = "aws_says"
    evidence = tuple(dict.fromkeys((sight.errors.label, sight.label)))
    more = tuple(_overridden(sight, told)) if meaning.cause is Cause.DNS else ()
    yield CloudFinding(
        resource=sight.resource,
        cause=meaning.cause,
        category=Category.APPLICATION if more else meaning.category,
        statement=Statement(phrase=phrase, values=values, evidence=evidence),
        weight=0.9 if subject and told.count > 1 else 0.75,
        since=_since(sight, told),
        over=_is_over(sight, told),
        depth=3,
        check=_check(sight),
        needs=subject if reaches(meaning) else "",
        more=more,
    )


def _is_noise(sight: FunctionSight | ServiceSight, told: Sensed) -> bool:
    """Tell whether it is a line now and then of something that does its work."""
    if isinstance(sight, FunctionSight):
        return invocations.is_noise(sight)
    return told.count < _LEAST_LINES and not tasks.suffers(sight)


def _overridden(sight: FunctionSight | ServiceSight, told: Sensed) -> Iterator[Statement]:
    """Say it when a setting names a host and it is another one: the code does not use it."""
    host = told.meaning.subject
    hosts = {
        name: value
        for name, value in sight.variables.items()
        if _HOST_SETTING.search(name) and not value.startswith("\u2039")
    }
    if host and hosts and not any(host in value for value in hosts.values()):
        name, value = next(iter(hosts.items()))
        yield Statement(
            phrase="aws_overridden",
            values={"setting": name, "subject": value, "host": host},
            evidence=(sight.label,),
        )


def _since(sight: FunctionSight | ServiceSight, told: Sensed) -> datetime | None:
    if isinstance(sight, FunctionSight):
        return invocations.failing_since(sight, told.first)
    return told.first


def _is_over(sight: FunctionSight | ServiceSight, told: Sensed) -> bool:
    if isinstance(sight, FunctionSight):
        return invocations.is_over(sight, told.last)
    return tasks.is_over(sight, told.last)


def _check(sight: FunctionSight | ServiceSight) -> str:
    if isinstance(sight, FunctionSight):
        return invocations.last_errors(sight)
    return tasks.last_errors(sight)
