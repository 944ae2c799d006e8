"""Reading JSON of a foreign API whose fields may be missing, null or of another type anywhere."""

from __future__ import annotations

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
