"""Which steps of a plan may overlap. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safe_ops.model.plans import Step

Lane = tuple[int, ...]
"""Numbers of steps that run strictly one after another."""


def blocks(steps: tuple[Step, ...]) -> tuple[tuple[Lane, ...], ...]:
    """Return the plan's blocks in their order; the lanes of one block may run beside each other.

    A step without a group is a block of its own. Neighbours with groups make one block, with a lane
    for each group.
    """
    found: list[tuple[Lane, ...]] = []
    for grouped, run in groupby(range(len(steps)), key=lambda number: bool(steps[number].group)):
        numbers = list(run)
        if not grouped:
            found.extend(((number,),) for number in numbers)
            continue
        lanes: dict[str, list[int]] = {}
        for number in numbers:
            lanes.setdefault(steps[number].group, []).append(number)
        found.append(tuple(tuple(lane) for lane in lanes.values()))
    return tuple(found)
