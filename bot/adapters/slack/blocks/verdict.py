"""The parts of a verdict as blocks: what it is about, what may be done, what was ruled out.

Pure. The final card and the first card choose from them; commands are shown whole and unchanged,
because people copy them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks import parts
from bot.adapters.slack.text import (
    clip_escaped,
    count,
    escape,
    first_line,
    inline_code,
    printable,
    when_iso,
)
from bot.domain.verdict import Cause, HypothesisState, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.slack.blocks.card import Block
    from bot.domain.verdict import Step, Verdict

_STEPS: Final = 3
_ACTION: Final = 500
_NOTE: Final = 300
_CODE_LINE: Final = 160
"""Characters of a command up to which it stands in its line; a longer one gets its own block."""
_CODE_BLOCK: Final = 700
_RULED_OUT: Final = 4
_NAMES: Final = 15
_COMMAND: Final = re.compile(r"(?:kubectl|aws|helm|argocd|flux|eksctl|psql|promql) \S")


def facts(verdict: Verdict) -> list[Block]:
    """Return object and cause in one line, and since when and by what in the next."""
    about = [inline_code(verdict.object)] if verdict.object else []
    codes = [code.value for code in (verdict.cause, verdict.category) if code.value != "none"]
    if verdict.cause is not Cause.NONE:
        about.append(escape(f"{verdict.cause.meaning} ({', '.join(codes)})"))
    elif codes:
        about.append(escape(f"kind of problem: {codes[0]}"))
    story = [f"*Since* {when_iso(verdict.since)}"] if verdict.since else []
    if verdict.trigger and verdict.trigger not in verdict.summary:
        story.append(f"*Trigger* {_shown(verdict.trigger, 400)}")
    lines = [line for line in (" · ".join(about), " · ".join(story)) if line]
    return parts.paragraphs(lines)


def rules_only(verdict: Verdict, notice: str | None) -> list[Block]:
    """Return the mark of a verdict that no language model took part in, with the reason."""
    if verdict.answered_by != "rules":
        return []
    reason = clip_escaped(notice or "", 1_500).strip() or "no language model took part."
    return [parts.context(f"*Rules only:* {reason}")]


def unverified(verdict: Verdict) -> list[Block]:
    """Return the names of the summary that no cited evidence holds."""
    if not verdict.unverified:
        return []
    names = ", ".join(inline_code(name, limit=80) for name in verdict.unverified[:_NAMES])
    rest = len(verdict.unverified) - _NAMES
    more = f" and {rest} more" if rest > 0 else ""
    return [parts.section(f"*Hypothesis, not found in the cited evidence:* {names}{more}")]


def caveats(verdict: Verdict) -> list[Block]:
    """Return why the answer is less sure than it sounds, in code's own words."""
    if not verdict.caveats:
        return []
    return [parts.context(" ".join(clip_escaped(one, 300) for one in verdict.caveats[:4]))]


def steps(
    title: str, chosen: Sequence[Step], *, most: int = _STEPS, orders: bool = True
) -> list[Block]:
    """Return what may be done, each with its check, its risk and the way back.

    Without `orders` nobody is told how to ask for it: it was proposed already.
    """
    if not chosen:
        return []
    blocks: list[Block] = []
    lines = [f"*{title}*"]
    for number, step in enumerate(chosen[:most], start=1):
        told = (
            (f"{number}.", step.action, _ACTION),
            ("      _risk:_", step.risk, _NOTE),
            ("      _undo:_", step.undo, _NOTE),
            ("      _check:_", step.check, 0),
            ("      _or ask for approval:_", step.order if orders else "", 0),
        )
        for label, value, limit in told:
            if not value.strip():
                continue
            if limit == 0 or _is_command(value):
                line, block = _code(value)
            else:
                line, block = clip_escaped(value, limit), None
            lines.append(f"{label} {line}".rstrip())
            if block is not None:
                blocks += [*parts.paragraphs(lines), block]
                lines = []
    if len(chosen) > most:
        lines.append(f"… and {count(len(chosen) - most, 'more step')} under Details")
    return [*blocks, *parts.paragraphs(lines)]


def proposed(verdict: Verdict) -> list[Block]:
    """Return which operations were proposed; each has a card of its own, on which people decide."""
    if not verdict.proposals:
        return []
    names = ", ".join(f"*{clip_escaped(one, 20)}*" for one in verdict.proposals)
    told = "It is checked first, then people decide on its card. Nothing has been done."
    return [parts.section(f"*Proposed:* {names}. {told}")]


def nothing_to_do(verdict: Verdict) -> list[Block]:
    """Return that no action is needed, where that is the advice."""
    return [parts.section("*Nothing to do now.*")] if verdict.nothing_to_do else []


def next_checks(verdict: Verdict) -> list[Block]:
    """Return what would decide it, or what to look at again."""
    if not verdict.next_checks:
        return []
    sure = verdict.status in {Status.CONFIRMED, Status.HEALTHY}
    title = "*To look again*" if sure else "*What would decide it*"
    return parts.paragraphs(
        [title, *(f"• {_shown(check, 400)}" for check in verdict.next_checks[:5])]
    )


def code_change(verdict: Verdict) -> list[Block]:
    """Return how the code change begins; all of it is in the details."""
    if not verdict.code_change:
        return []
    line = clip_escaped(first_line(verdict.code_change, _NOTE), _NOTE)
    return [parts.section(f"*Code change*, specified under Details: {line}")]


def ruled_out(verdict: Verdict) -> list[Block]:
    """Return which explanations the evidence speaks against."""
    found = [one for one in verdict.hypotheses if one.state is HypothesisState.RULED_OUT]
    if not found:
        return []
    lines = ["*Ruled out*"]
    for one in found[:_RULED_OUT]:
        cited = f" [{clip_escaped(', '.join(one.evidence), 60)}]" if one.evidence else ""
        lines.append(f"• {clip_escaped(one.statement, _NOTE)}{cited}")
    if len(found) > _RULED_OUT:
        lines.append(f"… and {len(found) - _RULED_OUT} more under Details")
    return parts.paragraphs(lines)


def _is_command(text: str) -> bool:
    return "`" not in text and _COMMAND.match(text) is not None


def _shown(text: str, limit: int) -> str:
    """Return prose escaped, and a short command as code."""
    if _is_command(text):
        line, block = _code(text, longest=limit)
        if block is None:
            return line
    return clip_escaped(text, limit)


def _code(text: str, *, longest: int = _CODE_LINE) -> tuple[str, Block | None]:
    """Return a command as code in its line, or as a block of its own where a line would change it.

    Slack's inline code ends at a backtick and at the end of the line.
    """
    exact = printable(text).strip()
    if len(exact) > longest or "`" in exact or "\n" in exact:
        return "", parts.preformatted(exact, _CODE_BLOCK)
    return f"`{escape(exact)}`", None
