"""Lambda: functions that are throttled, cannot be started, or name secrets that do not exist."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import Advice, CloudFinding, Statement
from bot.triage.cloud.measures import last_above, peak, since, total
from bot.triage.cloud.rules.invocations import configuration
from bot.triage.cloud.rules.sense import QUIET
from bot.triage.cloud.sight import FunctionSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.cloud.sight import Sight

_STARTS = frozenset({"", "Active", "Pending", "Inactive"})


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield refused calls, refused updates, and references that lead nowhere."""
    if not isinstance(sight, FunctionSight):
        return
    throttled = _throttled(sight)
    if throttled is not None:
        yield throttled
    if sight.state not in _STARTS or sight.update_status == "Failed":
        reason = sight.state_reason if sight.state not in _STARTS else sight.update_reason
        yield _finding(
            sight,
            Cause.WRONG_CONFIG,
            "aws_not_started",
            0.85,
            line=reason or sight.state,
        )
    gone = [one for one in sight.secrets if one.is_gone]
    if gone:
        found = _finding(
            sight,
            Cause.MISSING_CONFIG,
            "aws_secret_gone",
            # It is missing for sure; that it is what fails is said by the errors, if any.
            0.85 if sight.errors.lines else 0.6,
            missing=gone[0].name,
            setting=gone[0].used_as,
            evidence=(sight.secrets_label, *((sight.errors.label,) if sight.errors.lines else ())),
        )
        yield found


def _throttled(sight: FunctionSight) -> CloudFinding | None:
    points = sight.points("Throttles", "Sum")
    newest_s = last_above(points, 0)
    if newest_s is None:
        return None
    first_s = next(at_s for at_s, value in points if value > 0)
    count = total(since(points, first_s))
    concurrent = peak(sight.points("ConcurrentExecutions", "Maximum"))
    at_reserved = sight.reserved is not None and (
        sight.reserved == 0 or (concurrent is not None and concurrent >= sight.reserved)
    )
    values = {
        "object": sight.resource.name, "count": f"{count:.0f}", "limit": str(sight.reserved),
        "region": sight.resource.place.region,
    }  # fmt: skip
    relief: tuple[Advice, ...] = ()
    if at_reserved:
        relief = (
            Advice(
                action="aws_concurrency_action",
                risk="aws_concurrency_risk",
                undo="aws_concurrency_undo",
                values={"object": sight.resource.name, "old": values["limit"],
                        "region": values["region"]},
                check=configuration(sight).replace("-configuration", "-concurrency"),
            ),
        )  # fmt: skip
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.THROTTLED,
        category=Category.CAPACITY,
        statement=Statement(
            phrase="aws_throttled_reserved" if at_reserved else "aws_throttled",
            values=values,
            evidence=(sight.label,),
        ),
        weight=0.9 if at_reserved else 0.7,
        since=datetime.fromtimestamp(first_s, tz=UTC),
        over=newest_s < (sight.at - QUIET).timestamp()
        and total(sight.points("Invocations", "Sum"), newest_s) > 0,
        depth=1,
        check=configuration(sight).replace("-configuration", "-concurrency"),
        relief=relief,
    )


def _finding(
    sight: FunctionSight,
    cause: Cause,
    phrase: str,
    weight: float,
    *,
    evidence: tuple[str, ...] = (),
    **values: str,
) -> CloudFinding:
    return CloudFinding(
        resource=sight.resource,
        cause=cause,
        category=Category.CONFIGURATION,
        statement=Statement(
            phrase=phrase,
            values={"object": sight.resource.name, **values},
            evidence=evidence or (sight.label,),
        ),
        weight=weight,
        depth=2,
        check=configuration(sight),
    )
