"""From an operation's parameter model to fields people fill in, and from strings to values.

Pure. The model's JSON schema is all it reads of an operation; whether a value may be, the model
says itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from bot.domain.kinds import KINDS
from bot.ports.operations_desk import NEEDED, FieldKind, FormField

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

    from safe_ops.model.plans import Json
    from safe_ops.operations.operation import Parameters

_YES: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_KINDS: Final = {
    "integer": FieldKind.WHOLE,
    "number": FieldKind.NUMBER,
    "boolean": FieldKind.YES_NO,
    "array": FieldKind.LIST,
}
_NAMES: Final = {
    name.lower(): kind.kind
    for kind in KINDS
    for name in (kind.kind, kind.plural, *kind.short_names)
}
_WORDS: Final = {
    "missing": NEEDED,
    "extra_forbidden": "is no parameter of this operation",
    "string_pattern_mismatch": "is no name that can exist",
    "literal_error": "is none of the choices",
    "int_parsing": "is no whole number",
    "int_type": "is no whole number",
    "float_parsing": "is no number",
    "float_type": "is no number",
    "bool_parsing": "is neither yes nor no",
    "bool_type": "is neither yes nor no",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
}
"""By pydantic's names; what is in braces is the bound it tells."""


def kind_named(word: str) -> str:
    """Return the Kubernetes kind a word stands for, such as `deploy`; the word if none."""
    return _NAMES.get(word.lower(), word)


def blank_fields(model: type[Parameters]) -> tuple[FormField, ...]:
    """Return a field for each parameter, in the order of the model."""
    schema = model.model_json_schema()
    needed = set(schema.get("required", ()))
    return tuple(
        _field(name, _resolved(part, schema), required=name in needed)
        for name, part in schema.get("properties", {}).items()
    )


def typed(model: type[Parameters], given: Mapping[str, str]) -> dict[str, Json]:
    """Return the strings as the JSON values their parameters have; what is none stays a string."""
    fields = {field.name: field for field in blank_fields(model)}
    return {
        name: _value(fields[name], text) if name in fields else text
        for name, text in given.items()
        if text
    }


def problems(model: type[Parameters], values: Mapping[str, Json]) -> dict[str, str]:
    """Return what is wrong, by parameter; empty when the model takes the values."""
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        return {
            str(one["loc"][0]) if one["loc"] else "": _wrong(one)
            for one in reversed(error.errors(include_url=False))
        }
    return {}


def _wrong(error: ErrorDetails) -> str:
    words = _WORDS.get(error["type"])
    if words is None:
        return error["msg"].removeprefix("Value error, ").lower()
    return words.format_map(error.get("ctx", {}))


def _field(name: str, part: Mapping[str, Any], *, required: bool) -> FormField:
    choices = tuple(
        str(one) for one in part.get("enum", (part["const"],) if "const" in part else ())
    )
    kind = FieldKind.CHOICE if choices else _KINDS.get(str(part.get("type")), FieldKind.TEXT)
    default = part.get("default")
    return FormField(
        name=name,
        label=name.replace("_", " ").capitalize(),
        kind=kind,
        required=required,
        hint=_hint(part, default),
        choices=choices,
        value="" if default is None else _spelled(default),
    )


def _resolved(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part itself: what it refers to, or of `x or null` the x, defaults kept."""
    own = {name: value for name, value in part.items() if name in {"default", "description"}}
    if "$ref" in part:
        referred = str(part["$ref"]).rpartition("/")[2]
        return {**schema.get("$defs", {}).get(referred, {}), **own}
    for one in part.get("anyOf", ()):
        if one.get("type") != "null":
            return {**_resolved(one, schema), **own}
    return part


def _hint(part: Mapping[str, Any], default: Json) -> str:
    bounds = [
        f"{word} {part[name]:,}"
        for name, word in (("minimum", "at least"), ("maximum", "at most"))
        if name in part
    ]
    usual = f"{_spelled(default)} unless said otherwise" if default not in (None, "") else ""
    words = [str(part.get("description", "")).rstrip("."), " and ".join(bounds), usual]
    return "; ".join(word for word in words if word)


def _spelled(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)


def _value(field: FormField, text: str) -> Json:
    try:
        match field.kind:
            case FieldKind.WHOLE:
                return int(text)
            case FieldKind.NUMBER:
                return float(text)
            case FieldKind.YES_NO:
                return _YES.get(text.lower(), text)
            case FieldKind.LIST:
                return [one.strip() for one in text.split(",") if one.strip()]
            case FieldKind.CHOICE:
                wanted = {text.lower(), kind_named(text).lower()}
                return next((one for one in field.choices if one.lower() in wanted), text)
            case FieldKind.TEXT:
                return text
    except ValueError:
        return text
