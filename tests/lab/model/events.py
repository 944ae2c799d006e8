"""A reply as the Messages API writes it: one JSON message, or the events of a stream."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from tests.lab.model.replies import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.model.caching import Usage
    from tests.lab.model.replies import Block, Reply

TEXT_PIECE_CHARS = 24
JSON_PIECE_CHARS = 11
"""Small and odd, so that pieces end inside words, escapes and numbers."""

Event = dict[str, Any]


def as_message(reply: Reply, *, model: str, usage: Usage, provider: str) -> dict[str, Any]:
    """Return the body of a response that is not streamed."""
    return {
        **_head(model=model, provider=provider),
        "content": [_whole(block, provider) for block in reply.content],
        **_ending(reply),
        "usage": _usage(usage, output_tokens=reply.tokens),
    }


def as_events(reply: Reply, *, model: str, usage: Usage, provider: str) -> list[Event]:
    """Return the stream's events in order, `message_start` to `message_stop`."""
    message = {
        **_head(model=model, provider=provider),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(usage, output_tokens=1),
    }
    events: list[Event] = [{"type": "message_start", "message": message}]
    for index, block in enumerate(reply.content):
        events.extend(_block_events(index, block, provider))
    events.append(
        {
            "type": "message_delta",
            "delta": _ending(reply),
            "usage": _usage(usage, output_tokens=reply.tokens),
        }
    )
    events.append({"type": "message_stop"})
    return events


def _head(*, model: str, provider: str) -> dict[str, Any]:
    return {"id": _new_id("msg", provider), "type": "message", "role": "assistant", "model": model}


def _ending(reply: Reply) -> dict[str, Any]:
    ending: dict[str, Any] = {"stop_reason": reply.ends_with, "stop_sequence": None}
    if reply.ends_with == "refusal":
        ending["stop_details"] = {
            "type": "refusal",
            "category": reply.stop_category,
            "explanation": None,
        }
    return ending


def _usage(usage: Usage, *, output_tokens: int) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_creation_input_tokens,
        "cache_read_input_tokens": usage.cache_read_input_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_creation_input_tokens,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": output_tokens,
        "service_tier": "standard",
    }


def _whole(block: Block, provider: str) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    written = _parsed(block.streamed)
    return {**_tool_use(block.name, provider), "input": written}


def _parsed(written: str) -> dict[str, Any]:
    """Return the input; what is no JSON object cannot be said unstreamed, and comes empty."""
    try:
        value = json.loads(written)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _block_events(index: int, block: Block, provider: str) -> Iterator[Event]:
    if isinstance(block, Text):
        start: dict[str, Any] = {"type": "text", "text": ""}
        deltas = [
            {"type": "text_delta", "text": piece} for piece in _pieces(block.text, TEXT_PIECE_CHARS)
        ]
    else:
        start = _tool_use(block.name, provider)
        # The API opens every tool input with an empty piece.
        deltas = [
            {"type": "input_json_delta", "partial_json": piece}
            for piece in ["", *_pieces(block.streamed, JSON_PIECE_CHARS)]
        ]
    yield {"type": "content_block_start", "index": index, "content_block": start}
    if index == 0:
        yield {"type": "ping"}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _tool_use(name: str, provider: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": _new_id("toolu", provider), "name": name, "input": {}}


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _new_id(prefix: str, provider: str) -> str:
    middle = "bdrk_01" if provider == "bedrock" else "01"
    return f"{prefix}_{middle}{secrets.token_hex(11)}"
