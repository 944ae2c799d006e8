"""Of the open incidents a person hears of those they may read of, and of no other."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.domain.alert import AlertScope
from bot.domain.incident import Incident
from bot.domain.registry import Account, Cluster, Grant, Registry
from bot.flows.question.incidents import open_incidents
from tests.lab.slack.incidents import incident

CLUSTERS = (Cluster(name="prod-eu", aliases=("eu",)), Cluster(name="prod-us"))
ACCOUNTS = (Account(name="shop-prod", account_id="111111111111"),)
EVERYTHING = Grant()
SHOP = Grant(clusters=("prod-eu",), namespaces=("shop",))


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is open, as the store would tell it."""

    incidents: tuple[Incident, ...]

    def open_incidents(self, *, limit: int) -> list[Incident]:
        return list(self.incidents[:limit])


def seen(*incidents: Incident, grant: Grant) -> list[str]:
    registry = Registry(clusters=CLUSTERS, accounts=ACCOUNTS, access=(grant,))
    kept = Kept(incidents=incidents)
    found = open_incidents(kept, teams=frozenset({"everyone"}), registry=registry)
    return [one.incident_id for one in found]


@pytest.mark.parametrize(
    ("scope", "of_shop"),
    [
        (AlertScope(cluster="prod-eu", namespace="shop"), True),
        (AlertScope(cluster="eu", namespace="shop"), True),
        (AlertScope(cluster="prod-eu", namespace="payments"), False),
        (AlertScope(cluster="prod-eu"), False),
        (AlertScope(cluster="prod-us", namespace="shop"), False),
        (AlertScope(cluster="unheard-of", namespace="shop"), False),
        (AlertScope(account="111111111111"), False),
        (AlertScope(), False),
    ],
)
def test_an_incident_is_shown_to_those_who_may_read_its_place(
    scope: AlertScope, *, of_shop: bool
) -> None:
    found = incident(scope=scope)
    assert seen(found, grant=EVERYTHING) == ["inc-0001"]
    assert seen(found, grant=SHOP) == (["inc-0001"] if of_shop else [])


def test_a_shadowed_incident_is_told_in_its_review_channel_only() -> None:
    assert seen(incident(is_shadow=True), grant=EVERYTHING) == []


def test_the_order_of_the_store_is_kept() -> None:
    many = [incident(incident_id=f"inc-{number}") for number in range(4)]
    assert seen(*many, grant=EVERYTHING) == ["inc-0", "inc-1", "inc-2", "inc-3"]
