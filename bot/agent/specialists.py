"""The `delegate` tool: up to six narrow looks at once, each by a model with a clean context.

A specialist knows the symptom, the window, its tools and what to check first: not what the lead
believes. What it reports is a model's word, never evidence; what it saw is in the ledger.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.agent.branch import BranchSession
from bot.agent.budget import Budget, Limits
from bot.agent.fence import Fence, clean
from bot.agent.loop import Loop
from bot.agent.session import Session
from bot.agent.toolbox import Report, Toolbox, explain, schema_of
from bot.domain.errors import UpstreamError
from bot.domain.evidence import Observation
from bot.domain.progress import Task, TaskState
from bot.ports.clock import Clock
from bot.ports.model import LanguageModel, ToolSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.agent.loop import Ending

MAX_BRANCHES = 6
PROMPT = "specialist"
REPORT = "report"
SHARE = Limits(max_turns=5, max_tool_calls=6, max_tokens=40_000, max_usd=0.15, max_seconds=60.0)
"""What one branch may use; six of them stay below what a run may."""


class Specialty(StrEnum):
    """What a specialist knows about."""

    KUBERNETES = "kubernetes"
    METRICS = "metrics"
    LOGS = "logs"
    AWS = "aws"
    CHANGES = "changes"


class Branch(BaseModel):
    """One narrow look."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    specialist: Specialty
    symptom: Annotated[
        str, Field(min_length=1, max_length=400, description="What is wrong, without your theory")
    ]
    window: Annotated[
        str, Field(min_length=1, max_length=80, description="From and to, UTC, around the onset")
    ]
    first_checks: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]],
        Field(min_length=1, max_length=4, description="What to read first, exact where you can"),
    ]


Branches = Annotated[list[Branch], Field(min_length=1, max_length=MAX_BRANCHES)]


class Found(BaseModel):
    """One thing a specialist saw."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    what: Annotated[str, Field(min_length=1, max_length=300)]
    evidence: Annotated[
        list[Annotated[str, Field(pattern=r"^[eE]\d{1,5}$")]], Field(min_length=1, max_length=6)
    ]


class BranchReport(BaseModel):
    """What a specialist hands in."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    found: Annotated[list[Found], Field(max_length=6)] = []
    not_found: Annotated[
        list[Annotated[str, Field(max_length=200)]],
        Field(max_length=6, description="Looked for and not there"),
    ] = []
    cannot_access: Annotated[
        list[Annotated[str, Field(max_length=200)]],
        Field(max_length=6, description="Could not be read, and why"),
    ] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """The tool of one run; make a new one for each."""

    model: LanguageModel
    tools: tuple[Callable[..., Observation], ...]
    """The run's own read-only tools."""
    system: str
    """The specialists' prompt."""
    session: Session
    clock: Clock
    nonce: Callable[[], str]
    purse: Budget
    """The run's budget: what branches use counts there."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def delegate(self, branches: Branches) -> Report:
        """Have up to six specialists look at the same time, each at one narrow thing.

        Use it once, early, when several systems may be at fault and none of the looks needs
        another's result. Their evidence is in the ledger under the labels they cite.
        """
        share = replace(SHARE, max_usd=min(SHARE.max_usd, self._left_usd() / len(branches)))
        names = [f"branch-{self.purse.turns}-{number}" for number in range(1, len(branches) + 1)]
        pool = ThreadPoolExecutor(max_workers=len(branches), thread_name_prefix="branch")
        try:
            futures = [
                pool.submit(copy_context().run, self._look, branch, name, share)
                for branch, name in zip(branches, names, strict=True)
            ]
            texts = [future.result() for future in futures]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return Report(text="\n\n".join(texts), author=f"{len(branches)} specialists")

    def _left_usd(self) -> float:
        return max(0.0, self.purse.limits.max_usd - self.purse.usd)

    def _look(self, branch: Branch, name: str, share: Limits) -> str:
        session = BranchSession(self.session, name=name, lock=self.lock)
        self._show(branch, name, TaskState.IN_PROGRESS)
        try:
            ending = Loop(
                model=self.model,
                toolbox=Toolbox.of(*self.tools),
                budget=Budget(share, self.clock),
                session=session,
                fence=Fence(nonce=self.nonce()),
                terminal=report_spec(),
                complaint=_complaint,
            ).run(system=self.system, opening=_opening(branch))
        except UpstreamError as error:
            self._show(branch, name, TaskState.ERROR, outcome="no answer")
            return f"{_head(branch)}\nNo report: the model gave no answer ({clean(str(error))})."
        finally:
            with self.lock:
                self.purse.count_others(session.usages, calls=len(session.ledger()))
        labels = [entry.label for entry in session.ledger()]
        self._show(
            branch, name, TaskState.COMPLETE, outcome=f"{len(labels)} reads {' '.join(labels[:6])}"
        )
        return f"{_head(branch)}\nRead: {', '.join(labels) or 'nothing'}\n{_told(ending, labels)}"

    def _show(
        self, branch: Branch, name: str, state: TaskState, *, outcome: str | None = None
    ) -> None:
        title = f"{branch.specialist.value}: {clean(branch.symptom)}"[:110]
        with self.lock:
            self.session.show(Task(task_id=name, title=title, state=state, outcome=outcome))


def report_spec() -> ToolSpec:
    """Return the specialists' terminal tool."""
    return ToolSpec(
        name=REPORT,
        description="Hand in what you saw; this ends your work. Call it once, alone.",
        input_schema=schema_of(BranchReport),
    )


def _complaint(arguments: Mapping[str, object]) -> str | None:
    try:
        BranchReport.model_validate(arguments)
    except ValidationError as error:
        return explain(error)
    return None


def _opening(branch: Branch) -> str:
    checks = "\n".join(f"- {clean(check)}" for check in branch.first_checks)
    return (
        f"You look at: {branch.specialist.value}\nSymptom: {clean(branch.symptom)}\n"
        f"Window: {clean(branch.window)}\nFirst checks:\n{checks}"
    )


def _head(branch: Branch) -> str:
    return f"{branch.specialist.value}: {clean(branch.symptom)}"


def _told(ending: Ending, labels: Sequence[str]) -> str:
    """Return the report as lines; what cites no read of its own is left out and said so."""
    try:
        report = BranchReport.model_validate(ending.arguments or {})
    except ValidationError:
        return "No report in the form asked for; read its evidence yourself."
    lines = []
    for found in report.found:
        cited = [label.upper() for label in found.evidence if label.upper() in labels]
        lines.append(
            f"found: {clean(found.what)} [{', '.join(cited)}]"
            if cited
            else "found: (left out, it cites nothing this specialist read)"
        )
    lines += [f"not found: {clean(text)}" for text in report.not_found]
    lines += [f"cannot access: {clean(text)}" for text in report.cannot_access]
    if ending.ceiling is not None:
        lines.append(f"ended early: {ending.ceiling}")
    return "\n".join(lines) or "nothing found"
