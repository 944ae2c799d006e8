"""One read of a server's alerts on its way into the ledger, in whatever state it ended.

Labels are foreign text: each alert is one bounded line. What may not be read here is counted only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Observation
from bot.domain.spans import stamp
from bot.ports.clock import Clock
from bot.triage.quoting import plain_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.flows.alert.completion import ActiveOne
    from bot.ports.metrics import Rule

MAX_SHOWN = 20
"""Alerts of one server that the ledger shows, the first of those given."""
MAX_LINE_CHARS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One read on its way into the ledger."""

    clock: Clock
    cluster: str
    tool: str
    source: str
    query: str
    began: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "began", self.clock.monotonic())

    def failed(self, error: UpstreamError | ToolError) -> Observation:
        """Return the observation of a read without an answer."""
        is_denied = isinstance(error, DeniedError)
        state = EvidenceState.DENIED if is_denied else EvidenceState.UNREACHABLE
        return self._observation(str(error), state)

    def listed(self, rules: Sequence[Rule], active: Sequence[ActiveOne]) -> Observation:
        """Return the observation of rules and alerts; the first of these are shown."""
        readable = [_alert_line(one) for one in active if one.is_readable]
        lines = [*map(_rule_line, rules), *readable[:MAX_SHOWN]]
        if hidden := len(active) - len(readable):
            lines.append(f"{hidden} in namespaces that may not be read here")
        if hidden and not rules and not readable:
            return self._observation("\n".join(lines), EvidenceState.DENIED)
        if not lines:
            return self._observation("nothing of that name", EvidenceState.EMPTY, rows=0)
        cut = sum(len(line.encode(errors="replace")) + 1 for line in readable[MAX_SHOWN:])
        if cut:
            lines.append(f"{len(readable) - MAX_SHOWN} more")
        state = EvidenceState.TRUNCATED if cut else EvidenceState.OK
        rows = len(rules) + len(readable)
        return self._observation("\n".join(lines), state, rows=rows, cut_bytes=cut)

    def _observation(
        self, body: str, state: EvidenceState, *, rows: int | None = None, cut_bytes: int = 0
    ) -> Observation:
        return Observation(
            tool=self.tool,
            source=self.source,
            query=self.query,
            cluster=self.cluster,
            namespace=None,
            state=state,
            body=body,
            collected_at=self.clock.now(),
            took_s=self.clock.monotonic() - self.began,
            rows=rows,
            cut_bytes=cut_bytes,
        )


def _rule_line(rule: Rule) -> str:
    return _line(
        f"rule {rule.name} ({rule.state or 'no state'}, for {rule.for_s:g}s): {rule.query}"
    )


def _alert_line(active: ActiveOne) -> str:
    quiet = [
        f"{how} by {', '.join(ids)}"
        for how, ids in (("silenced", active.silenced_by), ("inhibited", active.inhibited_by))
        if ids
    ]
    labels = " ".join(f"{name}={value}" for name, value in sorted(active.labels.items()))
    facts = "; ".join((f"{active.state} since {stamp(active.since)}", *quiet))
    return _line(f"{facts}: {labels}")


def _line(text: str) -> str:
    line = plain_line(text[: 2 * MAX_LINE_CHARS])
    return line if len(line) <= MAX_LINE_CHARS else f"{line[: MAX_LINE_CHARS - 1]}…"
