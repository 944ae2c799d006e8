"""How strong a firing alert is: its rule's number beside the number the rule compares it with.

Pure. Verification asks only whether it grew, and by which factor; so every figure here is bigger
the worse it is, and there is none where a factor would say nothing:

- The rule compares with no number (`a > b`, `absent(a)`, `bool`), by `==` or `!=`, or cannot be
  read: which direction is worse is not told, or both sides may move.
- The threshold is negative, or for `<` the threshold is 0 or the number negative: the scale goes on
  below nothing, as that of degrees or of forecasts does, and has no multiples.
- The rule reads the clock (`time() - a > 60`): its number grows while nothing gets worse.
- The number is infinite, or not one.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.tools.promql.numbers import number
from bot.triage.measures.condition import deciding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.ports.metrics import ActiveAlert, Rule

_RISING = frozenset({">", ">="})
_FALLING = frozenset({"<", "<="})
_NOTHING = 0.001
"""Of a threshold: a number that fell to 0 counts as this much of it, for 0 has no multiples."""
_CLOCK = re.compile(r"\btime(?:stamp)?\s*\(")
_TEMPLATED = "{{"
"""A rule's label with this in it differs from alert to alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A firing alert's number, and what its rule compares it with."""

    name: str
    """The rule's."""
    value: float
    threshold: float
    is_low: bool
    """True when the rule fires below its threshold."""

    @property
    def beyond(self) -> float:
        """How far beyond the threshold it is, in its own unit."""
        return self.threshold - self.value if self.is_low else self.value - self.threshold

    @property
    def strength(self) -> float | None:
        """What grows as it gets worse; None where no factor of it means anything.

        In thresholds, for an incident may have come by several rules, each with a unit of its own:
        0.42 errors against 0.05 are 8.4, and 4 % free against 10 % are 2.5, as that is the factor
        by which it is too little. Against a threshold of 0 the number stands for itself.
        """
        if self.threshold < 0:
            return None
        if not self.is_low:
            return self.value / (self.threshold or 1.0)
        if self.threshold == 0 or self.value < 0:
            return None
        return 1 / max(self.value / self.threshold, _NOTHING)


def figures_of(active: Iterable[ActiveAlert], rules: Sequence[Rule]) -> tuple[Figure, ...]:
    """Return the figures of those alerts that have one."""
    found = (_figure(alert, rules) for alert in active)
    return tuple(one for one in found if one is not None)


def worst(figures: Iterable[Figure]) -> float | None:
    """Return the strength of the strongest; None where none has one."""
    return max((one.strength for one in figures if one.strength is not None), default=None)


def still_firing(names: Iterable[str], figures: Sequence[Figure]) -> str:
    """Return the sentence for people: each rule by name, the worst of its numbers beside it."""
    return "; ".join(f"{name} still fires{_at(name, figures)}" for name in sorted(names))


def _at(name: str, figures: Iterable[Figure]) -> str:
    own = [one for one in figures if one.name == name]
    if not own:
        return ""
    found = max(own, key=lambda one: one.beyond)
    return f" at {number(found.value)}, threshold {number(found.threshold)}"


def _figure(alert: ActiveAlert, rules: Sequence[Rule]) -> Figure | None:
    held = dict(alert.labels)
    name = held.get("alertname", "")
    own = [one.query for one in rules if _gives(one, held)]
    compared = {
        (condition.sign, condition.threshold) for condition in (deciding(one) for one in own)
    }
    try:
        value = float(alert.value)
    except ValueError:
        return None
    # Rules of one name that differ in nothing but the threshold: whose alert it is stays unknown.
    is_clear = len(compared) == 1 and not any(_CLOCK.search(one) for one in own)
    if not is_clear or not math.isfinite(value):
        return None
    ((sign, threshold),) = compared
    if sign not in _RISING | _FALLING:
        return None
    return Figure(name=name, value=value, threshold=threshold, is_low=sign in _FALLING)


def _gives(rule: Rule, held: dict[str, str]) -> bool:
    """Tell whether a rule is one that gives alerts with these labels."""
    return (
        rule.is_alert
        and rule.name == held.get("alertname")
        and all(
            _TEMPLATED in wanted or held.get(label, "") == wanted for label, wanted in rule.labels
        )
    )
