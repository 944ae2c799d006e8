"""What the Messages API refuses before any model sees it, in its words.

Stricter than the API in one thing: a conversation may not end in an assistant turn, since the
current models do not take a prefill.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.lab.model import json_schema
from tests.lab.model.caching import marks_in, prompt_tokens
from tests.lab.model.errors import InvalidRequestError
from tests.lab.model.requests import blocks_of
from tests.lab.model.turns import check_turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.model.requests import MessagesRequest

MAX_BREAKPOINTS = 4
CONTEXT_WINDOW_TOKENS = 200_000
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
TOOL_CHOICES = ("auto", "any", "tool", "none")
_ROLES = ("user", "assistant", "system")
_MIN_THINKING_TOKENS = 1024

_FIELDS = frozenset(
    [
        "cache_control",
        "container",
        "diagnostics",
        "inference_geo",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "service_tier",
        "speed",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
        "user_profile_id",
    ]
)
_BLOCKS = {
    "user": ("document", "image", "search_result", "text", "tool_result"),
    "assistant": ("redacted_thinking", "text", "thinking", "tool_use"),
    "system": ("text",),
}


def check_message_request(request: MessagesRequest, *, alternate: bool) -> None:
    """Raise InvalidRequestError unless the request may go to a model.

    `alternate` also refuses two neighbours of the same role, which the API itself combines.
    """
    if request.body.get("max_tokens") is None:
        raise InvalidRequestError("max_tokens: Field required")
    _check_number(request.body, "max_tokens", least=0, whole=True)
    _check_number(request.body, "temperature", least=0, most=1)
    _check_number(request.body, "top_p", least=0, most=1)
    check_prompt(request, alternate=alternate)
    _check_thinking(request.body)
    length = prompt_tokens(request)
    if length > CONTEXT_WINDOW_TOKENS:
        raise InvalidRequestError(
            f"prompt is too long: {length} tokens > {CONTEXT_WINDOW_TOKENS} maximum"
        )


def check_prompt(request: MessagesRequest, *, alternate: bool) -> None:
    """Raise InvalidRequestError unless tools, system and messages are well formed."""
    body = request.body
    for field in sorted(set(body) - _FIELDS):
        raise InvalidRequestError(f"{field}: Extra inputs are not permitted")
    if not request.model:
        raise InvalidRequestError("model: Field required")
    for field in ("tools", "system"):
        _check_objects(body, field)
    for field in ("tool_choice", "thinking", "cache_control"):
        if not isinstance(body.get(field) or {}, dict):
            raise InvalidRequestError(f"{field}: Input should be a valid dictionary")
    _check_shapes(body, alternate=alternate)
    _check_tools(body.get("tools") or ())
    _check_tool_choice(body)
    for block in blocks_of(body.get("system") or ()):
        if block.get("type") != "text":
            raise InvalidRequestError("system: Input should be text blocks")
        _check_text(block, "system")
    check_turns(request)
    _check_breakpoints(request)


def _check_number(
    body: Mapping[str, Any],
    field: str,
    *,
    least: float,
    most: float | None = None,
    whole: bool = False,
) -> None:
    value = body.get(field)
    if value is None:
        return
    kind: Any = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kind):
        raise InvalidRequestError(f"{field}: Input should be a valid number")
    if value < least:
        raise InvalidRequestError(f"{field}: Input should be greater than or equal to {least:g}")
    if most is not None and value > most:
        raise InvalidRequestError(f"{field}: Input should be less than or equal to {most:g}")


def _check_objects(body: Mapping[str, Any], field: str) -> None:
    value = body.get(field) or ()
    if field == "system" and isinstance(value, str):
        return
    if not isinstance(value, list | tuple) or not all(isinstance(one, dict) for one in value):
        raise InvalidRequestError(f"{field}: Input should be a valid list")


def _check_shapes(body: Mapping[str, Any], *, alternate: bool) -> None:
    messages = body.get("messages")
    if messages is None:
        raise InvalidRequestError("messages: Field required")
    if not isinstance(messages, list):
        raise InvalidRequestError("messages: Input should be a valid list")
    if not messages:
        raise InvalidRequestError("messages: at least one message is required")
    previous = None
    for number, message in enumerate(messages):
        _check_shape(number, message)
        if alternate and message["role"] == previous:
            raise InvalidRequestError(
                'messages: roles must alternate between "user" and "assistant", but found '
                f'multiple "{previous}" roles in a row'
            )
        previous = message["role"]


def _check_shape(number: int, message: Any) -> None:
    if not isinstance(message, dict) or message.get("role") not in _ROLES:
        raise InvalidRequestError(f"messages.{number}.role: Input should be 'user' or 'assistant'")
    content = message.get("content")
    if content is None:
        raise InvalidRequestError(f"messages.{number}.content: Field required")
    if not content:
        raise InvalidRequestError(f"messages.{number}: all messages must have non-empty content")
    if not isinstance(content, str | list):
        raise InvalidRequestError(f"messages.{number}.content: Input should be a valid list")
    for place, block in enumerate(blocks_of(content)):
        where = f"messages.{number}.content.{place}"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _BLOCKS[message["role"]]:
            raise InvalidRequestError(
                f"{where}: Input tag '{kind}' found using 'type' is not allowed in a message of "
                f"role '{message['role']}'"
            )
        _check_block(block, where)


def _check_block(block: Mapping[str, Any], where: str) -> None:
    match block["type"]:
        case "text":
            _check_text(block, "messages")
        case "tool_use":
            for field in ("id", "name", "input"):
                if field not in block:
                    raise InvalidRequestError(f"{where}.tool_use.{field}: Field required")
            if not isinstance(block["input"], dict):
                raise InvalidRequestError(
                    f"{where}.tool_use.input: Input should be a valid dictionary"
                )
        case "tool_result":
            if "tool_use_id" not in block:
                raise InvalidRequestError(f"{where}.tool_result.tool_use_id: Field required")
            _check_result(block.get("content") or "", f"{where}.tool_result.content")
        case _:
            return


def _check_result(content: Any, where: str) -> None:
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise InvalidRequestError(f"{where}: Input should be a valid list")
    for part in content:
        _check_text(part, where)


def _check_text(block: Mapping[str, Any], where: str) -> None:
    if block.get("type") != "text":
        return
    text = block.get("text")
    if not isinstance(text, str):
        raise InvalidRequestError(f"{where}: text: Input should be a valid string")
    if not text:
        raise InvalidRequestError(f"{where}: text content blocks must be non-empty")
    if not text.strip():
        raise InvalidRequestError(f"{where}: text content blocks must contain non-whitespace text")


def _check_tools(tools: Any) -> None:
    seen: set[str] = set()
    for number, tool in enumerate(tools):
        where = f"tools.{number}.custom"
        if tool.get("type", "custom") not in ("custom", None):
            raise InvalidRequestError(
                f"tools.{number}: the lab serves client tools only, not {tool['type']!r}"
            )
        name, schema = tool.get("name"), tool.get("input_schema")
        if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
            raise InvalidRequestError(
                f"{where}.name: String should match pattern '^{TOOL_NAME.pattern}$'"
            )
        if name in seen:
            raise InvalidRequestError("tools: Tool names must be unique.")
        seen.add(name)
        if schema is None:
            raise InvalidRequestError(f"{where}.input_schema: Field required")
        if not isinstance(schema, dict) or schema.get("type") != "object":
            raise InvalidRequestError(f"{where}.input_schema.type: Input should be 'object'")
        for fault in json_schema.faults(schema):
            raise InvalidRequestError(
                f"{where}.input_schema: JSON schema is invalid. It must match JSON Schema draft "
                f"2020-12 ({fault})"
            )


def _check_tool_choice(body: Mapping[str, Any]) -> None:
    choice = body.get("tool_choice")
    if choice is None:
        return
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind not in TOOL_CHOICES:
        raise InvalidRequestError(
            f"tool_choice: Input tag '{kind}' found using 'type' does not match any of the "
            "expected tags: 'auto', 'any', 'tool', 'none'"
        )
    if not body.get("tools"):
        raise InvalidRequestError("tool_choice may only be specified while providing tools")
    names = {tool["name"] for tool in body["tools"]}
    if kind == "tool" and choice.get("name") not in names:
        raise InvalidRequestError(
            f"tool_choice.tool: Tool '{choice.get('name')}' not found in provided tools"
        )


def _check_thinking(body: Mapping[str, Any]) -> None:
    thinking = body.get("thinking") or {}
    if thinking.get("type") != "enabled":
        return
    budget = thinking.get("budget_tokens", 0)
    if not isinstance(budget, int) or budget < _MIN_THINKING_TOKENS:
        raise InvalidRequestError(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to "
            f"{_MIN_THINKING_TOKENS}"
        )
    if budget >= body["max_tokens"]:
        raise InvalidRequestError("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        raise InvalidRequestError("Thinking may not be enabled when tool_choice forces tool use.")


def _check_breakpoints(request: MessagesRequest) -> None:
    blocks: list[Mapping[str, Any]] = [*request.tools.values()]
    blocks += blocks_of(request.body.get("system") or ())
    blocks += [block for message in request.messages for block in message.content]
    found = sum(marks_in(block) for block in blocks) + bool(request.body.get("cache_control"))
    if found > MAX_BREAKPOINTS:
        raise InvalidRequestError(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {found}."
        )
    for block in blocks:
        if block.get("cache_control") and block.get("type") == "thinking":
            raise InvalidRequestError("cache_control cannot be set for thinking blocks")
