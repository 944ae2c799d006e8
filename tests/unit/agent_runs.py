"""A whole run of the loop over a scripted model and two small tools."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bot.agent.budget import Budget, Limits
from bot.agent.fence import Fence
from bot.agent.loop import Ending, Loop
from bot.agent.toolbox import Toolbox
from bot.domain.errors import ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Observation
from bot.ports.model import ToolSpec
from tests.bench.agent_bench import MemorySession, ScriptedModel, StoppedClock, seen

TERMINAL = ToolSpec(name="conclude", description="End.", input_schema={"type": "object"})


@dataclass
class Tools:
    """Two tools that keep count."""

    looked: list[str] = field(default_factory=list)
    state: EvidenceState = EvidenceState.OK
    gate: threading.Barrier | None = None

    def look(self, where: str) -> Observation:
        """Look somewhere."""
        self.looked.append(where)
        if self.gate is not None:
            self.gate.wait(timeout=5)
        return seen(f"{where} is fine", query=f"look {where}", state=self.state)

    def fail(self, how: str) -> Observation:
        """Fail somehow."""
        self.looked.append(how)
        if how == "down":
            raise UpstreamError("the backend is down", system="backend")
        raise ToolError("that place does not exist; try `here`")


@dataclass
class Run:
    """A loop with everything it needs."""

    model: ScriptedModel
    tools: Tools = field(default_factory=Tools)
    session: MemorySession = field(default_factory=MemorySession)
    limits: Limits = field(default_factory=Limits)
    clock: StoppedClock = field(default_factory=StoppedClock)
    complaints: list[str | None] = field(default_factory=list)

    def complaint(self, arguments: dict[str, object]) -> str | None:
        return "say more" if arguments.get("poor") else None

    def go(self) -> Ending:
        loop = Loop(
            model=self.model,
            toolbox=Toolbox.of(self.tools.look, self.tools.fail),
            budget=Budget(self.limits, self.clock),
            session=self.session,
            fence=Fence(nonce="0123abcd"),
            terminal=TERMINAL,
            complaint=self.complaint,
        )
        return loop.run(system="Be brief.", opening="How is it?")
