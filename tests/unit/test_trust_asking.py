"""Asking for trust by command: which environments there are, who may, and what the list says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.conversation import ChannelId
from bot.domain.errors import NotAllowedError
from bot.domain.registry import Access, Account, Cluster, Grant, OperatorAccess, Registry
from bot.flows.approval.offering import check_service
from bot.flows.approval.places import chosen, sites_of
from bot.flows.approval.sight import may_see_service
from bot.flows.approval.trusted import LISTED, trusted_words
from bot.flows.approval.wish import read_wish
from bot.ports.operations_desk import Order
from safe_ops.model.plans import System
from safe_ops.model.trust import TrustKey
from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.book import MemoryBook
from tests.unit.safe_ops.write_side import TestClock

ALL = Access(grants=(Grant(),))
SHOP = Access(grants=(Grant(clusters=("eu",), namespaces=("shop",)),))
REGISTRY = Registry(
    clusters=(
        Cluster(name="eu", environment="prod", operator=OperatorAccess()),
        Cluster(name="us", environment="prod", operator=OperatorAccess()),
        Cluster(name="try", environment="dev", operator=OperatorAccess()),
        Cluster(name="readonly", environment="lab"),
    ),
    accounts=(
        Account(
            name="main",
            account_id="123456789012",
            environment="cloud",
            regions=("eu-west-1",),
            operator_role_arn="arn:aws:iam::123456789012:role/operator",
        ),
    ),
)


def order(**given: str) -> Order:
    return Order(order_id="o1", operation="autonomy_grant", given=given, channel=ChannelId("C1"))


def test_trust_is_asked_for_in_environments_whose_places_may_be_changed_and_read() -> None:
    names = [site.environment for site in sites_of(REGISTRY, ALL, System.NIGHTDESK)]
    assert names == ["prod", "dev", "cloud"]
    assert [site.name for site in sites_of(REGISTRY, SHOP, System.NIGHTDESK)] == ["prod"]


@pytest.mark.parametrize("word", ["place", "environment"])
def test_the_environment_is_the_place(word: str) -> None:
    wish = read_wish(
        order(**{word: "dev", "operation": "scale_up", "service": "try/shop/cart"}),
        CATALOGUE["autonomy_grant"],
        sites=sites_of(REGISTRY, ALL, System.NIGHTDESK),
        registry=REGISTRY,
    )
    assert wish.is_complete
    assert wish.site is not None
    assert (wish.site.place.system, wish.site.place.name) == (System.NIGHTDESK, "dev")
    assert wish.values == {"operation": "scale_up", "service": "try/shop/cart"}


def test_without_an_environment_it_is_asked_for_with_the_choices() -> None:
    sites = sites_of(REGISTRY, ALL, System.NIGHTDESK)
    grant = CATALOGUE["autonomy_grant"]
    wish = read_wish(order(operation="scale_up"), grant, sites=sites, registry=REGISTRY)
    assert set(wish.form.problems) == {"place", "service"}
    assert wish.form.fields[0].choices == ("prod", "dev", "cloud")
    assert chosen(REGISTRY, sites, "eu") is None
    nowhere = read_wish(order(operation="scale_up"), grant, sites=(), registry=REGISTRY)
    assert "there is no environment here" in " ".join(nowhere.form.notes)


@pytest.mark.parametrize(
    ("access", "service", "seen"),
    [
        (ALL, "eu/shop/cart", True),
        (ALL, "main/eu-west-1/lambda function/resize", True),
        (SHOP, "eu/shop/cart", True),
        (SHOP, "eu/CronJob/shop/report", True),
        (SHOP, "eu/pay/api", False),
        (SHOP, "eu/cart/shop", False),
        (SHOP, "us/shop/cart", False),
        (SHOP, "eu/Node/n1", False),
        (SHOP, "shop/cart", False),
        (SHOP, "eu", False),
        (SHOP, "main/eu-west-1/lambda function/resize", False),
    ],
)
def test_trust_on_a_service_concerns_who_may_read_of_it(
    access: Access, service: str, *, seen: bool
) -> None:
    assert may_see_service(access, service) is seen
    if not seen:
        with pytest.raises(NotAllowedError, match="you may not read it, or it is not named in"):
            check_service(access, service)


def test_the_list_says_what_is_trusted_by_what_and_how_to_change_that() -> None:
    book = MemoryBook(TestClock(at=datetime(2026, 11, 21, tzinfo=UTC)))
    assert trusted_words(book, ALL).startswith("Nothing that you may see runs with one approval")
    key = TrustKey(operation="scale_up", environment="prod", service_key="eu/shop/cart")
    book.give_trust(key, label="A12", runs=21, lost_by="")
    book.give_trust(replace(key, service_key="eu/pay/api"), label="A13", runs=20, lost_by="")
    told = trusted_words(book, SHOP).splitlines()
    assert told[1] == (
        "• scale_up on eu/shop/cart in prod, trusted by A12 of 2026-11-21, for 21 verified runs;"
        " 0 runs within 30 days now"
    )
    assert "eu/pay/api" not in "".join(told)
    assert "/nightdesk run autonomy_withdraw" in told[-1]


def test_a_long_list_ends_with_how_many_there_are_beyond() -> None:
    book = MemoryBook(TestClock())
    for number in range(LISTED + 2):
        key = TrustKey(operation="scale_up", environment="prod", service_key=f"eu/shop/a{number}")
        book.give_trust(key, label="A1", runs=20, lost_by="")
    assert "… and 2 more" in trusted_words(book, ALL)
