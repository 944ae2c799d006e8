"""Reading JSON of a foreign API whose fields may be missing, null or of another type anywhere.

The write side's own, because it shares nothing with the packages that talk to people.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def dig(value: Any, *path: str) -> Any:
    """Return the field at the end of a path; None if any step of it is missing."""
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def text(value: Any, *path: str, default: str = "") -> str:
    """Return a field as text; the default if it is missing."""
    found = dig(value, *path)
    return default if found is None else str(found)


def number(value: Any, *path: str, default: int = 0) -> int:
    """Return a field as a whole number; the default if it is missing or none."""
    found = dig(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def entries(value: Any, *path: str) -> list[dict[str, Any]]:
    """Return a list of objects; empty if the field is missing."""
    found = dig(value, *path)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def mapping(value: Any, *path: str) -> dict[str, Any]:
    """Return an object; empty if the field is missing."""
    found = dig(value, *path)
    return found if isinstance(found, dict) else {}


def moment(value: Any, *path: str) -> datetime | None:
    """Return a field as a UTC time; None if it is missing or no time."""
    found = dig(value, *path) if path else value
    if not isinstance(found, str):
        return None
    try:
        at = datetime.fromisoformat(found)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
