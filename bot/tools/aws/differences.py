"""What changed between two versions of a configuration, without showing a secret of either.

Both sides come scrubbed, with placeholders that are equal only for equal values: that a password
changed can be seen, what it is cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.tools.aws.rendering import compact
from bot.tools.differences import differences, leaves

if TYPE_CHECKING:
    from collections.abc import Collection

# What tells the entries of a list apart, best first.
_KEYS = ("name", "Name", "containerPort", "Arn")
_SHOWN_CHARS = 200


def difference(
    before: dict[str, Any], after: dict[str, Any], *, ignore: Collection[str] = ()
) -> list[str]:
    """Return a line for each field that was added (+), removed (-) or changed (~)."""
    old = {key: value for key, value in before.items() if key not in ignore}
    new = {key: value for key, value in after.items() if key not in ignore}
    was, now = leaves(old, keys=_KEYS), leaves(new, keys=_KEYS)
    lines = []
    for found in differences(old, new, keys=_KEYS):
        past, present = _value(was.get(found.path)), _value(now.get(found.path))
        shown = {"-": past, "+": present, "~": f"{past} -> {present}"}[found.sign]
        lines.append(f"{found.sign} {found.path}: {shown}")
    return lines


def _value(value: Any) -> str:
    shown = "" if value is None else compact(value)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}..."
