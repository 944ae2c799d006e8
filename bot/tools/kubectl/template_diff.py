"""What changed between two pod templates, without showing a secret of either.

Values are compared as they are and shown as they are redacted: that a password changed can be
seen, what it is cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.tools.kubectl.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

# What tells the entries of a list apart, best first; entries without one go by their place.
_KEYS = ("name", "mountPath", "containerPort", "key", "topologyKey")
# The controller sets it on every template; it always differs and says nothing.
_HASHES = frozenset({"pod-template-hash", "rollouts-pod-template-hash"})
_SHOWN_CHARS = 300


def template_diff(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return a line for each field that was added (+), removed (-) or changed (~)."""
    old, new = dict(_flat(before)), dict(_flat(after))
    old_shown, new_shown = dict(_flat(redact(before))), dict(_flat(redact(after)))
    lines = []
    for path in (*old, *(path for path in new if path not in old)):
        if path not in new:
            lines.append(f"- {path}: {_value(old_shown.get(path))}")
        elif path not in old:
            lines.append(f"+ {path}: {_value(new_shown.get(path))}")
        elif old[path] != new[path]:
            was, now = _value(old_shown.get(path)), _value(new_shown.get(path))
            note = " (the hidden value changed)" if was == now else ""
            lines.append(f"~ {path}: {was} -> {now}{note}")
    return lines


def _flat(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of every leaf; lists of objects go by what names their entries."""
    if isinstance(node, dict) and node:
        for key, value in node.items():
            if key not in _HASHES:
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
    shown = "" if value is None else str(value)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}..."
