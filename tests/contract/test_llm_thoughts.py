"""Models that think want their thoughts back.

The lab's brains do not think, so this server does. It answers each
request with the same raw events, and keeps what it was sent.
"""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.adapters.clock import SystemClock
from bot.adapters.llm.anthropic_client import anthropic_model
from bot.adapters.llm.pricing import Pricing
from bot.domain.investigation import TextBlock, ToolResult, ToolUse, Turn
from bot.ports.model import ModelRequest, ToolSpec
from tests.lab.http import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.adapters.llm.messages import MessagesModel

LOOK = ToolSpec(name="look", description="Look.", input_schema={"type": "object"})
QUESTION = Turn(role="user", blocks=(TextBlock(text="How is it?"),))
START: dict[str, Any] = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 1},
    },
}
THOUGHT = {"type": "thinking", "thinking": "", "signature": ""}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
THINKING_REPLY: list[dict[str, Any]] = [
    START,
    {"type": "content_block_start", "index": 0, "content_block": THOUGHT},
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "thinking_delta", "thinking": "Pods first."},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "signature_delta", "signature": "c2lnbmVk"},
    },
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": CALL},
    {"type": "content_block_stop", "index": 1},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 7},
    },
    {"type": "message_stop"},
]


class ThinkingServer:
    """Thinks before every call."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.server = LoopbackServer(self._build)

    def _build(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/messages", self._answer)
        return app

    async def _answer(self, http: web.Request) -> web.Response:
        self.sent.append(await http.json())
        events = (
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in THINKING_REPLY
        )
        return web.Response(text="".join(events), content_type="text/event-stream")


@pytest.fixture
def thinking() -> Iterator[ThinkingServer]:
    made = ThinkingServer()
    with made.server:
        yield made


@pytest.fixture
def worker(thinking: ThinkingServer) -> Iterator[MessagesModel]:
    with closing(model_at(thinking)) as made:
        yield made


@pytest.fixture
def other_worker(thinking: ThinkingServer) -> Iterator[MessagesModel]:
    with closing(model_at(thinking)) as made:
        yield made


def model_at(thinking: ThinkingServer) -> MessagesModel:
    return anthropic_model(
        api_key="key",
        model="claude-sonnet-5-5",
        pricing=Pricing(),
        clock=SystemClock(),
        base_url=thinking.server.url,
    )


def asking(*turns: Turn) -> ModelRequest:
    return ModelRequest(
        system="Be brief.", tools=(LOOK,), turns=turns, max_output_tokens=100, timeout_s=10
    )


def after_a_call(model: MessagesModel) -> ModelRequest:
    reply = model.reply(asking(QUESTION), cancelled=lambda: False)
    assert reply.blocks == (ToolUse(tool_use_id="toolu_1", name="look", arguments={}),)
    return asking(
        QUESTION,
        Turn(role="assistant", blocks=reply.blocks, model=model.name),
        Turn(role="user", blocks=(ToolResult(tool_use_id="toolu_1", text="fine"),)),
    )


def test_a_thought_goes_back_unchanged_with_the_call_it_led_to(
    thinking: ThinkingServer, worker: MessagesModel
) -> None:
    worker.reply(after_a_call(worker), cancelled=lambda: False)
    assert thinking.sent[1]["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "Pods first.", "signature": "c2lnbmVk"},
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
    ]


def test_another_worker_goes_on_without_the_thought(
    thinking: ThinkingServer, worker: MessagesModel, other_worker: MessagesModel
) -> None:
    other_worker.reply(after_a_call(worker), cancelled=lambda: False)
    assert [block["type"] for block in thinking.sent[1]["messages"][1]["content"]] == ["tool_use"]
