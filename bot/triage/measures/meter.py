"""One cluster's metrics as rules ask for them: every answer, and every refusal, is evidence.

What is asked goes through the PromQL tool, so its guard, the asker's rights and pace hold here too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.errors import ToolError
from bot.domain.evidence import Evidence, EvidenceState, Observation
from bot.tools.promql import reading
from bot.tools.promql.reading import Reading
from bot.tools.promql.tool import FIND_NAME, TOOL_NAME, Measured
from bot.tools.promql.typed import TypedQuery, written
from bot.triage.quoting import plain_line, quoted
from bot.triage.survey import entered

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports.clock import Clock
    from bot.ports.metrics import MetricsReader
    from bot.tools.promql.tool import PromqlTool
    from bot.triage.survey import Ledger

# A refusal with the nearest allowed form after it.
_REASON_CHARS = 480
_ANSWERS = frozenset({EvidenceState.OK, EvidenceState.TRUNCATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One answer, in the ledger, with its numbers."""

    evidence: Evidence
    reading: Reading | None
    """None when nothing was read."""

    @property
    def state(self) -> EvidenceState:
        """How far it can be trusted."""
        return self.evidence.observation.state

    @property
    def has_numbers(self) -> bool:
        """Tell whether there is something to read off."""
        return self.state in _ANSWERS

    @property
    def is_measurement(self) -> bool:
        """Tell whether it evaluated something, rather than looking for what there is."""
        return self.evidence.observation.tool == TOOL_NAME

    @property
    def reason(self) -> str:
        """Why there is nothing: the first line of the answer, fit to be shown."""
        first = next(iter(self.evidence.observation.body.splitlines()), "")
        return quoted(first, _REASON_CHARS)

    @property
    def labels(self) -> tuple[str, ...]:
        """What a sentence about it cites."""
        return (self.evidence.label,)


class Meter:
    """Asks one cluster's metrics server for one question; every look is entered in the ledger."""

    def __init__(self, tool: PromqlTool, *, cluster: str, session: Ledger, clock: Clock) -> None:
        self.cluster = cluster
        self._tool = tool
        self._session = session
        self._clock = clock

    def measure(self, query: str, *, minutes: int | None = None, compare: bool = False) -> Look:
        """Return what an expression comes to, now or over a window.

        Raises:
            CancelledByPersonError, LeaseLostError: As the session's `check` says.
        """

        def ask() -> Measured:
            return self._tool.measure(query, minutes=minutes, compare=compare, cluster=self.cluster)

        typed = TypedQuery(query=query, minutes=minutes, compare=compare)
        return self._look(ask, tool=TOOL_NAME, query=written(typed), source=reading.SOURCE)

    def find(
        self, read: Callable[[MetricsReader], Reading], *, words: Callable[[], str], source: str
    ) -> Look:
        """Return what `read` finds on the server; `words`, asked after it, say what that is.

        Raises:
            CancelledByPersonError, LeaseLostError: As the session's `check` says.
        """

        def ask() -> Measured:
            found = self._tool.observed(
                self.cluster, read, tool=FIND_NAME, query=FIND_NAME, namespace=None
            )
            query = plain_line(f"{FIND_NAME} {words()}")
            return replace(found, observation=replace(found.observation, query=query))

        return self._look(ask, tool=FIND_NAME, query=f"{FIND_NAME} {words()}", source=source)

    def _look(self, ask: Callable[[], Measured], *, tool: str, query: str, source: str) -> Look:
        self._session.check()
        started_s = self._clock.monotonic()
        found: Reading | None = None
        try:
            measured = ask()
            seen, found = measured.observation, measured.reading
        except ToolError as error:
            # A rule of ours refuses; without one, the server could not work with the query.
            state = EvidenceState.DENIED if error.rule else EvidenceState.UNREACHABLE
            seen = Observation(
                tool=tool,
                source=source,
                query=plain_line(query),
                cluster=self.cluster,
                namespace=None,
                state=state,
                body=plain_line(str(error)),
                collected_at=self._clock.now(),
                took_s=self._clock.monotonic() - started_s,
            )
        self._session.check()
        evidence = entered(self._session, f"triage-{self.cluster}-{seen.query}", seen)
        return Look(evidence=evidence, reading=found)
