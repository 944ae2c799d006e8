"""A second look at a verdict: somebody whose only task is to find out that it is wrong.

It may lower what is believed and never raise it; code decides by how much, and only for an
objection that cites evidence.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.agent.branch import BranchSession
from bot.agent.budget import Budget, Limits
from bot.agent.exhibit import exhibit
from bot.agent.fence import Fence, clean
from bot.agent.loop import Loop
from bot.agent.search import EvidenceSearch
from bot.agent.toolbox import Toolbox, explain, schema_of
from bot.domain.errors import UpstreamError
from bot.domain.progress import Task, TaskState
from bot.domain.verdict import Status
from bot.ports.model import ToolSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.agent.outgoing import Outgoing
    from bot.agent.session import Session
    from bot.domain.evidence import Observation
    from bot.domain.verdict import Verdict
    from bot.ports.clock import Clock
    from bot.ports.model import LanguageModel

PROMPT = "second_look"
OBJECT = "object"
LIMITS = Limits(max_turns=4, max_tool_calls=4, max_tokens=40_000, max_usd=0.2, max_seconds=45.0)
SHOWN_BYTES = 3 * 1024
"""Of each cited piece of evidence."""
WEAKENED_COST = 0.15
"""Confidence taken by an objection that leaves the verdict standing."""
_LOWER = {
    Status.CONFIRMED: Status.LIKELY,
    Status.LIKELY: Status.INCONCLUSIVE,
    Status.HEALTHY: Status.INCONCLUSIVE,
}
_REFUTED_CAP = {Status.LIKELY: 0.6, Status.INCONCLUSIVE: 0.3}
"""Most confidence a verdict of that status may have after it was refuted."""


class Ruling(StrEnum):
    """What the second look makes of a verdict."""

    STANDS = "stands"
    WEAKENED = "weakened"
    REFUTED = "refuted"


class Objection(BaseModel):
    """What the second look hands in."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    ruling: Annotated[
        Ruling,
        Field(
            description="stands: nothing speaks against it. weakened: another explanation fits as"
            " well. refuted: evidence contradicts it."
        ),
    ]
    reason: Annotated[str, Field(min_length=1, max_length=400, description="One sentence")]
    evidence: Annotated[
        list[Annotated[str, Field(pattern=r"^[eE]\d{1,5}$")]], Field(max_length=6)
    ] = []


def second_look(
    verdict: Verdict,
    *,
    session: Session,
    model: LanguageModel,
    tools: tuple[Callable[..., Observation], ...],
    system: str,
    outgoing: Outgoing,
    clock: Clock,
    nonce: str,
) -> Verdict:
    """Return the verdict as it is after somebody argued against it; never more certain.

    A model that gives no answer leaves the verdict as it is, and says so in a caveat.

    Raises:
        CancelledByPersonError, LeaseLostError: As the session's `check` says.
    """
    if verdict.status is Status.INCONCLUSIVE:
        return verdict
    task = Task(task_id="second-look", title="Argue against it", state=TaskState.IN_PROGRESS)
    session.show(task)
    branch = BranchSession(session, name="second-look", lock=threading.RLock())
    fence = Fence(nonce=nonce)
    search = EvidenceSearch(find=branch.find, clock=clock)
    try:
        ending = Loop(
            model=model,
            toolbox=Toolbox.of(*tools, search.search_evidence),
            budget=Budget(LIMITS, clock),
            session=branch,
            fence=fence,
            terminal=objection_spec(),
            complaint=_complaint,
        ).run(system=system, opening=_opening(verdict, session, fence))
        objection = Objection.model_validate(ending.arguments or {})
    except (UpstreamError, ValidationError):
        session.show(replace(task, state=TaskState.ERROR, outcome="no answer"))
        return replace(
            verdict, caveats=(*verdict.caveats, "The second look gave no answer in its form.")
        )
    session.show(replace(task, state=TaskState.COMPLETE, outcome=objection.ruling.value))
    cited = tuple(
        dict.fromkeys(
            found.label for label in objection.evidence if (found := session.find(label.upper()))
        )
    )
    return lowered(
        verdict, ruling=objection.ruling, reason=outgoing.text(objection.reason), cited=cited
    )


def lowered(verdict: Verdict, *, ruling: Ruling, reason: str, cited: tuple[str, ...]) -> Verdict:
    """Return the verdict after the ruling; an objection that cites nothing only weakens it."""
    labels = " ".join(f"[{label}]" for label in cited)
    match ruling:
        case Ruling.STANDS:
            return verdict
        case Ruling.REFUTED if cited:
            status = _LOWER.get(verdict.status, verdict.status)
            return replace(
                verdict,
                status=status,
                confidence=min(verdict.confidence, _REFUTED_CAP.get(status, 0.3)),
                caveats=(
                    *verdict.caveats,
                    f"{verdict.status} lowered to {status} by the second look: {reason} {labels}",
                ),
            )
        case Ruling.WEAKENED | Ruling.REFUTED:
            return replace(
                verdict,
                confidence=round(max(0.0, verdict.confidence - WEAKENED_COST), 2),
                caveats=(
                    *verdict.caveats,
                    f"The second look objects: {reason} {labels}".strip(),
                ),
            )


def objection_spec() -> ToolSpec:
    """Return the terminal tool of the second look."""
    return ToolSpec(
        name=OBJECT,
        description="Hand in your objection, or that there is none; this ends your work.",
        input_schema=schema_of(Objection),
    )


def _complaint(arguments: Mapping[str, object]) -> str | None:
    try:
        Objection.model_validate(arguments)
    except ValidationError as error:
        return explain(error)
    return None


def _opening(verdict: Verdict, session: Session, fence: Fence) -> str:
    lines = [
        f"Status: {verdict.status.value}",
        f"Cause: {verdict.cause.value} ({verdict.cause.meaning})",
        f"Object: {verdict.object or 'none'}",
        f"Since: {verdict.since or 'not told'}",
        f"Summary: {clean(verdict.summary)}",
    ]
    lines += [
        f"Hypothesis {one.state.value}: {clean(one.statement)} [{', '.join(one.evidence)}]"
        for one in verdict.hypotheses
    ]
    shown = [
        exhibit(found, fence, limit_bytes=SHOWN_BYTES)
        for label in verdict.evidence
        if (found := session.find(label))
    ]
    return "\n\n".join(
        [
            "The verdict to argue against:\n" + fence.wrap("\n".join(lines), source="verdict"),
            "The evidence it cites:\n\n" + "\n\n".join(shown),
            "Is it wrong?",
        ]
    )
