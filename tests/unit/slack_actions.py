"""Actions and plans as the operator draws them, for tests of what Slack shows of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.ports.action_board import ActionView
from safe_ops.model.actions import (
    Action,
    Approval,
    CallOutcome,
    JournalRow,
    Phase,
    Request,
    State,
)
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

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = Place(system=System.KUBERNETES, name="eu")
DIGEST = "9f2c" * 16
UID = "6a1f3c1e-0000-4000-8000-00000000000a"


def restart(name: str = "cart") -> Step:
    return Step(
        says=f"restart deployment shop/{name}",
        call=Call(
            action="PATCH",
            path=f"/apis/apps/v1/namespaces/shop/deployments/{name}",
            body={
                "metadata": {"resourceVersion": "$rv"},
                "spec": {
                    "template": {
                        "metadata": {
                            "annotations": {"kubectl.kubernetes.io/restartedAt": "2031-05-06"}
                        }
                    }
                },
            },
            media_type="application/strategic-merge-patch+json",
            late_bound=("$rv",),
        ),
    )


def eviction(number: int) -> Step:
    name = f"cart-7d9f8b6c5-{number:05d}"
    uid = f"6a1f3c1e-0000-4000-8000-{number:012d}"
    return Step(
        says=f"evict pod shop/{name}",
        call=Call(
            action="POST",
            path=f"/api/v1/namespaces/shop/pods/{name}/eviction",
            body={
                "apiVersion": "policy/v1",
                "kind": "Eviction",
                "metadata": {"name": name, "namespace": "shop"},
                "deleteOptions": {"preconditions": {"uid": uid}},
            },
        ),
        group="shop/cart-pdb",
        gone_is_fine=True,
    )


def drawing(**fields: Any) -> Drawing:
    told: dict[str, Any] = {
        "tier": Tier.T2,
        "target": Target(
            place=PLACE,
            kind="Deployment",
            namespace="shop",
            name="cart",
            uid=UID,
            service="shop/cart",
        ),
        "pins": {"generation": 41},
        "changes": (Change(field="restartedAt", before="", after="2031-05-06T12:00:00Z"),),
        "steps": (restart(),),
        "cannot_be_undone": "a restart keeps no earlier pods; rollout_undo is another action",
        "verification": Verification(
            says=("4 of 4 pods updated and ready",), deadline_s=600, settle_s=60
        ),
        "blast_radius": ("4 pods, 1 at a time", "100 % of shop/cart"),
    }
    return Drawing(**{**told, **fields})


def plan(**fields: Any) -> Plan:
    told: dict[str, Any] = {
        "operation": "rollout_restart",
        "version": 1,
        "environment": "prod",
        "tier": Tier.T2,
        "parameters": {"kind": "Deployment", "namespace": "shop", "name": "cart"},
        "provenance": {"kind": "person", "namespace": "person", "name": "person"},
        "drawing": drawing(),
        "rulings": tuple(
            Ruling(guard=f"guard-{number}", passed=True, says="3 of 4 ready, 1 needed", at=NOON)
            for number in range(12)
        ),
        "dry_run": ("PATCH deployments/cart: accepted",),
        "needs": (
            Need(stage=Stage.ONCALL, teams=("oncall",), not_requester=True),
            Need(stage=Stage.MANAGER, teams=("managers",), not_requester=True, within_s=1800),
        ),
        "policy_hash": "p" * 64,
        "requester": "idp|ana",
        "created_at": NOON,
        "expires_at": NOON + timedelta(hours=1),
        "nonce": "n-1",
    }
    return Plan(**{**told, **fields})


def action(state: State = State.PENDING_ONCALL, *, of: Plan | None = None, **fields: Any) -> Action:
    told: dict[str, Any] = {
        "action_id": "act-0001",
        "number": 12,
        "state": state,
        "version": 3,
        "request": Request(
            key="k-1",
            operation="rollout_restart",
            parameters={"kind": "Deployment", "namespace": "shop", "name": "cart"},
            provenance={},
            place=PLACE,
            requester="idp|ana",
            requester_name="Ana",
            requester_slack_id="U0LABANA1",
            channel="C0LABONC1",
            thread_ts="1700000000.000100",
        ),
        "plan": of if of is not None else plan(),
        "digest": DIGEST,
        "stage_until": NOON + timedelta(minutes=15),
        "created_at": NOON,
        "changed_at": NOON,
    }
    return Action(**{**told, **fields})


def draft(parameters: Mapping[str, Any] | None = None) -> Action:
    waiting = action(State.DRAFT, version=1, digest="", stage_until=None)
    request = replace(waiting.request, parameters=dict(parameters or waiting.request.parameters))
    return replace(waiting, plan=None, request=request)


def approval(stage: Stage = Stage.ONCALL, slack_id: str = "U0LABBEN1") -> Approval:
    return Approval(stage=stage, subject=f"idp|{slack_id}", slack_id=slack_id, name="B", at=NOON)


def called(step: int, phase: Phase, outcome: CallOutcome | None = None) -> JournalRow:
    return JournalRow(
        action_id="act-0001",
        fence=1,
        part="steps",
        step=step,
        attempt=1,
        phase=phase,
        outcome=outcome,
    )


def view(of: Action, *journal: JournalRow, rationale: str = "") -> ActionView:
    return ActionView(action=of, journal=journal, rationale=rationale)
