"""Looks at a Lambda function: what is read of it, and the sight that makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.tools.aws.differences import difference
from bot.triage.cloud.answers import (
    filtered_lines,
    moment_of,
    reports_of,
    secrets_of,
    series_of,
)
from bot.triage.cloud.collecting import look
from bot.triage.cloud.sight import FunctionSight, Revision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.cloud import Content
    from bot.triage.cloud.collecting import Collector, Taken, Wanted
    from bot.triage.cloud.resource import Resource

# Lambda ends every run with such a line, whatever became of it.
REPORT_WORDS = ("REPORT RequestId",)
REPORT_MINUTES = 60
_SAME = frozenset(
    {"FunctionArn", "Version", "RevisionId", "LastModified", "MasterArn", "State", "StateReason",
     "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason"}
)  # fmt: skip


def wanted(function: Resource) -> tuple[Wanted, ...]:
    """Return the reads that show a function."""
    return (
        look(function.place, "function", name=function.name),
        look(
            function.place,
            "logs",
            group=f"/aws/lambda/{function.name}",
            minutes=REPORT_MINUTES,
            words=list(REPORT_WORDS),
        ),
        look(function.place, "secrets", of=f"function/{function.name}"),
    )


def seen(function: Resource, taken: Sequence[Taken], collector: Collector) -> FunctionSight | None:
    """Return the function, or None when it is not there or could not be read."""
    main, reports, secrets = taken
    now = next((content for _, content in main.answers("lambda.get_function_configuration")), None)
    if now is None:
        return None
    versions = _numbered(main)
    concurrency = [
        content.get("ReservedConcurrentExecutions")
        for _, content in main.answers("lambda.get_function_concurrency")
    ]
    return FunctionSight(
        resource=replace(function, arn=_unversioned(str(now.get("FunctionArn") or ""))),
        label=main.label,
        at=collector.clock.now(),
        timeout_s=int(now.get("Timeout") or 0),
        memory_mb=int(now.get("MemorySize") or 0),
        state=str(now.get("State") or ""),
        state_reason=str(now.get("StateReason") or ""),
        update_status=str(now.get("LastUpdateStatus") or ""),
        update_reason=str(now.get("LastUpdateStatusReason") or ""),
        variables=dict((now.get("Environment") or {}).get("Variables") or {}),
        reserved=next((value for value in concurrency if value is not None), None),
        revisions=_revisions(versions, now),
        aliases={
            str(one.get("Name")): str(one.get("FunctionVersion"))
            for one in main.entries("lambda.list_aliases", "Aliases")
        },
        series=series_of(main),
        errors=filtered_lines(main),
        reports=reports_of(reports),
        reports_label=reports.label,
        secrets=secrets_of(secrets),
        secrets_label=secrets.label,
        whole=main.state is EvidenceState.OK,
    )


def _numbered(main: Taken) -> list[Content]:
    listed = main.entries("lambda.list_versions_by_function", "Versions")
    return sorted(
        (one for one in listed if str(one.get("Version")).isdigit()),
        key=lambda one: int(one["Version"]),
    )


def _revisions(versions: Sequence[Content], now: Content) -> tuple[Revision, ...]:
    """Return the versions with what each changed; $LATEST is one where it differs from all."""
    found: list[Revision] = []
    before: Content | None = None
    latest = [now] if not versions or difference(versions[-1], now, ignore=_SAME) else []
    for one in (*versions, *latest):
        changes = difference(before, one, ignore=_SAME) if before is not None else []
        found.append(
            Revision(
                name=str(one.get("Version") or "$LATEST"),
                at=moment_of(one.get("LastModified")),
                changes=tuple(_short(change) for change in changes),
            )
        )
        before = one
    return tuple(found)


def _unversioned(arn: str) -> str:
    """Return a function's ARN without the version or alias some answers put behind it."""
    parts = arn.split(":")
    return ":".join(parts[:7])


def _short(change: str) -> str:
    """Return a change without the digests of the code, which nobody reads."""
    return change.partition(":")[0] if "CodeSha256" in change else change
