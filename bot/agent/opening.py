"""The first user turn: everything about a question that differs from one run to the next.

The system prompt stays the same for all runs so that it is cached; time, scope, earlier answers
and foreign material stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.agent.exhibit import exhibit
from bot.agent.fence import clean
from bot.domain.conversation import Scope
from bot.domain.verdict import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.agent.fence import Fence
    from bot.domain.evidence import Evidence

START_LIMIT_BYTES = 4 * 1024
"""Of each piece of evidence that is there before the model begins; it can search the rest."""

MAX_QUESTION = 12_000
"""Characters of a question; Slack cuts messages at 40,000, and no question needs a quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What is asked, by whom it may be answered from what."""

    questions: tuple[str, ...]
    """Messages of people who may ask, oldest first; a burst is one question."""
    scope: Scope
    now: datetime
    access: str = "everything in the clusters named"
    """What the asker may read, in words."""
    subject: str | None = None
    """Quoted foreign text the question is about."""
    earlier: tuple[str, ...] = ()
    """Summaries of earlier answers in the thread, with their evidence labels, oldest first."""
    language: str | None = None
    """Language to answer in; None means the question's own."""
    unusable: tuple[Gap, ...] = ()
    """Sources that are configured but cannot be used now."""
    names: tuple[str, ...] = ()
    """Names from the registry that need no evidence when an answer uses them."""


def opening(brief: Brief, evidence: Iterable[Evidence], fence: Fence) -> str:
    """Return the first user turn; the question comes last, after all quoted material."""
    parts = [_setting(brief)]
    if brief.earlier:
        earlier = "\n\n".join(brief.earlier)
        parts.append(
            "Earlier answers in this thread; their evidence can be cited and searched:\n"
            + fence.wrap(earlier, source="earlier answers")
        )
    shown = [exhibit(one, fence, limit_bytes=START_LIMIT_BYTES) for one in evidence]
    if shown:
        parts.append("Evidence collected before you began:\n\n" + "\n\n".join(shown))
    if brief.subject:
        parts.append(
            "The question is about this message, which is quoted material:\n"
            + fence.wrap(brief.subject, source="shared message")
        )
    parts.append("The question:\n" + _question(brief.questions))
    return "\n\n".join(parts)


def _setting(brief: Brief) -> str:
    first, *others = brief.scope.clusters or ("none",)
    lines = [
        f"Now: {brief.now:%Y-%m-%dT%H:%M:%SZ}",
        f"Cluster: {first}" + (f"; also readable: {', '.join(others)}" if others else ""),
        f"Namespace: {brief.scope.namespace or 'not narrowed down'}",
        f"The asker may read: {brief.access}",
        f"Answer in: {brief.language or 'the language of the question'}",
    ]
    lines += [
        f"Not usable now: {gap.source} @ {gap.scope} ({gap.reason})" for gap in brief.unusable
    ]
    return "\n".join(lines)


def _question(questions: tuple[str, ...]) -> str:
    text = clean("\n\n".join(questions)).strip()
    if len(text) <= MAX_QUESTION:
        return text or "(an empty message)"
    return f"{text[:MAX_QUESTION]}\n[... {len(text) - MAX_QUESTION:,} characters left out ...]"
