"""The lab's Messages API against the real SDK: answers, usage, records, Amazon Bedrock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import anthropic
import pytest

from tests.lab.model import outages
from tests.lab.model.brains import ScriptedBrain, call, conclude, say
from tests.lab.model.journal import Outcome
from tests.lab.model.replies import tokens_of
from tests.lab.model.server import ModelLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anthropic.types import Message

MODEL = "claude-sonnet-5-5"
BEDROCK_MODEL = "eu.anthropic.claude-sonnet-5-5-v1:0"
PROSE = "Drei Pods laufen, einer nicht: “checkout” startet ständig neu. " * 5
GET_PODS = "kubectl get pods -n shop"
AWS: dict[str, Any] = {
    "aws_access_key": "AKIALAB",
    "aws_secret_key": "lab",
    "aws_region": "eu-west-1",
}
KUBECTL: dict[str, Any] = {
    "name": "kubectl",
    "description": "Reads the cluster.",
    "input_schema": {
        "type": "object",
        "properties": {"command": {"type": "string"}},
        "required": ["command"],
    },
}
CACHED: dict[str, Any] = {"type": "ephemeral"}


def ask(client: Any, question: Any = "what is failing?", **overrides: Any) -> Message:
    """Stream one turn and return the SDK's accumulated message."""
    asked: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 1000,
        "tools": [KUBECTL],
        "messages": [{"role": "user", "content": question}],
    } | overrides
    with client.messages.stream(**asked) as stream:
        message: Message = stream.get_final_message()
    return message


@pytest.fixture
def lab() -> Iterator[ModelLab]:
    with ModelLab(ScriptedBrain([say(PROSE)])) as served:
        yield served


@pytest.fixture
def client(lab: ModelLab) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        base_url=lab.url, api_key=lab.api_key, max_retries=0, timeout=5
    ) as made:
        yield made


@pytest.fixture
def bedrock(lab: ModelLab) -> Iterator[anthropic.AnthropicBedrock]:
    with anthropic.AnthropicBedrock(**AWS, base_url=lab.url, max_retries=0, timeout=5) as made:
        yield made


