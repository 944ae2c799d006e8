"""Where an action stands, in one sentence.

Pure. A sentence is a row of words and people, so that people are named by Slack and no foreign text
can name one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.adapters.slack.blocks.approval import rich
from bot.adapters.slack.text import count, escape
from bot.adapters.slack.text import person as mention
from bot.adapters.slack.visible import visible
from safe_ops.model.actions import CallOutcome, Effect, Phase, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.slack.blocks.card import Block
    from bot.ports.action_board import ActionView
    from safe_ops.model.actions import Action, Approval

STEPS: Final = "steps"
UNDO: Final = "undo"
MARKS: Final = {
    State.DRAFT: "📝",
    State.PENDING_ONCALL: "⏳",
    State.PENDING_MANAGER: "⏳",
    State.PENDING_FACTOR: "🔑",
    State.APPROVED: "👍",
    State.SCHEDULED: "🕒",
    State.CLAIMED: "🔎",
    State.EXECUTING: "🔧",
    State.VERIFYING: "🔎",
    State.ROLLING_BACK: "🔙",
    State.INDETERMINATE: "❓",
    State.SUCCEEDED: "✅",
    State.FAILED: "❌",
    State.ROLLED_BACK: "🔙",
    State.ROLLBACK_FAILED: "🚨",
    State.BLOCKED: "⛔",
    State.REJECTED: "🚫",
    State.EXPIRED: "⌛",
    State.CANCELLED: "🚫",
    State.REVOKED: "🚫",
    State.STALE: "🔄",
}
_CLAUSES: Final = {
    State.DRAFT: " is being planned: everything is read, checked and rehearsed first",
    State.PENDING_ONCALL: " waits for a yes of the on-call tier",
    State.PENDING_MANAGER: " waits for a yes of the manager tier",
    State.PENDING_FACTOR: " waits for a second factor",
    State.APPROVED: " is about to run: the operator takes it up",
    State.SCHEDULED: " waits for its window to open",
    State.CLAIMED: " is about to run: the operator checks everything again before the first call",
    State.EXECUTING: " is executing",
    State.VERIFYING: " made its calls, and it is being checked whether they had their effect",
    State.ROLLING_BACK: ": it did not help and is being undone",
    State.INDETERMINATE: ": a call was sent, and nobody knows whether it took effect",
    State.SUCCEEDED: ": it is done, and what was wanted is so",
    State.FAILED: ": it ended without the effect that was wanted",
    State.ROLLED_BACK: ": it did not help and was undone",
    State.ROLLBACK_FAILED: ": it did not help, and undoing it failed",
    State.BLOCKED: " is refused; nothing was changed",
    State.REJECTED: " was denied; nothing was changed",
    State.EXPIRED: " ran out of time; it was not run",
    State.CANCELLED: " was taken back; nothing was changed",
    State.REVOKED: " was taken back before it began; nothing was changed",
    State.STALE: " is out of date: the target is not as it was planned for. Nothing was changed",
}
"""Where it stands, to be written behind its name."""
_NEXT: Final = {
    State.INDETERMINATE: (
        " It will not be repeated. It is read back for a quarter of an hour; where that proves"
        " nothing, a manager looks at the target, presses Settle and says what is so."
    ),
    State.ROLLBACK_FAILED: " Nothing more is done by itself: somebody has to look now.",
    State.EXPIRED: " Ask for it again if it is still wanted.",
    State.STALE: " Ask for it again if it is still wanted.",
}
"""What a person does now, where nothing goes on by itself."""
_SIGNAL: Final = {
    Effect.SEEN: " The incident's signal has fallen silent.",
    Effect.NOT_SEEN: " The incident's signal still fires: this was not enough.",
    Effect.NOT_VISIBLE: " Whether the incident's signal agrees could not be seen.",
}
_HOLDS_STEPS: Final = frozenset({State.EXECUTING, State.ROLLING_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A person within a sentence."""

    slack_id: str
    name: str


Part = str | Who


