"""Fills a tool's input so that its schema accepts it, with a given text wherever text may stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMMAND_FIELDS = ("command", "query", "cmd", "expr", "url", "text")
"""Where tools commonly take the one line they are about."""

_SAMPLES = ("E1", "1", "a", "x/y", "2026-11-01T00:00:00Z", "5m")
"""Tried where a pattern takes neither the payload nor a word of the conversation."""

_MAX_DEPTH = 8


def line_argument(tool: Mapping[str, Any] | None, line: str) -> dict[str, Any]:
    """Return the input that passes `line` to a tool; `command` for a tool nobody knows."""
    schema = (tool or {}).get("input_schema") or {}
    fields = schema.get("properties") or {}
    texts = [name for name, field in fields.items() if field.get("type") == "string"]
    chosen = next((name for name in COMMAND_FIELDS if name in texts), None)
    if chosen is None:
        chosen = texts[0] if texts else "command"
    filled = filled_object(schema, payload=line, words=()) if schema else {}
    return {**filled, chosen: line}


def filled_object(
    schema: Mapping[str, Any], *, payload: str, words: Sequence[str], all_fields: bool = False
) -> dict[str, Any]:
    """Return an object the schema accepts.

    `payload` goes into every free string, cut to its limit; `words` are tried where a string has
    a pattern or an enumeration. Only required fields are filled unless `all_fields`.
    """
    filler = _Filler(schema, payload=payload, words=words, all_fields=all_fields)
    value = filler.fill(schema, 0)
    return value if isinstance(value, dict) else {}


class _Filler:
    def __init__(
        self, root: Mapping[str, Any], *, payload: str, words: Sequence[str], all_fields: bool
    ) -> None:
        self._root = root
        self._payload = payload
        self._words = words
        self._all_fields = all_fields

    def fill(self, schema: Mapping[str, Any], depth: int) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return next((one for one in schema["enum"] if one in self._words), schema["enum"][0])
        match _type(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "integer" | "number":
                return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self._string(schema)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(_MAX_DEPTH):
            if "$ref" in schema:
                target: Any = self._root
                for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                    target = target[part]
                schema = target
            elif "anyOf" in schema or "oneOf" in schema:
                options = schema.get("anyOf") or schema["oneOf"]
                kept = [one for one in options if one.get("type") != "null"]
                schema = (kept or options)[0]
            else:
                break
        return schema

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        fields: Mapping[str, Any] = schema.get("properties") or {}
        needed = set(schema.get("required") or ())
        if self._all_fields and depth < _MAX_DEPTH:
            needed |= set(fields)
        return {
            name: self.fill(field, depth + 1) for name, field in fields.items() if name in needed
        }

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        items = schema.get("items") or {"type": "string"}
        count = max(1, schema.get("minItems", 0))
        if depth >= _MAX_DEPTH:
            count = schema.get("minItems", 0)
        return [self.fill(items, depth + 1) for _ in range(count)]

    def _string(self, schema: Mapping[str, Any]) -> str:
        longest = schema.get("maxLength")
        text = self._payload[:longest].ljust(schema.get("minLength", 0), ".")
        pattern = schema.get("pattern")
        if pattern is None or re.search(pattern, text):
            return text
        candidates = (*self._words, *_SAMPLES)
        return next((word for word in candidates if re.search(pattern, word)), text)


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        return next((str(one) for one in kind if one != "null"), "null")
    return str(kind)
