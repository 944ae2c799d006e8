"""Who may speak when, and that every tool call has its result: the Messages API's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.model.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.model.requests import Message, MessagesRequest

_CALL_ID = {"tool_use": "id", "tool_result": "tool_use_id"}
"""Blocks that belong to calls, and the key each carries the call's id in."""


def check_turns(request: MessagesRequest) -> None:
    """Raise InvalidRequestError unless a model could answer these turns next."""
    messages = request.messages
    if messages[0].role != "user":
        raise InvalidRequestError('messages: first message must use the "user" role')
    if messages[-1].role == "assistant":
        raise InvalidRequestError(
            "This model does not support assistant message prefill. The conversation must end "
            "with a user message."
        )
    asked: list[str] = []
    for number, message in enumerate(messages):
        _check_results(number, message, asked)
        asked = list(_ids(message, "tool_use"))
        if len(set(asked)) != len(asked):
            raise InvalidRequestError("messages: `tool_use` ids must be unique")
    if not request.tools and any(_ids_of_calls(messages)):
        raise InvalidRequestError(
            "Requests which include `tool_use` or `tool_result` blocks must define tools"
        )


def _check_results(number: int, message: Message, asked: list[str]) -> None:
    answered = list(_ids(message, "tool_result"))
    for extra in sorted(set(answered) - set(asked)):
        raise InvalidRequestError(
            f"messages.{number}: unexpected `tool_use_id` found in `tool_result` blocks: {extra}. "
            "Each `tool_result` block must have a corresponding `tool_use` block in the previous "
            "message."
        )
    if len(set(answered)) != len(answered):
        raise InvalidRequestError(
            f"messages.{number}: each tool_use must have a single result. Found multiple "
            "`tool_result` blocks with the same id."
        )
    # Results come before anything else a user turn says.
    leading = [block.get("tool_use_id") for block in message.content[: len(answered)]]
    missing = [one for one in asked if one not in leading]
    if missing:
        raise InvalidRequestError(
            f"messages.{number - 1}: `tool_use` ids were found without `tool_result` blocks "
            f"immediately after: {', '.join(missing)}. Each `tool_use` block must have a "
            "corresponding `tool_result` block in the next message."
        )


def _ids_of_calls(messages: tuple[Message, ...]) -> Iterator[str]:
    for message in messages:
        for kind in _CALL_ID:
            yield from _ids(message, kind)


def _ids(message: Message, kind: str) -> Iterator[str]:
    for block in message.content:
        if block.get("type") == kind:
            yield str(block[_CALL_ID[kind]])
