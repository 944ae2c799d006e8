"""What differs between two nested values, leaf by leaf, without judging what may be shown.

Values are compared as they are; how they are written is the caller's, who knows what is secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One leaf that is on one side only, or not the same on both."""

    sign: str
    """`-` removed, `+` added, `~` changed."""
    path: str


def differences(
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    keys: Sequence[str],
    ignore: Collection[str] = (),
) -> list[Difference]:
    """Return the leaves that differ, those of `before` first, in its order.

    `keys` are the fields that tell the entries of a list apart, best first; entries without one go
    by their place. Fields named in `ignore` are left out wherever they stand.
    """
    old, new = leaves(before, keys=keys, ignore=ignore), leaves(after, keys=keys, ignore=ignore)
    found = []
    for path in (*old, *(path for path in new if path not in old)):
        if path not in new:
            found.append(Difference(sign="-", path=path))
        elif path not in old:
            found.append(Difference(sign="+", path=path))
        elif old[path] != new[path]:
            found.append(Difference(sign="~", path=path))
    return found


def leaves(
    node: dict[str, Any], *, keys: Sequence[str], ignore: Collection[str] = ()
) -> dict[str, Any]:
    """Return path to value of every leaf; an empty object or list is a leaf."""
    return dict(_flat(node, "", keys, ignore))


def _flat(
    node: Any, path: str, keys: Sequence[str], ignore: Collection[str]
) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and node:
        for key, value in node.items():
            if key not in ignore:
                yield from _flat(value, f"{path}.{key}" if path else str(key), keys, ignore)
    elif isinstance(node, list) and node:
        for place, value in enumerate(node):
            yield from _flat(value, f"{path}[{_entry(value, place, keys)}]", keys, ignore)
    else:
        yield path, node


def _entry(value: Any, place: int, keys: Sequence[str]) -> str:
    if isinstance(value, dict):
        for key in keys:
            if isinstance(value.get(key), str | int):
                return str(value[key])
    return str(place)
