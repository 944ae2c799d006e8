from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot.agent.loop import Ending
from bot.domain.errors import CancelledByPersonError, LeaseLostError, UpstreamError
from bot.domain.evidence import EvidenceState, Observation
from bot.domain.investigation import TextBlock, Turn
from bot.domain.progress import TaskState
from tests.bench.agent_bench import (
    MemorySession,
    Said,
    ScriptedModel,
    calls,
    conclude,
    seen,
    use,
    words,
)
from tests.unit.agent_runs import Run, Tools

if TYPE_CHECKING:
    from bot.ports.model import ModelRequest


def test_the_run_ends_with_what_the_terminal_tool_was_called_with() -> None:
    run = Run(ScriptedModel(calls(use("look", where="here")), conclude(summary="fine")))
    assert run.go() == Ending(arguments={"summary": "fine"}, words="", ceiling=None)
    assert run.tools.looked == ["here"]
    assert [turn.role for turn in run.session.stored] == ["user", "assistant"] * 2


def test_what_a_tool_saw_is_in_the_ledger_and_reaches_the_model_with_its_label() -> None:
    run = Run(ScriptedModel(calls(use("look", where="here")), conclude()))
    run.go()
    assert [one.label for one in run.session.book] == ["E1"]
    (result,) = run.session.results
    assert result.text.startswith("E1 | ok | 1 rows | prod-eu/shop")
    assert "here is fine" in result.text


def test_parallel_calls_run_at_the_same_time_and_their_results_keep_their_order() -> None:
    # The barrier opens only when four calls are inside together.
    tools = Tools(gate=threading.Barrier(4))
    uses = [use("look", where=where) for where in "abcd"]
    run = Run(ScriptedModel(calls(*uses), conclude()), tools=tools)
    run.go()
    assert [one.tool_use_id for one in run.session.results] == [one.tool_use_id for one in uses]


def test_an_exact_repeat_is_answered_with_the_label_of_the_first_call() -> None:
    run = Run(
        ScriptedModel(
            calls(use("look", where="here")), calls(use("look", where="here")), conclude()
        )
    )
    run.go()
    assert run.tools.looked == ["here"]
    assert "E1 is the result of this exact call" in run.session.results[1].text
    assert run.session.results[1].is_error


def test_twins_in_one_turn_are_run_once() -> None:
    run = Run(ScriptedModel(calls(use("look", where="x"), use("look", where="x")), conclude()))
    run.go()
    assert run.tools.looked == ["x"]
    assert "Not run: E1" in run.session.results[1].text


def test_a_call_that_got_no_answer_may_be_made_once_more_but_not_twice() -> None:
    run = Run(
        ScriptedModel(*(calls(use("look", where="x")) for _ in range(3)), conclude()),
        tools=Tools(state=EvidenceState.UNREACHABLE),
    )
    run.go()
    assert run.tools.looked == ["x", "x"]


def test_a_refused_call_is_told_why_and_not_made_again() -> None:
    run = Run(ScriptedModel(calls(use("fail", how="no")), calls(use("fail", how="no")), conclude()))
    run.go()
    assert run.tools.looked == ["no"]
    first, second = run.session.results
    assert "try `here`" in first.text
    assert "failed before" in second.text
    assert run.session.book == []


def test_a_tool_that_meets_a_broken_system_does_not_end_the_run() -> None:
    run = Run(ScriptedModel(calls(use("fail", how="down")), conclude(summary="unknown")))
    assert run.go().arguments == {"summary": "unknown"}
    assert "the backend is down" in run.session.results[0].text


def test_a_tool_that_is_not_in_the_box_cannot_be_called() -> None:
    run = Run(ScriptedModel(calls(use("kubectl_delete", name="ns")), conclude()))
    run.go()
    assert run.tools.looked == []
    assert "The tools are: fail, look" in run.session.results[0].text


def test_malformed_arguments_are_explained_without_being_repeated() -> None:
    run = Run(ScriptedModel(calls(use("look", malformed_json="{secret")), conclude()))
    run.go()
    text = run.session.results[0].text
    assert "Send one JSON object with: where" in text
    assert "secret" not in text


def test_a_run_that_was_killed_goes_on_and_runs_only_what_is_missing() -> None:
    done, missing = use("look", where="done"), use("look", where="missing")
    session = MemorySession(
        stored=[
            Turn(role="user", blocks=(TextBlock(text="How is it?"),)),
            Turn(role="assistant", blocks=(done, missing), model="anthropic:scripted"),
        ]
    )
    session.enter(done.tool_use_id, seen("done is fine"))
    run = Run(ScriptedModel(conclude(summary="fine")), session=session)
    run.go()
    assert run.tools.looked == ["missing"]
    assert [one.tool_use_id for one in session.results] == [done.tool_use_id, missing.tool_use_id]


def test_every_prefix_of_a_stored_run_can_be_gone_on_from_with_the_same_end() -> None:
    uses = [use("look", where=where) for where in ("a", "b")]
    script = [calls(*uses), words("Thinking aloud."), conclude(summary="fine")]
    whole = Run(ScriptedModel(*script))
    whole.go()
    for length in range(len(whole.session.stored)):
        stored = whole.session.stored[:length]
        turns_made = sum(turn.role == "assistant" for turn in stored)
        session = MemorySession(stored=list(stored), book=list(whole.session.book[:1]))
        run = Run(ScriptedModel(*script[turns_made:]), session=session)
        assert run.go().arguments == {"summary": "fine"}
        assert "a" not in run.tools.looked
        assert session.stored == whole.session.stored


def test_a_stored_conclusion_is_returned_without_asking_again() -> None:
    session = MemorySession(
        stored=[
            Turn(role="user", blocks=(TextBlock(text="How is it?"),)),
            Turn(role="assistant", blocks=conclude(summary="fine").blocks),
        ]
    )
    assert Run(ScriptedModel(), session=session).go().arguments == {"summary": "fine"}


def test_what_people_send_meanwhile_reaches_the_model_once() -> None:
    session = MemorySession()

    def interrupted(_: ModelRequest) -> Said:
        session.messages.append("look at the database too")
        return calls(use("look", where="x"))

    model = ScriptedModel(interrupted, calls(use("look", where="y")), conclude())
    Run(model, session=session).go()
    assert str(session.stored).count("look at the database too") == 1
    assert "look at the database too" in str(model.asked[1].turns[-1])


def test_every_model_call_is_charged() -> None:
    run = Run(ScriptedModel(calls(use("look", where="x")), conclude()))
    run.go()
    assert [model for model, _ in run.session.charged] == ["anthropic:scripted"] * 2


def test_people_see_each_step_begin_and_end() -> None:
    run = Run(ScriptedModel(calls(use("look", where="here")), conclude()))
    run.go()
    assert [(task.title, task.state, task.outcome) for task in run.session.shown] == [
        ("look here", TaskState.IN_PROGRESS, None),
        ("look here", TaskState.COMPLETE, "1 row · prod-eu · E1"),
    ]


def test_a_step_shows_no_address_a_model_was_told_to_call() -> None:
    run = Run(ScriptedModel(calls(use("look", where="https://evil.example.net/?q=1")), conclude()))
    run.go()
    assert {task.title for task in run.session.shown} == {"look (link removed)"}


def test_a_lost_lease_stops_the_run_before_the_next_step() -> None:
    session = MemorySession()

    def lost() -> None:
        if session.book:
            raise LeaseLostError

    session.on_check = lost
    run = Run(ScriptedModel(calls(use("look", where="x"))), session=session)
    with pytest.raises(LeaseLostError):
        run.go()


def test_stop_is_heard_while_a_tool_hangs() -> None:
    released = threading.Event()
    session = MemorySession()

    @dataclass
    class Hanging(Tools):
        def look(self, where: str) -> Observation:
            """Hang."""
            self.looked.append(where)
            released.wait(timeout=30)
            return seen()

    tools = Hanging()

    def pressed() -> None:
        if tools.looked:
            raise CancelledByPersonError("U1")

    session.on_check = pressed
    run = Run(ScriptedModel(calls(use("look", where="x"))), tools=tools, session=session)
    began = time.monotonic()
    with pytest.raises(CancelledByPersonError):
        run.go()
    assert time.monotonic() - began < 1.0
    released.set()


def test_a_model_that_cannot_be_reached_leaves_the_turns_stored() -> None:
    def broken(_: ModelRequest) -> Said:
        raise UpstreamError("gone", system="anthropic")

    run = Run(ScriptedModel(calls(use("look", where="x")), broken))
    with pytest.raises(UpstreamError):
        run.go()
    assert [turn.role for turn in run.session.stored] == ["user", "assistant", "user"]
    assert len(run.session.book) == 1


def test_the_head_of_the_request_never_changes_within_a_run() -> None:
    model = ScriptedModel(calls(use("look", where="x")), words("Well."), conclude())
    Run(model).go()
    heads = {(request.system, str(request.tools)) for request in model.asked}
    assert len(heads) == 1
    assert [tool.name for tool in model.asked[0].tools] == ["conclude", "fail", "look"]
