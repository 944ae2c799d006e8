"""Lines that every description has: whose object it is, its labels, its conditions.

All renderers of this package take objects that were redacted before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import entries, mapping, text
from bot.domain.spans import since
from bot.tools.kubectl.fields import name_of, namespace_of, owner_of

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.cluster import KubeObject


def identity(item: KubeObject, now: datetime) -> list[str]:
    """Return kind, place, age, owner, labels and annotations of an object."""
    place = "/".join(part for part in (namespace_of(item), name_of(item)) if part)
    lines = [
        f"{text(item, 'kind', default='Object')} {place}",
        f"  created: {since(now, item.get('metadata', {}).get('creationTimestamp'))}",
    ]
    deleted = item.get("metadata", {}).get("deletionTimestamp")
    if deleted:
        lines.append(f"  TERMINATING since {since(now, deleted)}")
    finalizers = item.get("metadata", {}).get("finalizers") or ()
    lines += field("finalizers", ", ".join(map(str, finalizers)) if deleted else None)
    lines += field("owner", owner_of(item))
    lines += field("labels", pairs(mapping(item, "metadata", "labels")))
    lines += field("annotations", pairs(mapping(item, "metadata", "annotations")))
    return lines


def conditions(item: KubeObject, now: datetime) -> list[str]:
    """Return the object's conditions with since when and why, a line each."""
    found = entries(item, "status", "conditions")
    lines = ["Conditions:"] if found else []
    for one in found:
        changed = one.get("lastTransitionTime")
        when = f" since {since(now, changed)}" if changed else ""
        said = ": ".join(part for part in (text(one, "reason"), text(one, "message")) if part)
        lines.append(f"  {text(one, 'type')}={text(one, 'status')}{when}  {said}".rstrip())
    return lines


def field(label: str, value: object, *, indent: int = 2) -> list[str]:
    """Return one line, or none when there is nothing to say."""
    shown = "" if value is None else str(value)
    return [f"{' ' * indent}{label}: {shown}"] if shown else []


def pairs(values: dict[str, Any]) -> str | None:
    """Return a map on one line; None if it is empty."""
    return ", ".join(f"{key}={value}" for key, value in values.items()) or None


def words(values: object) -> str | None:
    """Return a list on one line; None if it is empty or none."""
    return " ".join(map(str, values)) or None if isinstance(values, list) else None
