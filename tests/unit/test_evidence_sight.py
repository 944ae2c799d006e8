"""Who may see a piece of evidence that somebody else had read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.registry import FULL_ACCESS, Access, Grant
from bot.flows.question.sight import may_see
from tests.contract.store.builders import observation

SHOP = Access(grants=(Grant(namespaces=("shop",), accounts=("shop-prod",)),))


@pytest.mark.parametrize(
    ("cluster", "namespace", "seen"),
    [
        ("prod-eu", "shop", True),
        ("prod-eu", "payments", False),
        ("prod-eu", None, False),
        ("shop-prod/eu-west-1", None, True),
        ("shop-prod/eu-west-1", "eu-west-1", True),
        ("pay-prod/eu-west-1", None, False),
    ],
    ids=["granted", "another namespace", "several", "account", "account and more", "another"],
)
def test_evidence_is_seen_by_whom_its_place_is_granted_to(
    cluster: str, namespace: str | None, *, seen: bool
) -> None:
    one = replace(observation("read"), cluster=cluster, namespace=namespace)
    assert may_see(SHOP, one) is seen
    assert may_see(FULL_ACCESS, one)
