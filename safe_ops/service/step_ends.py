"""How the steps of a run ended, each and together, and how that is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from safe_ops.model.plans import Step
from safe_ops.model.standing import clause


class StepFate(StrEnum):
    """What became of a step, worst last."""

    DONE = "done"
    GONE = "gone"
    """What it was about was gone, and that is as good."""
    STOPPED = "stopped"
    """Not sent: a switch or the window forbade it."""
    WAITS = "waits"
    """Not done: its disruption budget, or the ready pods that are left, allowed nothing for as long
    as it was waited for."""
    UNSENT = "unsent"
    """Lost, found to have had no effect, and lost again."""
    REFUSED = "refused"
    CONFLICT = "conflict"
    """Not done: the target is not as it was planned for."""
    LOST = "lost"
    """Nobody knows whether it took effect."""

    @property
    def goes_on(self) -> bool:
        """Tell whether the next step may follow."""
        return self in {StepFate.DONE, StepFate.GONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnd:
    """How one step ended."""

    fate: StepFate
    says: str = ""
    retry_after_s: float | None = None
    unwritten: bool = False
    """True where the try was given up before anything was written down of it."""
    overtaken: bool = False
    """True where somebody wrote the target between our look at it and our call, so that the call
    had no effect; a controller's status is enough for that."""

    @property
    def why(self) -> str:
        """Return what it says, to stand inside a sentence."""
        return clause(self.says)


_SEVERITY = tuple(StepFate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a part of a plan ended; steps without an end were not begun."""

    steps: tuple[Step, ...]
    ends: dict[int, StepEnd]
    """By number; only of steps that were begun, or were next."""

    @property
    def worst(self) -> StepEnd:
        """Return the end that decides what follows; of equal ones the first step's."""
        ends = [self.ends[number] for number in sorted(self.ends)]
        return max(ends, key=lambda end: _SEVERITY.index(end.fate))

    @property
    def effects(self) -> int:
        """Return how many steps took effect."""
        return sum(end.fate is StepFate.DONE for end in self.ends.values())

    @property
    def is_complete(self) -> bool:
        """Tell whether all there was to do is done."""
        return len(self.ends) == len(self.steps) and self.worst.fate.goes_on

    def details(self) -> tuple[str, ...]:
        """Return a line for each step, in the plan's order."""
        return tuple(self._line(number, step) for number, step in enumerate(self.steps))

    def summary(self) -> str:
        """Return in one sentence how much took effect."""
        return f"{self.effects} of {len(self.steps)} steps took effect"

    def _line(self, number: int, step: Step) -> str:
        end = self.ends.get(number)
        if end is None:
            return f"not done: {step.says}"
        words = {StepFate.DONE: "done", StepFate.GONE: "done", StepFate.LOST: "unknown"}
        says = f" ({end.why})" if end.says else ""
        return f"{words.get(end.fate, 'not done')}: {step.says}{says}"
