"""Whether a tool's `input_schema` is JSON Schema; judges the schema, never an instance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}
_ONE = ("additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then")
_MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")


def faults(schema: Any, path: str = "") -> Iterator[str]:
    """Yield what is wrong, each with its place; nothing when it is a draft 2020-12 schema."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield f"{path or '/'} is neither an object nor a boolean"
        return
    for keyword, is_valid in _KEYWORDS.items():
        if keyword in schema and not is_valid(schema[keyword]):
            yield f"{path}/{keyword} has a value that is not allowed"
    for place, inner in _subschemas(schema):
        yield from faults(inner, f"{path}/{place}")


def _subschemas(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for keyword in _ONE:
        if keyword in schema:
            yield keyword, schema[keyword]
    for keyword in _MANY:
        if _is_list(schema.get(keyword)):
            yield from ((f"{keyword}/{n}", inner) for n, inner in enumerate(schema[keyword]))
    for keyword in _NAMED:
        if isinstance(schema.get(keyword), dict):
            yield from ((f"{keyword}/{name}", inner) for name, inner in schema[keyword].items())


def _is_type(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) and one in _TYPES for one in value)
    return isinstance(value, str) and value in _TYPES


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_names(value: Any) -> bool:
    named = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return named and len(set(value)) == len(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return True


_KEYWORDS: dict[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "enum": _is_list,
    "required": _is_names,
    "pattern": _is_pattern,
    "description": _is_text,
    "title": _is_text,
    "format": _is_text,
    "$ref": _is_text,
    **dict.fromkeys(_MANY, _is_list),
    **dict.fromkeys(_NAMED, _is_map),
    **dict.fromkeys(("maxLength", "minLength", "maxItems", "minItems"), _is_count),
    **dict.fromkeys(("maxProperties", "minProperties"), _is_count),
    **dict.fromkeys(("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"), _is_number),
}
