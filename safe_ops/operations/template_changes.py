"""What differs between two pod templates, for people: fields by name, values where they are safe.

What containers are told (environment, arguments, annotations, headers) may hold secrets: of those
only the names are shown, and that they differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.plans import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.plans import Json

_HIDDEN = frozenset({"env", "args", "command", "annotations", "httpHeaders"})
_ABSENT, _MASKED, _OTHER = "none", "(not shown)", "(not shown, another value)"
_MAX_CHARS = 200


def template_changes(before: Json, after: Json) -> tuple[Change, ...]:
    """Return one change for each field that differs, in the order of their names."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    changes = []
    for path in sorted(old.keys() | new.keys()):
        was, becomes = old.get(path), new.get(path)
        if was == becomes:
            continue
        show = _masked if _HIDDEN & set(path) else _shown
        said, then = show(was), show(becomes)
        # Hidden or too long to tell apart: that they differ is what has to be seen.
        shown_after = _OTHER if said == then else then
        changes.append(Change(field=".".join(path), before=said, after=shown_after))
    return tuple(changes)


def _leaves(value: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    match value:
        case dict() if value:
            for key, part in value.items():
                yield from _leaves(part, (*path, str(key)))
        case list() if value:
            for name, part in zip(_names(value), value, strict=True):
                yield from _leaves(part, (*path, name))
        case _:
            if path and value is not None:
                yield path, str(value)


def _names(parts: list[Json]) -> list[str]:
    """Return what tells the parts of a list apart: their names, or where they stand."""
    names = [str(part.get("name") or "") if isinstance(part, dict) else "" for part in parts]
    is_telling = all(names) and len(set(names)) == len(names)
    return names if is_telling else [str(index) for index in range(len(parts))]


def _masked(value: str | None) -> str:
    return _ABSENT if value is None else _MASKED


def _shown(value: str | None) -> str:
    if value is None:
        return _ABSENT
    return value if len(value) <= _MAX_CHARS else f"{value[:_MAX_CHARS]}… ({len(value)} characters)"
