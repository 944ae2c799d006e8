"""One run as the agent loop and the rules see it, kept in the store and shown in the thread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.chart import masked_chart
from bot.domain.investigation import Charge, RunState, ToolUse
from bot.domain.outcome import Outcome
from bot.domain.redaction.texts import mask_texts
from bot.flows.question.sight import may_see

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.conversation import Question, Thread
    from bot.domain.evidence import Evidence, Observation
    from bot.domain.investigation import Block, Investigation, Turn, Usage
    from bot.domain.progress import Task
    from bot.domain.registry import Access
    from bot.domain.verdict import Verdict
    from bot.flows.question.heartbeat import Heartbeat
    from bot.ports.clock import Clock
    from bot.ports.messenger import LiveMessage
    from bot.ports.store import Store


class StoredSession:
    """Implements bot.agent.session.Session; everything is stored before it counts."""

    def __init__(
        self,
        *,
        store: Store,
        thread: Thread,
        run: Investigation,
        live: LiveMessage,
        heartbeat: Heartbeat,
        clock: Clock,
        mask: Callable[[str], str],
        access: Access,
    ) -> None:
        """Take the parts; `access` is what may be read for this run, its thread's past included."""
        self._access = access
        self._mask = mask
        self._store = store
        self._thread = thread
        self._run = run
        self._live = live
        self._heartbeat = heartbeat
        self._clock = clock
        self._ledger = {
            entry.tool_use_id: entry for entry in store.of_investigation(run.investigation_id)
        }
        self.questions: list[Question] = list(run.questions)
        """What is answered, with what was taken in since."""
        self._spent_usd = sum(turn.usage.cost_usd for turn in self.turns())

    def turns(self) -> tuple[Turn, ...]:
        """Return the stored transcript, oldest first."""
        return tuple(self._store.turns(self._run.investigation_id))

    def append(self, turn: Turn) -> None:
        """Store the turn, masked."""
        blocks = tuple(_masked_block(block, self._mask) for block in turn.blocks)
        self._store.append_turn(
            self._run.investigation_id, fence=self._run.fence, turn=replace(turn, blocks=blocks)
        )

    def recorded(self, tool_use_id: str) -> Evidence | None:
        """Return what the ledger holds for a tool call of this run."""
        return self._ledger.get(tool_use_id)

    def find(self, label: str) -> Evidence | None:
        """Return the evidence of that label in this thread, as far as it may be read for this run.

        Somebody else who asked before in the thread may have had more rights.
        """
        found = self._store.by_label(self._thread.thread_id, label)
        if found is None or found.tool_use_id in self._ledger:
            return found
        return found if may_see(self._access, found.observation) else None

    def ledger(self) -> tuple[Evidence, ...]:
        """Return this run's evidence in the order recorded."""
        return tuple(self._ledger.values())

    def enter(self, tool_use_id: str, observation: Observation) -> Evidence:
        """Put the observation in the ledger, masked: from here it goes to people and models."""
        kept = self._store.enter(
            self._run.investigation_id,
            fence=self._run.fence,
            tool_use_id=tool_use_id,
            observation=_masked(observation, self._mask),
        )
        self._ledger[tool_use_id] = kept
        return kept

    def charge(self, model: str, usage: Usage) -> None:
        """Book one model call."""
        self._spent_usd += usage.cost_usd
        self._store.charge(
            Charge(
                investigation_id=self._run.investigation_id,
                thread_id=self._thread.thread_id,
                channel=self._thread.channel,
                person=self.questions[-1].person,
                model=model,
                usage=usage,
                at=self._clock.now(),
            )
        )

    def spent_usd(self) -> float:
        """Return what the run's model calls cost so far."""
        return self._spent_usd

    def check(self) -> None:
        """Return if the run may go on."""
        self._heartbeat.check()

    def steering(self) -> tuple[str, ...]:
        """Return what people wrote since the last call."""
        if not self._heartbeat.has_mail:
            return ()
        taken = self._store.absorb(self._run.investigation_id, fence=self._run.fence)
        self._heartbeat.mail_taken()
        self.questions.extend(taken)
        return tuple(question.text for question in taken)

    def show(self, task: Task) -> None:
        """Let people see that a step began or ended, unless another worker shows it now."""
        self._heartbeat.check()
        self._live.show(task)

    def preview(self, verdict: Verdict, *, notice: str | None) -> None:
        """Let people see what rules say while the look goes on, unless another worker shows it."""
        self._heartbeat.check()
        self._live.preview(
            Outcome(
                investigation_id=self._run.investigation_id,
                state=RunState.RUNNING,
                verdict=verdict,
                evidence=self.ledger(),
                notice=notice,
            )
        )


def _masked_block(block: Block, mask: Callable[[str], str]) -> Block:
    match block:
        case ToolUse():
            arguments = {key: mask_texts(entry, mask) for key, entry in block.arguments.items()}
            return replace(block, arguments=arguments)
        case _:
            return replace(block, text=mask(block.text))


def _masked(observation: Observation, mask: Callable[[str], str]) -> Observation:
    grid = observation.grid
    return replace(
        observation,
        query=mask(observation.query),
        body=mask(observation.body),
        grid=grid
        and replace(grid, rows=tuple(tuple(mask(cell) for cell in row) for row in grid.rows)),
        chart=masked_chart(observation.chart, mask),
    )