def sentence(view: ActionView) -> tuple[Part, ...]:
    """Return where the action stands, who approved it by name, and what is to be done now."""
    action = view.action
    head = f"{MARKS[action.state]} {action.label}"
    match action.state:
        case State.EXECUTING:
            stands: tuple[Part, ...] = (f"{head} is executing: {_made(view, STEPS)}.",)
        case State.ROLLING_BACK:
            stands = (f"{head}{_CLAUSES[action.state]}: {_made(view, UNDO)}.",)
        case State.PENDING_FACTOR:
            stands = (head, *_awaited(action))
        case _:
            stands = (f"{head}{_CLAUSES[action.state]}.",)
    return (*stands, *_agreed(action), *_next(action))


def as_block(parts: Sequence[Part]) -> Block:
    """Return the sentence as rich text."""
    return rich.line(
        *(
            rich.text(part) if isinstance(part, str) else rich.person(part.slack_id, part.name)
            for part in parts
        )
    )


def as_text(parts: Sequence[Part]) -> str:
    """Return the sentence as escaped mrkdwn, for notifications."""
    return "".join(
        escape(visible(part)) if isinstance(part, str) else mention(part.slack_id or part.name)
        for part in parts
    )


def why(action: Action) -> tuple[str, ...]:
    """Return what else is to be said of where it stands: the outcome's own words, and reasons."""
    said = [] if action.outcome is None else [action.outcome.says]
    if action.reason and not any(action.reason in one for one in said):
        said.append(action.reason)
    return tuple(one for one in said if one)


def done(action: Action) -> tuple[str, ...]:
    """Return what was done and undone, a line each; empty while it is not over."""
    return () if action.outcome is None else action.outcome.details


def progress(view: ActionView) -> tuple[str, ...]:
    """Return each step with how far it is; empty outside the states that make calls."""
    action = view.action
    if action.plan is None or action.state not in _HOLDS_STEPS:
        return ()
    part = UNDO if action.state is State.ROLLING_BACK else STEPS
    steps = action.plan.drawing.undo if part == UNDO else action.plan.drawing.steps
    marks = _marks(view, part)
    return tuple(f"{marks.get(at, '○')} {step.says}" for at, step in enumerate(steps))


def _made(view: ActionView, part: str) -> str:
    plan = view.action.plan
    steps = () if plan is None else plan.drawing.undo if part == UNDO else plan.drawing.steps
    done = sum(1 for mark in _marks(view, part).values() if mark == "✓")
    return f"{done} of {count(len(steps), 'call')} made"


def _marks(view: ActionView, part: str) -> dict[int, str]:
    marks: dict[int, str] = {}
    for row in view.journal:
        if row.part != part:
            continue
        if row.phase is Phase.BEFORE:
            marks[row.step] = "…"
        elif row.outcome is CallOutcome.APPLIED:
            marks[row.step] = "✓"
        else:
            marks[row.step] = "?" if row.outcome is CallOutcome.UNKNOWN else "✗"
    return marks


def _next(action: Action) -> tuple[Part, ...]:
    """Return what a person does now, or whether it helped; nothing where that is clear."""
    incident = action.plan is not None and action.plan.incident_id
    if action.state is State.SUCCEEDED and action.outcome is not None and incident:
        return (_SIGNAL[action.outcome.effect],)
    return (_NEXT[action.state],) if action.state in _NEXT else ()


def _agreed(action: Action) -> tuple[Part, ...]:
    parts: list[Part] = []
    for at, approval in enumerate(action.approvals):
        parts.append(" Approved by " if at == 0 else " and by ")
        parts += _giver(approval, is_sequel=bool(action.request.origin))
    return (*parts, ".") if parts else ()


def _giver(approval: Approval, *, is_sequel: bool) -> tuple[Part, ...]:
    if approval.subject.startswith("policy:") and is_sequel:
        return ("whoever approved what it follows, whose plan said so",)
    if approval.subject.startswith("policy:"):
        return ("policy, which lets it run by itself here",)
    return (
        Who(slack_id=approval.slack_id, name=approval.name),
        f" ({approval.stage.label} tier)",
    )


def _awaited(action: Action) -> tuple[Part, ...]:
    if action.proof is None:
        return (f"{_CLAUSES[action.state]}.",)
    giver = action.proof.approval
    return (
        " waits for the second factor of ",
        Who(slack_id=giver.slack_id, name=giver.name),
        ", whose yes counts with it.",
    )
