"""Reading JSON that may hold anything: a wrong type reads as nothing, never as an error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_DEEPEST: Final = 60


class Fields:
    """One JSON object, read field by field."""

    __slots__ = ("_fields",)

    def __init__(self, value: object) -> None:
        """Take any value; one that is no object reads as an empty one."""
        self._fields: Mapping[str, Any] = value if isinstance(value, Mapping) else {}

    def __bool__(self) -> bool:
        return bool(self._fields)

    def raw(self, name: str) -> object:
        """Return the field as it came, or None."""
        return self._fields.get(name)

    def whole(self) -> Mapping[str, Any]:
        """Return the object itself, for readers of other formats."""
        return self._fields

    def text(self, name: str) -> str:
        """Return a string field; empty when it is missing or no string."""
        value = self._fields.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Tell whether a field is true."""
        return self._fields.get(name) is True

    def inner(self, name: str) -> Fields:
        """Return an object field; an empty one when it is missing or no object."""
        return Fields(self._fields.get(name))

    def first(self, name: str) -> Fields:
        """Return the first object of an array field; an empty one when there is none."""
        value = self._fields.get(name)
        if isinstance(value, Sequence) and not isinstance(value, str | bytes) and value:
            return Fields(value[0])
        return Fields(None)

    def team(self) -> str:
        """Return the workspace the app is installed in.

        The authorization comes first: in Slack Connect channels the top-level team may be the
        author's own (vercel/chat 4.35).
        """
        return (
            self.first("authorizations").text("team_id")
            or self.text("team_id")
            or self.inner("team").text("id")
            or self.inner("user").text("team_id")
        )

    def bot_user(self) -> str:
        """Return our own user id as the delivery names it; empty if it does not."""
        return self.first("authorizations").text("user_id")


def storable(value: Any, *, depth: int = 0) -> Any:
    """Return the JSON value as every database takes it: no NUL, no lone surrogate, not too deep."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value) if _UNSTORABLE.search(value) else value
    if depth >= _DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {
            storable(str(name)): storable(item, depth=depth + 1) for name, item in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [storable(item, depth=depth + 1) for item in value]
    return value
