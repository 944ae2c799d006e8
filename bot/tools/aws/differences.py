"""What changed between two versions of a configuration, without showing a secret of either.

Both sides come scrubbed, with placeholders that are equal only for equal values: that a password
changed can be seen, what it is cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.tools.aws.rendering import compact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# What tells the entries of a list apart, best first; entries without one go by their place.
_KEYS = ("name", "Name", "containerPort", "Arn")
_SHOWN_CHARS = 200


def difference(
    before: dict[str, Any], after: dict[str, Any], *, ignore: Collection[str] = ()
) -> list[str]:
    """Return a line for each field that was added (+), removed (-) or changed (~)."""
    old = {key: value for key, value in before.items() if key not in ignore}
    new = {key: value for key, value in after.items() if key not in ignore}
    was, now = dict(_flat(old)), dict(_flat(new))
    lines = []
    for path in (*was, *(path for path in now if path not in was)):
        if path not in now:
            lines.append(f"- {path}: {_value(was[path])}")
        elif path not in was:
            lines.append(f"+ {path}: {_value(now[path])}")
        elif was[path] != now[path]:
            lines.append(f"~ {path}: {_value(was[path])} -> {_value(now[path])}")
    return lines


def _flat(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list) and node:
        for place, value in enumerate(node):
            yield from _flat(value, f"{path}[{_entry(value, place)}]")
    else:
        yield path, node


def _entry(value: Any, place: int) -> str:
    if isinstance(value, dict):
        for key in _KEYS:
            if isinstance(value.get(key), str | int):
                return str(value[key])
    return str(place)


def _value(value: Any) -> str:
    shown = "" if value is None else compact(value)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}..."
