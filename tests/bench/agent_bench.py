"""A session in memory, a scripted model and small tools, for tests of the agent floor."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from bot.domain.evidence import Evidence, EvidenceState, Observation
from bot.domain.investigation import TextBlock, ToolResult, ToolUse, Turn, Usage
from bot.domain.progress import Task
from bot.ports.model import ModelReply, ModelRequest, StopReason

if TYPE_CHECKING:
    from bot.agent.toolbox import Toolbox

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class StoppedClock:
    """Time that moves only when told to."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.passed_s

    def sleep(self, seconds: float) -> None:
        self.passed_s += seconds


def seen(
    body: str = "web-1 Running",
    *,
    state: EvidenceState = EvidenceState.OK,
    query: str = "kubectl get pods",
    source: str = "pods",
    cluster: str = "prod-eu",
    namespace: str | None = "shop",
    rows: int | None = 1,
    cut_bytes: int = 0,
    tool: str = "kubectl",
) -> Observation:
    return Observation(
        tool=tool,
        source=source,
        query=query,
        cluster=cluster,
        namespace=namespace,
        state=state,
        body=body,
        collected_at=NOW,
        took_s=0.1,
        rows=rows,
        cut_bytes=cut_bytes,
    )


def entered(label: str, observation: Observation) -> Evidence:
    return Evidence(
        label=label,
        investigation_id="run",
        tool_use_id=f"toolu_{label}",
        observation=observation,
    )


@dataclass
class MemorySession:
    """Keeps the run in lists, as the flow keeps it in tables."""

    stored: list[Turn] = field(default_factory=list)
    book: list[Evidence] = field(default_factory=list)
    charged: list[tuple[str, Usage]] = field(default_factory=list)
    shown: list[Task] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    on_check: Callable[[], None] = lambda: None

    def turns(self) -> tuple[Turn, ...]:
        return tuple(self.stored)

    def append(self, turn: Turn) -> None:
        self.stored.append(turn)

    def recorded(self, tool_use_id: str) -> Evidence | None:
        return next((one for one in self.book if one.tool_use_id == tool_use_id), None)

    def find(self, label: str) -> Evidence | None:
        return next((one for one in self.book if one.label == label), None)

    def ledger(self) -> tuple[Evidence, ...]:
        return tuple(self.book)

    def enter(self, tool_use_id: str, observation: Observation) -> Evidence:
        evidence = Evidence(
            label=f"E{len(self.book) + 1}",
            investigation_id="run",
            tool_use_id=tool_use_id,
            observation=observation,
        )
        self.book.append(evidence)
        return evidence

    def charge(self, model: str, usage: Usage) -> None:
        self.charged.append((model, usage))

    def spent_usd(self) -> float:
        return sum(usage.cost_usd for _, usage in self.charged)

    def check(self) -> None:
        self.on_check()

    def steering(self) -> tuple[str, ...]:
        said, self.messages = tuple(self.messages), []
        return said

    def show(self, task: Task) -> None:
        self.shown.append(task)

    @property
    def results(self) -> list[ToolResult]:
        return [
            block for turn in self.stored for block in turn.blocks if isinstance(block, ToolResult)
        ]


@dataclass(frozen=True)
class Said:
    """One scripted reply."""

    blocks: tuple[TextBlock | ToolUse, ...]
    stop: StopReason | None = None

    @property
    def stop_reason(self) -> StopReason:
        if self.stop is not None:
            return self.stop
        calls = any(isinstance(block, ToolUse) for block in self.blocks)
        return StopReason.TOOL_USE if calls else StopReason.END_TURN


_ids = count(1)


def use(name: str, /, **arguments: object) -> ToolUse:
    return ToolUse(tool_use_id=f"toolu_{next(_ids)}", name=name, arguments=arguments)


def calls(*uses: ToolUse) -> Said:
    return Said(blocks=uses)


def words(text: str) -> Said:
    return Said(blocks=(TextBlock(text=text),))


def conclude(**arguments: object) -> Said:
    return calls(use("conclude", **arguments))


class ScriptedModel:
    """Says what it was given, turn by turn, and keeps what it was asked."""

    name = "anthropic:scripted"

    def __init__(
        self,
        *script: Said | Callable[[ModelRequest], Said],
        usage: Usage | None = None,
        forever: Callable[[ModelRequest], Said] | None = None,
    ) -> None:
        self._script = list(script)
        self._usage = usage or Usage(input_tokens=100, output_tokens=10, cost_usd=0.001)
        self._forever = forever
        self.asked: list[ModelRequest] = []

    def reply(self, request: ModelRequest, *, cancelled: Callable[[], bool]) -> ModelReply:
        cancelled()
        self.asked.append(request)
        check_dialogue(request)
        entry = self._script.pop(0) if self._script else self._forever
        assert entry is not None, "the script has ended, but the loop has not"
        said = entry(request) if callable(entry) else entry
        return ModelReply(
            blocks=said.blocks, stop_reason=said.stop_reason, usage=self._usage, model=self.name
        )


def observed(box: Toolbox, call: ToolUse) -> Observation:
    """Return what a tool of the box saw; fail if it only reports."""
    found = box.call(call)
    assert isinstance(found, Observation)
    return found


def check_dialogue(request: ModelRequest) -> None:
    """Fail unless the Messages API would take the turns: answered calls, roles in alternation."""
    due: list[str] = []
    role = "assistant"
    for turn in request.turns:
        assert turn.role != role, "two turns of the same role in a row"
        assert turn.blocks, "an empty turn"
        role = turn.role
        answered = [one.tool_use_id for one in turn.blocks if isinstance(one, ToolResult)]
        assert answered == due, "results must answer the calls of the turn before, in order"
        due = [one.tool_use_id for one in turn.blocks if isinstance(one, ToolUse)]
    assert role == "user"
    json.dumps([tool.input_schema for tool in request.tools])
