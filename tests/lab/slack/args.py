"""The arguments of one Web API call, whichever way they were encoded.

SDKs send JSON or a form whose nested values are JSON strings; methods must not see which.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.lab.slack.errors import SlackError

if TYPE_CHECKING:
    from tests.lab.slack.records import Json


def parse_body(content_type: str, body: bytes, query: dict[str, str]) -> Json:
    """Return the arguments; an empty body labelled JSON is what a call without arguments sends."""
    found: Json = dict(query)
    if not body.strip():
        return found
    if "json" in content_type:
        try:
            parsed = json.loads(body)
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(parsed, dict):
            raise SlackError("json_not_object")
        return {**found, **parsed}
    return {**found, **dict(parse_qsl(body.decode(), keep_blank_values=True))}


class Args:
    """Typed views of the arguments; a bad one answers `invalid_arguments` and says which."""

    def __init__(self, raw: Json) -> None:
        self.raw = {key: value for key, value in raw.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def text(self, name: str, default: str = "") -> str:
        value = self.raw.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise bad_argument(name, "missing required field")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.raw.get(name, default)
        return str(value).lower() in {"1", "true"}

    def number(self, name: str, default: float) -> float:
        value = self.raw.get(name)
        if value in {None, ""}:
            return default
        try:
            return float(str(value))
        except ValueError:
            raise bad_argument(name, "must be a number") from None

    def nested(self, name: str) -> Any:
        """Return a nested value, decoded when it came as a JSON string; None when absent."""
        value = self.raw.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_argument(name, "must be valid JSON") from None

    def rows(self, name: str) -> list[Any] | None:
        """Return a nested array; None when absent."""
        value = self.nested(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise SlackError("invalid_blocks_format" if name == "blocks" else "invalid_arguments")
        return value


def bad_argument(name: str, why: str) -> SlackError:
    """Return the error that names the argument, as Slack's response_metadata does."""
    return SlackError(
        "invalid_arguments",
        response_metadata={"messages": [f"[ERROR] {why} [json-pointer:/{name}]"]},
    )
