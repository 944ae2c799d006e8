"""The second factor of the top tier: no yes counts before it is shown, and no code counts twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.adapters.slack.actions import OPERATION_APPROVE
from bot.adapters.slack.blocks.approval.views import CODE
from safe_ops.model.actions import Factor, State
from safe_ops.model.plans import Tier
from safe_ops.model.standing import PROOF_FAILURES
from tests.flows.operations.factors import (
    KeyHolder,
    enrol_app,
    opened_proof,
    refused_code,
    show_code,
    wrong,
)

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded

NEXT_CODE = timedelta(seconds=30)


def test_each_yes_waits_for_its_giver_s_second_factor_by_code_or_by_key(
    ground: Ground, guarded: Guarded
) -> None:
    ana, marta = enrol_app(guarded, "ana"), KeyHolder(guarded, "marta")
    action = _gravest(ground)
    assert action.plan is not None
    assert action.plan.tier is Tier.T4
    ground.approve(action, who="ana")
    waits = ground.reaches(action, State.PENDING_FACTOR)
    assert waits.approvals == ()
    ground.card(action, "waits for the second factor of")
    show_code(ground, action, who="ana", code=ana.at(datetime.now(UTC)))
    ground.reaches(action, State.PENDING_MANAGER)
    ground.approve(action, who="marta")
    ground.reaches(action, State.PENDING_FACTOR)
    page = marta.link(ground, "second factor")
    assert ground.writes() == []
    status, said = marta.confirm(page)
    assert (status, "Your yes counts now" in said) == (200, True), said
    done = ground.reaches(action, State.SUCCEEDED)
    shown = [(given.name, given.factor, given.factor_at is not None) for given in done.approvals]
    assert shown == [("ana", Factor.TOTP, True), ("marta", Factor.WEBAUTHN, True)]
    assert len(ground.writes()) == 1
    told = [row.entry.after for row in guarded.audit(done) if row.entry.after]
    assert told[2:6] == ["pending_factor", "pending_manager", "pending_factor", "approved"]


def test_a_code_that_was_shown_for_one_action_is_worth_nothing_for_another(
    ground: Ground, guarded: Guarded
) -> None:
    app, elsewhere = enrol_app(guarded, "ana"), guarded.ground()
    code = app.at(datetime.now(UTC))
    first, second = _gravest(ground), _gravest(elsewhere)
    ground.approve(first, who="ana")
    show_code(ground, first, who="ana", code=code)
    ground.reaches(first, State.PENDING_MANAGER)
    elsewhere.approve(second, who="ana")
    modal = show_code(elsewhere, second, who="ana", code=code)
    refused_code(elsewhere, modal, "4 more may fail")
    held = elsewhere.reaches(second, State.PENDING_FACTOR)
    assert held.approvals == ()
    assert held.proof is not None
    assert held.proof.failures == 1
    show_code(elsewhere, second, who="ana", code=app.at(datetime.now(UTC) + NEXT_CODE))
    assert len(elsewhere.reaches(second, State.PENDING_MANAGER).approvals) == 1


def test_five_codes_that_do_not_hold_end_it_and_somebody_is_called(
    ground: Ground, guarded: Guarded
) -> None:
    app = enrol_app(guarded, "ana")
    action = _gravest(ground)
    ground.approve(action, who="ana")
    ground.reaches(action, State.PENDING_FACTOR)
    modal = opened_proof(ground, action, who="ana")
    for left in reversed(range(PROOF_FAILURES)):
        code = wrong(app, at=datetime.now(UTC))
        guarded.slack.as_user("ana").submit_view(modal.id, {CODE: code})
        refused_code(ground, modal, f"{left} more may fail" if left else "was denied")
    ended = ground.reaches(action, State.REJECTED)
    assert ended.approvals == ()
    assert "5 answers for ana's second factor did not hold" in ended.reason
    assert "second factor did not hold" in ground.page(ended).words
    card = ground.card(ended, "was denied; nothing was changed")
    assert OPERATION_APPROVE not in card.action_ids
    assert ground.writes() == []


def test_nobody_shows_a_second_factor_for_somebody_else(ground: Ground, guarded: Guarded) -> None:
    enrol_app(guarded, "ana")
    enrol_app(guarded, "olga")
    action = _gravest(ground)
    ground.approve(action, who="ana")
    ground.reaches(action, State.PENDING_FACTOR)
    modal = opened_proof(ground, action, who="olga")
    assert "waits for the second factor of ana, who agreed" in json.dumps(modal.body)
    assert CODE not in json.dumps(modal.body)


def test_who_has_no_second_factor_is_told_how_to_get_one(ground: Ground) -> None:
    action = _gravest(ground)
    ground.approve(action, who="rosa")
    ground.note_to("rosa", "nightdesk factor add")
    assert ground.reaches(action, State.PENDING_ONCALL).approvals == ()


def test_a_second_factor_that_does_not_come_lets_it_expire(
    ground: Ground, guarded: Guarded
) -> None:
    app = enrol_app(guarded, "ana")
    action = _gravest(ground)
    ground.approve(action, who="ana")
    ground.reaches(action, State.PENDING_FACTOR)
    # It has five minutes; the row's time is set back instead.
    ground.set_back(action, "stage_until")
    ground.reaches(action, State.EXPIRED)
    assert guarded.action(action.action_id).approvals == ()
    assert app.secret
    assert ground.writes() == []


def _gravest(ground: Ground) -> Action:
    action = ground.order(ground.suspension(ground.grave))
    return ground.reaches(action, State.PENDING_ONCALL)
