"""The card of an answered question: conclusion first, then what it rests on and what is missing.

Pure. It must not decide how sure an answer is; every judgement comes with the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.adapters.slack import limits
from bot.adapters.slack.actions import DETAILS, RATE, RETRY
from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks import verdict as verdict_parts
from bot.adapters.slack.blocks.card import Block, Card
from bot.adapters.slack.blocks.charts import chart_blocks
from bot.adapters.slack.blocks.evidence import coverage_lines, evidence_line
from bot.adapters.slack.text import (
    as_mrkdwn,
    clip,
    clip_escaped,
    count,
    first_line,
    neutral_markdown,
    person,
    split_markdown,
)
from bot.adapters.slack.validation import block_text_length
from bot.domain.investigation import RunState
from bot.domain.verdict import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.outcome import Outcome
    from bot.domain.verdict import Verdict

FIRST_PART: Final = 4_500
"""Characters of the summary on the card itself; the other blocks need the rest of the 12,000."""
NEXT_PART: Final = 9_000
MAX_PARTS: Final = 4
"""The card and three continuations; beyond that the summary is cut, visibly."""
_NOTIFICATION: Final = 600
_ROOM: Final = limits.MESSAGE_BLOCK_TEXT_SUM - 900
"""What all groups may hold together; the rest is for the footer, the notes and the buttons."""
_EVIDENCE_LINES: Final = 6

BADGES: Final = {
    Status.CONFIRMED: "Confirmed",
    Status.LIKELY: "Likely",
    Status.INCONCLUSIVE: "Inconclusive",
    Status.HEALTHY: "Healthy",
}
ENDINGS: Final = {
    RunState.RUNNING: "Still running",
    RunState.DONE: "Done",
    RunState.FAILED: "Failed",
    RunState.TIMED_OUT: "Out of time",
    RunState.CANCELLED: "Stopped",
    RunState.ORPHANED: "Given up",
    RunState.ASKED_BACK: "Waiting for you",
    RunState.REFUSED: "Not allowed",
}
_REPEATABLE: Final = frozenset(
    {RunState.FAILED, RunState.TIMED_OUT, RunState.CANCELLED, RunState.ORPHANED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Blocks that are shown together or not at all; the lowest rank is given up last."""

    rank: int
    title: str
    blocks: list[Block]


def answer_cards(outcome: Outcome, *, files_lost: bool = False) -> tuple[Card, ...]:
    """Return the card, and continuation messages where the summary is longer than a card holds.

    `files_lost` says that the pictures which go with the card could not be uploaded.
    """
    verdict = outcome.verdict
    if verdict is None:
        return (_ending_card(outcome),)
    badge = _badge(outcome, verdict)
    summary = neutral_markdown(verdict.summary).strip() or "No summary was written."
    pieces = split_markdown(f"**{badge}.** {summary}", first=FIRST_PART, rest=NEXT_PART)
    cut = len(pieces) > MAX_PARTS
    pieces = pieces[:MAX_PARTS]
    blocks: list[Block] = [parts.markdown(pieces[0])]
    if len(pieces) > 1:
        blocks.append(parts.context("The answer goes on below in this thread."))
    groups = _groups(outcome, verdict, files_lost=files_lost)
    blocks += _fitting(groups, room=_ROOM - len(pieces[0]))
    blocks.append(parts.context(_footer(outcome, verdict)))
    blocks += controls(outcome)
    said = first_line(as_mrkdwn(verdict.summary), _NOTIFICATION)
    text = clip_escaped(f"{badge}: {said}", 2 * _NOTIFICATION)
    first = Card(text=text, blocks=tuple(blocks))
    return (first, *_continuations(pieces[1:], cut=cut))


def controls(outcome: Outcome) -> list[Block]:
    """Return the buttons that fit the way the run ended."""
    buttons: list[Block] = []
    if outcome.evidence or outcome.verdict is not None:
        buttons.append(parts.button("Details", DETAILS, outcome.investigation_id))
    if outcome.state in _REPEATABLE:
        buttons.append(parts.button("Retry", RETRY, outcome.investigation_id))
    elif _is_worth_another_look(outcome):
        buttons.append(parts.button("Look again", RETRY, outcome.investigation_id))
    rows = [parts.actions(*buttons)] if buttons else []
    if outcome.verdict is not None:
        rows.append(_feedback(outcome.investigation_id))
    return rows


def _groups(outcome: Outcome, verdict: Verdict, *, files_lost: bool) -> list[_Group]:
    """Return what follows the summary, in reading order."""
    marked = verdict_parts.rules_only(verdict, outcome.notice)
    ending = _ending(outcome, with_notice=not marked)
    notice = [parts.context(ending)] if ending else []
    relief = verdict_parts.steps("Relief now", verdict.mitigation, orders=not verdict.proposals)
    cure = verdict_parts.steps("Permanent fix", verdict.permanent)
    coverage = parts.paragraphs(coverage_lines(verdict.coverage))
    return [
        _Group(rank=0, title="who answered", blocks=marked),
        _Group(rank=5, title="the facts", blocks=verdict_parts.facts(verdict)),
        _Group(rank=0, title="hypotheses", blocks=verdict_parts.unverified(verdict)),
        _Group(rank=0, title="caveats", blocks=verdict_parts.caveats(verdict)),
        _Group(rank=3, title="advice", blocks=verdict_parts.nothing_to_do(verdict)),
        _Group(rank=1, title="the proposal", blocks=verdict_parts.proposed(verdict)),
        _Group(rank=3, title="relief", blocks=relief),
        _Group(rank=6, title="the fix", blocks=cure),
        _Group(rank=4, title="the next checks", blocks=verdict_parts.next_checks(verdict)),
        _Group(rank=7, title="the code change", blocks=verdict_parts.code_change(verdict)),
        _Group(rank=8, title="what was ruled out", blocks=verdict_parts.ruled_out(verdict)),
        _Group(rank=2, title="evidence", blocks=_evidence(outcome, verdict)),
        _Group(rank=5, title="charts", blocks=chart_blocks(outcome, lost=files_lost)),
        _Group(rank=1, title="coverage", blocks=coverage),
        _Group(rank=4, title="how it ended", blocks=notice),
    ]


