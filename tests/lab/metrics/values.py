"""What expressions evaluate to in the lab, and the refusal to guess what they would."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.metrics.tracks import Sample

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
"""Label sets to values, in the order sort() or topk() gave them."""
Matrix = dict[Labels, list[Sample]]


class CannotEvaluateError(Exception):
    """The lab does not know this part of PromQL, or PromQL itself refuses it."""


class QuerySyntaxError(Exception):
    """The query is no PromQL."""


@dataclass(frozen=True, slots=True)
class Window:
    """A matrix and the range it was cut from, which rate() extrapolates to."""

    matrix: Matrix
    start_s: float
    end_s: float


Value = float | str | Vector | Window


def without_name(labels: Labels) -> Labels:
    """The labels a function leaves."""
    return frozenset(pair for pair in labels if pair[0] != "__name__")
