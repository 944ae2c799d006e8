"""The Details modal: hypotheses, each piece of evidence with its exact query, and coverage.

Pure. Long ledgers are paged, because a view holds a hundred blocks and people read one screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack import limits
from bot.adapters.slack.actions import DETAILS_PAGE, DETAILS_VIEW
from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks import verdict as verdict_parts
from bot.adapters.slack.blocks.charts import left_out_line
from bot.adapters.slack.blocks.evidence import STATE_WORDS, coverage_lines, scope_of, size
from bot.adapters.slack.text import clip, clip_escaped, count, escape, utc, when, when_iso
from bot.domain.verdict import HypothesisState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.slack.blocks.card import Block
    from bot.domain.evidence import Evidence
    from bot.domain.outcome import Outcome
    from bot.domain.verdict import Verdict

PER_PAGE: Final = 6
_EXCERPT: Final = 2_500
_STATEMENT: Final = 600
_SPECIFICATION: Final = 2_900
_STEPS: Final = 8
_HYPOTHESES: Final = {
    HypothesisState.SUPPORTED: "supported",
    HypothesisState.RULED_OUT: "ruled out",
    HypothesisState.OPEN: "open",
}


def details_view(outcome: Outcome, *, page: int = 0) -> dict[str, Any]:
    """Return one page of the modal; a page out of range is the nearest there is."""
    pages = max((len(outcome.evidence) - 1) // PER_PAGE + 1, 1)
    page = min(max(page, 0), pages - 1)
    blocks: list[Block] = []
    if page == 0 and outcome.verdict is not None:
        blocks += _verdict(outcome.verdict)
    start = page * PER_PAGE
    shown = outcome.evidence[start : start + PER_PAGE]
    total = count(len(outcome.evidence), "piece")
    title = f"Evidence: {total}" + (f", page {page + 1} of {pages}" if pages > 1 else "")
    blocks.append(parts.header(title))
    if not shown:
        blocks.append(parts.section("Nothing was read in this run."))
    for evidence in shown:
        blocks += _evidence(evidence)
    blocks += _paging(outcome.investigation_id, page=page, pages=pages)
    return _modal(blocks[: limits.BLOCKS_PER_VIEW])


def loading_view() -> dict[str, Any]:
    """Return what is shown until the details are there."""
    return _modal([parts.section("Fetching the evidence …")])


def message_view(text: str) -> dict[str, Any]:
    """Return a modal that says one thing, such as why there is nothing to show."""
    return _modal([parts.section(clip_escaped(text, 2_900))])


def page_value(investigation_id: str, page: int) -> str:
    """Return the value of a paging button."""
    return f"{page}:{investigation_id}"


def parse_page_value(value: str) -> tuple[str, int] | None:
    """Return investigation and page of a paging button's value; None if it is none."""
    page, _, investigation_id = value.partition(":")
    if not (page.isascii() and page.isdecimal() and len(page) < 5 and investigation_id):  # noqa: PLR2004 -- no ledger has 10,000 pages
        return None
    return investigation_id, int(page)


def _modal(blocks: Sequence[Block]) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": DETAILS_VIEW,
        "title": parts.plain("Details", limits.MODAL_TITLE),
        "close": parts.plain("Close", limits.MODAL_BUTTON),
        "blocks": list(blocks),
    }


def _verdict(verdict: Verdict) -> list[Block]:
    blocks: list[Block] = []
    if verdict.hypotheses:
        lines = [
            f"• *{_HYPOTHESES[one.state]}*: {clip_escaped(one.statement, _STATEMENT)}"
            f" {_labels(one.evidence)}"
            for one in verdict.hypotheses[:12]
        ]
        blocks += [parts.header("Hypotheses"), *parts.paragraphs(lines)]
    if verdict.timeline:
        lines = [
            f"• {when_iso(point.at)} {clip_escaped(point.what, 300)} {_labels(point.evidence)}"
            for point in verdict.timeline[:20]
        ]
        blocks += [parts.header("Timeline"), *parts.paragraphs(lines)]
    for title, steps in (
        ("Relief now", verdict.mitigation),
        ("Permanent fix", verdict.permanent),
    ):
        blocks += verdict_parts.steps(title, steps, most=_STEPS)
    blocks += verdict_parts.next_checks(verdict)
    if verdict.code_change:
        blocks += [
            parts.header("Code change"),
            parts.preformatted(verdict.code_change, _SPECIFICATION),
        ]
    coverage = coverage_lines(verdict.coverage)
    if coverage:
        blocks += [parts.header("Coverage"), *parts.paragraphs(coverage)]
    return blocks


def _evidence(evidence: Evidence) -> list[Block]:
    seen = evidence.observation
    lines = [
        f"*{escape(evidence.label)}* · {escape(seen.tool)} · {escape(STATE_WORDS[seen.state])}",
        (
            f"{clip_escaped(scope_of(seen), 200)} · read {when(seen.collected_at)}"
            f" in {seen.took_s:.1f} s"
        ),
    ]
    if seen.window is not None:
        lines.append(f"window {utc(seen.window.start)} to {utc(seen.window.end)}")
    if seen.cut_bytes:
        lines.append(f"{size(seen.cut_bytes)} left out")
    lines.append(f"sha256 `{evidence.digest}`")
    body = clip(seen.body, _EXCERPT)
    left = len(seen.body) - len(body)
    blocks = [
        parts.section("\n".join(lines)),
        parts.preformatted(seen.query, 1_000),
        parts.preformatted(body or "(no output)", _EXCERPT),
    ]
    if left > 0:
        blocks.append(parts.context(f"Excerpt: {left} more characters are kept with the ledger."))
    if seen.chart is not None and seen.chart.left_out:
        blocks.append(parts.context(left_out_line(evidence.label, seen.chart)))
    return blocks


def _paging(investigation_id: str, *, page: int, pages: int) -> list[Block]:
    buttons = [
        parts.button(label, f"{DETAILS_PAGE}.{label.lower()}", page_value(investigation_id, to))
        for label, to in (("Earlier", page - 1), ("Later", page + 1))
        if 0 <= to < pages
    ]
    return [parts.actions(*buttons)] if buttons else []


def _labels(labels: Sequence[str]) -> str:
    return f"[{clip_escaped(', '.join(labels), 100)}]" if labels else ""
