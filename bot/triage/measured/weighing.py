"""What findings of measurements have in common: their object, pods, evidence and words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.tools.promql.durations import DAY_S, HOUR_S, spelled
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.triage.estate import Estate, Pod
    from bot.triage.measured.sight import Strain

UNKNOWN = "?"
"""Stands in a sentence for a number that was not measured."""
_LOG_S = 600
"""What was logged before has been got over, or it would be logged still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a finding says, apart from its numbers."""

    cause: Cause
    category: Category
    phrase: str
    weight: float
    is_symptom: bool = False
    depth: int = 0


def weighed(
    estate: Estate,
    strain: Strain,
    kind: Kind,
    *,
    pods: Iterable[str],
    values: Mapping[str, str],
    evidence: tuple[str, ...],
    since_s: float,
) -> Finding:
    """Return a finding about the workload; `pods` are those it was seen on, by name."""
    ref = strain.object
    named = set(pods)
    living = [one for one in estate.pods_of(ref) if not estate.is_over(one)]
    seen = [one for one in living if one.ref.name in named]
    asked = (seen or living)[:1]
    where = f"-n {ref.namespace}"
    return Finding(
        object=ref,
        cause=kind.cause,
        category=kind.category,
        phrase=kind.phrase,
        values=values,
        evidence=evidence,
        weight=kind.weight,
        affected=max(1, len(seen)),
        since=moment_of(since_s),
        check=f"kubectl top pods {where} --containers",
        pods=tuple(one.ref for one in (seen or living)),
        depth=kind.depth,
        symptom=kind.is_symptom,
        # Whoever fails or waits mostly says in its log for what.
        container=_main(asked) if kind.is_symptom else "",
        log_since_s=_LOG_S if kind.is_symptom else None,
    )


def _main(pods: list[Pod]) -> str:
    return next((one.name for pod in pods for one in pod.containers if not one.init), "")


def moment_of(at_s: float) -> datetime:
    """Return a time of a series."""
    return datetime.fromtimestamp(at_s, tz=UTC)


def times(value: float, whole: float) -> str:
    """Return how many times as much one is as the other, such as `2.1`."""
    return f"{value / whole:.1f}"


def share(value: float | None) -> str:
    """Return a share in percent; a question mark for one that was not measured."""
    return UNKNOWN if value is None else f"{value:.0%}"


def span(seconds: float) -> str:
    """Return a length of time in its two largest units, minutes at least."""
    minutes = max(60, int(seconds) // 60 * 60)
    return spelled(minutes if minutes < DAY_S else minutes // HOUR_S * HOUR_S)