def test_streamed_text_arrives_in_pieces_that_make_the_whole(client: anthropic.Anthropic) -> None:
    with client.messages.stream(
        model=MODEL, max_tokens=1000, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        pieces = list(stream.text_stream)
        message = stream.get_final_message()
    assert len(pieces) > 5
    assert "".join(pieces) == PROSE
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens == tokens_of(PROSE)
    assert message.id.startswith("msg_01")


def test_a_turn_that_is_not_streamed_says_the_same(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL, max_tokens=1000, messages=[{"role": "user", "content": "hi"}]
    )
    assert [block.text for block in message.content if block.type == "text"] == [PROSE]
    assert message.stop_reason == "end_turn"


def test_parallel_tool_calls_come_as_blocks_of_one_turn(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    commands = [GET_PODS, 'kubectl logs -n shop x --grep "ä\\n{"']
    lab.brain = ScriptedBrain([[say("Looking."), *(call("kubectl", command=c) for c in commands)]])
    message = ask(client)
    uses = [block for block in message.content if block.type == "tool_use"]
    assert [use.input for use in uses] == [{"command": command} for command in commands]
    assert message.stop_reason == "tool_use"
    assert len({use.id for use in uses}) == 2


def test_tool_input_is_streamed_in_several_pieces(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.brain = ScriptedBrain([call("kubectl", command=GET_PODS)])
    with client.messages.stream(
        model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        pieces = [
            event.delta.partial_json
            for event in stream
            if event.type == "content_block_delta" and event.delta.type == "input_json_delta"
        ]
    assert pieces[0] == ""
    assert len(pieces) > 3
    assert "".join(pieces) == f'{{"command": "{GET_PODS}"}}'


def test_max_tokens_of_the_request_cuts_the_reply(client: anthropic.Anthropic) -> None:
    message = ask(client, max_tokens=10)
    assert message.stop_reason == "max_tokens"
    assert message.content[0].type == "text"
    assert message.content[0].text == PROSE[:40]


def test_a_marked_prefix_is_written_once_and_read_afterwards(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    system = [{"type": "text", "text": "Rule. " * 2000, "cache_control": CACHED}]
    first = ask(client, system=system).usage
    second = ask(client, "another question", system=system).usage
    assert first.cache_read_input_tokens == 0
    assert (first.cache_creation_input_tokens or 0) > 2900
    assert second.cache_creation_input_tokens == 0
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert 0 < second.input_tokens < 100
    lab.forget_cache()
    assert ask(client, system=system).usage.cache_read_input_tokens == 0


def test_a_changed_head_reads_nothing_from_the_cache(client: anthropic.Anthropic) -> None:
    for head in ("09:00", "09:01"):
        text = f"It is {head}. " + "Rule. " * 2000
        usage = ask(client, system=[{"type": "text", "text": text, "cache_control": CACHED}]).usage
        assert usage.cache_read_input_tokens == 0


def test_a_growing_conversation_reads_what_its_last_request_wrote(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.brain = ScriptedBrain([say("Nothing."), say("Still nothing.")])
    question = {"type": "text", "text": "Q. " * 3000}
    opening = {"role": "user", "content": [question]}
    marked = {"role": "user", "content": [{**question, "cache_control": CACHED}]}
    first = ask(client, messages=[marked]).usage
    follow_up = {"type": "text", "text": "and now? " * 20, "cache_control": CACHED}
    second = ask(
        client,
        messages=[
            opening,
            {"role": "assistant", "content": "Nothing."},
            {"role": "user", "content": [follow_up]},
        ],
    )
    assert second.usage.cache_read_input_tokens == first.cache_creation_input_tokens
    assert 0 < (second.usage.cache_creation_input_tokens or 0) < 100


def test_a_prefix_under_the_minimum_is_not_cached(client: anthropic.Anthropic) -> None:
    system = [{"type": "text", "text": "Be brief.", "cache_control": CACHED}]
    ask(client, system=system)
    usage = ask(client, system=system).usage
    assert (usage.cache_creation_input_tokens, usage.cache_read_input_tokens) == (0, 0)


def test_counted_tokens_are_the_ones_billed(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(
        model=MODEL, system="Be brief.", messages=[{"role": "user", "content": "hi"}]
    )
    billed = ask(client, "hi", system="Be brief.", tools=[]).usage
    assert counted.input_tokens == billed.input_tokens


def test_models_are_listed_and_found_by_id(client: anthropic.Anthropic) -> None:
    listed = [model.id for model in client.models.list()]
    assert MODEL in listed
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(anthropic.NotFoundError) as refused:
        client.models.retrieve("gpt-4")
    assert refused.value.type == "not_found_error"


def test_only_the_models_named_are_served() -> None:
    with (
        ModelLab(ScriptedBrain([say("hi")]), models=["claude-haiku-5-5"]) as lab,
        anthropic.Anthropic(base_url=lab.url, api_key=lab.api_key, max_retries=0) as client,
    ):
        assert ask(client, model="claude-haiku-5-5").stop_reason == "end_turn"
        with pytest.raises(anthropic.NotFoundError, match=MODEL):
            ask(client)


def test_every_request_is_kept_with_its_outcome(lab: ModelLab, client: anthropic.Anthropic) -> None:
    ask(client, "why is “checkout” down?")
    lab.outage(outages.bad_request("no"))
    with pytest.raises(anthropic.BadRequestError):
        ask(client)
    first, second = lab.turns()
    assert (first.outcome, first.status) == (Outcome.ANSWERED, 200)
    assert (second.outcome, second.status, second.error) == (Outcome.REFUSED, 400, "no")
    assert first.headers["authorization"] == "Bearer lab-key"
    assert first.usage is not None
    assert first.request.first_user_text == "why is “checkout” down?"
    assert lab.was_sent("“checkout”")
    assert not lab.was_sent("canary")


def test_conversations_at_once_each_get_their_own_turns(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.brain = ScriptedBrain(
        questions={
            name: [call("kubectl", command=f"kubectl get pods -n {name}"), say(f"{name} is fine")]
            for name in ("shop", "billing", "search")
        }
    )

    def converse(name: str) -> str:
        messages: list[dict[str, Any]] = [{"role": "user", "content": f"what about {name}?"}]
        first = ask(client, messages=messages)
        use = first.content[0]
        assert use.type == "tool_use"
        messages.append({"role": "assistant", "content": [use.model_dump(exclude_none=True)]})
        result = {"type": "tool_result", "tool_use_id": use.id, "content": "ok"}
        messages.append({"role": "user", "content": [result]})
        last = ask(client, messages=messages).content[0]
        return f"{use.input['command']}: {last.text if last.type == 'text' else ''}"

    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(converse, ["shop", "billing", "search"]))
    assert said == [
        f"kubectl get pods -n {name}: {name} is fine" for name in ("shop", "billing", "search")
    ]


def test_bedrock_streams_the_same_turn(lab: ModelLab, bedrock: anthropic.AnthropicBedrock) -> None:
    lab.brain = ScriptedBrain([[say(PROSE), call("kubectl", command=GET_PODS)]])
    message = ask(bedrock, model=BEDROCK_MODEL)
    text, use = message.content
    assert text.type == "text"
    assert text.text == PROSE
    assert use.type == "tool_use"
    assert use.input == {"command": GET_PODS}
    assert use.id.startswith("toolu_bdrk_")
    kept = lab.turns()[0]
    assert (kept.provider, kept.request.model) == ("bedrock", BEDROCK_MODEL)


def test_bedrock_answers_in_one_piece_too(
    lab: ModelLab, bedrock: anthropic.AnthropicBedrock
) -> None:
    lab.brain = ScriptedBrain([conclude(status="HEALTHY")])
    message = bedrock.messages.create(
        model=BEDROCK_MODEL, max_tokens=100, messages=[{"role": "user", "content": "hi"}]
    )
    use = message.content[0]
    assert use.type == "tool_use"
    assert (use.name, use.input) == ("conclude", {"status": "HEALTHY"})


def test_bedrock_refuses_who_did_not_sign(lab: ModelLab) -> None:
    with (
        anthropic.AnthropicBedrock(
            api_key="stolen", aws_region="eu-west-1", base_url=lab.url, max_retries=0
        ) as stranger,
        pytest.raises(anthropic.PermissionDeniedError) as refused,
    ):
        ask(stranger, model=BEDROCK_MODEL)
    assert refused.value.response.headers["x-amzn-errortype"] == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("outage", "expected", "exception"),
    [
        (outages.rate_limited(), anthropic.RateLimitError, "ThrottlingException"),
        (outages.overloaded(), anthropic.ServiceUnavailableError, "ServiceUnavailableException"),
        (outages.server_error(), anthropic.InternalServerError, "InternalServerException"),
        (outages.bad_request(), anthropic.BadRequestError, "ValidationException"),
    ],
)
def test_bedrock_words_refusals_as_aws_does(
    lab: ModelLab,
    bedrock: anthropic.AnthropicBedrock,
    outage: outages.Refused,
    expected: type[anthropic.APIStatusError],
    exception: str,
) -> None:
    lab.outage(outage)
    with pytest.raises(expected) as refused:
        ask(bedrock, model=BEDROCK_MODEL)
    assert refused.value.type is None
    assert refused.value.response.headers["x-amzn-errortype"] == exception


def test_bedrock_reports_an_error_inside_the_stream_with_status_200(
    lab: ModelLab, bedrock: anthropic.AnthropicBedrock
) -> None:
    lab.outage(outages.failing())
    with pytest.raises(anthropic.APIStatusError, match="Overloaded") as failed:
        ask(bedrock, model=BEDROCK_MODEL)
    assert failed.value.status_code == 200
    assert str(failed.value.type) == "serviceUnavailableException"


def test_the_newer_bedrock_client_speaks_the_messages_api(lab: ModelLab) -> None:
    with anthropic.AnthropicBedrockMantle(
        **AWS, base_url=lab.mantle_url, max_retries=0, timeout=5
    ) as mantle:
        message = ask(mantle, model="anthropic.claude-sonnet-5-5")
    assert message.stop_reason == "end_turn"
    assert lab.turns()[0].provider == "mantle"
