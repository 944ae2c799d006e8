"""Answers without what AWS's own API model marks as sensitive: passwords, variables, bodies.

It goes by the operation's output shape, so it needs no guess at names. What AWS forgot to mark is
left to the callers' scrubbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.model import Shape


def without_sensitive(
    content: Any, shape: Shape | None, *, hide: Callable[[str], str], shown: frozenset[str]
) -> Any:
    """Return a copy of the content with every sensitive value replaced by what `hide` returns.

    Names of maps stay, for they are what explains a fault; `shown` names members left alone.
    """
    if shape is None:
        return content
    if content is None or not _reaches(shape):
        return content
    if shape.type_name == "structure" and isinstance(content, dict):
        return {
            name: value
            if name in shown
            else _member(value, shape.members.get(name), hide=hide, shown=shown)
            for name, value in content.items()
        }
    if shape.type_name == "list" and isinstance(content, list):
        return [_member(value, shape.member, hide=hide, shown=shown) for value in content]
    if shape.type_name == "map" and isinstance(content, dict):
        return {
            name: _member(value, shape.value, hide=hide, shown=shown)
            for name, value in content.items()
        }
    return content


def is_sensitive(shape: Shape) -> bool:
    """Tell whether AWS marks a shape's values as sensitive."""
    return bool(shape.metadata.get("sensitive"))


def sensitive_members(shape: Shape | None, above: tuple[str, ...] = ()) -> set[str]:
    """Return the names of all members of an output that are, or directly hold, sensitive values."""
    if shape is None or shape.name in above:
        return set()
    inner = (*above, shape.name)
    if shape.type_name == "structure":
        found: set[str] = set()
        for name, member in shape.members.items():
            if _is_or_holds(member):
                found.add(name)
            found |= sensitive_members(member, inner)
        return found
    if shape.type_name == "list":
        return sensitive_members(shape.member, inner)
    return sensitive_members(shape.value, inner) if shape.type_name == "map" else set()


def _is_or_holds(shape: Shape) -> bool:
    if is_sensitive(shape):
        return True
    if shape.type_name == "list":
        return is_sensitive(shape.member)
    return shape.type_name == "map" and (is_sensitive(shape.value) or is_sensitive(shape.key))


def _member(
    value: Any, shape: Shape | None, *, hide: Callable[[str], str], shown: frozenset[str]
) -> Any:
    if shape is not None and is_sensitive(shape):
        return _hidden(value, hide)
    return without_sensitive(value, shape, hide=hide, shown=shown)


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(entry, hide) for name, entry in value.items()}
    if isinstance(value, list):
        return [_hidden(entry, hide) for entry in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    return hide(value if isinstance(value, str) else str(value))


def _reaches(shape: Shape) -> bool:
    """Tell whether walking further can find anything; scalars end the walk."""
    return shape.type_name in {"structure", "list", "map"}
