"""Objects as JSON has them, without their secrets: keys decide first, then the rules for text.

A value that stands alone often cannot be recognised; its key, the name beside it or the kind of
the object around it can tell what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bot.domain.redaction.engine import UNREAD
from bot.domain.redaction.headers import is_header
from bot.domain.redaction.keys import Telling, tells
from bot.domain.redaction.values import harmless, is_object_name, looks_random

if TYPE_CHECKING:
    from bot.domain.redaction.engine import Redactor

_DEEPEST = 100
"""Deeper structures are withheld, lest one made for it exhausts the stack."""
_NAMES = ("name", "Name", "key", "Key", "ParameterKey", "parameterKey")
_VALUES = ("value", "Value", "ParameterValue", "parameterValue")
_SECRET_FIELDS = frozenset({"data", "stringData"})
_PAIR = 2
_PLAIN = (bool, int, float, Decimal, date, time, timedelta, type(None))


def redact_tree(value: Any, redactor: Redactor) -> Any:
    """Return a copy of nested maps and lists in which no secret is left; never raises.

    Numbers, times and nothing stay what they are unless their key tells; whatever is neither these
    nor text nor a container is written out and redacted as text.
    """
    return _Walk(redactor).value(value, 0)


class _Walk:
    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def value(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            return self._redactor.placeholder(UNREAD, "")
        if isinstance(value, Mapping):
            return self._map(value, depth)
        if isinstance(value, list | tuple | set | frozenset):
            return self._list(list(value), depth)
        if isinstance(value, _PLAIN):
            return value
        return self._redactor.mask(_text(value))

    def _map(self, value: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
        opaque = value.get("kind") == "Secret"
        shown: dict[Any, Any] = {}
        for key, entry in value.items():
            name = self._redactor.mask(key) if isinstance(key, str) else key
            if opaque and key in _SECRET_FIELDS:
                shown[name] = self._hidden("secret", entry, depth + 1)
            else:
                shown[name] = self._under(str(key), entry, depth + 1)
        named = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), "")
        for field in _VALUES:
            if named and field in value:
                shown[field] = self._under(named, value[field], depth + 1)
        return shown

    def _list(self, items: list[Any], depth: int) -> list[Any]:
        shown = [self.value(item, depth + 1) for item in items]
        for at in range(1, len(items)):
            before, item = items[at - 1], items[at]
            if not isinstance(before, str) or not isinstance(item, str):
                continue
            flag = before.startswith("-") and "=" not in before and not item.startswith("-")
            if flag or (len(items) == _PAIR and (tells(before) or is_header(before))):
                shown[at] = self._under(before.lstrip("-"), item, depth + 1)
        return shown

    def _under(self, key: str, value: Any, depth: int) -> Any:
        """Return what is left of a value, given the key it stands under."""
        if is_header(key) and isinstance(value, str):
            before = f"{key}: "
            return self._redactor.mask(before + value).removeprefix(before)
        telling = tells(key)
        if telling is None or isinstance(value, Mapping) or depth > _DEEPEST:
            return self.value(value, depth)
        if isinstance(value, list | tuple | set | frozenset):
            return [self._under(key, item, depth + 1) for item in value]
        return self._judged(telling, value, depth)

    def _judged(self, telling: Telling, value: Any, depth: int) -> Any:
        text = _text(value)
        if isinstance(value, bool) or value is None or harmless(text):
            return self.value(value, depth)
        if telling.may_name and is_object_name(text):
            return self.value(value, depth)
        if not telling.strict and not looks_random(text):
            return self.value(value, depth)
        return self._redactor.placeholder(telling.kind, text)

    def _hidden(self, kind: str, value: Any, depth: int) -> Any:
        """Return a value of which nothing is shown but the names within."""
        if isinstance(value, Mapping) and depth <= _DEEPEST:
            return {
                self._redactor.mask(str(key)): self._hidden(kind, entry, depth + 1)
                for key, entry in value.items()
            }
        text = _text(value)
        if value is None or text.startswith("\u2039"):
            return value
        return self._redactor.placeholder(kind, text)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
