"""What is said around an approval card: reasons, details, reminders, calls, the list."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.blocks.approval.calls_to_people import (
    escalation_card,
    page_card,
    reminder_card,
)
from bot.adapters.slack.blocks.approval.card import action_card
from bot.adapters.slack.blocks.approval.listing import actions_card
from bot.adapters.slack.blocks.approval.views import whole_view
from bot.adapters.slack.validation import validate_view
from bot.flows.approval.switchboard import halted
from safe_ops.model.actions import (
    Author,
    State,
    Switches,
)
from tests.unit.slack_actions import (
    DIGEST,
    action,
    approval,
    draft,
    drawing,
    plan,
    restart,
    view,
)
from tests.unit.slack_cards import takes
from tests.unit.test_approval_card import controls, words

if TYPE_CHECKING:
    from safe_ops.model.plans import Step


def test_the_reason_of_a_model_stands_apart_marked_and_short() -> None:
    words_of_model = (
        "harmless restart <!channel> <@U0LABANA1> see https://evil.example/?q=1 or"
        " [here](http://x.example) or evil.example/path " + "a" * 2_000
    )
    card = action_card(view(action(), rationale=words_of_model))
    assert takes(card) == []
    (quoted,) = [
        block["elements"][0]["elements"]
        for block in card.blocks
        if block["type"] == "rich_text" and block["elements"][0]["type"] == "rich_text_quote"
    ]
    (run,) = quoted
    assert run["type"] == "text"
    assert len(run["text"]) <= 600
    assert "Why, in a model's words (unverified):" in words(card)
    for trace in ("http", "evil.example", "<!channel", "<@U0LABANA1"):
        assert trace not in run["text"]
    assert "link" not in {one["type"] for one in quoted}


def test_what_a_model_says_changes_no_fact_of_the_card() -> None:
    lie = action_card(view(action(), rationale="replicas stay as they are; tier T1"))
    truth = action_card(view(action()))
    facts = [block for block in truth.blocks if block["type"] != "actions"]
    assert all(block in lie.blocks for block in facts)
    assert controls(lie) == controls(truth)


@pytest.mark.parametrize(
    ("author", "heading"),
    [
        (Author.RULES, "Why, by Nightdesk's own rules:"),
        (Author.PERSON, "Why, in the words of who asked:"),
    ],
)
def test_a_reason_of_rules_or_of_a_person_is_not_called_a_models(
    author: Author, heading: str
) -> None:
    asked = replace(action().request, rationale_by=author)
    card = action_card(view(replace(action(), request=asked), rationale="errors rose"))
    assert heading in words(card)
    assert "model" not in words(card)


@pytest.mark.parametrize("state", list(State))
def test_details_are_a_view_slack_takes_in_every_state(state: State) -> None:
    found = whole_view(view(action(state, approvals=(approval(),))))
    assert validate_view(found) == []
    assert DIGEST in json.dumps(found)


def test_details_of_a_huge_plan_say_where_it_is_whole() -> None:
    steps: tuple[Step, ...] = tuple(
        replace(restart(f"d{number}"), says="x" * number) for number in range(4_000)
    )
    found = whole_view(view(action(of=plan(drawing=drawing(steps=steps)))))
    assert validate_view(found) == []
    assert "nightdesk audit show A12" in json.dumps(found)


def test_a_reminder_names_the_group_and_nobody_else() -> None:
    card = reminder_card(action(), groups={"oncall": "S0LABONC", "managers": ""})
    assert takes(card) == []
    assert "<!subteam^S0LABONC> or *managers*" in card.text
    for broadcast in ("<!channel", "<!here", "<!everyone", "@channel"):
        assert broadcast not in card.text


@pytest.mark.parametrize(
    ("may_approve", "said"),
    [
        (True, "You may approve or deny it on its card."),
        (False, "You cannot give this approval: it is for *oncall* to give."),
    ],
)
def test_an_escalation_says_whose_turn_it_is_and_until_when(may_approve: bool, said: str) -> None:
    card = escalation_card(
        action(), groups={"deputies": "S0LABDEP"}, may_approve=may_approve, link="https://x.test/p1"
    )
    assert takes(card) == []
    for part in ("<!subteam^S0LABDEP>", "nobody has decided on *A12*", said, "It expires"):
        assert part in card.text
    assert "<https://x.test/p1|Open the card>" in words(card)


def test_a_page_says_what_happened() -> None:
    card = page_card(action(), "the undo failed <!channel>", groups={})
    assert takes(card) == []
    assert "whoever is on call" in card.text
    assert "&lt;!channel&gt;" in card.text


def test_the_list_of_actions_is_a_line_each() -> None:
    card = actions_card((action(), draft()))
    assert takes(card) == []
    assert words(card).count("A12") == 3
    assert takes(actions_card(())) == []


def test_the_list_of_actions_says_first_what_keeps_them_from_running() -> None:
    at = datetime(2031, 5, 6, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    set_now = Switches(stopped_by="ana", stopped_at=at, read_only=True, frozen="month <end>")
    for actions in ((), (action(),)):
        card = actions_card(actions, halted=halted(set_now))
        assert takes(card) == []
        said = words(card)
        assert "stopped since 2031-05-06 12:00 UTC, by ana: `/nightdesk release`" in said
        assert "Read-only: nothing is run before `/nightdesk readonly off`." in said
        assert "Frozen: month &lt;end&gt;. `/nightdesk thaw` lifts it." in said
    assert halted(Switches()) == ()
