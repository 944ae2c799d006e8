"""Requests and replies of the model adapter, against the lab's model over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.investigation import TextBlock, ToolResult, ToolUse, Turn
from bot.ports.model import StopReason
from tests.bench.llm_bench import MODEL, Bench, answer, asking, bench_with, user
from tests.lab.model import outages
from tests.lab.model.brains import ScriptedBrain, call, say
from tests.lab.model.replies import Reply, ToolCall

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bench() -> Iterator[Bench]:
    with bench_with(ScriptedBrain([say("All is well.")])) as made:
        yield made


def test_a_reply_comes_whole_with_its_cost_and_its_author(bench: Bench) -> None:
    reply = answer(bench.anthropic())
    assert reply.blocks == (TextBlock(text="All is well."),)
    assert reply.stop_reason is StopReason.END_TURN
    assert reply.model == f"anthropic:{MODEL}"
    assert reply.usage.output_tokens > 0
    assert reply.usage.cost_usd > 0


def test_parallel_tool_calls_come_in_order_with_their_arguments(bench: Bench) -> None:
    bench.lab.brain = ScriptedBrain([[call("look", where="here"), call("look", where="there")]])
    reply = answer(bench.anthropic())
    uses = [block for block in reply.blocks if isinstance(block, ToolUse)]
    assert [use.arguments for use in uses] == [{"where": "here"}, {"where": "there"}]
    assert reply.stop_reason is StopReason.TOOL_USE


def test_the_head_is_cached_and_the_newest_turns_move_along(bench: Bench) -> None:
    bench.lab.brain = ScriptedBrain([say("one"), say("two"), say("three")])
    model = bench.anthropic()
    system = "Look before you answer. " * 300
    turns = [user("How is it?")]
    usages = []
    for _ in range(3):
        reply = answer(model, asking(*turns, system=system))
        usages.append(reply.usage)
        turns += [Turn(role="assistant", blocks=reply.blocks, model=reply.model), user("And?")]
    assert usages[0].cache_read_tokens == 0
    assert usages[0].cache_write_tokens > 1_000
    assert usages[1].cache_read_tokens >= usages[0].cache_write_tokens
    assert usages[2].cache_read_tokens > usages[1].cache_read_tokens
    assert str(bench.bodies()[2]).count("cache_control") == 4


def test_tools_are_sent_sorted_whatever_order_they_come_in(bench: Bench) -> None:
    answer(bench.anthropic())
    assert list(bench.lab.turns()[0].request.tools) == ["conclude", "look"]


def test_a_tool_that_must_be_called_is_forced(bench: Bench) -> None:
    answer(bench.anthropic(), asking(must_call="conclude"))
    assert bench.lab.turns()[0].request.forced_tool == "conclude"


def test_a_model_known_to_refuse_forced_tools_is_not_forced(bench: Bench) -> None:
    answer(bench.anthropic(model="claude-sonnet-5-5"), asking(must_call="conclude"))
    assert bench.lab.turns()[0].request.tool_choice == "auto"


def test_a_model_that_turns_out_to_refuse_forced_tools_is_asked_again_without(
    bench: Bench,
) -> None:
    bench.lab.outage(outages.bad_request("tool_choice: forced tool use is not supported"))
    model = bench.anthropic()
    answer(model, asking(must_call="conclude"))
    answer(model, asking(must_call="conclude"))
    chosen = [exchange.request.tool_choice for exchange in bench.lab.turns()]
    assert chosen == ["tool", "auto", "auto"]


def test_malformed_tool_input_becomes_a_call_every_toolbox_refuses(bench: Bench) -> None:
    bench.lab.brain = ScriptedBrain([call("look", where="here")])
    bench.lab.outage(outages.malformed_tool_json('{"where": here'))
    (use,) = answer(bench.anthropic()).blocks
    assert isinstance(use, ToolUse)
    assert use.arguments == {"malformed_json": '{"where": here'}


@pytest.mark.parametrize(
    "text",
    ['["here"]', "[" * 5_000, '{"a":' + "[" * 40 + "]" * 40 + "}"],
    ids=["no object", "too deep to read", "deeper than any tool takes"],
)
def test_tool_input_that_is_json_but_no_use_is_malformed_too(bench: Bench, text: str) -> None:
    bench.lab.brain = ScriptedBrain([call("look", where="here")])
    bench.lab.outage(outages.malformed_tool_json(text))
    (use,) = answer(bench.anthropic()).blocks
    assert isinstance(use, ToolUse)
    assert use.arguments == {"malformed_json": text[:500]}


def test_a_call_that_may_be_cut_by_the_token_limit_is_left_out(bench: Bench) -> None:
    bench.lab.brain = ScriptedBrain(
        [
            Reply(
                content=(
                    ToolCall(name="look", arguments={"where": "here"}),
                    ToolCall(name="look", arguments={"where": "over there"}),
                ),
                stop_reason="max_tokens",
            )
        ]
    )
    reply = answer(bench.anthropic())
    assert reply.stop_reason is StopReason.MAX_TOKENS
    assert [block.arguments for block in reply.blocks if isinstance(block, ToolUse)] == [
        {"where": "here"}
    ]


def test_a_refusal_is_told_apart_from_an_answer(bench: Bench) -> None:
    bench.lab.outage(outages.refusal())
    assert answer(bench.anthropic()).stop_reason is StopReason.REFUSAL


def test_an_empty_reply_is_a_whole_reply_without_blocks(bench: Bench) -> None:
    bench.lab.outage(outages.empty())
    assert answer(bench.anthropic()).blocks == ()


def test_blank_texts_and_neighbouring_turns_are_sent_as_the_api_takes_them(bench: Bench) -> None:
    use = ToolUse(tool_use_id="toolu_1", name="look", arguments={"where": "here"})
    turns = (
        user("How is it?"),
        user(" "),
        Turn(role="assistant", blocks=(use,)),
        Turn(role="user", blocks=(ToolResult(tool_use_id="toolu_1", text="", is_error=True),)),
    )
    bench.lab.brain = ScriptedBrain([say("looking"), say("fine")])
    assert answer(bench.anthropic(), asking(*turns)).blocks == (TextBlock(text="fine"),)


def test_bedrock_answers_in_the_same_words(bench: Bench) -> None:
    reply = answer(bench.bedrock())
    assert reply.blocks == (TextBlock(text="All is well."),)
    assert reply.model.startswith("bedrock:us.anthropic.")
    assert reply.usage.cost_usd == pytest.approx(
        (reply.usage.input_tokens + 5 * reply.usage.output_tokens) / 1e6, abs=1e-6
    )
