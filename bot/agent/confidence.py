"""How far an answer may be believed: rules over its evidence, never the model's own feeling.

Nothing here raises a status; each rule that lowers one says so in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.domain.verdict import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.evidence import Evidence
    from bot.domain.verdict import Coverage, Verdict

_BASE = {
    Status.CONFIRMED: 0.9,
    Status.HEALTHY: 0.85,
    Status.LIKELY: 0.65,
    Status.INCONCLUSIVE: 0.3,
}
"""Starting points, to be replaced by measured hit rates once the evals give them."""

_LOWER = {
    Status.CONFIRMED: Status.LIKELY,
    Status.LIKELY: Status.INCONCLUSIVE,
    Status.HEALTHY: Status.INCONCLUSIVE,
    Status.INCONCLUSIVE: Status.INCONCLUSIVE,
}

GAP_COST = 0.05
"""Per source not seen whole or not at all."""
MAX_GAP_COST = 0.25
UNVERIFIED_COST = 0.5
"""Times the share of claims no cited evidence holds."""
MAX_UNVERIFIED_SHARE = 1 / 3
"""Above it, an answer is more guess than reading."""

_SOUND = frozenset({EvidenceState.OK, EvidenceState.EMPTY})
_BLIND = frozenset({EvidenceState.UNREACHABLE, EvidenceState.DENIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Status and number after the rules."""

    status: Status
    confidence: float
    reasons: tuple[str, ...]
    """One sentence for each rule that lowered the status."""


def judge(
    verdict: Verdict,
    *,
    cited: Sequence[Evidence],
    coverage: Coverage,
    unverified_share: float,
) -> Judgement:
    """Return what the evidence allows; never more than the verdict claims.

    `cited` are the pieces of evidence the verdict cites. `unverified_share` is between 0 and 1.
    """
    status, reasons = verdict.status, []
    for lowered, reason in (
        _by_evidence(status, cited),
        _by_gaps(status, coverage),
        _by_grounding(status, unverified_share),
    ):
        if reason and _BASE[lowered] < _BASE[status]:
            reasons.append(f"{verdict.status} lowered to {lowered}: {reason}")
            status = lowered
    gaps = (
        len(coverage.truncated)
        + len(coverage.unreachable)
        + len(coverage.denied)
        + len(coverage.not_tried)
    )
    confidence = _BASE[status]
    confidence -= min(MAX_GAP_COST, GAP_COST * gaps)
    confidence *= 1 - UNVERIFIED_COST * unverified_share
    return Judgement(
        status=status, confidence=round(max(0.0, confidence), 2), reasons=tuple(reasons)
    )


def _by_evidence(status: Status, cited: Sequence[Evidence]) -> tuple[Status, str]:
    states = {one.observation.state for one in cited}
    labels = ", ".join(one.label for one in cited if one.observation.state not in _SOUND)
    if not states:
        return Status.INCONCLUSIVE, "it cites no evidence."
    if states <= _BLIND:
        return Status.INCONCLUSIVE, f"all it cites could not be read ({labels})."
    if status is Status.HEALTHY and states - _SOUND:
        return Status.INCONCLUSIVE, f"nothing wrong was seen, but {labels} is incomplete."
    if not states & _SOUND:
        return _LOWER[status], f"it leans on incomplete evidence alone ({labels})."
    if states & _BLIND and status is Status.CONFIRMED:
        return Status.LIKELY, f"part of what it cites could not be read ({labels})."
    return status, ""


def _by_gaps(status: Status, coverage: Coverage) -> tuple[Status, str]:
    blind = (*coverage.unreachable, *coverage.denied)
    if status is not Status.HEALTHY or not blind:
        return status, ""
    places = ", ".join(dict.fromkeys(f"{gap.source} @ {gap.scope}" for gap in blind))
    return Status.INCONCLUSIVE, f"{places} could not be read, so trouble there was not seen."


def _by_grounding(status: Status, unverified_share: float) -> tuple[Status, str]:
    if unverified_share <= MAX_UNVERIFIED_SHARE or status is Status.HEALTHY:
        return status, ""
    return _LOWER[status], "much of what it states is in no evidence it cites."
