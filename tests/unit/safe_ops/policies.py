"""People, plans and policies for the tests of the policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from safe_ops.model.actions import Approval, Factor, Person
from safe_ops.model.plans import (
    Drawing,
    Place,
    Plan,
    Stage,
    System,
    Target,
    Tier,
    Verification,
)
from safe_ops.policy.file import load_policy

if TYPE_CHECKING:
    from safe_ops.policy.policy import Policy

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EU = Place(system=System.KUBERNETES, name="eu")
CART = Target(
    place=EU,
    kind="Deployment",
    namespace="shop",
    name="cart",
    uid="uid-cart",
    service="shop/cart",
)


def policy(text: str) -> Policy:
    return load_policy(text, name="policy.yaml")


def person(name: str, *teams: str, subject: str = "", barred: str = "") -> Person:
    return Person(
        subject=subject or name,
        slack_id=f"U{name.upper()}00",
        name=name.title(),
        teams=frozenset(teams),
        barred=barred,
    )


def approval(who: Person, stage: Stage, *, factor: bool = False) -> Approval:
    return Approval(
        stage=stage,
        subject=who.subject,
        slack_id=who.slack_id,
        name=who.name,
        at=NOW,
        factor=Factor.TOTP if factor else Factor.NONE,
        factor_at=NOW if factor else None,
    )


def drawing(target: Target = CART) -> Drawing:
    return Drawing(
        tier=Tier.T2,
        target=target,
        changes=(),
        steps=(),
        verification=Verification(says=("ready",), deadline_s=60),
    )


def plan(*, requester: str = "rita", environment: str = "prod", target: Target = CART) -> Plan:
    return Plan(
        operation="scale_up",
        version=1,
        environment=environment,
        tier=Tier.T2,
        parameters={},
        provenance={},
        drawing=drawing(target),
        rulings=(),
        dry_run=(),
        needs=(),
        policy_hash="",
        requester=requester,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        nonce="n",
    )
