"""Each outage of the lab's model makes the real SDK behave as reference tables say it does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import pytest

from tests.lab.model import outages
from tests.lab.model.brains import PacedBrain, ScriptedBrain, call, say
from tests.lab.model.journal import Outcome
from tests.lab.model.server import ModelLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anthropic.types import Message

GET_PODS = "kubectl get pods -n shop"
READ_TIMEOUT_S = 0.25


@pytest.fixture
def lab() -> Iterator[ModelLab]:
    brain = ScriptedBrain(
        [[say("Looking at the pods of shop."), call("kubectl", command=GET_PODS)]]
    )
    with ModelLab(brain) as served:
        yield served


@pytest.fixture
def client(lab: ModelLab) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        base_url=lab.url, api_key=lab.api_key, max_retries=2, timeout=READ_TIMEOUT_S
    ) as made:
        yield made


def ask(client: anthropic.Anthropic, question: str = "what is failing?") -> Message:
    with client.messages.stream(
        model="claude-sonnet-5-5",
        max_tokens=1000,
        messages=[{"role": "user", "content": question}],
    ) as stream:
        return stream.get_final_message()


def once(client: anthropic.Anthropic) -> anthropic.Anthropic:
    return client.with_options(max_retries=0)


def held(lab: ModelLab) -> None:
    lab.wait_until(lambda seen: any(one.outcome is Outcome.HELD for one in seen))


@pytest.mark.parametrize(
    "outage", [outages.rate_limited(0.01), outages.overloaded(0.01), outages.server_error(0.01)]
)
def test_a_passing_fault_before_the_stream_is_retried_by_the_sdk(
    lab: ModelLab, client: anthropic.Anthropic, outage: outages.Refused
) -> None:
    lab.outage(outage, times=2)
    assert ask(client).stop_reason == "tool_use"
    assert [one.headers["x-stainless-retry-count"] for one in lab.turns()] == ["0", "1", "2"]
    statuses = [one.status for one in lab.turns()]
    assert statuses == [outage.error.status, outage.error.status, 200]


@pytest.mark.parametrize(
    ("outage", "expected"),
    [
        (outages.rate_limited(7), anthropic.RateLimitError),
        (outages.overloaded(), anthropic.OverloadedError),
        (outages.server_error(), anthropic.InternalServerError),
        (outages.unauthorized(), anthropic.AuthenticationError),
        (outages.bad_request(), anthropic.BadRequestError),
        (outages.out_of_credit(), anthropic.BadRequestError),
    ],
)
def test_a_refusal_carries_type_message_and_request_id(
    lab: ModelLab,
    client: anthropic.Anthropic,
    outage: outages.Refused,
    expected: type[anthropic.APIStatusError],
) -> None:
    lab.outage(outage)
    with pytest.raises(expected) as refused:
        ask(once(client))
    assert refused.value.type == outage.error.type
    assert refused.value.api_message == outage.error.message
    assert refused.value.status_code == outage.error.status
    assert str(refused.value.request_id).startswith("req_")
    retry_after = refused.value.response.headers.get("retry-after")
    assert retry_after == ("7" if outage.error.retry_after_s else None)


@pytest.mark.parametrize("outage", [outages.unauthorized(), outages.bad_request()])
def test_a_lasting_refusal_is_not_retried_by_the_sdk(
    lab: ModelLab, client: anthropic.Anthropic, outage: outages.Refused
) -> None:
    lab.outage(outage, times=None)
    with pytest.raises(anthropic.APIStatusError):
        ask(client)
    assert len(lab.turns()) == 1


def test_a_slow_first_byte_is_the_sdks_own_timeout(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.slow(5))
    with pytest.raises(anthropic.APITimeoutError):
        ask(once(client))
    lab.wait_until(lambda seen: seen[0].outcome is Outcome.LEFT)


def test_a_silent_stream_is_the_http_librarys_timeout_and_not_retried(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.silent())
    with pytest.raises(httpx2.ReadTimeout):
        ask(client)
    (exchange,) = lab.wait_until(lambda seen: seen[0].outcome is Outcome.SILENT)
    assert exchange.events_sent == 1


def test_pings_keep_a_silent_stream_alive_past_the_timeout(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.held(after_events=2, ping_every_s=0.02))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, client)
        # So many pings take longer than the client's read time-out.
        lab.wait_until(lambda seen: seen and seen[0].pings_sent > 2 * READ_TIMEOUT_S / 0.02)
        lab.release()
        assert asked.result(timeout=5).stop_reason == "tool_use"


def test_a_torn_stream_is_the_http_librarys_error_and_not_retried(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.cut(after_events=4))
    with pytest.raises(httpx2.RemoteProtocolError):
        ask(client)
    (exchange,) = lab.turns()
    assert (exchange.outcome, exchange.events_sent) == (Outcome.TORN, 4)


def test_a_stream_without_its_end_raises_nothing_and_has_no_stop_reason(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.unfinished())
    message = ask(client)
    assert message.stop_reason is None
    assert message.content[1].type == "tool_use"
    assert len(lab.turns()) == 1


@pytest.mark.parametrize("error_type", ["overloaded_error", "rate_limit_error", "api_error"])
def test_an_error_inside_a_started_stream_has_status_200_and_its_own_type(
    lab: ModelLab, client: anthropic.Anthropic, error_type: str
) -> None:
    lab.outage(outages.failing(error_type=error_type, message="Not now"))
    with pytest.raises(anthropic.APIStatusError, match="Not now") as failed:
        ask(client)
    assert (failed.value.status_code, failed.value.type) == (200, error_type)
    assert len(lab.turns()) == 1


def test_malformed_tool_input_is_a_plain_value_error(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.malformed_tool_json())
    with pytest.raises(ValueError, match="Unable to parse tool parameter JSON"):
        ask(client)


def test_cut_short_tool_input_loses_what_was_begun_and_raises_nothing(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.malformed_tool_json('{"tail": 50, "command": "kubectl delete no'))
    use = ask(client).content[1]
    assert use.type == "tool_use"
    assert use.input == {"tail": 50}


def test_the_reply_can_end_at_max_tokens_in_the_middle(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.out_of_tokens())
    message = ask(client)
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens < 15


def test_a_refusal_of_the_model_is_a_stop_reason_with_details(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.refusal("cyber"))
    message = ask(client)
    assert (message.stop_reason, message.content) == ("refusal", [])
    assert message.stop_details is not None
    assert message.stop_details.category == "cyber"


def test_the_turn_can_end_with_no_content_at_all(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.empty())
    message = ask(client)
    assert (message.stop_reason, message.content) == ("end_turn", [])


def test_a_response_that_is_not_streamed_can_be_torn_too(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.cut())
    with pytest.raises(anthropic.APIConnectionError):
        once(client).messages.create(
            model="claude-sonnet-5-5",
            max_tokens=100,
            messages=[{"role": "user", "content": "hi"}],
        )


def test_a_held_stream_waits_for_the_test_and_then_ends_well(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.held(after_events=3))
    patient = client.with_options(timeout=5)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, patient)
        held(lab)
        assert lab.turns()[0].events_sent == 3
        assert not asked.done()
        lab.release()
        assert asked.result(timeout=5).stop_reason == "tool_use"
    assert lab.turns()[0].outcome is Outcome.ANSWERED


def test_a_client_that_goes_away_is_noticed(lab: ModelLab, client: anthropic.Anthropic) -> None:
    lab.outage(outages.held(after_events=3))
    with client.messages.stream(
        model="claude-sonnet-5-5",
        max_tokens=100,
        messages=[{"role": "user", "content": "hi"}],
    ) as stream:
        next(iter(stream))
        held(lab)
    lab.wait_until(lambda seen: seen[0].outcome is Outcome.LEFT)


def test_an_outage_can_skip_requests_and_choose_a_conversation(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.bad_request(), skip=1, question="billing")
    for question in ("shop", "billing", "shop"):
        ask(client, question)
    with pytest.raises(anthropic.BadRequestError):
        ask(client, "billing")
    assert ask(client, "billing").stop_reason == "tool_use"


def test_recovery_forgets_what_was_planned(lab: ModelLab, client: anthropic.Anthropic) -> None:
    lab.outage(outages.unauthorized(), times=None)
    with pytest.raises(anthropic.AuthenticationError):
        ask(client)
    lab.recover()
    assert ask(client).stop_reason == "tool_use"


def test_counting_and_listing_suffer_refusals_but_use_up_no_other_outage(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.outage(outages.empty())
    lab.outage(outages.unauthorized())
    with pytest.raises(anthropic.AuthenticationError):
        client.models.list()
    assert ask(client).content == []


def test_a_paced_brain_trickles_and_the_client_sees_words_before_the_end(
    lab: ModelLab, client: anthropic.Anthropic
) -> None:
    lab.brain = PacedBrain(lab.brain, first_byte_s=0.01, per_event_s=0.01)
    with client.messages.stream(
        model="claude-sonnet-5-5",
        max_tokens=100,
        messages=[{"role": "user", "content": "hi"}],
    ) as stream:
        next(iter(stream.text_stream))
        assert lab.turns()[0].outcome is Outcome.OPEN
        final: Any = stream.get_final_message()
    assert final.stop_reason == "tool_use"
