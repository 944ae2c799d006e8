"""Words are made safe, and what Slack would refuse is made into what it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack.degrade import openable, sendable
from bot.adapters.slack.flatten import blocks_text
from bot.adapters.slack.text import escape, neutral_markdown, split_markdown, when
from bot.adapters.slack.validation import validate_message, validate_view
from tests.lab.slack.values import (
    NOON,
)


@given(st.text(max_size=200))
def test_no_text_in_a_mrkdwn_field_can_mention_anybody(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert "@channel" not in escaped.casefold()


@given(st.text(alphabet="<!@#channelhereU0 |>", max_size=80))
def test_no_markdown_of_a_model_can_mention_anybody(text: str) -> None:
    neutral = neutral_markdown(text)
    assert not any(mark in neutral for mark in ("<!", "<@", "<#", "@channel", "@here"))


@given(st.lists(st.sampled_from(["text\n", "```\n", "```yaml\n", "\n", "a: b\n"]), max_size=60))
def test_split_markdown_closes_every_fence_it_cuts(lines: list[str]) -> None:
    text = "".join(lines)
    pieces = split_markdown(text, first=60, rest=80)
    assert all(len(piece) <= 80 for piece in pieces)
    assert not any(_ends_in_code(piece) for piece in pieces[:-1])
    said = [line for piece in pieces for line in piece.split("\n") if line == "a: b"]
    assert len(said) == lines.count("a: b\n")


def _ends_in_code(piece: str) -> bool:
    inside = False
    for line in piece.splitlines():
        if line.startswith("```"):
            inside = not inside or line != "```"
    return inside


def test_a_date_reads_in_local_time_and_falls_back_to_utc() -> None:
    assert when(NOON + timedelta(minutes=5)) == (
        f"<!date^{int(NOON.timestamp()) + 300}^{{date_short_pretty}} at {{time}}"
        "|2031-05-06 12:05 UTC>"
    )


def test_a_message_slack_would_refuse_keeps_the_words_of_the_block_it_loses() -> None:
    bad = {"type": "section", "text": {"type": "mrkdwn", "text": "important " * 400}}
    fine = {"type": "section", "text": {"type": "mrkdwn", "text": "fine"}}
    sent, found = sendable({"text": "hello", "blocks": [fine, bad]}, for_update=True)
    assert [violation.code for violation in found] == ["too_long"]
    assert validate_message(sent, for_update=True) == []
    assert sent["blocks"][0] == fine
    assert "important" in blocks_text(sent["blocks"])


def test_a_message_too_large_as_a_whole_is_sent_as_text() -> None:
    part = {"type": "section", "text": {"type": "plain_text", "text": "x" * 2_900}}
    sent, found = sendable({"text": "hello", "blocks": [part] * 10}, for_update=True)
    assert {violation.code for violation in found} == {"text_sum_too_long"}
    assert sent["blocks"] == []
    assert sent["text"].startswith("hello\n\nxxx")
    assert validate_message(sent, for_update=True) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "rows"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=4), st.text(max_size=50), st.booleans())
def test_any_message_at_all_can_be_made_sendable(
    blocks: list[Any], text: str, for_update: bool
) -> None:
    sent, _ = sendable({"text": text, "blocks": blocks}, for_update=for_update)
    assert validate_message(sent, for_update=for_update) == []


@given(st.lists(_JSON, max_size=4))
def test_any_view_at_all_can_be_made_openable(blocks: list[Any]) -> None:
    title = {"type": "plain_text", "text": "Details"}
    sent, _ = openable({"type": "modal", "title": title, "blocks": blocks})
    assert validate_view(sent) == []
