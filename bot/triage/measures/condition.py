"""When an alert rule's condition held: its expression taken apart, and its samples as spans.

Pure. An expression that is a comparison with a number is read as value and threshold, so that the
value can be shown below the threshold, too; any other one is read as it is, for a rule's condition
holds whenever its expression gives anything.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import ToolError
from bot.tools.promql.lexical import tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.ports.metrics import Series
    from bot.tools.tokens import Token

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
# These bind less than comparisons do, so a side of theirs is not the whole condition.
_SETS = frozenset({"and", "or", "unless"})
# Two evaluations further apart than this many steps have one between them that did not hold.
_NEXT_STEPS = 1.5

Span = tuple[float, float]
"""From and to, seconds since the epoch; both ends are times at which the condition held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What to evaluate, and what its values have to be."""

    query: str
    sign: str = ""
    """Empty when every value there is means that the condition holds."""
    threshold: float = 0.0

    def holds(self, value: float) -> bool:
        """Tell whether a value meets the condition; NaN meets none that compares."""
        return not self.sign or _SIGNS[self.sign](value, self.threshold)


def condition_of(expression: str) -> Condition:
    """Return an alert rule's expression as value and threshold where it is just that."""
    whole = Condition(query=expression)
    try:
        tokens = tokens_of(expression)
    except ToolError:
        return whole
    outer = list(_outer(tokens))
    signs = [token for token in outer if token.kind == "sign" and token.text in _SIGNS]
    words = {token.text.casefold() for token in outer if token.kind == "word"}
    if len(signs) != 1 or words & (_SETS | {"bool"}):
        return whole
    sign = signs[0]
    threshold = _number(expression[sign.start + len(sign.text) :])
    left = expression[: sign.start].strip()
    if threshold is None or _number(left) is not None:
        return whole
    return Condition(query=left, sign=sign.text, threshold=threshold)


def deciding(expression: str) -> Condition:
    """Return the comparison whose values an alert has, where that is one with a number.

    An alert's value is what its expression gives: of `A and B` and `A unless B` that is A's, and
    brackets change nothing. Anything else is read as `condition_of` does.
    """
    left = _left(expression)
    while left != expression:
        expression, left = left, _left(left)
    return condition_of(expression)


def spans(condition: Condition, series: Sequence[Series], *, step_s: float) -> tuple[Span, ...]:
    """Return when the condition held for any of the series, oldest first."""
    times = sorted({at_s for one in series for at_s, value in one.points if condition.holds(value)})
    return tuple(_joined(times, step_s))


def _joined(times: Iterable[float], step_s: float) -> Iterable[Span]:
    start = end = math.nan
    for at_s in times:
        if at_s - end <= _NEXT_STEPS * step_s:
            end = at_s
            continue
        if not math.isnan(start):
            yield start, end
        start = end = at_s
    if not math.isnan(start):
        yield start, end


def _left(expression: str) -> str:
    """Return the side an expression's values come from, or what stands in its brackets."""
    try:
        tokens = tokens_of(expression)
    except ToolError:
        return expression
    outer = list(_outer(tokens))
    if not outer and _is_bracketed(tokens):
        return expression[tokens[0].start + 1 : tokens[-1].start].strip()
    sets = [one for one in outer if one.kind == "word" and one.text.casefold() in _SETS]
    if not sets or any(one.text.casefold() == "or" for one in sets):
        return expression
    return expression[: sets[0].start].strip()


def _is_bracketed(tokens: Sequence[Token]) -> bool:
    """Tell whether the first token is a round bracket that only the last one closes."""
    depth = 0
    for token in tokens[:-1]:
        if token.kind == "sign" and token.text in "([{":
            depth += 1
        elif token.kind == "sign" and token.text in ")]}":
            depth -= 1
        if depth == 0:
            return False
    return tokens[0].text == "("


def _outer(tokens: Sequence[Token]) -> Iterable[Token]:
    """Yield the tokens outside of all brackets."""
    depth = 0
    for token in tokens:
        if token.kind == "sign" and token.text in "([{":
            depth += 1
        elif token.kind == "sign" and token.text in ")]}":
            depth -= 1
        elif depth == 0:
            yield token


def _number(text: str) -> float | None:
    try:
        found = float(text.strip())
    except ValueError:
        return None
    return found if math.isfinite(found) else None
