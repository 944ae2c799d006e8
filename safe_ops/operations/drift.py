"""Whether a plan still says what its operation would draw now: the last look before the first call.

Pure: it compares two values. What is compared was read by the operation's own survey.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.fields import dig
from safe_ops.plan import canonical_json

if TYPE_CHECKING:
    from collections.abc import Collection

    from safe_ops.model.plans import Drawing, Json, Plan, Step


class ExactDrift:
    """For operations whose target must be exactly as it was planned for."""

    def drifted(self, plan: Plan, drawing: Drawing) -> str:
        """Return what is not as planned any more, in a sentence; empty if everything is."""
        return drift_of(plan, drawing)


def drift_of(plan: Plan, drawing: Drawing) -> str:
    """Return what differs between a plan and what would be drawn now; empty if nothing does.

    Target, pins, and the calls of steps and undo have to be the same, in their order.
    """
    planned = plan.drawing
    return (
        pin_drift(plan, drawing)
        or _calls_drift("calls", planned.steps, drawing.steps)
        or _calls_drift("undo", planned.undo, drawing.undo)
    )


def pin_drift(plan: Plan, drawing: Drawing) -> str:
    """Return which pins, or whether the target itself, differ; empty if none do."""
    planned = plan.drawing
    if planned.target != drawing.target:
        return (
            f"{planned.target.kind} {planned.target.name} is not the one this was planned for "
            f"(uid {planned.target.uid}, now {drawing.target.uid})"
        )
    differing = [
        f"{name} was {_shown(planned.pins, name)} and is {_shown(drawing.pins, name)}"
        for name in sorted(planned.pins.keys() | drawing.pins.keys())
        if not _is_same(planned.pins.get(name), drawing.pins.get(name))
    ]
    return "; ".join(differing)


def addition_drift(plan: Plan, drawing: Drawing) -> str:
    """Return what is to be done now and was not planned; empty if nothing is.

    For plans over many objects, some of which may vanish meanwhile: what is planned and no longer
    drawn is no drift, what is drawn must be planned to the letter.
    """
    planned = [(step.group, step.call) for step in plan.drawing.steps]
    new = [step.says for step in drawing.steps if (step.group, step.call) not in planned]
    return f"not in the plan: {'; '.join(new)}" if new else ""


def return_drift(plan: Plan, forbidden: Collection[str]) -> str:
    """Return which planned steps are about an object whose uid is now forbidden; empty if none."""
    held = [step.says for step in plan.drawing.steps if _pinned_uid(step) in forbidden]
    return f"not to be done any more: {'; '.join(held)}" if held else ""


def undo_drift(plan: Plan, drawing: Drawing) -> str:
    """Return whether the undo would be another; empty if it is the same."""
    return _calls_drift("undo", plan.drawing.undo, drawing.undo)


def _calls_drift(what: str, planned: tuple[Step, ...], drawn: tuple[Step, ...]) -> str:
    if [step.call for step in planned] == [step.call for step in drawn]:
        return ""
    return (
        f"the {what} would be others now: {'; '.join(step.says for step in drawn) or 'none'} "
        f"instead of {'; '.join(step.says for step in planned) or 'none'}"
    )


def _pinned_uid(step: Step) -> Json:
    return dig(step.call.body, "preconditions", "uid")


def _shown(pins: dict[str, Json], name: str) -> str:
    return canonical_json(pins[name]).decode() if name in pins else "absent"


def _is_same(one: Json, other: Json) -> bool:
    """Tell whether two values are the same JSON; a plan that was stored has lists for tuples."""
    return canonical_json(one) == canonical_json(other)
