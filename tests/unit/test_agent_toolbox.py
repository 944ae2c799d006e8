from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import pytest
from inline_snapshot import snapshot
from pydantic import Field

from bot.agent.conclusion import conclude_spec
from bot.agent.toolbox import InvalidCallError, Toolbox
from tests.bench.agent_bench import observed, seen, use

if TYPE_CHECKING:
    from bot.domain.evidence import Observation


def look(
    where: Annotated[str, Field(max_length=5, description="Place")],
    times: Annotated[int, Field(ge=1, le=9)] = 1,
    how: Literal["near", "far"] = "near",
) -> Observation:
    """Look somewhere.

    Twice if you must.
    """
    return seen(f"{where} {times} {how}")


def ask(whom: str) -> Observation:
    """Ask somebody."""
    return seen(whom)


def test_name_description_and_schema_come_from_the_function() -> None:
    (spec,) = Toolbox.of(look).specs
    assert spec.name == "look"
    assert spec.description == "Look somewhere.\n\nTwice if you must."
    assert spec.input_schema == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "where": {"description": "Place", "maxLength": 5, "type": "string"},
                "times": {"default": 1, "maximum": 9, "minimum": 1, "type": "integer"},
                "how": {"default": "near", "enum": ["near", "far"], "type": "string"},
            },
            "required": ["where"],
            "type": "object",
        }
    )


def test_tools_are_told_in_the_order_of_their_names() -> None:
    assert [spec.name for spec in Toolbox.of(look, ask).specs] == ["ask", "look"]


def test_defaults_are_filled_in() -> None:
    assert observed(Toolbox.of(look), use("look", where="here")).body == "here 1 near"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "where: Field required"),
        ({"where": "xyzzy-plugh"}, "where: String should have at most 5 characters"),
        ({"where": "here", "times": 10}, "times: Input should be less than or equal to 9"),
        ({"where": "here", "how": "xyzzy"}, "how: Input should be 'near' or 'far'"),
        ({"where": "here", "xyzzy": 1}, "xyzzy: Extra inputs are not permitted"),
        ({"where": ["xyzzy"]}, "where: Input should be a valid string"),
    ],
)
def test_what_does_not_fit_is_explained(arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidCallError) as caught:
        Toolbox.of(look).call(use("look", **arguments))
    assert complaint in str(caught.value)
    assert "Send one JSON object with: where, times, how" in str(caught.value)


def test_an_explanation_never_repeats_a_value_that_was_sent() -> None:
    with pytest.raises(InvalidCallError) as caught:
        Toolbox.of(look).call(use("look", where="hunter2-hunter2", times="hunter2"))
    assert "hunter2" not in str(caught.value)


def test_many_mistakes_make_a_short_explanation() -> None:
    sent: dict[str, object] = {f"wrong{number}": 1 for number in range(30)}
    with pytest.raises(InvalidCallError, match="and 28 more"):
        Toolbox.of(look).call(use("look", **sent))


def test_an_unknown_tool_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidCallError, match="The tools are: ask, look"):
        Toolbox.of(look, ask).call(use("exec", command="id"))


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        Toolbox.of(look, look)


def test_a_function_without_words_for_the_model_is_refused() -> None:
    def mute(where: str) -> Observation:
        return seen(where)

    with pytest.raises(ValueError, match="docstring"):
        Toolbox.of(mute)


def test_the_terminal_tool_is_strict_and_its_schema_small() -> None:
    spec = conclude_spec()
    assert spec.input_schema["additionalProperties"] is False
    assert spec.input_schema["required"] == ["status", "summary"]
    # At four characters a token this is about 1,600 tokens of every request's cached head.
    assert len(str(spec.input_schema)) < 6_400
