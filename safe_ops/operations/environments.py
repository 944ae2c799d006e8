"""Environment variables in diffs: which ones differ, never what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.plans import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

_HIDDEN = "(hidden)"
_ABSENT = "(not set)"
_OTHER = "(another, hidden)"


def changed_variables(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Return a change for each variable that differs, in order of names, values hidden."""
    return tuple(
        Change(
            field=f"environment {name}",
            before=_HIDDEN if name in before else _ABSENT,
            after=(_OTHER if name in before else _HIDDEN) if name in after else _ABSENT,
        )
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )
