"""The tool that reads evidence already collected: what the model was shown is often cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from bot.agent.coverage import SEARCH
from bot.domain.errors import ToolError
from bot.domain.evidence import Evidence, EvidenceState, Observation
from bot.ports.clock import Clock

MAX_BYTES = 12 * 1024
"""Of lines returned; a narrower search is better than a longer result."""

MAX_LINE = 2_000
"""Characters of a line returned; a minified document may be one line of megabytes."""

Label = Annotated[str, Field(pattern=r"^[eE]\d{1,5}$", description="Evidence label, such as E3")]
Words = Annotated[
    str,
    Field(min_length=1, max_length=200, description="All must be in a line; case is ignored"),
]
ContextLines = Annotated[int, Field(ge=0, le=20, description="Lines around each match")]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSearch:
    """Searches the ledger of one thread."""

    find: Callable[[str], Evidence | None]
    clock: Clock

    def search_evidence(
        self, label: Label, words: Words, context_lines: ContextLines = 2
    ) -> Observation:
        """Search the whole text of evidence you already have, by its label."""
        began = self.clock.monotonic()
        evidence = self.find(label.upper())
        if evidence is None:
            raise ToolError(f"There is no evidence {label.upper()} in this thread.")
        seen = evidence.observation
        lines = seen.body.splitlines()
        matches = _matching(lines, words)
        text, cut_bytes = _excerpt(lines, matches, context_lines)
        state = EvidenceState.OK if matches else EvidenceState.EMPTY
        if not matches:
            text = f"None of the {len(lines)} lines of {evidence.label} has all of these words."
            if seen.state is EvidenceState.TRUNCATED:
                text += " The source had cut it, so they may have been there."
        return Observation(
            tool=SEARCH,
            source=seen.source,
            query=f"{SEARCH} {evidence.label} {words!r} context_lines={context_lines}",
            cluster=seen.cluster,
            namespace=seen.namespace,
            state=EvidenceState.TRUNCATED if cut_bytes else state,
            body=text,
            collected_at=seen.collected_at,
            took_s=self.clock.monotonic() - began,
            rows=len(matches),
            cut_bytes=cut_bytes,
            window=seen.window,
        )


def _matching(lines: list[str], words: str) -> list[int]:
    wanted = words.casefold().split()
    return [index for index, line in enumerate(lines) if all(w in line.casefold() for w in wanted)]


def _excerpt(lines: list[str], matches: list[int], context_lines: int) -> tuple[str, int]:
    """Return numbered lines around the matches as far as they fit, and the bytes left out."""
    around = dict.fromkeys(
        index
        for match in matches
        for index in range(max(0, match - context_lines), match + context_lines + 1)
        if index < len(lines)
    )
    kept: list[str] = []
    size = cut_bytes = 0
    previous = -1
    for index in around:
        text = f"{index + 1}: {lines[index]}"
        shown = text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}…"
        if size + len(shown.encode(errors="replace")) > MAX_BYTES:
            cut_bytes += len(text.encode(errors="replace"))
            continue
        if kept and index != previous + 1:
            kept.append("--")
        kept.append(shown)
        size += len(shown.encode(errors="replace")) + 1
        cut_bytes += max(0, len(text) - MAX_LINE)
        previous = index
    return "\n".join(kept), cut_bytes
