"""What the model adapter makes of faults and of Stop, against the lab's model over real HTTP."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.llm.anthropic_client import anthropic_model
from bot.adapters.llm.chain import Chain
from bot.adapters.llm.messages import Patience
from bot.adapters.llm.pricing import Pricing
from bot.domain.errors import CancelledByPersonError, DeniedError, UpstreamError
from bot.domain.investigation import TextBlock
from tests.bench.llm_bench import MODEL, QUICK, Bench, answer, asking, bench_with
from tests.lab.model import outages
from tests.lab.model.brains import PacedBrain, ScriptedBrain, say
from tests.lab.model.journal import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports.model import ModelReply


@pytest.fixture
def bench() -> Iterator[Bench]:
    with bench_with(ScriptedBrain([say("All is well.")])) as made:
        yield made


@pytest.mark.parametrize(
    "outage",
    [
        outages.cut(),
        outages.silent(),
        outages.unfinished(),
        outages.unfinished(after_events=-1),
        outages.failing(),
        outages.failing(error_type="rate_limit_error", message="slow down"),
        outages.overloaded(),
        outages.server_error(),
        outages.rate_limited(retry_after_s=0.05),
    ],
)
def test_a_fault_that_passes_is_tried_again(bench: Bench, outage: outages.Outage) -> None:
    bench.lab.outage(outage)
    assert answer(bench.anthropic()).blocks == (TextBlock(text="All is well."),)
    first, second = bench.bodies()
    assert first == second


def test_pings_keep_a_slow_stream_alive(bench: Bench) -> None:
    bench.lab.outage(outages.held(after_events=2, ping_every_s=0.1))
    model = bench.anthropic()
    replies: list[ModelReply] = []
    asker = threading.Thread(target=lambda: replies.append(answer(model)))
    asker.start()
    bench.lab.wait_until(lambda seen: seen and seen[0].pings_sent * 0.1 > 2 * QUICK.silence_s)
    bench.lab.release()
    asker.join(timeout=5)
    assert replies[0].blocks == (TextBlock(text="All is well."),)
    assert len(bench.bodies()) == 1


def test_retry_after_is_waited_for(bench: Bench) -> None:
    bench.lab.outage(outages.rate_limited(retry_after_s=0.4))
    answer(bench.anthropic())
    first, second = bench.lab.turns()
    assert (second.at - first.at).total_seconds() >= 0.4


def test_a_provider_that_wants_to_be_left_alone_for_minutes_is_given_up_at_once(
    bench: Bench,
) -> None:
    bench.lab.outage(outages.rate_limited(retry_after_s=300), times=None)
    with pytest.raises(UpstreamError, match="rate_limit_error") as caught:
        answer(bench.anthropic())
    assert caught.value.retry_after_s == 300
    assert len(bench.lab.turns()) == 1


def test_the_number_of_attempts_is_bounded(bench: Bench) -> None:
    bench.lab.outage(outages.overloaded(), times=None)
    with pytest.raises(UpstreamError, match="overloaded"):
        answer(bench.anthropic())
    assert len(bench.lab.turns()) == QUICK.max_attempts


def test_a_wrong_key_is_not_tried_twice_and_says_what_to_check(bench: Bench) -> None:
    with pytest.raises(DeniedError, match="check the key") as caught:
        answer(bench.anthropic(key="stale"))
    assert caught.value.system == "anthropic"
    assert len(bench.lab.turns()) == 1


@pytest.mark.parametrize(
    "outage", [outages.bad_request(), outages.out_of_credit(), outages.unauthorized()]
)
def test_what_no_waiting_mends_is_not_tried_twice(bench: Bench, outage: outages.Outage) -> None:
    bench.lab.outage(outage, times=None)
    with pytest.raises(UpstreamError):
        answer(bench.anthropic())
    assert len(bench.lab.turns()) == 1


def test_an_invalid_request_inside_a_stream_is_not_tried_twice(bench: Bench) -> None:
    bench.lab.outage(outages.failing(error_type="invalid_request_error", message="no"), times=None)
    with pytest.raises(UpstreamError, match="invalid_request_error"):
        answer(bench.anthropic())
    assert len(bench.lab.turns()) == 1


def test_a_server_nobody_listens_at_is_named_as_out_of_reach(bench: Bench) -> None:
    url = bench.lab.url
    bench.lab.__exit__()
    model = anthropic_model(
        api_key="any",
        model=MODEL,
        pricing=Pricing(),
        clock=SystemClock(),
        base_url=url,
        patience=QUICK,
    )
    with pytest.raises(UpstreamError, match="could not be reached"):
        answer(model)


def test_the_request_s_time_bounds_the_whole_call(bench: Bench) -> None:
    bench.lab.outage(outages.silent(ping_every_s=0.1), times=None)
    began = time.monotonic()
    with pytest.raises(UpstreamError, match="within 1 s"):
        answer(bench.anthropic(), asking(timeout_s=0.6))
    assert time.monotonic() - began < 1.5


def test_stop_acts_within_a_second_on_a_stream_that_is_silent(bench: Bench) -> None:
    bench.lab.outage(outages.silent(), times=None)
    patient = Patience(silence_s=60.0)
    pressed = threading.Event()

    def press() -> None:
        bench.lab.wait_until(lambda seen: seen and seen[0].events_sent)
        pressed.set()

    threading.Thread(target=press).start()
    began: list[float] = []

    def cancelled() -> bool:
        if pressed.is_set() and not began:
            began.append(time.monotonic())
        return pressed.is_set()

    with pytest.raises(CancelledError):
        bench.anthropic(patience=patient).reply(asking(timeout_s=60), cancelled=cancelled)
    assert time.monotonic() - began[0] < 1.0
    bench.lab.wait_until(lambda seen: seen[0].outcome in {"silent", "left"})


def test_what_the_cancel_callback_raises_comes_through(bench: Bench) -> None:
    bench.lab.outage(outages.slow(1.0), times=None)

    def cancelled() -> bool:
        raise CancelledByPersonError("U1")

    with pytest.raises(CancelledByPersonError):
        bench.anthropic().reply(asking(), cancelled=cancelled)


def test_a_reply_that_begins_after_stop_is_dropped(bench: Bench) -> None:
    bench.lab.outage(outages.slow(0.4), times=None)
    bench.lab.brain = PacedBrain(bench.lab.brain, per_event_s=0.05)
    with pytest.raises(CancelledError):
        bench.anthropic().reply(asking(), cancelled=lambda: bool(bench.lab.turns()))
    bench.lab.wait_until(lambda seen: seen and seen[0].outcome is Outcome.LEFT)


def test_a_stop_while_waiting_to_retry_acts_at_once(bench: Bench) -> None:
    bench.lab.outage(outages.rate_limited(retry_after_s=15), times=None)
    began = time.monotonic()
    with pytest.raises(CancelledError):
        bench.anthropic().reply(asking(timeout_s=60), cancelled=lambda: bool(bench.lab.turns()))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "outage", [outages.cut(), outages.unfinished(), outages.failing(), outages.overloaded()]
)
def test_bedrock_s_faults_that_pass_are_tried_again(bench: Bench, outage: outages.Outage) -> None:
    bench.lab.outage(outage)
    answer(bench.bedrock())
    assert len(bench.bodies()) == 2


def test_the_chain_falls_to_bedrock_and_rests_the_one_that_failed(bench: Bench) -> None:
    bench.lab.outage(outages.out_of_credit())
    chain = Chain([bench.anthropic(), bench.bedrock()], clock=SystemClock())
    assert answer(chain).model.startswith("bedrock:")
    assert answer(chain).model.startswith("bedrock:")
    assert [exchange.provider for exchange in bench.lab.turns()] == [
        "anthropic",
        "bedrock",
        "bedrock",
    ]


def test_a_chain_of_rested_providers_asks_them_all_the_same(bench: Bench) -> None:
    bench.lab.outage(outages.out_of_credit())
    chain = Chain([bench.anthropic()], clock=SystemClock())
    with pytest.raises(UpstreamError):
        answer(chain)
    assert answer(chain).model == f"anthropic:{MODEL}"


def test_a_chain_whose_providers_all_fail_says_what_each_said(bench: Bench) -> None:
    bench.lab.outage(outages.out_of_credit(), times=None)
    chain = Chain([bench.anthropic(), bench.bedrock()], clock=SystemClock())
    with pytest.raises(UpstreamError, match=r"anthropic .*credit.*; bedrock ") as caught:
        answer(chain)
    assert caught.value.system == "bedrock"


def test_a_chain_of_nothing_says_that_no_model_is_configured() -> None:
    with pytest.raises(UpstreamError, match="no language model is configured"):
        answer(Chain([], clock=SystemClock()))
