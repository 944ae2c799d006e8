"""The card of an action says all of its plan, in every state, or has no button."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.approval.card import action_card
from bot.adapters.slack.blocks.approval.controls import parse_ballot
from bot.adapters.slack.blocks.approval.views import whole_view
from bot.adapters.slack.flatten import blocks_text
from safe_ops.model.actions import (
    CallOutcome,
    Effect,
    Outcome,
    PendingProof,
    Phase,
    State,
)
from safe_ops.model.plans import Need, Stage, Tier
from tests.unit.slack_actions import (
    DIGEST,
    UID,
    action,
    approval,
    called,
    draft,
    drawing,
    eviction,
    plan,
    restart,
    view,
)
from tests.unit.slack_cards import takes

if TYPE_CHECKING:
    from bot.adapters.slack.blocks.card import Card

DECIDING = {actions.OPERATION_APPROVE, actions.OPERATION_DENY}


def controls(card: Card) -> dict[str, dict[str, Any]]:
    rows = [block for block in card.blocks if block["type"] == "actions"]
    return {one["action_id"]: one for row in rows for one in row["elements"]}


def words(card: Card) -> str:
    return blocks_text(card.blocks)


def test_a_pending_card_says_the_whole_plan() -> None:
    card = action_card(view(action()))
    assert takes(card) == []
    said = words(card)
    for fact in (
        "🟡 T2 · prod · rollout restart",
        "eu/Deployment/shop/cart",
        UID,
        "restartedAt: (empty) → 2031-05-06T12:00:00Z",
        "4 pods, 1 at a time",
        "4 of 4 pods updated and ready",
        "within 10 min",
        "Cannot be undone: a restart keeps no earlier pods",
        "PATCH deployments/cart: accepted",
        "PATCH /apis/apps/v1/namespaces/shop/deployments/cart (application/strategic-merge",
        '{"metadata":{"resourceVersion":"$rv"}',
        "Guards: 12 of 12 passed",
        "As of 2031-05-06 12:00:00 UTC:",
        "✓ guard-0: 3 of 4 ready, 1 needed\n",
        "Asked for by <@U0LABANA1>",
        "<!date^",
        f"plan `{DIGEST[:12]}`",
        "members of *oncall*, but not whoever asked",
        "After that: the manager tier",
        'name = "cart" (said by a person)',
    ):
        assert fact in said, fact


def test_the_buttons_carry_the_view_their_reader_had() -> None:
    found = controls(action_card(view(action())))
    assert set(found) == {*DECIDING, actions.OPERATION_DETAILS}
    for name in DECIDING:
        ballot = parse_ballot(found[name]["value"])
        assert ballot is not None
        assert (ballot.action_id, ballot.stage, ballot.version, ballot.digest) == (
            "act-0001",
            Stage.ONCALL,
            3,
            DIGEST[:32],
        )


def test_the_confirmation_repeats_target_and_change() -> None:
    confirm = controls(action_card(view(action())))[actions.OPERATION_APPROVE]["confirm"]
    assert "eu/Deployment/shop/cart" in confirm["text"]["text"]
    assert "restartedAt: (empty) → 2031-05-06T12:00:00Z" in confirm["text"]["text"]
    assert confirm["text"]["type"] == "plain_text"


@pytest.mark.parametrize(
    ("tier", "style"),
    [(Tier.T1, "primary"), (Tier.T2, "primary"), (Tier.T3, None), (Tier.T4, None)],
)
def test_from_t3_on_approve_does_not_ask_to_be_pressed(tier: Tier, style: str | None) -> None:
    found = controls(action_card(view(action(of=plan(tier=tier)))))
    assert found[actions.OPERATION_APPROVE].get("style") == style


def test_the_manager_stage_names_who_approved_and_who_may_now() -> None:
    card = action_card(view(action(State.PENDING_MANAGER, approvals=(approval(),))))
    assert takes(card) == []
    assert "Approved by <@U0LABBEN1> (oncall tier)" not in words(card)
    assert "Approved by <@U0LABBEN1> (on-call tier)." in words(card)
    assert "members of *managers*" in words(card)
    assert "nobody who approved already" in words(card)
    ballot = parse_ballot(controls(card)[actions.OPERATION_APPROVE]["value"])
    assert ballot is not None
    assert ballot.stage is Stage.MANAGER


def test_a_second_factor_is_asked_of_who_agreed_and_nothing_else_can_be_pressed() -> None:
    waiting = action(
        State.PENDING_FACTOR, proof=PendingProof(approval=approval(Stage.MANAGER, "U0LABCLEO"))
    )
    card = action_card(view(waiting))
    assert takes(card) == []
    assert "second factor of <@U0LABCLEO>" in words(card)
    assert set(controls(card)) == {actions.OPERATION_PROVE, actions.OPERATION_DETAILS}


@pytest.mark.parametrize(
    "state", sorted(set(State) - {State.PENDING_ONCALL, State.PENDING_MANAGER})
)
def test_once_it_is_decided_nobody_can_decide_again(state: State) -> None:
    done = action(
        state,
        approvals=(approval(),),
        outcome=Outcome(says="4 of 4 pods ready", details=("error rate 0.1 %",)),
        reason="said no: too risky",
    )
    card = action_card(view(done))
    assert takes(card) == []
    assert not DECIDING & set(controls(card))


@pytest.mark.parametrize(
    "state",
    [State.APPROVED, State.EXECUTING, State.VERIFYING, State.SUCCEEDED, State.ROLLED_BACK],
)
def test_the_approvers_name_stays(state: State) -> None:
    card = action_card(view(action(state, approvals=(approval(),))))
    assert "Approved by <@U0LABBEN1>" in words(card)
    assert "<@U0LABBEN1>" in card.text


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.INDETERMINATE, "presses Settle and says what is so"),
        (State.ROLLBACK_FAILED, "somebody has to look now"),
        (State.EXPIRED, "Ask for it again if it is still wanted"),
        (State.STALE, "Ask for it again if it is still wanted"),
    ],
)
def test_what_does_not_go_on_by_itself_says_what_to_do(state: State, said: str) -> None:
    card = action_card(view(action(state, approvals=(approval(),))))
    assert said in card.text
    assert said in words(card)


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (Effect.SEEN, "signal has fallen silent"),
        (Effect.NOT_SEEN, "signal still fires: this was not enough"),
        (Effect.NOT_VISIBLE, "could not be seen"),
    ],
)
def test_what_succeeded_says_whether_the_incident_heard_of_it(effect: Effect, said: str) -> None:
    outcome = Outcome(says="4 of 4 pods ready", effect=effect)
    for_incident = action(State.SUCCEEDED, of=plan(incident_id="inc-1"), outcome=outcome)
    assert said in action_card(view(for_incident)).text
    for_nothing = action(State.SUCCEEDED, outcome=outcome)
    assert "signal" not in action_card(view(for_nothing)).text


@pytest.mark.parametrize("state", State)
def test_no_raw_id_stands_on_a_card_and_details_have_it(state: State) -> None:
    of = plan(incident_id="inc-00ff")
    incidents = replace(action(state, of=of).request, incident_id="inc-00ff")
    shown = view(replace(action(state, of=of), request=incidents))
    card = action_card(shown)
    for raw in ("act-0001", "inc-00ff"):
        assert raw not in words(card)
        assert raw in json.dumps(whole_view(shown))
    assert actions.OPERATION_DETAILS in controls(card)


def test_steps_show_how_far_they_are() -> None:
    running = action(
        State.EXECUTING,
        of=plan(drawing=drawing(steps=tuple(eviction(number) for number in range(3)))),
        approvals=(approval(),),
        fence=1,
    )
    card = action_card(
        view(
            running,
            called(0, Phase.BEFORE),
            called(0, Phase.AFTER, CallOutcome.APPLIED),
            called(1, Phase.BEFORE),
        )
    )
    assert "executing: 1 of 3 calls made" in words(card)
    assert "✓ evict pod shop/cart-7d9f8b6c5-00000" in words(card)
    assert "… evict pod shop/cart-7d9f8b6c5-00001" in words(card)
    assert "○ evict pod shop/cart-7d9f8b6c5-00002" in words(card)


def test_an_unknown_outcome_can_be_settled_on_the_card() -> None:
    card = action_card(view(action(State.INDETERMINATE, approvals=(approval(),))))
    assert actions.OPERATION_SETTLE in controls(card)
    assert "nobody knows whether it took effect" in words(card)


def test_a_sequel_is_not_said_to_be_approved_by_policy() -> None:
    of_policy = replace(approval(slack_id=""), subject="policy:abc", name="")
    sequel = action(State.APPROVED, approvals=(of_policy,))
    sequel = replace(sequel, request=replace(sequel.request, origin="act-1"))
    said = words(action_card(view(sequel)))
    assert "Approved by whoever approved what it follows, whose plan said so" in said
    assert "policy" not in said


def test_an_approval_of_policy_is_told_as_such() -> None:
    of_policy = replace(approval(slack_id=""), subject="policy:abc", name="")
    card = action_card(view(action(State.APPROVED, approvals=(of_policy,))))
    assert "Approved by policy, which lets it run by itself here" in words(card)


def test_a_draft_says_what_was_asked_for() -> None:
    card = action_card(view(draft({"name": "cart_1"})))
    assert takes(card) == []
    assert "is being planned" in words(card)
    assert "name = cart_1" in words(card)


def test_a_blocked_request_says_why() -> None:
    blocked = replace(draft(), state=State.BLOCKED, reason="0 of 1 disruptions allowed")
    assert "0 of 1 disruptions allowed" in words(action_card(view(blocked)))


def test_guards_that_say_no_stand_in_the_open() -> None:
    broken = plan(break_glass="the site is down")
    refused = replace(broken.rulings[0], passed=False, says="0 disruptions allowed")
    card = action_card(view(action(of=replace(broken, rulings=(refused, *broken.rulings[1:])))))
    open_blocks = [block for block in card.blocks if block["type"] != "container"]
    assert "✗ guard-0: 0 disruptions allowed" in blocks_text(open_blocks)
    assert "Break-glass" in blocks_text(open_blocks)
    assert "Guards: 11 of 12 passed" in words(card)


def test_parameters_from_free_text_are_marked() -> None:
    tainted = plan(provenance={"name": "text", "namespace": "registry", "kind": "api"})
    said = words(action_card(view(action(of=tainted))))
    assert "Taken from free text, not from a person: name" in said
    assert 'name = "cart" (taken from free text)' in said


def test_fifty_evictions_fit_with_every_single_call_readable() -> None:
    drain = plan(
        operation="drain_node",
        tier=Tier.T3,
        drawing=drawing(steps=tuple(eviction(number) for number in range(50))),
    )
    card = action_card(view(action(of=drain)))
    assert takes(card) == []
    assert set(controls(card)) >= DECIDING
    for number in range(50):
        step = eviction(number)
        assert f"{number + 1}. ⌈1⌉={step.call.body['metadata']['name']}" in words(card)
        assert step.call.body["deleteOptions"]["preconditions"]["uid"] in words(card)


def test_a_plan_too_long_for_slack_has_no_button_and_says_where_it_is_whole() -> None:
    long = restart()
    body = {"data": {f"key-{number}": "x" * 100 for number in range(200)}}
    huge = plan(drawing=drawing(steps=(replace(long, call=replace(long.call, body=body)),)))
    card = action_card(view(action(of=huge)))
    assert takes(card) == []
    assert controls(card) == {}
    assert "`nightdesk audit show A12`" in words(card)


def test_a_target_the_confirmation_cannot_hold_has_no_button() -> None:
    target = replace(drawing().target, name="n" * 253)
    card = action_card(view(action(of=plan(drawing=drawing(target=target)))))
    assert takes(card) == []
    assert not DECIDING & set(controls(card))
    assert "n" * 253 in words(card)


def test_many_changes_are_counted_in_the_confirmation_and_whole_on_the_card() -> None:
    change = drawing().changes[0]
    changes = tuple(replace(change, field=f"field-{number}") for number in range(20))
    card = action_card(view(action(of=plan(drawing=drawing(changes=changes)))))
    confirm = controls(card)[actions.OPERATION_APPROVE]["confirm"]["text"]["text"]
    assert "20 changes, as on the card" in confirm
    assert "field-19: (empty) → 2031-05-06T12:00:00Z" in words(card)


def test_the_undo_is_named_and_its_calls_are_there() -> None:
    undoable = plan(drawing=drawing(cannot_be_undone="", undo=(restart("back"),)))
    said = words(action_card(view(action(of=undoable))))
    assert "Undo, if it does not help (1 call): restart deployment shop/back" in said
    assert "deployments/back" in said


def test_a_factor_and_a_single_stage_are_said() -> None:
    need = Need(stage=Stage.ONCALL, teams=("a", "b"), not_requester=False, factor=True)
    said = words(action_card(view(action(of=plan(needs=(need,))))))
    assert "members of *a* or *b*; with a second factor" in said
    assert "After that" not in said
