"""A plan, and an action in every state, as plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from safe_ops.model.actions import (
    AT_WORK,
    HELD,
    TERMINAL,
    Action,
    Approval,
    PendingProof,
    Request,
    State,
)
from safe_ops.model.plans import (
    Call,
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

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EU = Place(system=System.KUBERNETES, name="eu")
ONCALL = Need(stage=Stage.ONCALL, teams=("sre",), not_requester=True)
MANAGER = Need(stage=Stage.MANAGER, teams=("leads",), not_requester=True, within_s=1800)


def a_plan(**fields: Any) -> Plan:
    drawing = Drawing(
        tier=Tier.T2,
        target=Target(place=EU, kind="Deployment", name="cart", namespace="shop", uid="uid-1"),
        changes=(),
        steps=(Step(says="set it", call=Call(action="PATCH", path="/cart", body={"to": 5})),),
        verification=Verification(says=("it is set",), deadline_s=60),
    )
    plan = Plan(
        operation="set_dials",
        version=1,
        environment="prod",
        tier=Tier.T2,
        parameters={"to": 5},
        provenance={"to": "person"},
        drawing=drawing,
        rulings=(Ruling(guard="obstacle", passed=True, says="nothing is in the way"),),
        dry_run=("would set it",),
        needs=(ONCALL, MANAGER),
        policy_hash="policy-1",
        requester="eve",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=6),
        nonce="nonce-1",
    )
    return replace(plan, **fields)


def a_request(**fields: Any) -> Request:
    request = Request(
        key="key-1",
        operation="set_dials",
        parameters={"to": 5},
        provenance={"to": "person"},
        place=EU,
        requester="eve",
        requester_name="Eve",
    )
    return replace(request, **fields)


def yes(subject: str, stage: Stage = Stage.ONCALL, **fields: Any) -> Approval:
    given = Approval(
        stage=stage, subject=subject, slack_id=f"U-{subject}", name=subject.title(), at=NOW
    )
    return replace(given, **fields)


def an_action(state: State, **fields: Any) -> Action:
    """Return an action as it is in a state, a minute before anything runs out."""
    planned = state is not State.DRAFT
    approvals: tuple[Approval, ...] = ()
    if state is State.PENDING_MANAGER:
        approvals = (yes("ana"),)
    elif state not in {State.DRAFT, State.PENDING_ONCALL, State.PENDING_FACTOR}:
        approvals = (yes("ana"), yes("leo", Stage.MANAGER))
    action = Action(
        action_id="action-1",
        number=1,
        state=state,
        version=3,
        request=a_request(),
        plan=a_plan() if planned else None,
        digest="d" * 64 if planned else "",
        approvals=approvals,
        proof=PendingProof(approval=yes("ana")) if state is State.PENDING_FACTOR else None,
        fence=1 if state in AT_WORK | TERMINAL else 0,
        operator="operator-1" if state in HELD else "",
        lease_until=NOW + timedelta(seconds=60) if state in HELD else None,
        stage_until=NOW + timedelta(minutes=1),
        created_at=NOW,
        changed_at=NOW,
    )
    return replace(action, **fields)
