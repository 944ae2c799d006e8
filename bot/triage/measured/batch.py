"""Questions to a metrics server asked at the same time, within a budget, entered afterwards.

The ledger belongs to one thread, so what other threads measure is drafted and entered by the one
that waits. What is not answered in time is entered as unreachable: it is missing, not well.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.evidence import Evidence, EvidenceState, Observation
from bot.tools.promql import reading
from bot.tools.promql.tool import TOOL_NAME
from bot.triage.facts import PARALLEL, POLL_S
from bot.triage.measures.choosing import Chosen
from bot.triage.measures.meter import Look, Meter
from bot.triage.quoting import plain_line
from bot.triage.survey import entered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.agent.session import Session
    from bot.ports.clock import Clock
    from bot.tools.promql.tool import PromqlTool

BUDGET_S = 2.5
"""An incident's first card is due after three seconds; its lists of objects are read beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one question came to."""

    looks: tuple[Look, ...]
    """In the order asked; the last one measured, unless there was nothing to measure."""
    chosen: Chosen | None = None
    """The metric that was found to tell it, where several could."""

    @property
    def look(self) -> Look:
        """The one that counts."""
        return self.looks[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to be measured."""

    key: str
    words: str
    """The query as far as it is known before it is asked."""
    ask: Callable[[Meter], Taken]


class _Draft:
    """A ledger of one thread that keeps nothing."""

    def check(self) -> None:
        """Return; whoever waits looks after stops."""

    def recorded(self, tool_use_id: str) -> Evidence | None:
        """Return None: nothing is kept."""
        return None

    def enter(self, tool_use_id: str, observation: Observation) -> Evidence:
        """Return the observation as evidence that has no label yet."""
        return Evidence(
            label="", investigation_id="", tool_use_id=tool_use_id, observation=observation
        )


class Batch:
    """Questions under way."""

    def __init__(
        self,
        tool: PromqlTool,
        *,
        cluster: str,
        questions: Sequence[Question],
        clock: Clock,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._budget_s = budget_s
        self._began = clock.monotonic()
        self._questions = questions
        meter = Meter(tool, cluster=cluster, session=_Draft(), clock=clock)
        self._pool = ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="triage-measure")
        self._futures: list[Future[Taken]] = [
            self._pool.submit(copy_context().run, one.ask, meter) for one in questions
        ]

    def abandon(self) -> None:
        """Wait for none of them."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def taken(self, session: Session) -> Mapping[str, Taken]:
        """Return what each question came to, by its key, entered in the ledger.

        Raises:
            CancelledByPersonError, LeaseLostError: As the session's `check` says.
        """
        try:
            self._wait(session)
        finally:
            self.abandon()
        found: dict[str, Taken] = {}
        for question, future in zip(self._questions, self._futures, strict=True):
            is_there = future.done() and not future.cancelled()
            taken = future.result() if is_there else self._late(question)
            found[question.key] = replace(
                taken, looks=tuple(_booked(look, session) for look in taken.looks)
            )
        return found

    def _wait(self, session: Session) -> None:
        waiting: set[Future[Taken]] = set(self._futures)
        session.check()
        while waiting:
            left_s = self._began + self._budget_s - self._clock.monotonic()
            if left_s <= 0:
                return
            _, waiting = wait(waiting, timeout=min(POLL_S, left_s), return_when=FIRST_COMPLETED)
            session.check()

    def _late(self, question: Question) -> Taken:
        seen = Observation(
            tool=TOOL_NAME,
            source=reading.SOURCE,
            query=plain_line(question.words),
            cluster=self._cluster,
            namespace=None,
            state=EvidenceState.UNREACHABLE,
            body=f"no answer within {self._budget_s:g} s, and the first card does not wait longer",
            collected_at=self._clock.now(),
            took_s=self._clock.monotonic() - self._began,
        )
        name = f"triage-{self._cluster}-{seen.query}"
        drafted = Evidence(label="", investigation_id="", tool_use_id=name, observation=seen)
        return Taken(looks=(Look(evidence=drafted, reading=None),))


def _booked(look: Look, session: Session) -> Look:
    drafted = look.evidence
    return replace(look, evidence=entered(session, drafted.tool_use_id, drafted.observation))
