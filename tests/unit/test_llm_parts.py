"""The parts of the model adapter that need no server: prices, the chain, streams, the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import pytest
from anthropic.types import RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.adapters.llm.chain import REST_S, Chain
from bot.adapters.llm.messages import MessagesModel
from bot.adapters.llm.pricing import PUBLISHED, Price, Pricing, plain_name
from bot.adapters.llm.streaming import TornStreamError, receive
from bot.adapters.llm.translate import fault_of, retry_after_s
from bot.domain.errors import UpstreamError
from bot.domain.investigation import TextBlock, ToolUse, Turn, Usage
from bot.ports.model import ModelReply, ModelRequest, StopReason
from tests.bench.agent_bench import StoppedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USAGE = Usage(
    input_tokens=1_000, cache_write_tokens=1_000, cache_read_tokens=1_000, output_tokens=1_000
)


@pytest.mark.parametrize(
    "name",
    [
        "claude-haiku-4-5",
        "claude-haiku-4-5-20251001",
        "anthropic.claude-haiku-4-5-20251001-v1:0",
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "global.anthropic.claude-haiku-4-5",
        "bedrock:eu.anthropic.claude-haiku-4-5",
        "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.anthropic.claude-haiku-4-5",
    ],
)
def test_a_model_costs_the_same_under_each_of_its_names(name: str) -> None:
    assert plain_name(name) == "claude-haiku-4-5"
    assert Pricing().cost_usd(name, USAGE) == pytest.approx((1 + 1.25 + 0.1 + 5) / 1_000)


def test_a_newer_model_is_not_taken_for_an_older_one() -> None:
    assert plain_name("claude-opus-5-5") != plain_name("claude-opus-5")
    assert Pricing().knows("claude-opus-5-5")
    assert not Pricing().knows("claude-opus-9")


def test_an_unknown_model_is_charged_as_the_dearest() -> None:
    dearest = max(price.cost_usd(USAGE) for price in PUBLISHED.values())
    assert Pricing().cost_usd("some-model", USAGE) == dearest
    assert Pricing(prices={}).cost_usd("some-model", USAGE) == 0.0


def test_a_rate_from_the_settings_replaces_the_published_one() -> None:
    pricing = Pricing().with_rates({"claude-haiku-4-5": (2.0, 4.0), "own-model": (1.0, 1.0)})
    assert pricing.cost_usd("claude-haiku-4-5", Usage(output_tokens=1_000_000)) == 4.0
    assert pricing.knows("own-model")
    assert pricing.knows("claude-opus-5")


def test_a_long_prompt_costs_more_where_the_model_says_so() -> None:
    short, long = Usage(input_tokens=100_000), Usage(input_tokens=100_001)
    price = PUBLISHED["claude-haiku-5-5"]
    assert price.cost_usd(long) > 4.9 * price.cost_usd(short)


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_no_call_is_free_of_charge_or_paid_back(
    fresh: int, written: int, read: int, output: int
) -> None:
    usage = Usage(
        input_tokens=fresh,
        cache_write_tokens=written,
        cache_read_tokens=read,
        output_tokens=output,
    )
    cost = Price.of(2, 10).cost_usd(usage)
    assert cost >= 0
    assert (cost == 0) == (fresh + written + read + output == 0)


REQUEST = ModelRequest(
    system="x",
    tools=(),
    turns=(Turn(role="user", blocks=(TextBlock(text="?"),)),),
    max_output_tokens=10,
    timeout_s=100.0,
)


@dataclass
class Provider:
    """Fails so often, taking some time each time, then answers."""

    name: str
    clock: StoppedClock
    failures: int = 0
    takes_s: float = 0.0
    retry_after_s: float | None = None
    given_s: list[float] = field(default_factory=list)

    def reply(self, request: ModelRequest, *, cancelled: Callable[[], bool]) -> ModelReply:
        self.given_s.append(request.timeout_s)
        self.clock.sleep(self.takes_s)
        if len(self.given_s) <= self.failures:
            raise UpstreamError(
                f"{self.name} is down", system=self.name, retry_after_s=self.retry_after_s
            )
        return ModelReply(
            blocks=(), stop_reason=StopReason.END_TURN, usage=Usage(), model=self.name
        )


def ask(chain: Chain) -> str:
    return chain.reply(REQUEST, cancelled=lambda: False).model


def test_the_first_provider_leaves_time_for_the_second() -> None:
    clock = StoppedClock()
    first = Provider("first", clock, failures=1, takes_s=60)
    second = Provider("second", clock)
    assert ask(Chain([first, second], clock=clock)) == "second"
    assert (first.given_s, second.given_s) == ([60.0], [40.0])


def test_a_provider_that_failed_is_asked_again_after_its_rest() -> None:
    clock = StoppedClock()
    first, second = Provider("first", clock, failures=1), Provider("second", clock)
    chain = Chain([first, second], clock=clock)
    asked = [ask(chain), ask(chain)]
    clock.sleep(REST_S)
    assert [*asked, ask(chain)] == ["second", "second", "first"]


def test_a_provider_that_named_a_longer_time_rests_longer() -> None:
    clock = StoppedClock()
    first = Provider("first", clock, failures=1, retry_after_s=300)
    chain = Chain([first, Provider("second", clock)], clock=clock)
    ask(chain)
    clock.sleep(REST_S + 1)
    assert ask(chain) == "second"
    clock.sleep(300)
    assert ask(chain) == "first"


def test_no_provider_is_asked_when_the_time_is_over() -> None:
    clock = StoppedClock()
    second = Provider("second", clock)
    chain = Chain([Provider("first", clock, failures=1, takes_s=101), second], clock=clock)
    with pytest.raises(UpstreamError, match="first is down"):
        ask(chain)
    assert second.given_s == []


def test_a_provider_alone_has_all_the_time() -> None:
    clock = StoppedClock()
    only = Provider("only", clock)
    ask(Chain([only], clock=clock))
    assert only.given_s == [100.0]


EVENTS: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


def events(*blocks: dict[str, Any], stop: str = "tool_use") -> list[Any]:
    """Return the events of a reply with these blocks, each started whole."""
    usage = {"input_tokens": 10, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    made: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    for index, block in enumerate(blocks):
        made.append({"type": "content_block_start", "index": index, "content_block": block})
        made += [
            {"type": "content_block_delta", "index": index, "delta": delta}
            for delta in block.get("deltas", [])
        ]
        made.append({"type": "content_block_stop", "index": index})
    made.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None},
            "usage": {"output_tokens": 7},
        }
    )
    made.append({"type": "message_stop"})
    return [EVENTS.validate_python(event) for event in made]


THOUGHT = {
    "type": "thinking",
    "thinking": "",
    "signature": "",
    "deltas": [
        {"type": "thinking_delta", "thinking": "Pods "},
        {"type": "thinking_delta", "thinking": "first."},
        {"type": "signature_delta", "signature": "c2ln"},
    ],
}
CALL = {
    "type": "tool_use",
    "id": "toolu_1",
    "name": "look",
    "input": {},
    "deltas": [
        {"type": "input_json_delta", "partial_json": '{"where": '},
        {"type": "input_json_delta", "partial_json": '"here"}'},
    ],
}


def test_thoughts_are_kept_for_the_provider_and_not_shown_to_the_loop() -> None:
    received = receive(events(THOUGHT, CALL))
    assert received.blocks() == (
        ToolUse(tool_use_id="toolu_1", name="look", arguments={"where": "here"}),
    )
    assert received.content[0] == {
        "type": "thinking",
        "thinking": "Pods first.",
        "signature": "c2ln",
    }
    assert received.tokens == {"input_tokens": 10, "output_tokens": 7}


@given(st.integers(min_value=0, max_value=9))
def test_a_stream_is_whole_only_with_its_last_event(length: int) -> None:
    whole = events(THOUGHT, CALL)
    with pytest.raises(TornStreamError):
        receive(whole[: min(length, len(whole) - 1)])


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("end_turn", StopReason.END_TURN),
        ("stop_sequence", StopReason.END_TURN),
        ("model_context_window_exceeded", StopReason.MAX_TOKENS),
        ("refusal", StopReason.REFUSAL),
    ],
)
def test_every_reason_to_stop_is_one_the_loop_knows(sent: str, reason: StopReason) -> None:
    assert receive(events(stop=sent)).stop is reason


def answered(status: int, body: dict[str, Any] | None, **headers: str) -> BaseException:
    client = anthropic.Anthropic(api_key="x", base_url="http://127.0.0.1:1")
    response = httpx2.Response(
        status, headers=headers, request=httpx2.Request("POST", "http://127.0.0.1:1")
    )
    error = client._make_status_error("said", body=body, response=response)  # noqa: SLF001
    client.close()
    return error


def typed(kind: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": "said"}}


@pytest.mark.parametrize(
    ("error", "passes", "refused"),
    [
        (answered(200, typed("overloaded_error")), True, False),
        (answered(200, typed("throttlingException")), True, False),
        (answered(200, typed("invalid_request_error")), False, False),
        (answered(200, typed("authentication_error")), False, True),
        (answered(200, None), False, False),
        (answered(429, typed("rate_limit_error")), True, False),
        (answered(429, None), True, False),
        (answered(503, None), True, False),
        (answered(529, typed("overloaded_error")), True, False),
        (answered(424, {"message": "model failed"}), True, False),
        (answered(400, typed("invalid_request_error")), False, False),
        (answered(413, typed("request_too_large")), False, False),
        (answered(401, None), False, True),
        (answered(403, typed("permission_error")), False, True),
        (httpx2.RemoteProtocolError("cut"), True, False),
        (httpx2.ReadTimeout("silent"), True, False),
        (httpx2.ConnectError("refused"), True, False),
        (TornStreamError("ended"), True, False),
    ],
)
def test_a_fault_is_classed_by_who_can_mend_it(
    error: BaseException, *, passes: bool, refused: bool
) -> None:
    fault = fault_of(error)
    assert fault is not None
    assert (fault.passes, fault.refused) == (passes, refused)


def test_what_is_no_provider_s_fault_is_not_called_one() -> None:
    assert fault_of(KeyError("bug")) is None


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-3"}, 0.0),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_read_where_it_is_a_number(
    headers: dict[str, str], wait_s: float | None
) -> None:
    assert retry_after_s(headers) == wait_s


def test_a_defect_of_ours_is_not_hidden_as_a_fault() -> None:
    def broken() -> Iterator[Any]:
        raise KeyError("bug")

    model = MessagesModel(
        provider="anthropic",
        model="m",
        connect=broken,
        pricing=Pricing(),
        clock=StoppedClock(),
    )
    with pytest.raises(KeyError, match="bug"):
        model.reply(REQUEST, cancelled=lambda: False)
