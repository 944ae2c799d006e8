from __future__ import annotations

import time

import pytest

from bot.agent.budget import Limits
from bot.agent.loop import Ending
from bot.domain.errors import UpstreamError
from bot.domain.investigation import TextBlock, Usage
from bot.ports.model import ModelRequest, StopReason
from tests.bench.agent_bench import (
    Said,
    ScriptedModel,
    StoppedClock,
    calls,
    conclude,
    use,
    words,
)
from tests.unit.agent_runs import Run


def test_a_model_that_ends_with_words_is_made_to_conclude() -> None:
    model = ScriptedModel(words("It is fine."), conclude(summary="fine"))
    ending = Run(model).go()
    assert ending.arguments == {"summary": "fine"}
    assert [request.must_call for request in model.asked] == [None, "conclude"]


def test_a_model_that_never_concludes_leaves_its_words() -> None:
    model = ScriptedModel(forever=lambda _: words("It is fine."))
    ending = Run(model).go()
    assert (ending.arguments, ending.words) == (None, "It is fine.")
    assert len(model.asked) == 3


def test_a_conclusion_of_wrong_form_is_explained_once() -> None:
    run = Run(ScriptedModel(conclude(poor=1), conclude(summary="better")))
    assert run.go().arguments == {"summary": "better"}
    assert "say more" in run.session.results[0].text


def test_a_second_conclusion_of_wrong_form_is_taken_as_it_is() -> None:
    run = Run(ScriptedModel(conclude(poor=1), conclude(poor=2)))
    assert run.go().arguments == {"poor": 2}


def test_a_conclusion_of_wrong_form_is_better_than_the_words_that_follow_it() -> None:
    run = Run(ScriptedModel(conclude(poor=1), words("sorry"), words("sorry")))
    assert run.go().arguments == {"poor": 1}


def test_a_conclusion_beside_other_calls_ends_the_run_without_them() -> None:
    run = Run(ScriptedModel(calls(use("look", where="x"), use("conclude", summary="fine"))))
    assert run.go().arguments == {"summary": "fine"}
    assert run.tools.looked == []


def endless(request: ModelRequest) -> Said:
    """Looks somewhere new for ever, unless it must conclude."""
    if request.must_call:
        return conclude(summary="partial")
    return calls(use("look", where=f"place {len(request.turns)}"))


@pytest.mark.parametrize(
    ("limits", "usage", "words_of_it"),
    [
        (Limits(max_turns=4), Usage(), "4 model turns"),
        (Limits(max_tool_calls=3), Usage(), "3 tool calls"),
        (Limits(max_tokens=1000), Usage(input_tokens=300), "1,000 tokens"),
        (Limits(max_tokens=1000), Usage(cache_read_tokens=3000), "1,000 tokens"),
        (Limits(max_usd=0.1), Usage(cost_usd=0.04), "0.10 US dollars"),
    ],
)
def test_at_every_ceiling_a_partial_answer_comes(
    limits: Limits, usage: Usage, words_of_it: str
) -> None:
    model = ScriptedModel(usage=usage, forever=endless)
    ending = Run(model, limits=limits).go()
    assert ending.arguments == {"summary": "partial"}
    assert ending.ceiling == words_of_it
    assert model.asked[-1].must_call == "conclude"
    assert len(model.asked) <= 4


def test_when_time_runs_out_a_partial_answer_comes() -> None:
    clock = StoppedClock()

    def slow(request: ModelRequest) -> Said:
        clock.sleep(60)
        return endless(request)

    model = ScriptedModel(forever=slow)
    ending = Run(model, clock=clock, limits=Limits(max_seconds=180)).go()
    assert ending.arguments == {"summary": "partial"}
    assert ending.ceiling == "180 seconds"
    assert model.asked[-1].timeout_s == 20


def test_repeating_itself_for_ever_is_a_ceiling_too() -> None:
    def parrot(request: ModelRequest) -> Said:
        return conclude() if request.must_call else calls(use("look", where="x"))

    model = ScriptedModel(forever=parrot)
    run = Run(model, limits=Limits(max_refusals=2))
    assert run.go().ceiling == "2 refused calls"
    assert run.tools.looked == ["x"]


def test_calls_beyond_the_budget_are_not_made() -> None:
    run = Run(
        ScriptedModel(calls(*(use("look", where=str(n)) for n in range(5))), conclude()),
        limits=Limits(max_tool_calls=3),
    )
    run.go()
    assert sorted(run.tools.looked) == ["0", "1", "2"]
    assert "no tool call is left" in run.session.results[4].text


def test_after_the_ceiling_no_tool_is_run_even_if_the_model_insists() -> None:
    model = ScriptedModel(forever=lambda _: calls(use("look", where=f"{time.monotonic_ns()}")))
    run = Run(model, limits=Limits(max_turns=3))
    assert run.go().arguments is None
    assert len(run.tools.looked) == 2
    assert len(model.asked) == 4


def test_what_an_earlier_worker_used_counts() -> None:
    first = Run(ScriptedModel(calls(use("look", where="a")), calls(use("look", where="b"))))
    with pytest.raises(AssertionError, match="script has ended"):
        first.go()
    model = ScriptedModel(forever=endless)
    Run(model, session=first.session, limits=Limits(max_turns=3)).go()
    assert [request.must_call for request in model.asked] == ["conclude"]


def test_an_empty_reply_is_stored_as_something_the_api_takes_back() -> None:
    run = Run(ScriptedModel(Said(blocks=()), conclude(summary="fine")))
    assert run.go() == Ending(arguments={"summary": "fine"}, words="", ceiling=None)


def test_a_declined_turn_is_asked_once_more_and_its_beginning_is_not_kept() -> None:
    declined = Said(blocks=(TextBlock(text="Here is how to"),), stop=StopReason.REFUSAL)
    run = Run(ScriptedModel(declined, conclude(summary="fine")))
    assert run.go().arguments == {"summary": "fine"}
    assert "Here is how to" not in str(run.session.stored)


def test_a_model_that_declines_twice_has_failed() -> None:
    declined = Said(blocks=(), stop=StopReason.REFUSAL)
    with pytest.raises(UpstreamError, match="declined"):
        Run(ScriptedModel(declined, declined)).go()


def test_a_reply_that_ran_out_of_tokens_is_asked_for_in_short() -> None:
    long = Said(blocks=(TextBlock(text="It all began"),), stop=StopReason.MAX_TOKENS)
    run = Run(ScriptedModel(long, conclude(summary="fine")))
    assert run.go().arguments == {"summary": "fine"}
    assert "short sentences" in str(run.session.stored[2])
