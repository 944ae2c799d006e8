"""What a run looked at and what it did not see, counted from the ledger; no model has a say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.agent.exhibit import where
from bot.domain.evidence import EvidenceState
from bot.domain.verdict import Coverage, Gap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.evidence import Evidence, Observation

SEARCH = "search_evidence"
"""The tool that reads the ledger itself; it looks at nothing new."""

MAX_REASON = 160
"""Characters of a reason; the evidence holds the rest."""


def coverage_of(evidence: Iterable[Evidence], *, unusable: Iterable[Gap] = ()) -> Coverage:
    """Return the coverage of these observations.

    Of the same query only the last attempt counts. A source may be in several lists: one pod's
    logs were read, another's denied. `unusable` is what is configured but cannot be used now; it
    is listed as not tried unless it was.
    """
    latest = {
        (seen.query, where(seen)): seen
        for seen in (one.observation for one in evidence)
        if seen.tool != SEARCH
    }.values()
    checked = _places(latest, EvidenceState.OK)
    gaps = {
        state: _gaps(latest, state)
        for state in (EvidenceState.TRUNCATED, EvidenceState.UNREACHABLE, EvidenceState.DENIED)
    }
    tried = {seen.source for seen in latest}
    return Coverage(
        checked=checked,
        clean=tuple(
            place for place in _places(latest, EvidenceState.EMPTY) if place not in checked
        ),
        truncated=gaps[EvidenceState.TRUNCATED],
        unreachable=gaps[EvidenceState.UNREACHABLE],
        denied=gaps[EvidenceState.DENIED],
        not_tried=tuple(gap for gap in unusable if gap.source not in tried),
    )


def _places(seen: Iterable[Observation], state: EvidenceState) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(f"{one.source} @ {where(one)}" for one in seen if one.state is state)
    )


def _gaps(seen: Iterable[Observation], state: EvidenceState) -> tuple[Gap, ...]:
    found: dict[tuple[str, str], Gap] = {}
    for one in seen:
        if one.state is state:
            gap = Gap(source=one.source, scope=where(one), reason=_reason(one))
            found.setdefault((gap.source, gap.scope), gap)
    return tuple(found.values())


def _reason(seen: Observation) -> str:
    if seen.state is EvidenceState.TRUNCATED:
        return f"{seen.cut_bytes:,} bytes cut off"
    first = next(iter(seen.body.strip().splitlines()), "no reason given")
    return first if len(first) <= MAX_REASON else f"{first[: MAX_REASON - 1]}…"
