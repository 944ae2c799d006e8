"""Scrubbers: what they leave of an answer may be shown. The list names them (`scrub:`).

They go by structure, for parts AWS's API model does not mark as sensitive and the text rules
cannot recognise. Each takes an answer and returns a copy. Values are replaced by stable
placeholders, so that equal ones are seen to be equal and changed ones to have changed.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.domain.secret_text import mask, tells_a_secret
from bot.tools.aws.variables import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_VARIABLE_LISTS = frozenset({"environment", "Environment"})
_VARIABLE_MAPS = frozenset({"Variables", "variables", "stageVariables", "parameters"})
_WORDS = frozenset({"command", "entryPoint"})
_EVENT_FIELDS = ("errorCode", "errorMessage", "sourceIPAddress", "userAgent", "eventSource")
# As a summary names them, so that one can be summed up again.
_USER_FIELDS = ("user type", "user arn")
_LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*'|\b\d+(?:\.\d+)?\b")
_QUERY_STRING = re.compile(r"[?#].*", re.DOTALL)


def scrubbed(content: Any, scrubbers: Iterable[str], hide: Callable[[str], str]) -> Any:
    """Return the content after these scrubbers; KeyError for a name there is none of."""
    for name in scrubbers:
        content = SCRUBBERS[name](content, hide)
    return content


def _environment(node: Any, hide: Callable[[str], str]) -> Any:
    """Hide values of variables, of telling flags, and nothing of their names."""
    if isinstance(node, list):
        return [_environment(entry, hide) for entry in node]
    if not isinstance(node, dict):
        return node
    return {key: _environment_entry(key, value, hide) for key, value in node.items()}


def _environment_entry(key: str, value: Any, hide: Callable[[str], str]) -> Any:
    if key in _VARIABLE_MAPS and isinstance(value, dict):
        return {name: kept(name, entry, hide) for name, entry in value.items()}
    if key in _VARIABLE_LISTS and isinstance(value, list):
        return [
            {**entry, "value": kept(str(entry.get("name", "")), entry.get("value", ""), hide)}
            if isinstance(entry, dict)
            else entry
            for entry in value
        ]
    if key in _WORDS and isinstance(value, list):
        return _words(value, hide)
    return _environment(value, hide)


def _words(words: list[Any], hide: Callable[[str], str]) -> list[Any]:
    shown: list[Any] = []
    previous = ""
    for word in map(str, words):
        follows = previous.startswith("-") and "=" not in previous and tells_a_secret(previous)
        shown.append(_hidden(word, hide) if follows and not word.startswith("-") else mask(word))
        previous = word
    return shown


def _keys(names: frozenset[str], node: Any, hide: Callable[[str], str]) -> Any:
    """Hide the values of these keys, wherever they stand."""
    if isinstance(node, list):
        return [_keys(names, entry, hide) for entry in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _hidden(value, hide) if key in names else _keys(names, value, hide)
        for key, value in node.items()
    }


def _hiding(*names: str) -> Callable[[Any, Callable[[str], str]], Any]:
    return partial(_keys, frozenset(names))


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _hidden(entry, hide) for key, entry in value.items()}
    if isinstance(value, list):
        return [_hidden(entry, hide) for entry in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    text = str(value)
    return value if text.startswith("\u2039") else hide(text)


def _pairs(
    name_key: str, value_keys: tuple[str, ...], node: Any, hide: Callable[[str], str]
) -> Any:
    """Keep or hide values by the name beside them, such as OutputKey and OutputValue."""
    if isinstance(node, list):
        return [_pairs(name_key, value_keys, entry, hide) for entry in node]
    if not isinstance(node, dict):
        return node
    name = str(node.get(name_key, ""))
    return {
        key: kept(name, value, hide)
        if key in value_keys and name_key in node
        else _pairs(name_key, value_keys, value, hide)
        for key, value in node.items()
    }


def _trail_event(node: Any, hide: Callable[[str], str]) -> Any:
    """Leave of a recorded call who made it and how it ended, not what was sent with it."""
    if isinstance(node, list):
        return [_trail_event(entry, hide) for entry in node]
    if not isinstance(node, dict):
        return node
    return {
        key: trail_summary(value) if key == "CloudTrailEvent" else _trail_event(value, hide)
        for key, value in node.items()
    }


def trail_summary(event: Any) -> dict[str, str]:
    """Return who made a recorded call and how it ended, from CloudTrail's JSON of it."""
    try:
        record = json.loads(event) if isinstance(event, str) else event
    except (ValueError, RecursionError):
        return {}
    if not isinstance(record, dict):
        return {}
    fields = (*_EVENT_FIELDS, *_USER_FIELDS)
    shown = {key: str(record[key]) for key in fields if record.get(key)}
    who = record.get("userIdentity")
    if isinstance(who, dict):
        shown |= {f"user {key}": str(who[key]) for key in ("type", "arn") if who.get(key)}
    return shown


