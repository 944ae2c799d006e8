"""Series told apart in as few words as possible; what all share is said once.

Label values are foreign text: they are made plain and cut before anything shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.tools.plain_text import plain
from bot.tools.promql.selectors import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.metrics import Labels

VALUE_MAX_CHARS = 120
"""The read policy's cap on what a label may carry into an answer."""


def shared(every: Sequence[Labels]) -> Labels:
    """Return the pairs that all series have; none when there is only one series."""
    if len(every) < 2:  # noqa: PLR2004 -- one series shares nothing with others
        return ()
    common = set(every[0]).intersection(*map(set, every[1:]))
    return tuple(pair for pair in every[0] if pair in common)


def label_text(labels: Labels, *, without: Labels = ()) -> str:
    """Return `name=value` of the labels, the metric's name first; `(no labels)` for none."""
    left = [pair for pair in labels if pair not in without]
    name = [value(text) for label, text in left if label == NAME]
    pairs = [f"{label}={value(text)}" for label, text in left if label != NAME]
    return " ".join((*name, *pairs)) or ("(all)" if without or not labels else "(no labels)")


def value(text: str) -> str:
    """Return a label's value as it may be shown: plain, on one line, cut."""
    line = " ".join(plain(text).split())
    return line if len(line) <= VALUE_MAX_CHARS else f"{line[: VALUE_MAX_CHARS - 1]}…"
