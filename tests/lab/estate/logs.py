"""What containers wrote: listed lines, or lines computed on demand so that 50 MB cost nothing.

A log is an ordered sequence of timed lines. Reading rules (tail, since, limits) are the API
server's; only the lines live here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line without its newline; `text` may carry foreign bytes as surrogate escapes."""

    at: float
    text: str


class GeneratedLog(Sequence[LogLine]):
    """`count` lines from `starts_at`, `step_s` apart, made from templates when they are read.

    `templates` are taken in turn; `{n}` is the line's number. `special` maps line numbers to
    texts of their own: the needles.
    """

    def __init__(
        self,
        *,
        count: int,
        starts_at: float,
        step_s: float,
        templates: Sequence[str],
        special: Mapping[int, str] | None = None,
    ) -> None:
        self._count = count
        self._starts_at = starts_at
        self._step_s = step_s
        self._templates = tuple(templates)
        self._special = dict(special or {})

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> LogLine: ...
    @overload
    def __getitem__(self, index: slice) -> list[LogLine]: ...
    def __getitem__(self, index: int | slice) -> LogLine | list[LogLine]:
        if isinstance(index, slice):
            return [self._line(number) for number in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return self._line(index % self._count)

    def _line(self, number: int) -> LogLine:
        template = self._templates[number % len(self._templates)]
        text = self._special.get(number) or template.replace("{n}", str(number))
        return LogLine(at=self._starts_at + number * self._step_s, text=text)


Log = Sequence[LogLine]


def listed_log(lines: Iterable[tuple[float, str]]) -> Log:
    """A log of the given (epoch seconds, text) pairs, in order of time."""
    return tuple(LogLine(at=at, text=text) for at, text in sorted(lines, key=lambda line: line[0]))


def first_since(log: Log, at: float) -> int:
    """Index of the first line written at or after `at`; `len(log)` if there is none."""
    return bisect_left(log, at, key=lambda line: line.at)
