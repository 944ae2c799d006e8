"""Every card of an answer or command, in every state and of hostile text, is one Slack takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack import actions, limits
from bot.adapters.slack.blocks import answer, command, notice
from bot.adapters.slack.blocks.outcome import final_cards
from bot.domain.conversation import PersonId
from bot.domain.evidence import EvidenceState, Grid
from bot.domain.investigation import RunState
from bot.domain.verdict import Status
from tests.lab.slack.values import (
    ending,
    observation,
    outcome,
    typed,
    verdict,
)
from tests.unit.slack_cards import HOSTILE, everything, shown, takes

ENDINGS = (RunState.FAILED, RunState.TIMED_OUT, RunState.CANCELLED, RunState.ORPHANED)


@pytest.mark.parametrize("text", HOSTILE)
def test_an_answer_made_of_hostile_text_is_a_message_slack_takes(text: str) -> None:
    for card in final_cards(everything(text)):
        assert takes(card) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_typed_commands_output_of_hostile_text_is_a_message_slack_takes(text: str) -> None:
    grid = Grid(columns=("NAME", "NOTE"), rows=((text[:300], text[:300]), ("", "")))
    for seen in (observation(query=text, body=text), observation(query=text, grid=grid)):
        for card in final_cards(typed(seen)):
            assert takes(card) == []


@given(st.text(max_size=400), st.sampled_from(list(RunState)), st.sampled_from(list(Status)))
def test_any_text_in_any_state_makes_cards_slack_takes(
    text: str, state: RunState, status: Status
) -> None:
    found = outcome(state=state, found=verdict(summary=text, text=text, status=status), notice=text)
    cards = (*final_cards(found), *final_cards(ending(state, notice=text)), notice.note_card(text))
    for card in cards:
        assert takes(card) == []


def test_the_first_words_of_an_answer_are_how_sure_it_is_and_the_conclusion() -> None:
    card = final_cards(outcome())[0]
    assert card.text.startswith("Confirmed: checkout crashes since 11:40")
    assert card.blocks[0]["text"].startswith("**Confirmed.** checkout crashes")


def test_an_answer_shows_evidence_with_query_scope_and_time() -> None:
    words = shown(final_cards(outcome()))
    assert "*E1* `kubectl get pods -n shop` → 1 row · prod-eu/shop · <!date^" in words


def test_an_answer_names_each_gap_with_its_reason() -> None:
    words = shown(final_cards(outcome(found=verdict(text="timed out after 15 s"))))
    for title in ("Seen only in part", "Not reachable", "Not allowed to read", "Not checked"):
        assert f"*{title}:* metrics @ prod-eu (timed out after 15 s)" in words


def test_names_without_evidence_are_called_hypotheses() -> None:
    words = shown(final_cards(outcome()))
    assert "*Hypothesis, not found in the cited evidence:* `db-primary`" in words
    assert "Hypothesis" not in shown(final_cards(outcome(found=verdict(unverified=()))))


def test_the_footer_says_who_answered_at_what_cost() -> None:
    words = shown(final_cards(outcome()))
    assert "answered by anthropic:claude-sonnet-5 · 7 reads · 34.0 s · $0.12" in words


@pytest.mark.parametrize("state", list(RunState))
def test_only_a_run_that_did_not_finish_offers_a_retry(state: RunState) -> None:
    for found in (outcome(state=state), ending(state, notice="the worker died")):
        elements = [element for block in answer.controls(found) for element in block["elements"]]
        offered = {element["action_id"] for element in elements}
        assert (actions.RETRY in offered) == (state in ENDINGS)


def test_a_stopped_run_names_who_stopped_it() -> None:
    stopped = replace(ending(RunState.CANCELLED, notice=None), stopped_by=PersonId("U0LABANA1"))
    assert shown(final_cards(stopped)).startswith("Stopped by <@U0LABANA1>.")
    partial = replace(outcome(state=RunState.CANCELLED), stopped_by=PersonId("<!channel>"))
    assert "Stopped by &lt;!channel&gt;." in shown(final_cards(partial))


def test_feedback_is_asked_for_answers_only() -> None:
    assert "feedback_buttons" in str(final_cards(outcome())[0].blocks)
    assert "feedback_buttons" not in str(final_cards(ending(RunState.FAILED, notice="x"))[0].blocks)


def test_an_answer_longer_than_a_card_goes_on_in_the_thread_without_losing_a_word() -> None:
    words = [f"word{number}" for number in range(2_000)]
    cards = final_cards(outcome(found=verdict(summary=" ".join(words))))
    said = "\n".join(str(card.blocks[0]["text"]) for card in cards)
    assert len(cards) > 1
    assert [word for word in words if word not in said] == []
    assert "goes on below" in shown(cards[:1])


def test_an_endless_answer_is_cut_and_says_so() -> None:
    cards = final_cards(outcome(found=verdict(summary="wordy " * 20_000)))
    assert len(cards) == answer.MAX_PARTS
    assert "Cut here" in shown(cards[-1:])
    assert "Cut here" not in shown(cards[:-1])


def test_a_grid_becomes_a_table_with_a_caption_and_no_empty_cell() -> None:
    grid = Grid(columns=("NAME", "NODE"), rows=(("checkout-1", ""),))
    card = final_cards(typed(observation(grid=grid)))[0]
    table = next(block for block in card.blocks if block["type"] == "data_table")
    assert table["caption"] == "kubectl get pods -n shop"
    assert [cell["text"] for cell in table["rows"][1]] == ["checkout-1", "—"]


@pytest.mark.parametrize(("columns", "rows"), [(21, 3), (3, limits.DATA_TABLE_ROWS + 1), (20, 100)])
def test_a_grid_that_does_not_fit_is_shown_as_text(columns: int, rows: int) -> None:
    grid = Grid(columns=("COLUMN",) * columns, rows=(("a long cell",) * columns,) * rows)
    card = final_cards(typed(observation(grid=grid, body="as text")))[0]
    assert "data_table" not in str(card.blocks)
    assert "as text" in shown((card,))


def test_output_too_long_for_three_messages_is_one_that_points_to_the_file() -> None:
    body = "\n".join(f"line {number:06}" for number in range(5_000))
    (card,) = final_cards(typed(observation(body=body)))
    said = shown((card,))
    assert "line 000000" in said
    assert "the full output is a file in this thread" in said


def test_output_whose_file_is_lost_fills_three_messages_and_says_how_much_is_missing() -> None:
    body = "\n".join(f"line {number:06}" for number in range(5_000))
    cards = final_cards(typed(observation(body=body)), files_lost=True)
    assert len(cards) == command.MAX_PARTS
    said = shown(cards)
    assert "line 000000" in said
    left = len(body) - sum(
        len(str(block["elements"][0]["elements"][0]["text"])) + 1
        for card in cards
        for block in card.blocks
        if block["type"] == "rich_text"
    )
    assert f"*Cut here:* {left} more characters" in said


@pytest.mark.parametrize("state", list(EvidenceState))
def test_a_typed_command_says_when_its_output_is_not_the_whole_truth(state: EvidenceState) -> None:
    cut_bytes = 50_000_000 if state is EvidenceState.TRUNCATED else 0
    words = shown(final_cards(typed(observation(state=state, cut_bytes=cut_bytes))))
    assert ("*State:*" in words) == (state is not EvidenceState.OK)
    assert ("50.0 MB" in words) == (state is EvidenceState.TRUNCATED)
