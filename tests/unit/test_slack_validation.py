"""The Block Kit validator refuses what Slack refuses, says where, and never breaks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack import limits
from bot.adapters.slack.block_shapes import BLOCKS, SURFACES
from bot.adapters.slack.validation import (
    Violation,
    block_text_length,
    validate_message,
    validate_view,
)

Json = dict[str, Any]


def plain(text: str = "Go") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def button(action_id: str = "go", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(), **more}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def rich() -> Json:
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}
    return {"type": "rich_text", "elements": [words]}


def cells(*texts: str) -> list[Json]:
    return [{"type": "raw_text", "text": text} for text in texts]


def task(**more: Any) -> Json:
    return {"type": "task_card", "task_id": "1", "title": "Look", "status": "pending", **more}


def line_chart(**more: Any) -> Json:
    return {
        "type": "data_visualization",
        "title": "p95",
        "chart": {
            "type": "line",
            "series": [{"name": "web", "data": [{"label": "10:00", "value": 1.5}]}],
            "axis_config": {"categories": ["10:00"], "x_label": "time"},
            **more,
        },
    }


IMAGE = {"alt_text": "a chart", "image_url": "https://lab.example/a.png"}
GOOD: dict[str, Json] = {
    "actions": {"type": "actions", "elements": [button()]},
    "call": {"type": "call", "call_id": "R1"},
    "card": {"type": "card", "title": plain(), "actions": [button()]},
    "carousel": {"type": "carousel", "elements": [{"type": "card", "title": mrkdwn()}]},
    "container": {"type": "container", "title": plain(), "child_blocks": [section()]},
    "context": {"type": "context", "elements": [mrkdwn(), {"type": "image", **IMAGE}]},
    "context_actions": {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "f",
                "positive_button": {"text": plain(), "value": "good"},
                "negative_button": {"text": plain(), "value": "bad"},
            },
            {"type": "icon_button", "action_id": "d", "icon": "trash", "text": plain()},
        ],
    },
    "data_table": {
        "type": "data_table",
        "caption": "Pods",
        "rows": [
            cells("name", "restarts"),
            [*cells("web"), {"type": "raw_number", "value": 3, "text": "3"}],
        ],
        "page_size": 10,
    },
    "data_visualization": line_chart(),
    "divider": {"type": "divider"},
    "file": {"type": "file", "external_id": "e", "source": "remote"},
    "header": {"type": "header", "text": plain()},
    "image": {"type": "image", **IMAGE, "title": plain()},
    "input": {
        "type": "input",
        "label": plain(),
        "element": {"type": "plain_text_input", "action_id": "t", "multiline": True},
    },
    "markdown": {"type": "markdown", "text": "**x**"},
    "plan": {"type": "plan", "title": "Looking", "tasks": [task(details=rich())]},
    "rich_text": rich(),
    "section": section(fields=[mrkdwn()], accessory=button()),
    "table": {"type": "table", "rows": [cells("a", "b")]},
    "task_card": task(sources=[{"type": "url", "url": "https://lab.example", "text": "x"}]),
    "video": {
        "type": "video",
        "title": plain(),
        "alt_text": "x",
        "thumbnail_url": "https://lab.example/t.png",
        "video_url": "https://lab.example/v",
    },
}


def found(*blocks: Json, text: str = "x") -> list[tuple[str, str]]:
    message = {"text": text, "blocks": list(blocks)}
    return [(one.pointer, one.code) for one in validate_message(message)]


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_a_plain_block_of_each_kind_is_accepted_and_a_stray_field_is_not(kind: str) -> None:
    assert found(GOOD[kind]) == []
    assert found({**GOOD[kind], "colour": "red"}) == [("/blocks/0/colour", "unknown_field")]


def test_every_block_that_may_stand_in_a_message_has_an_example_above() -> None:
    in_messages = {kind for kind in BLOCKS if "message" in SURFACES[kind]}
    assert in_messages - {"auth_provider"} == set(GOOD)


@pytest.mark.parametrize(
    ("block", "pointer", "code"),
    [
        (section("x" * 3001), "/blocks/0/text/text", "too_long"),
        (section(""), "/blocks/0/text/text", "too_short"),
        (section(fields=[mrkdwn()] * 11), "/blocks/0/fields", "too_many"),
        (section(fields=[mrkdwn("x" * 2001)]), "/blocks/0/fields/0/text", "too_long"),
        ({"type": "section"}, "/blocks/0", "missing_field"),
        ({"type": "header", "text": mrkdwn()}, "/blocks/0/text/type", "not_allowed"),
        ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text", "too_long"),
        ({"type": "context", "elements": [mrkdwn()] * 11}, "/blocks/0/elements", "too_many"),
        (
            {"type": "actions", "elements": [button(str(n)) for n in range(26)]},
            "/blocks/0/elements",
            "too_many",
        ),
        ({"type": "hologram"}, "/blocks/0/type", "unknown_type"),
        (
            {"type": "actions", "elements": [button(value="x" * 2001)]},
            "/blocks/0/elements/0/value",
            "too_long",
        ),
        (
            {"type": "actions", "elements": [button(style="loud")]},
            "/blocks/0/elements/0/style",
            "not_allowed",
        ),
        (
            {"type": "actions", "elements": [button(), button()]},
            "/blocks/0/elements/1/action_id",
            "duplicate_id",
        ),
        (
            section(accessory={"type": "plain_text_input", "action_id": "a"}),
            "/blocks/0/accessory/type",
            "not_allowed",
        ),
        ({"type": "alert", "text": plain()}, "/blocks/0/type", "wrong_surface"),
        (
            {
                "type": "container",
                "title": plain(),
                "child_blocks": [{"type": "alert", "text": plain()}],
            },
            "/blocks/0/child_blocks/0/type",
            "wrong_surface",
        ),
        (task(status="completed"), "/blocks/0/status", "not_allowed"),
        ({"type": "table", "rows": [cells("x")] * 101}, "/blocks/0/rows", "too_many"),
        ({"type": "table", "rows": [cells("x" * 10_001)]}, "/blocks/0/rows", "text_sum_too_long"),
        (
            {"type": "data_table", "rows": [cells("a"), cells("b")]},
            "/blocks/0/caption",
            "missing_field",
        ),
        ({"type": "data_table", "caption": "c", "rows": [cells("a")]}, "/blocks/0/rows", "too_few"),
        (
            {"type": "data_table", "caption": "c", "rows": [cells("a"), cells("b", "c")]},
            "/blocks/0/rows",
            "conflict",
        ),
        (
            {"type": "data_table", "caption": "c", "rows": [[rich()], cells("b")]},
            "/blocks/0/rows/0/0",
            "not_allowed",
        ),
        (
            line_chart(axis_config={"categories": ["11:00"]}),
            "/blocks/0/chart/series/0/data",
            "conflict",
        ),
        (
            {
                "type": "data_visualization",
                "title": "t",
                "chart": {
                    "type": "pie",
                    "segments": [{"label": str(n), "value": n} for n in range(7)],
                },
            },
            "/blocks/0/chart/segments",
            "too_many",
        ),
        (
            {"type": "container", "title": plain(), "child_blocks": [section()] * 11},
            "/blocks/0/child_blocks",
            "too_many",
        ),
        ({"type": "card", "body": plain("x" * 201)}, "/blocks/0/body/text", "too_long"),
        ({"type": "divider", "block_id": "x" * 256}, "/blocks/0/block_id", "too_long"),
    ],
)
def test_a_broken_block_is_named_by_pointer_and_code(block: Json, pointer: str, code: str) -> None:
    assert (pointer, code) in found(block)


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ([GOOD["table"], GOOD["data_table"]], "too_many"),
        ([line_chart()] * 3, "too_many"),
        ([GOOD["plan"], task()], "conflict"),
        ([section("x" * 2_500)] * 5, "text_sum_too_long"),
        ([{"type": "divider", "block_id": "a"}, section(block_id="a")], "duplicate_id"),
        ([{"type": "divider"}] * 51, "too_many"),
    ],
)
def test_blocks_that_are_fine_alone_may_not_go_together(blocks: list[Json], code: str) -> None:
    assert code in {one for _, one in found(*blocks)}
    assert all(found(block) == [] for block in blocks)


def test_the_same_button_may_stand_in_several_blocks() -> None:
    rows = [section(accessory=button("approve")), section(accessory=button("approve"))]
    assert found(*rows) == []


@pytest.mark.parametrize(
    ("message", "codes"),
    [
        ({}, ["missing_text"]),
        ({"text": "  "}, ["missing_text"]),
        ({"text": "x"}, []),
        ({"markdown_text": "x"}, []),
        ({"markdown_text": "x", "text": "y"}, ["conflict"]),
        ({"text": "x" * 40_001}, ["too_long"]),
        ({"text": "x", "blocks": "[]"}, ["wrong_type"]),
        ({"text": "x", "attachments": [{"blocks": [{"type": "header"}]}]}, ["missing_field"]),
    ],
)
def test_a_message_needs_a_text_of_its_own(message: Json, codes: list[str]) -> None:
    assert [one.code for one in validate_message(message)] == codes


def test_an_update_may_be_a_tenth_as_long_as_a_post() -> None:
    message = {"text": "x" * (limits.UPDATE_TEXT + 1)}
    assert validate_message(message) == []
    assert [one.code for one in validate_message(message, for_update=True)] == ["too_long"]


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(), "blocks": list(blocks), **more}


@pytest.mark.parametrize(
    ("view", "pointers"),
    [
        (modal(section()), []),
        (modal({"type": "alert", "text": plain()}), []),
        (modal(GOOD["markdown"]), ["/blocks/0/type"]),
        (modal(GOOD["input"]), ["/submit"]),
        (modal(GOOD["input"], submit=plain("x" * 25)), ["/submit/text"]),
        (modal(section(), private_metadata="x" * 3001), ["/private_metadata"]),
        (modal(), ["/blocks"]),
        ({"type": "home", "blocks": [section()]}, []),
        ({"type": "home", "blocks": [{"type": "alert", "text": plain()}]}, ["/blocks/0/type"]),
        ({"type": "home", "blocks": [section()], "title": plain()}, ["/title"]),
        ({"type": "poster"}, ["/type"]),
    ],
)
def test_a_view_is_judged_by_its_surface(view: Json, pointers: list[str]) -> None:
    assert [one.pointer for one in validate_view(view)] == pointers


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "blocks", "rows", "chart", "title"])
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)
typed_blocks = st.builds(
    lambda kind, body: {**body, "type": kind},
    st.sampled_from(sorted(BLOCKS)),
    st.dictionaries(
        st.sampled_from(["text", "elements", "rows", "chart", "child_blocks", "tasks", "title"]),
        json_values,
        max_size=4,
    ),
)


@given(blocks=st.lists(typed_blocks | json_values, max_size=6))
def test_no_json_breaks_the_validator_and_every_pointer_leads_somewhere(blocks: list[Any]) -> None:
    message = {"text": "x", "blocks": blocks}
    for violation in validate_message(message) + validate_view({"type": "modal", "blocks": blocks}):
        assert isinstance(violation, Violation)
        assert violation.pointer == "" or violation.pointer.startswith("/")
        assert violation.message


@given(texts=st.lists(st.text(min_size=1, max_size=2_990), min_size=1, max_size=6))
def test_the_sum_of_text_is_refused_exactly_above_the_limit(texts: list[str]) -> None:
    blocks = [section(text) for text in texts]
    total = sum(len(text) for text in texts)
    assert block_text_length(blocks) == total
    codes = {code for _, code in found(*blocks)}
    assert ("text_sum_too_long" in codes) == (total > limits.MESSAGE_BLOCK_TEXT_SUM)


@given(length=st.integers(min_value=1, max_value=400))
def test_a_header_is_cut_off_at_one_length_only(length: int) -> None:
    header = {"type": "header", "text": plain("ü" * length)}
    assert (found(header) == []) == (length <= limits.HEADER_TEXT)
