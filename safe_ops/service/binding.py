"""Fills the declared placeholders of a call just before it is sent; all else stays as approved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safe_ops.errors import StaleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safe_ops.model.plans import Call, Json, Plan
    from safe_ops.model.surveys import Survey
    from safe_ops.operations.operation import Eyes, Operation

ACTION = "$action"
"""Placeholder every call may have: the action's short name, such as A12."""


def bound(operation: Operation[Survey], plan: Plan, call: Call, eyes: Eyes, *, label: str) -> Call:
    """Return the call with its placeholders filled from a read of now.

    Raises:
        StaleError: The target is not the one the plan was drawn for, or a value is missing.
        UpstreamError: It cannot be read now.
    """
    wanted = [name for name in call.late_bound if name != ACTION]
    # Asked where nothing is to be filled as well: it is the last look at the target.
    values = operation.bind(plan, call, eyes)
    missing = [name for name in wanted if name not in values]
    if missing:
        raise StaleError(f"nothing was found to fill {', '.join(missing)} with")
    filling = {ACTION: label, **{name: values[name] for name in wanted}}
    return replace(call, body=_filled(call.body, filling))


def _filled(part: Json, values: Mapping[str, Json]) -> Json:
    match part:
        case dict():
            return {key: _filled(inner, values) for key, inner in part.items()}
        case list() | tuple():
            return [_filled(inner, values) for inner in part]
        case str():
            return values.get(part, part)
        case _:
            return part
