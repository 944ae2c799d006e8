"""Runs the tool calls of one turn: in parallel, each once, each entered as soon as it is there.

It must not know what the tools look at, nor when the run should end.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TYPE_CHECKING

import structlog

from bot.agent.exhibit import exhibit, finding
from bot.agent.fence import clean
from bot.agent.outgoing import without_addresses
from bot.agent.toolbox import InvalidCallError, Report
from bot.agent.transcript import canonical, earlier_uses, result_of
from bot.domain.errors import NotAllowedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState
from bot.domain.investigation import ToolResult
from bot.domain.progress import Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.agent.budget import Budget
    from bot.agent.fence import Fence
    from bot.agent.session import Session
    from bot.agent.toolbox import Toolbox
    from bot.domain.evidence import Evidence, Observation
    from bot.domain.investigation import ToolUse, Turn

log = structlog.get_logger()

POLL_S = 0.25
"""How often a running call looks whether somebody pressed Stop, which has to act in a second."""

MAX_TITLE = 120
"""Characters of a step's title; Slack shows about that many in one line."""

MAX_ATTEMPTS = 2
"""A call that got no answer may be made once more; any other repeat is refused."""

_EXPECTED = (ToolError, UpstreamError, NotAllowedError)
"""What a tool may raise that the model can be told of."""


class ToolRuns:
    """Answers tool uses with tool results."""

    def __init__(self, *, toolbox: Toolbox, budget: Budget, session: Session, fence: Fence) -> None:
        self._toolbox = toolbox
        self._budget = budget
        self._session = session
        self._fence = fence

    def answer(self, uses: Sequence[ToolUse], *, before: Sequence[Turn]) -> tuple[ToolResult, ...]:
        """Return one result for each use, in their order.

        A use already in the ledger is answered from there and not run. `before` is the
        transcript up to the turn that asks.

        Raises:
            CancelledByPersonError, LeaseLostError: From the session's check, at once; calls under
                way end on their own and are not waited for.
        """
        results: dict[str, ToolResult] = {}
        runnable: dict[str, ToolUse] = {}
        repeats: list[tuple[ToolUse, str]] = []
        for use in uses:
            recorded = self._session.recorded(use.tool_use_id)
            key = canonical(use)
            if recorded is not None:
                results[use.tool_use_id] = self._shown(use, recorded)
            elif key in runnable:
                repeats.append((use, runnable[key].tool_use_id))
            elif refusal := self._refusal(use, before, under_way=len(runnable)):
                results[use.tool_use_id] = refusal
            else:
                runnable[key] = use
        results |= self._run(tuple(runnable.values()))
        for use, first in repeats:
            results[use.tool_use_id] = self._pointer(use, results[first])
        return tuple(results[use.tool_use_id] for use in uses)

    def _refusal(
        self, use: ToolUse, before: Sequence[Turn], *, under_way: int
    ) -> ToolResult | None:
        """Return why the call is not made, or None if it is."""
        attempts = earlier_uses(before, canonical(use))
        if attempts and not (len(attempts) < MAX_ATTEMPTS and self._unanswered(attempts)):
            return self._pointer(use, result_of(before, attempts[-1].tool_use_id))
        if under_way >= self._budget.calls_left:
            return _error(use, "Not run: no tool call is left in the budget. Conclude now.")
        return None

    def _unanswered(self, attempts: Sequence[ToolUse]) -> bool:
        """Tell whether the latest attempt got no answer from the system it asked."""
        evidence = self._session.recorded(attempts[-1].tool_use_id)
        return evidence is not None and evidence.observation.state is EvidenceState.UNREACHABLE

    def _pointer(self, use: ToolUse, earlier: ToolResult | None) -> ToolResult:
        self._budget.count_refusal()
        if earlier is None:
            return _error(use, "Not run: this exact call was made before.")
        evidence = self._session.recorded(earlier.tool_use_id)
        if evidence is None:
            return _error(use, f"Not run: this exact call failed before. {earlier.text}")
        return _error(
            use,
            f"Not run: {evidence.label} is the result of this exact call. Use {evidence.label}, "
            "or ask something else.",
        )

    def _run(self, uses: Sequence[ToolUse]) -> dict[str, ToolResult]:
        results: dict[str, ToolResult] = {}
        pool = ThreadPoolExecutor(max_workers=self._budget.limits.max_parallel)
        try:
            waiting: dict[Future[Observation | Report], ToolUse] = {}
            for use in uses:
                self._budget.count_call()
                self._session.show(_task(use, TaskState.IN_PROGRESS))
                waiting[pool.submit(copy_context().run, self._toolbox.call, use)] = use
            while waiting:
                done, _ = wait(waiting, timeout=POLL_S, return_when=FIRST_COMPLETED)
                for future in done:
                    use = waiting.pop(future)
                    results[use.tool_use_id] = self._settled(use, future)
                if waiting:
                    self._session.check()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return results

    def _settled(self, use: ToolUse, future: Future[Observation | Report]) -> ToolResult:
        try:
            found = future.result()
        except InvalidCallError as error:
            self._budget.count_refusal()
            return self._failed(use, error)
        except _EXPECTED as error:
            return self._failed(use, error)
        if isinstance(found, Report):
            self._session.show(_task(use, TaskState.COMPLETE, outcome=found.author))
            text = self._fence.wrap(found.text, source=found.author)
            return ToolResult(tool_use_id=use.tool_use_id, text=text)
        return self._shown(use, self._session.enter(use.tool_use_id, found))

    def _shown(self, use: ToolUse, evidence: Evidence) -> ToolResult:
        lost = evidence.observation.state in {EvidenceState.UNREACHABLE, EvidenceState.DENIED}
        state = TaskState.ERROR if lost else TaskState.COMPLETE
        self._session.show(_task(use, state, outcome=finding(evidence)))
        return ToolResult(tool_use_id=use.tool_use_id, text=exhibit(evidence, self._fence))

    def _failed(self, use: ToolUse, error: Exception) -> ToolResult:
        # What a model tries and may not is what shows that somebody writes to it. The name is a
        # tool's of ours, or nobody's word.
        log.info(
            "tool_call_refused",
            tool=use.name if use.name in self._toolbox else None,
            rule=getattr(error, "rule", None),
        )
        # An error may quote what a foreign system said, so it is fenced like any other text.
        lines = clean(str(error)).splitlines() or ["no reason given"]
        self._session.show(_task(use, TaskState.ERROR, outcome=lines[0][:MAX_TITLE]))
        return _error(use, self._fence.wrap(str(error), source=f"refusal of {use.name}"))


def _error(use: ToolUse, text: str) -> ToolResult:
    return ToolResult(tool_use_id=use.tool_use_id, text=text, is_error=True)


def _task(use: ToolUse, state: TaskState, *, outcome: str | None = None) -> Task:
    return Task(task_id=use.tool_use_id, title=_title(use), state=state, outcome=outcome)


def _title(use: ToolUse) -> str:
    """Return the call as a person would type it, in one line and without addresses."""
    words = [str(value) for value in use.arguments.values() if value not in (None, "", [])]
    if not words or not words[0].startswith(use.name):
        words.insert(0, use.name)
    title = without_addresses(" ".join(clean(" ".join(words)).split()))
    return title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"
