"""Evidence and coverage in words, as the answer, the command card and the details share them.

Pure; it must not decide what is shown where.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack.text import clip_escaped, count, escape, inline_code, when
from bot.domain.evidence import EvidenceState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.evidence import Evidence, Observation
    from bot.domain.verdict import Coverage, Gap

_QUERY: Final = 180
_LIST: Final = 700

AWS: Final = "aws"
"""Name of the tool whose observations are of accounts, which have no namespaces."""
STATE_WORDS: Final = {
    EvidenceState.OK: "ok",
    EvidenceState.EMPTY: "empty: there is nothing",
    EvidenceState.TRUNCATED: "truncated: only part was read",
    EvidenceState.UNREACHABLE: "unreachable: no usable answer",
    EvidenceState.DENIED: "denied: we may not read this",
}


def scope_of(observation: Observation) -> str:
    """Return `cluster/namespace`; of a cluster as a whole, or an account's region, its name."""
    if observation.namespace is None:
        is_account = observation.tool == AWS
        return observation.cluster if is_account else f"{observation.cluster}, all namespaces"
    return f"{observation.cluster}/{observation.namespace}"


def result_of(observation: Observation) -> str:
    """Return in a few words what came back: rows, nothing, or why not."""
    match observation.state:
        case EvidenceState.OK:
            return "ok" if observation.rows is None else count(observation.rows, "row")
        case EvidenceState.EMPTY:
            return "nothing there"
        case EvidenceState.TRUNCATED:
            return f"truncated, {size(observation.cut_bytes)} left out"
        case EvidenceState.UNREACHABLE:
            return "unreachable"
        case EvidenceState.DENIED:
            return "denied"


def evidence_line(evidence: Evidence) -> str:
    """Return one line of mrkdwn: label, query, result, scope, time."""
    seen = evidence.observation
    return (
        f"*{escape(evidence.label)}* {inline_code(seen.query, limit=_QUERY)}"
        f" → {escape(result_of(seen))}"
        f" · {clip_escaped(scope_of(seen), 120)} · {when(seen.collected_at)}"
    )


def coverage_lines(coverage: Coverage) -> list[str]:
    """Return what was looked at and, a line for each reason, what was not; escaped mrkdwn."""
    lines = []
    if coverage.checked:
        lines.append(f"*Checked:* {_by_scope(coverage.checked)}")
    if coverage.clean:
        lines.append(f"*Looked, nothing there:* {_by_scope(coverage.clean)}")
    lines += [
        f"*{title}:* {_listed(_gap(gap) for gap in gaps)}"
        for title, gaps in (
            ("Seen only in part", coverage.truncated),
            ("Not reachable", coverage.unreachable),
            ("Not allowed to read", coverage.denied),
            ("Not checked", coverage.not_tried),
        )
        if gaps
    ]
    return lines


def size(size_bytes: int) -> str:
    """Return a number of bytes as people say it."""
    amount, unit = float(size_bytes), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":  # noqa: PLR2004 -- decimal units
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def _gap(gap: Gap) -> str:
    return f"{gap.source} @ {gap.scope} ({gap.reason})"


def _by_scope(entries: Iterable[str]) -> str:
    """Return `source @ scope` entries with each scope said once."""
    sources: dict[str, list[str]] = {}
    for entry in entries:
        source, _, scope = entry.rpartition(" @ ")
        sources.setdefault(scope, []).append(source)
    return clip_escaped(
        "; ".join(f"{', '.join(found)} @ {scope}" for scope, found in sources.items()), _LIST
    )


def _listed(entries: Iterable[str]) -> str:
    return clip_escaped(", ".join(entries), _LIST)
