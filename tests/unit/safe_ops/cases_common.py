"""A case all common guards let through, and for each of them a change that it alone refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from safe_ops.guardrails.evidence import EVIDENCE_FRESH, EVIDENCE_MEASURED
from safe_ops.guardrails.hard_limits import HARD_LIMITS
from safe_ops.guardrails.pace import (
    BLAST_RADIUS,
    IN_FLIGHT,
    ONE_NODE,
    PACE_ENVIRONMENT,
    PACE_TARGET,
)
from safe_ops.guardrails.scope import (
    BLAST_RADIUS_KNOWN,
    ONE_OBJECT,
    OWN_NAMESPACE,
    PERMISSIONS,
    PROTECTED,
)
from safe_ops.guardrails.switches import FREEZE, KILL_SWITCH, READ_ONLY
from safe_ops.guardrails.timing import COOL_DOWN, WINDOW
from safe_ops.model.actions import Grounds, PastAction, State, Switches
from safe_ops.model.guarding import Case
from safe_ops.model.plans import (
    Call,
    Drawing,
    Place,
    Step,
    System,
    Target,
    Tier,
    Verification,
)
from safe_ops.model.surveys import Circumstances, Permission, Survey

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EU = Place(system=System.KUBERNETES, name="eu")
SCALE = "/apis/apps/v1/namespaces/shop/deployments/cart/scale"
CART = Target(
    place=EU, kind="Deployment", namespace="shop", name="cart", uid="u1", service="shop/cart"
)
NODE = Target(place=EU, kind="Node", name="ip-1", uid="u2")
QUEUE = Target(
    place=Place(system=System.AWS, name="shop-prod", region="eu-west-1"),
    kind="sqs queue",
    name="orders",
    uid="arn:aws:sqs:eu-west-1:123456789012:orders",
)


def step(action: str, path: str, body: Any = None) -> Step:
    return Step(says=f"{action} {path}", call=Call(action=action, path=path, body=body or {}))


def case(target: Target = CART, *steps: Step, by_person: bool = False) -> Case[Survey]:
    return Case(
        parameters={},
        survey=Survey(
            read_at=NOW,
            target={"kind": target.kind},
            permissions=(Permission(says="update deployments/scale in shop", allowed=True),),
        ),
        drawing=Drawing(
            tier=Tier.T2,
            target=target,
            changes=(),
            steps=steps or (step("PUT", SCALE),),
            verification=Verification(says=("ready",), deadline_s=60),
            blast_radius=("1 of 4 pods",),
        ),
        circumstances=Circumstances(
            now=NOW,
            environment="prod",
            by_person=by_person,
            grounds=Grounds(
                evidence=("E1", "E2"), freshest_at=NOW - timedelta(minutes=2), measured=True
            ),
        ),
    )


def past(
    state: State = State.SUCCEEDED,
    *,
    target_key: str = "eu/Deployment/shop/other",
    service_key: str = "eu/shop/other",
    minutes_ago: float = 50,
    size: int = 1,
) -> PastAction:
    return PastAction(
        action_id="a7",
        number=7,
        operation="rollout_restart",
        environment="prod",
        target_key=target_key,
        service_key=service_key,
        state=state,
        requester="rita",
        changed_at=NOW - timedelta(minutes=minutes_ago),
        size=size,
    )


def amid(before: Case[Survey], **changes: Any) -> Case[Survey]:
    return replace(before, circumstances=replace(before.circumstances, **changes))


def drawn(before: Case[Survey], **changes: Any) -> Case[Survey]:
    return replace(before, drawing=replace(before.drawing, **changes))


def surveyed(before: Case[Survey], **changes: Any) -> Case[Survey]:
    return replace(before, survey=replace(before.survey, **changes))


GOOD = case()
GOOD_NODE = case(NODE, step("PATCH", "/api/v1/nodes/ip-1"))
GOOD_QUEUE = case(QUEUE, step("sqs:start_message_move_task", QUEUE.uid, {"SourceArn": QUEUE.uid}))
SAME_TARGET: dict[str, Any] = {"target_key": CART.key, "service_key": "eu/none"}
SAME_SERVICE: dict[str, Any] = {"target_key": "eu/Pod/shop/cart-1", "service_key": CART.service_key}
OTHER_NODE: dict[str, Any] = {"target_key": "eu/Node/ip-2", "service_key": "eu/Node/ip-2"}

ALONE: dict[str, tuple[Callable[[], Case[Survey]], ...]] = {
    KILL_SWITCH: (
        lambda: amid(GOOD, switches=Switches(stopped_by="ana", stopped_at=NOW)),
        lambda: amid(GOOD, switches=Switches(stopped_by="ana")),
    ),
    READ_ONLY: (lambda: amid(GOOD, switches=Switches(read_only=True)),),
    FREEZE: (lambda: amid(GOOD, switches=Switches(frozen="launch day")),),
    HARD_LIMITS: (
        lambda: drawn(GOOD, steps=(step("DELETE", SCALE.removesuffix("/scale")),)),
        lambda: drawn(GOOD, undo=(step("PATCH", "/api/v1/namespaces/shop/secrets/cart"),)),
    ),
    ONE_OBJECT: (
        lambda: surveyed(GOOD, target=None),
        lambda: drawn(GOOD, target=replace(CART, uid="")),
        lambda: drawn(GOOD, target=replace(CART, name="ca*")),
        lambda: drawn(GOOD, target=replace(CART, place=replace(EU, name="e?"))),
        lambda: drawn(GOOD_QUEUE, target=replace(QUEUE, uid="arn:aws:sqs:*:1:orders")),
        lambda: drawn(GOOD_QUEUE, steps=(step("sqs:cancel_message_move_task", "arn:aws:sqs:*"),)),
        lambda: drawn(GOOD_QUEUE, undo=(step("sqs:cancel_message_move_task", "arn:aws:sqs:*"),)),
    ),
    PROTECTED: (lambda: amid(GOOD, protected="it is a node of the control plane"),),
    OWN_NAMESPACE: (
        lambda: drawn(GOOD, steps=(step("PUT", SCALE.replace("shop", "pay")),)),
        lambda: drawn(GOOD, undo=(step("PUT", SCALE.replace("shop", "pay")),)),
        lambda: drawn(GOOD, steps=(step("PATCH", "/api/v1/nodes/ip-1"),)),
    ),
    BLAST_RADIUS_KNOWN: (lambda: drawn(GOOD, blast_radius=()),),
    PERMISSIONS: (
        lambda: surveyed(GOOD, permissions=()),
        lambda: surveyed(
            GOOD,
            permissions=(
                *GOOD.survey.permissions,
                Permission(says="patch deployments in shop", allowed=False),
            ),
        ),
    ),
    EVIDENCE_FRESH: (
        lambda: amid(GOOD, grounds=Grounds(evidence=("E1",), measured=True)),
        lambda: amid(
            GOOD, grounds=replace(GOOD.circumstances.grounds, freshest_at=NOW - timedelta(0, 601))
        ),
        lambda: amid(
            GOOD, grounds=replace(GOOD.circumstances.grounds, freshest_at=NOW + timedelta(0, 61))
        ),
    ),
    EVIDENCE_MEASURED: (
        lambda: amid(GOOD, grounds=replace(GOOD.circumstances.grounds, measured=False)),
    ),
    WINDOW: (
        lambda: amid(GOOD, window_open=False, window_says="prod is closed"),
        lambda: amid(GOOD, window_open=False, window_opens_at=NOW + timedelta(hours=4, seconds=1)),
        lambda: amid(GOOD, window_open=False, window_opens_at=NOW - timedelta(seconds=1)),
    ),
    COOL_DOWN: (
        lambda: amid(GOOD, recent=(past(State.FAILED, **SAME_TARGET, minutes_ago=29),)),
        lambda: amid(GOOD, recent=(past(State.ROLLED_BACK, **SAME_SERVICE, minutes_ago=29),)),
        lambda: amid(GOOD_NODE, recent=(past(State.ROLLBACK_FAILED, **OTHER_NODE, minutes_ago=1),)),
    ),
    IN_FLIGHT: (lambda: amid(GOOD, in_flight=(past(State.PENDING_MANAGER, **SAME_SERVICE),)),),
    PACE_TARGET: (lambda: amid(GOOD, recent=(past(**SAME_TARGET),) * 3),),
    PACE_ENVIRONMENT: (lambda: amid(GOOD, recent=(past(),) * 10),),
    ONE_NODE: (
        lambda: amid(GOOD_NODE, recent=(past(State.INDETERMINATE, **OTHER_NODE),)),
        lambda: amid(GOOD_NODE, recent=(past(State.EXECUTING, **OTHER_NODE, minutes_ago=600),)),
    ),
    BLAST_RADIUS: (
        lambda: amid(GOOD, recent=(past(**SAME_SERVICE),) * 5),
        lambda: amid(GOOD, recent=(past(**SAME_SERVICE, size=20),)),
    ),
}
"""By guard: cases that it refuses, and no other."""