def _fitting(groups: Sequence[_Group], *, room: int) -> list[Block]:
    """Return the blocks that fit, the most needed first to be kept; what is left out is named."""
    left_out = []
    for group in sorted(groups, key=lambda group: group.rank):
        length = block_text_length(group.blocks)
        if length > room:
            left_out.append(group)
        else:
            room -= length
    blocks = [block for group in groups if group not in left_out for block in group.blocks]
    if left_out:
        names = ", ".join(group.title for group in left_out)
        blocks.append(parts.context(f"Too long for one message, see Details: {names}."))
    return blocks


def _ending_card(outcome: Outcome) -> Card:
    words = ENDINGS[outcome.state]
    ending = _ending(outcome) or "There is no answer to show."
    if outcome.state is RunState.DONE or outcome.stopped_by:
        # It says by itself how it ended: a read that was refused is not "done".
        return Card(text=ending, blocks=(parts.section(ending), *controls(outcome)))
    return Card(
        text=f"{words}: {ending}",
        blocks=(parts.section(f"*{words}.* {ending}"), *controls(outcome)),
    )


def _ending(outcome: Outcome, *, with_notice: bool = True) -> str:
    """Return in mrkdwn how the run ended, beyond its state; empty if there is nothing to say."""
    stopped = f"Stopped by {person(outcome.stopped_by)}." if outcome.stopped_by else ""
    notice = clip_escaped(outcome.notice or "", 1_500).strip() if with_notice else ""
    return " ".join(part for part in (stopped, notice) if part)


def _is_worth_another_look(outcome: Outcome) -> bool:
    """Tell whether a finished run may well say more when it is made again."""
    verdict = outcome.verdict
    return (
        outcome.state is RunState.DONE
        and verdict is not None
        and (verdict.status is Status.INCONCLUSIVE or verdict.answered_by == "rules")
    )


def _badge(outcome: Outcome, verdict: Verdict) -> str:
    if outcome.state is RunState.DONE:
        return BADGES[verdict.status]
    return f"{ENDINGS[outcome.state]}, partial answer, {BADGES[verdict.status].lower()}"


def _evidence(outcome: Outcome, verdict: Verdict) -> list[Block]:
    if not outcome.evidence:
        return [parts.context("No evidence was collected for this answer.")]
    cited = set(verdict.evidence)
    ordered = sorted(outcome.evidence, key=lambda evidence: evidence.label not in cited)
    shown = [one for one in ordered if one.label in cited][:_EVIDENCE_LINES] or ordered[:2]
    lines = ["*Evidence*", *(evidence_line(evidence) for evidence in shown)]
    rest = len(outcome.evidence) - len(shown)
    if rest > 0:
        lines.append(f"… and {rest} more under Details")
    return parts.paragraphs(lines)


def _footer(outcome: Outcome, verdict: Verdict) -> str:
    pieces = [
        f"answered by {clip_escaped(verdict.answered_by, 80)}",
        count(verdict.calls, "read"),
        f"{verdict.seconds:.1f} s",
    ]
    if verdict.cost_usd > 0:
        pieces.append(f"${verdict.cost_usd:.2f}")
    pieces.append(f"confidence {verdict.confidence:.0%}")
    if outcome.state is not RunState.DONE:
        pieces.append(ENDINGS[outcome.state].lower())
    return " · ".join(pieces)


def _continuations(pieces: Sequence[str], *, cut: bool) -> tuple[Card, ...]:
    cards = []
    for number, piece in enumerate(pieces, start=1):
        blocks = [parts.markdown(piece)]
        if cut and number == len(pieces):
            blocks.append(
                parts.context("Cut here: the answer was longer than is shown in a thread.")
            )
        text = f"(continued {number}) {clip_escaped(first_line(piece, 200), 250)}"
        cards.append(Card(text=clip(text, 300), blocks=tuple(blocks)))
    return tuple(cards)


def _feedback(investigation_id: str) -> Block:
    """Return native feedback buttons; the value says what is rated, and how."""
    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": RATE,
                "positive_button": {
                    "text": parts.plain("Helpful", 75),
                    "value": f"good:{investigation_id}",
                    "accessibility_label": "This answer was helpful",
                },
                "negative_button": {
                    "text": parts.plain("Not helpful", 75),
                    "value": f"bad:{investigation_id}",
                    "accessibility_label": "This answer was not helpful",
                },
            }
        ],
    }