def _execution(node: Any, hide: Callable[[str], str]) -> Any:
    """Hide what went through a state machine; of a failure's cause keep the error alone."""
    if isinstance(node, list):
        return [_execution(entry, hide) for entry in node]
    if not isinstance(node, dict):
        return node
    shown = {}
    for key, value in node.items():
        if key in {"input", "output", "parameters"}:
            shown[key] = _hidden(value, hide)
        elif key == "cause" and isinstance(value, str):
            shown[key] = _cause(value, hide)
        else:
            shown[key] = _execution(value, hide)
    return shown


def _cause(text: str, hide: Callable[[str], str]) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        return text
    except RecursionError:
        return str(_hidden(text, hide))
    if not isinstance(told, dict):
        return str(_hidden(text, hide))
    names = ("errorType", "errorMessage", "stackTrace", "StopCode", "StoppedReason")
    told = {key: told[key] for key in names if key in told}
    return json.dumps(told, ensure_ascii=False) if told else hide(text)


def _integration(node: Any, hide: Callable[[str], str]) -> Any:
    names = frozenset(
        {"requestParameters", "requestTemplates", "RequestParameters", "RequestTemplates"}
    )
    return _keys(names, node, hide)


def _statement(node: Any, hide: Callable[[str], str]) -> Any:
    """Take the values out of SQL statements, as Performance Insights keeps them."""
    if isinstance(node, list):
        return [_statement(entry, hide) for entry in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _LITERAL.sub("?", value)
        if key.endswith(".statement") and isinstance(value, str)
        else _statement(value, hide)
        for key, value in node.items()
    }


def _trace_segments(node: Any, hide: Callable[[str], str]) -> Any:
    """Take out of trace documents what the application put there itself, and query strings."""
    if isinstance(node, list):
        return [_trace_segments(entry, hide) for entry in node]
    if not isinstance(node, dict):
        return node
    shown: dict[str, Any] = {}
    for key, value in node.items():
        if key == "Document" and isinstance(value, str):
            try:
                shown[key] = _trace_segments(json.loads(value), hide)
            except (ValueError, RecursionError):
                shown[key] = _hidden(value, hide)
        elif key in {"annotations", "metadata", "Annotations", "user", "Users", "UserName"}:
            shown[key] = _hidden(value, hide)
        elif key in {"url", "HttpURL"} and isinstance(value, str):
            shown[key] = _QUERY_STRING.sub("", value)
        else:
            shown[key] = _trace_segments(value, hide)
    return shown


def _endpoint(node: Any, hide: Callable[[str], str]) -> Any:
    """Hide where a topic delivers to, unless it is a resource of AWS: people and web hooks."""
    if isinstance(node, list):
        return [_endpoint(entry, hide) for entry in node]
    if not isinstance(node, dict):
        return node
    return {
        key: kept("", value, hide) if key == "Endpoint" else _endpoint(value, hide)
        for key, value in node.items()
    }


def _sensitive(node: Any, _hide: Callable[[str], str]) -> Any:
    return node


SCRUBBERS: dict[str, Callable[[Any, Callable[[str], str]], Any]] = {
    "certificate_authority": _hiding("certificateAuthority"),
    "endpoint": _endpoint,
    "environment": _environment,
    "execution": _execution,
    "exports": partial(_pairs, "Name", ("Value",)),
    "integration": _integration,
    "listener_actions": _hiding("ClientSecret", "AuthenticationRequestExtraParams"),
    "outputs": partial(_pairs, "OutputKey", ("OutputValue",)),
    "parameters": partial(_pairs, "ParameterKey", ("ParameterValue", "ResolvedValue")),
    "pending_values": _hiding("MasterUserPassword"),
    "sensitive": _sensitive,
    "stack_events": _hiding("ResourceProperties"),
    "statement": _statement,
    "target_input": _hiding(
        "Input", "InputTemplate", "HeaderParameters", "QueryStringParameters", "Sql", "Sqls"
    ),
    "trace_segments": _trace_segments,
    "trace_summaries": _trace_segments,
    "trail_event": _trail_event,
    "user_data": _hiding("UserData"),
    "variables": _environment,
}
"""Every scrubber there is, by the name the list uses."""
