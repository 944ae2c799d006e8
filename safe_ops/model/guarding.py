"""The shape of a guard: a name and one small pure decision over a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from safe_ops.model.plans import Drawing, Json, Ruling
from safe_ops.model.surveys import Circumstances, Survey

S_co = TypeVar("S_co", bound=Survey, covariant=True)
S = TypeVar("S", bound=Survey)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Generic[S_co]):
    """All a guard may look at."""

    parameters: dict[str, Json]
    """Checked by the operation's model."""
    survey: S_co
    drawing: Drawing
    circumstances: Circumstances


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard(Generic[S]):
    """One reason to say no. Removing it from an operation must make a test fail."""

    name: str
    """Such as `disruption-budget`; unique within an operation."""
    decide: Callable[[Case[S]], Ruling]


def passes(guard: str, says: str) -> Ruling:
    """Return a yes, with the numbers it rests on."""
    return Ruling(guard=guard, passed=True, says=says)


def refuses(guard: str, says: str, *, overridable: bool = False) -> Ruling:
    """Return a no; the sentence says what is in the way and what would help."""
    return Ruling(guard=guard, passed=False, says=says, overridable=overridable)
