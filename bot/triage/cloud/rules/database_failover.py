"""RDS: instances that moved to their standby, or are being restarted or changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import CloudFinding, Statement
from bot.triage.cloud.sight import DatabaseSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.cloud.sight import Sight

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
_BEGAN = re.compile(r"failover (?:started|has started)|started.{0,20}failover", re.IGNORECASE)
_ENDED = re.compile(
    r"failover (?:completed|complete|has completed)|completed.{0,20}failover", re.IGNORECASE
)
_MOVING = frozenset({"rebooting", "starting", "stopping", "failing-over", "maintenance"})


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield a failover of the last day; it is over once the instance says so and takes work."""
    if not isinstance(sight, DatabaseSight):
        return
    told = [(at, text) for at, text in sight.events if _BEGAN.search(text) or _ENDED.search(text)]
    if not told:
        return
    began = next((at for at, text in told if _BEGAN.search(text)), told[0][0])
    ended = _ENDED.search(told[-1][1]) is not None
    connected = sight.points("DatabaseConnections", "Maximum")
    is_used = not connected or connected[-1][1] > 0
    over = ended and sight.status not in _MOVING and is_used
    yield CloudFinding(
        resource=sight.resource,
        cause=Cause.FAILOVER,
        category=Category.INFRASTRUCTURE,
        statement=Statement(
            phrase="aws_failover_over" if ended else "aws_failover",
            values={
                "object": sight.resource.name, "line": told[-1][1], "status": sight.status,
            },
            evidence=(sight.label,),
        ),
        weight=0.9,
        since=began,
        over=over,
        depth=4,
        check=(
            f"aws rds describe-events --source-type db-instance --source-identifier"
            f" {sight.resource.name} --duration 1440 --region {sight.resource.place.region}"
        ),
    )  # fmt: skip
