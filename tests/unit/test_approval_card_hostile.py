"""A card cannot lie: hostile names are shown as they are, or the card has no button."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.approval.card import action_card
from bot.adapters.slack.blocks.approval.listing import actions_card
from bot.adapters.slack.blocks.approval.views import whole_view
from bot.adapters.slack.flatten import blocks_text
from bot.adapters.slack.validation import validate_view
from bot.adapters.slack.visible import deceptive, odd_name, visible
from safe_ops.model.actions import Action, Outcome, State
from safe_ops.model.plans import (
    Call,
    Change,
    Drawing,
    Need,
    Place,
    Plan,
    Ruling,
    Stage,
    Step,
    System,
    Target,
    Tier,
    Verification,
)
from tests.lab.slack.values import NOON
from tests.unit.slack_actions import action, drawing, plan, view
from tests.unit.slack_cards import takes

if TYPE_CHECKING:
    from bot.adapters.slack.blocks.card import Card

DECIDING = {actions.OPERATION_APPROVE, actions.OPERATION_DENY}
RIGHT_TO_LEFT = "cart\u202eevil"
ZERO_WIDTH = "ca\u200brt"
HOMOGLYPH = "pr\u043ed"
FULL_WIDTH = "\uff43art"
CYRILLIC = "\u0441\u043e\u0441\u043e"
INJECTION = "*bold* <!channel> <@U0LABANA1> <https://evil.example|Grafana> `x` :skull: &amp;"


def buttons(card: Card) -> set[str]:
    rows = [block for block in card.blocks if block["type"] == "actions"]
    return {one["action_id"] for row in rows for one in row["elements"]}


def interpreted(node: object) -> list[str]:
    """Return the texts Slack reads markup in."""
    if isinstance(node, dict):
        own = [node["text"]] if node.get("type") == "mrkdwn" else []
        return own + [one for value in node.values() for one in interpreted(value)]
    if isinstance(node, list | tuple):
        return [one for item in node for one in interpreted(item)]
    return []


def of_target(**fields: Any) -> Action:
    target = replace(drawing().target, **fields)
    return action(of=plan(drawing=drawing(target=target)))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (RIGHT_TO_LEFT, "cart⟨U+202E⟩evil"),
        (ZERO_WIDTH, "ca⟨U+200B⟩rt"),
        ("cart\x1b[2K", "cart⟨U+001B⟩[2K"),
        ("cart\nreplicas: 12 → 12", "cart⟨U+000A⟩replicas: 12 → 12"),
        ("cart" + " " * 40 + "evil", "cart⟨40 spaces⟩evil"),
        ("cart\u3164", "cart⟨U+3164⟩"),
        ("cart\ue0001", "cart⟨U+E000⟩1"),
        ("ca\u0301rt", "ca⟨U+0301⟩rt"),
        ("⟨U+202E⟩", "⟨U+27E8⟩U+202E⟩"),
    ],
)
def test_unseen_characters_are_seen(name: str, shown: str) -> None:
    card = action_card(view(of_target(name=name)))
    assert takes(card) == []
    assert f"eu/Deployment/shop/{shown}" in blocks_text(card.blocks)


@pytest.mark.parametrize("field", ["name", "namespace", "kind", "uid", "service"])
@pytest.mark.parametrize("name", [RIGHT_TO_LEFT, ZERO_WIDTH, HOMOGLYPH, FULL_WIDTH, CYRILLIC])
def test_a_name_that_may_pass_for_another_costs_the_button_and_is_told(
    field: str, name: str
) -> None:
    card = action_card(view(of_target(**{field: name})))
    assert takes(card) == []
    assert not DECIDING & buttons(card)
    assert "may pass for another" in blocks_text(card.blocks)


def test_a_homoglyph_namespace_is_named_by_its_code_point() -> None:
    card = action_card(view(of_target(namespace=HOMOGLYPH)))
    assert "U+043E" in blocks_text(card.blocks)


def test_a_look_alike_word_anywhere_in_the_plan_costs_the_button() -> None:
    change = Change(field="image", before="registry/app:1", after="regi\u0455try/app:2")
    card = action_card(view(action(of=plan(drawing=drawing(changes=(change,))))))
    assert not DECIDING & buttons(card)
    assert "mixes scripts whose letters look alike" in blocks_text(card.blocks)


def test_a_body_shows_letters_that_are_not_ascii_by_their_number() -> None:
    step = drawing().steps[0]
    body = {"image": HOMOGLYPH}
    steps = (replace(step, call=replace(step.call, body=body)),)
    card = action_card(view(action(of=plan(drawing=drawing(steps=steps)))))
    assert r'{"image":"pr\u043ed"}' in blocks_text(card.blocks)


@pytest.mark.parametrize(
    "text",
    ["Größe für den Rollout", "3 of 4 pods · 75 % → 100 %", "発注サービスprod", "naïve café", "ok"],
)
def test_ordinary_writing_costs_no_button(text: str) -> None:
    assert deceptive(text) == ""
    noted = plan(drawing=drawing(notes=(text,)))
    assert buttons(action_card(view(action(of=noted)))) >= DECIDING


@pytest.mark.parametrize("text", ["abc \u0645\u0631\u062d def", "\u05d0\u05d1 rollback"])
def test_text_that_turns_the_direction_of_reading_costs_the_button(text: str) -> None:
    assert "right to left" in deceptive(text)
    card = action_card(view(action(of=plan(drawing=drawing(notes=(text,))))))
    assert not DECIDING & buttons(card)


def test_a_name_of_three_thousand_characters_costs_the_button_and_is_cut_visibly() -> None:
    card = action_card(view(of_target(name="a" * 3_000)))
    assert takes(card) == []
    assert not DECIDING & buttons(card)
    assert "…" in blocks_text(card.blocks) or "a" * 3_000 in blocks_text(card.blocks)


def test_names_are_no_markup_and_mention_nobody() -> None:
    card = action_card(view(of_target(name=INJECTION)))
    for text in interpreted(card.blocks):
        assert "<!channel>" not in text
        assert "<https://" not in text
        assert "<@U0LABANA1> <" not in text
    assert INJECTION in blocks_text(card.blocks)
    assert "<!channel>" not in card.text
    assert "&lt;!channel&gt;" in card.text


def test_a_hostile_requester_is_shown_as_text() -> None:
    waiting = action()
    hostile = replace(
        waiting.request, requester_slack_id="", requester_name="<!here> \u202eanA", requester="x"
    )
    said = json.dumps(action_card(view(replace(waiting, request=hostile))).blocks)
    assert "<!here>" not in said
    assert "&lt;!here&gt;" in said


def test_a_value_with_an_arrow_is_in_quotes() -> None:
    change = Change(field="replicas", before="12 → 16", after="0")
    card = action_card(view(action(of=plan(drawing=drawing(changes=(change,))))))
    assert '"replicas": "12 → 16" → "0"' in blocks_text(card.blocks)


ANY_TEXT = st.one_of(
    st.text(max_size=40),
    st.sampled_from([INJECTION, RIGHT_TO_LEFT, ZERO_WIDTH, HOMOGLYPH, "", " " * 30, "_a_"]),
    st.integers(1, 4_000).map(lambda size: "x" * size),
)
ASCII = st.text(alphabet="abz-_./*`:~<>&@!| 0", max_size=30)
WRITING = st.text(alphabet="ab äß…→·🔥\u200b\u202e\n\t_*`<>&:@!|", max_size=30)
"""What may be written without costing a button, unseen characters and markup included."""


def plans(names: st.SearchStrategy[str], texts: st.SearchStrategy[str]) -> st.SearchStrategy[Plan]:
    several = st.lists(texts, max_size=3).map(tuple)
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=4,
    )
    steps = st.builds(
        Step,
        says=texts,
        call=st.builds(Call, action=names, path=names, body=values, media_type=texts),
        group=st.sampled_from(["", "g"]),
        gone_is_fine=st.booleans(),
    )
    drawings = st.builds(
        Drawing,
        tier=st.sampled_from(Tier),
        target=st.builds(
            Target,
            place=st.builds(Place, system=st.sampled_from(System), name=names, region=names),
            kind=names,
            name=names,
            namespace=names,
            uid=names,
            service=names,
        ),
        changes=st.lists(st.builds(Change, field=texts, before=texts, after=texts), max_size=4).map(
            tuple
        ),
        steps=st.lists(steps, max_size=6).map(tuple),
        undo=st.lists(steps, max_size=3).map(tuple),
        cannot_be_undone=texts,
        verification=st.builds(
            Verification, says=several, deadline_s=st.integers(0, 9_999), settle_s=st.just(60)
        ),
        blast_radius=several,
        notes=several,
    )
    return st.builds(
        Plan,
        operation=names,
        version=st.just(1),
        environment=names,
        tier=st.sampled_from(Tier),
        parameters=st.dictionaries(texts, values, max_size=3),
        provenance=st.dictionaries(texts, texts, max_size=3),
        drawing=drawings,
        rulings=st.lists(
            st.builds(Ruling, guard=texts, passed=st.booleans(), says=texts), max_size=4
        ).map(tuple),
        dry_run=several,
        needs=st.just((Need(stage=Stage.ONCALL, teams=("oncall",), not_requester=True),)),
        policy_hash=st.just("p"),
        requester=texts,
        incident_id=texts,
        break_glass=texts,
        created_at=st.just(NOON),
        expires_at=st.just(NOON + timedelta(hours=1)),
        nonce=st.just("n"),
    )


@settings(max_examples=40, deadline=None)
@given(
    held=plans(ANY_TEXT, ANY_TEXT),
    state=st.sampled_from(State),
    reason=ANY_TEXT,
    rationale=ANY_TEXT,
)
def test_whatever_a_plan_holds_slack_takes_its_card(
    held: Plan, state: State, reason: str, rationale: str
) -> None:
    shown = view(
        action(state, of=held, reason=reason, outcome=Outcome(says=reason)), rationale=rationale
    )
    assert takes(action_card(shown)) == []
    assert validate_view(whole_view(shown)) == []
    assert takes(actions_card((shown.action,))) == []


@settings(max_examples=40, deadline=None)
@given(held=plans(ASCII, WRITING))
def test_a_card_with_buttons_has_every_text_of_the_plan_unchanged(held: Plan) -> None:
    card = action_card(view(action(of=held)))
    assert buttons(card) >= DECIDING
    said = texts_of(card)
    drawn = held.drawing
    for text in (
        held.target.key,
        held.target.uid,
        *drawn.blast_radius,
        *drawn.notes,
        *drawn.verification.says,
        *held.dry_run,
        drawn.cannot_be_undone,
        *(one.says for one in held.rulings),
        *(one.says for one in drawn.steps),
        *(one.call.path for one in drawn.steps),
    ):
        assert visible(text) in said, text
        assert hidden_again(visible(text)) == text


def hidden_again(shown: str) -> str:
    """What `visible` was given."""
    return re.sub(
        r"⟨(?:U\+([0-9A-F]{4,6})|(\d+) spaces)⟩",
        lambda found: chr(int(found[1], 16)) if found[1] else " " * int(found[2]),
        shown,
    )


def texts_of(card: Card) -> str:
    """Every text a reader of the blocks could see, as it was sent."""

    def walk(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["text"]] if isinstance(node.get("text"), str) else []
            return own + [one for value in node.values() for one in walk(value)]
        if isinstance(node, list | tuple):
            return [one for item in node for one in walk(item)]
        return []

    return "\n".join(walk(card.blocks))


@given(text=st.text())
def test_what_is_made_visible_can_be_read_back(text: str) -> None:
    shown = visible(text)
    assert hidden_again(shown) == text
    assert "\n" not in shown
    assert all(one.isprintable() for one in shown)


@given(name=st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_is_shown_as_it_is_and_deceives_nobody(name: str) -> None:
    assert odd_name(name) == ""
    assert deceptive(name) == ""
    assert visible(name) == name or "    " in name


def test_an_alert_that_is_named_like_a_person_reads_as_an_alert() -> None:
    of = action()
    asked = replace(
        of.request,
        requester="alert:f00d",
        requester_slack_id="",
        requester_name="Ana (on-call tier, approved)",
    )
    shown = blocks_text(action_card(view(replace(of, request=asked))).blocks)
    assert "Asked for by the alert “Ana (on-call tier, approved)”" in shown
