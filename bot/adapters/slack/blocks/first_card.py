"""The first card: what rules see within seconds, above the plan of the look that goes on.

Pure. It has no control but Stop, because nothing in it is final; the final card replaces all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks import parts, verdict
from bot.adapters.slack.blocks.answer import BADGES
from bot.adapters.slack.blocks.card import Block, Card
from bot.adapters.slack.blocks.evidence import evidence_line
from bot.adapters.slack.blocks.plan import plan_card
from bot.adapters.slack.text import (
    as_mrkdwn,
    clip,
    clip_escaped,
    count,
    first_line,
    neutral_markdown,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.outcome import Outcome
    from bot.domain.progress import Task

MARK: Final = "*First look, by rules only.* Still looking, this may change."
_SUMMARY: Final = 1_800
_NOTIFICATION: Final = 300
_EVIDENCE_LINES: Final = 3
_TASKS: Final = 10
"""Of the plan below; with the card above it, more would leave Slack's bounds."""


def first_card(outcome: Outcome, tasks: Sequence[Task], *, investigation: str) -> Card:
    """Return the rules' verdict above the plan; without one, the plan alone."""
    found = outcome.verdict
    plan = plan_card(tasks, investigation=investigation, most=_TASKS)
    if found is None:
        return plan
    badge = BADGES[found.status]
    summary = neutral_markdown(found.summary).strip() or "No summary was written."
    # The reason is said again on the final card; here it explains why nothing else will come.
    reason = clip_escaped(outcome.notice or "", 300).strip()
    blocks: list[Block] = [
        parts.context(" ".join(part for part in (MARK, reason) if part)),
        parts.markdown(f"**{badge}, by rules.** {clip(summary, _SUMMARY)}"),
        *verdict.facts(found),
        *verdict.nothing_to_do(found),
        *verdict.steps("Relief now", found.mitigation, most=1),
        *_evidence(outcome),
        parts.divider(),
        *plan.blocks,
    ]
    said = clip_escaped(first_line(as_mrkdwn(found.summary), _NOTIFICATION), 2 * _NOTIFICATION)
    return Card(
        text=clip(f"{badge}, by rules only so far: {said} ({plan.text})", 3_000),
        blocks=tuple(blocks),
    )


def _evidence(outcome: Outcome) -> list[Block]:
    cited = set(outcome.verdict.evidence if outcome.verdict is not None else ())
    shown = [one for one in outcome.evidence if one.label in cited][:_EVIDENCE_LINES]
    lines = [evidence_line(one) for one in shown]
    rest = len(outcome.evidence) - len(shown)
    if rest > 0:
        noun = "more piece" if shown else "piece"
        lines.append(f"{count(rest, noun)} of evidence read so far")
    return [parts.context(*lines)] if lines else []
