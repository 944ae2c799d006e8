"""Typed functions as tools for a model: name, prompt text and schema come from the function.

It must not know what any tool is for. What a function is not in the box cannot be called,
whatever a model asks for.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from bot.domain.errors import ToolError
from bot.domain.evidence import Observation
from bot.ports.model import ToolSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.domain.investigation import ToolUse

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

_MAX_COMPLAINTS = 3
"""More errors than that are usually one mistake."""


class InvalidCallError(ToolError):
    """The call itself is wrong: no such tool, or arguments that do not fit its schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a tool tells the model that no system said: it is never evidence."""

    text: str
    author: str
    """Who says it, for the fence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tool:
    spec: ToolSpec
    arguments: type[BaseModel]
    function: Callable[..., Observation | Report]


class Toolbox:
    """The closed set of tools of one run."""

    def __init__(self, tools: Mapping[str, _Tool]) -> None:
        self._tools = dict(sorted(tools.items()))

    @classmethod
    def of(cls, *functions: Callable[..., Observation | Report]) -> Toolbox:
        """Return a box of these functions; each needs a docstring and typed arguments."""
        tools = [_tool(function) for function in functions]
        names = [tool.spec.name for tool in tools]
        if len(set(names)) != len(names):
            raise ValueError(f"two tools share a name: {', '.join(sorted(names))}")
        return cls({tool.spec.name: tool for tool in tools})

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told, sorted by name so that the prompt's head never changes."""
        return tuple(tool.spec for tool in self._tools.values())

    def call(self, use: ToolUse) -> Observation | Report:
        """Return what the tool saw, or what it reports.

        Raises:
            InvalidCallError: There is no such tool, or the arguments do not fit; the text never
                repeats what the model sent.
            ToolError: The tool refused.
            UpstreamError: The tool could not turn a fault into an observation.
        """
        tool = self._tools.get(use.name)
        if tool is None:
            raise InvalidCallError(f"There is no such tool. The tools are: {', '.join(self)}.")
        try:
            valid = tool.arguments.model_validate(use.arguments)
        except ValidationError as error:
            raise InvalidCallError(_complaint(tool, error)) from None
        return tool.function(**{name: getattr(valid, name) for name in type(valid).model_fields})

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __contains__(self, name: object) -> bool:
        return name in self._tools


def schema_of(model: type[BaseModel]) -> dict[str, object]:
    """Return a model's JSON schema without what says nothing to a model and costs tokens.

    Left out are pydantic's titles, docstrings of our classes, empty defaults, the null that stands
    for leaving an argument out, and that an object may hold anything.
    """
    bare: dict[str, object] = _bare(model.model_json_schema())
    bare.pop("description", None)
    return bare


def explain(error: ValidationError) -> str:
    """Return what is wrong with some input, by field, without repeating the input."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    lines = [
        f"{'.'.join(str(part) for part in one['loc']) or 'input'}: {one['msg']}"
        for one in found[:_MAX_COMPLAINTS]
    ]
    if len(found) > _MAX_COMPLAINTS:
        lines.append(f"and {len(found) - _MAX_COMPLAINTS} more")
    return "; ".join(lines)


def _tool(function: Callable[..., Observation | Report]) -> _Tool:
    name = function.__name__
    description = inspect.getdoc(function)
    if not description or not _NAME.fullmatch(name):
        raise ValueError(f"{name}: a tool needs a docstring and a plain name")
    arguments = _arguments(function)
    spec = ToolSpec(name=name, description=description, input_schema=schema_of(arguments))
    return _Tool(spec=spec, arguments=arguments, function=function)


def _arguments(function: Callable[..., Observation | Report]) -> type[BaseModel]:
    parameters = inspect.signature(function).parameters.values()
    annotations = {parameter.name: parameter.annotation for parameter in parameters}
    untyped = [name for name, kind in annotations.items() if kind is inspect.Parameter.empty]
    if untyped:
        raise ValueError(f"{function.__name__}: untyped argument {', '.join(untyped)}")
    # The return annotation is left out: its class may be imported for type checkers only.
    hints = get_type_hints(
        SimpleNamespace(__annotations__=annotations),
        globalns=getattr(inspect.unwrap(function), "__globals__", {}),
        include_extras=True,
    )
    fields: dict[str, Any] = {
        parameter.name: (
            hints[parameter.name],
            ... if parameter.default is inspect.Parameter.empty else parameter.default,
        )
        for parameter in parameters
    }
    return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def _complaint(tool: _Tool, error: ValidationError) -> str:
    expected = ", ".join(tool.arguments.model_fields) or "none"
    return f"The arguments do not fit: {explain(error)}. Send one JSON object with: {expected}."


def _bare(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("default", _bare) in (None, []):
        schema = {key: value for key, value in schema.items() if key != "default"}
        some = [part for part in schema.get("anyOf", ()) if part != {"type": "null"}]
        if len(some) == 1:
            schema = {**some[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    bare = {}
    for key, value in schema.items():
        if key == "properties":
            bare[key] = {name: _bare(part) for name, part in value.items()}
        elif key == "$defs":
            bare[key] = {name: _undescribed(_bare(part)) for name, part in value.items()}
        elif key != "title" and (key, value) != ("additionalProperties", True):
            bare[key] = _bare(value)
    return bare


def _undescribed(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "description"}
