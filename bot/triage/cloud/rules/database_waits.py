"""RDS: sessions that wait for locks of others, by the log and by Performance Insights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import CloudFinding, Statement
from bot.triage.cloud.rules.sense import QUIET, first_at, last_at, matching
from bot.triage.cloud.sight import DatabaseSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.cloud.sight import Sight

# https://www.postgresql.org/docs/current/errcodes-appendix.html, and MySQL's errors 1205 and 1213.
_LOCKED = re.compile(
    r"deadlock (?:detected|found)|still waiting for \w+Lock|lock wait timeout exceeded"
    r"|canceling statement due to lock timeout|could not obtain lock",
    re.IGNORECASE,
)
# How the engines call waits for a row or table held by another transaction.
_WAIT = re.compile(
    r"(?i)^(?:Lock:|lock/|io/table/sql/handler|synch/cond/.*lock)|transactionid|tuple"
)
# Sessions on average; fewer wait now and then in every database.
_LEAST_LOAD = 1.0


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield lock contention."""
    if not isinstance(sight, DatabaseSight):
        return
    lines = matching(sight.errors.lines, _LOCKED)
    waiting = [(name, load) for name, load in sight.waits if _WAIT.search(name)]
    load = sum(load for _, load in waiting)
    if not lines and load < _LEAST_LOAD:
        return
    more: tuple[Statement, ...] = ()
    if waiting:
        more = (
            Statement(
                phrase="aws_waits",
                values={"line": waiting[0][0], "load": f"{load:.1f}"},
                evidence=(sight.label,),
            ),
        )
    said = lines[-1].text.strip() if lines else waiting[0][0]
    seen = last_at(lines)
    labels = ((sight.errors.label,) if lines else ()) + (sight.label,)
    yield CloudFinding(
        resource=sight.resource,
        cause=Cause.LOCK_CONTENTION,
        category=Category.APPLICATION,
        statement=Statement(
            phrase="aws_locks",
            values={"object": sight.resource.name, "count": str(len(lines)), "line": said},
            evidence=labels,
        ),
        weight=0.92 if lines and load >= _LEAST_LOAD else 0.85 if lines else 0.75,
        since=first_at(lines),
        over=load < _LEAST_LOAD and seen is not None and sight.at - seen >= QUIET,
        depth=3,
        check=(
            "aws pi describe-dimension-keys --service-type RDS --metric db.load.avg --group-by"
            f" Group=db.wait_event --region {sight.resource.place.region}"
        ),
        more=more,
    )
