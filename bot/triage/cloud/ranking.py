"""Orders findings: the deepest cause that explains the most, symptoms behind their causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.triage.cloud.finding import CloudFinding
    from bot.triage.cloud.sight import DatabaseSight

# What a change right before the onset adds: two facts that know nothing of each other agree.
TRIGGER_ADDS = 0.1
_NEVER = float("inf")


def rank(
    found: Iterable[CloudFinding], databases: Sequence[DatabaseSight] = ()
) -> list[CloudFinding]:
    """Return the findings, likeliest root first; symptoms only where nothing explains them.

    What still goes on comes before what is over. A database's own fault comes before the faults
    of those that do not reach it.
    """
    entries = list(found)
    # What is over explains nothing that goes on.
    causes = [one for one in entries if not one.symptom]
    explained = any(not one.over for one in causes)
    kept = causes if explained else entries
    endpoints = {one.resource.key: one.endpoint for one in databases}
    return sorted(kept, key=lambda one: _order(one, kept, endpoints))


def explains(
    deeper: CloudFinding, found: CloudFinding, endpoints: dict[tuple[str, str, str, str], str]
) -> bool:
    """Tell whether the one is a fault of what the other needs and does not get."""
    host = endpoints.get(deeper.resource.key, "")
    # Nobody can sign in without credentials, however well or ill the database is.
    if found.cause is Cause.CREDENTIALS_MISSING:
        return False
    return bool(host and found.needs) and host in found.needs


def sureness(found: CloudFinding) -> float:
    """Return a finding's weight with what the change right before it adds."""
    return found.weight + (TRIGGER_ADDS if found.trigger is not None else 0.0)


def _order(
    found: CloudFinding,
    others: Sequence[CloudFinding],
    endpoints: dict[tuple[str, str, str, str], str],
) -> tuple[object, ...]:
    explained = sum(explains(found, one, endpoints) for one in others if one is not found)
    is_sure = sureness(found) >= _SURE
    since = found.since.timestamp() if found.since is not None else _NEVER
    return (
        found.over,
        -explained,
        not is_sure,
        -found.depth,
        -sureness(found),
        since,
        str(found.resource),
        found.cause,
    )


# Below it, depth must not beat a fault whose facts leave less doubt.
_SURE = 0.75
