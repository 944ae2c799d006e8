"""API objects without their secrets: what every rendering and every stored answer starts from.

Redaction goes by structure, because a value that stands alone cannot be recognised: values of
environment variables, config maps and annotations that copy whole objects are replaced by their
length, whatever they look like. Names and references stay, for they are what explains a fault.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.domain.secret_text import mask, tells_a_secret

if TYPE_CHECKING:
    from bot.ports.cluster import KubeObject

# An annotation longer than this is a serialised object more often than a note.
_ANNOTATION_MAX_CHARS = 256

_OPAQUE_MAPS = frozenset({"data", "stringData", "binaryData"})
_VARIABLE_MAPS = frozenset({"env", "environment", "envVars", "extraEnv"})
_CHART_VALUES = frozenset({"values", "valuesObject"})
_WORD_LISTS = frozenset({"args", "command"})
_APPLIED = re.compile(r"last-applied|applied-config|original|rio\.cattle\.io/applied")
# Variables of these names with values of these shapes are settings that explain faults and
# cannot be credentials: a number with a unit, a switch, a log level, a Service's own address.
_HARMLESS = (
    (
        re.compile(r"(?i)(?:^|_)(?:port|timeout|interval|ms|seconds|size|count|workers|replicas)$"),
        re.compile(r"\d{1,5}(?:ms|s|m|h|Mi|Gi)?"),
    ),
    (
        re.compile(r"(?i)(?:^|_)(?:enabled?|disabled?|debug|verbose)$"),
        re.compile(r"true|false|0|1"),
    ),
    (
        re.compile(r"(?i)(?:^|_)log_?level$"),
        re.compile(r"(?i)trace|debug|info|notice|warn|warning|error|fatal"),
    ),
    (
        re.compile(r"(?i)(?:^|_)(?:host|hostname|addr|address|endpoint|service|ur[il])$"),
        re.compile(
            r"(?:https?://)?(?:[a-z0-9-]{1,63}\.){1,3}svc(?:\.[a-z0-9-]{1,63}){0,4}(?::\d{1,5})?/?"
        ),
    ),
)


def redact(item: KubeObject) -> KubeObject:
    """Return a copy of the object in which no secret value is left; idempotent in what it hides."""
    return {key: _kept(key, value) for key, value in item.items() if key != "managedFields"}


def hidden(value: Any, unit: str = "chars") -> str:
    """Return the placeholder of a value: its length, and nothing else of it."""
    if isinstance(value, str) and value.startswith("\u2039"):
        return value
    text = value if isinstance(value, str) else str(value)
    return f"\u2039redacted, {len(text)} {unit}\u203a"


def masked_words(words: list[Any]) -> list[Any]:
    """Return a command line's words with the values of telling flags hidden."""
    kept: list[Any] = []
    previous = ""
    for word in words:
        text = word if isinstance(word, str) else str(word)
        follows = previous.startswith("-") and "=" not in previous and tells_a_secret(previous)
        kept.append(hidden(text) if follows and not text.startswith("-") else mask(text))
        previous = text
    return kept


def _kept(key: str, value: Any) -> Any:
    """Return what is kept of a field's value."""
    if isinstance(value, dict):
        return _kept_map(key, value)
    if isinstance(value, list):
        if key in _WORD_LISTS:
            return masked_words(value)
        # A map inside a list is no longer the map its key names: `env` is a list of variables.
        return [_kept("" if isinstance(entry, dict) else key, entry) for entry in value]
    if isinstance(value, bool) or value is None:
        return value
    if tells_a_secret(key):
        return hidden(value)
    return mask(value) if isinstance(value, str) else value


def _kept_map(key: str, value: dict[str, Any]) -> dict[str, Any]:
    if key in _OPAQUE_MAPS:
        return {name: _sized(content) for name, content in value.items()}
    if key == "annotations":
        return {name: _annotation(name, content) for name, content in value.items()}
    if key in _VARIABLE_MAPS:
        return {name: _variable(name, content) for name, content in value.items()}
    kept = {name: _kept(name, entry) for name, entry in value.items() if name != "managedFields"}
    if "name" in value and "value" in value:
        kept["value"] = _variable(str(value["name"]), value["value"])
    if key == "helm":
        kept.update({name: hidden(value[name]) for name in _CHART_VALUES & value.keys()})
    return kept


def _sized(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _sized(entry) for name, entry in content.items()}
    if isinstance(content, str) and content.startswith("\u2039"):
        return content
    return hidden(content, "bytes") if not isinstance(content, str) else _bytes(content)


def _bytes(content: str) -> str:
    return f"\u2039redacted, {len(content.encode(errors='replace'))} bytes\u203a"


def _variable(name: str, value: Any) -> Any:
    if isinstance(value, dict | list):
        return _kept(name, value)
    text = str(value)
    for names, values in _HARMLESS:
        if names.search(name) and values.fullmatch(text):
            return value
    return hidden(text) if text else value


def _annotation(name: str, content: Any) -> Any:
    text = str(content)
    if _APPLIED.search(name) or tells_a_secret(name) or len(text) > _ANNOTATION_MAX_CHARS:
        return hidden(text)
    return mask(text)
