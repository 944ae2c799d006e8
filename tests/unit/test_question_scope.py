"""Where a question is looked at, by what it names and what its asker may read."""

from __future__ import annotations

import pytest

from bot.domain.conversation import Scope
from bot.domain.registry import FULL_ACCESS, Access, Account, Cluster, Grant, Registry
from bot.flows.question.scope import Unclear, resolve

NUMBER = "123456789012"
ACCOUNT = Account(
    name="shop-prod",
    account_id=NUMBER,
    environment="prod",
    regions=("eu-central-1",),
    aliases=("shop",),
    role_arn=f"arn:aws:iam::{NUMBER}:role/nightdesk-read",
)
REGISTRY = Registry(
    clusters=(Cluster(name="prod-eu"), Cluster(name="prod-us")),
    accounts=(ACCOUNT,),
    access=FULL_ACCESS.grants,
)
NO_CLUSTER = Scope(clusters=())


def scope(
    text: str, *, access: Access = FULL_ACCESS, thread: Scope | None = None
) -> Scope | Unclear:
    return resolve(
        text=text,
        thread_scope=thread,
        chosen=None,
        channel="C1",
        registry=REGISTRY,
        access=access,
    )


@pytest.mark.parametrize(
    "text",
    [
        "why does checkout-webhook fail in shop-prod?",
        f"what was deployed in {NUMBER}?",
        "why does the lambda checkout-webhook fail?",
        "warum schlägt die Lambda checkout-webhook fehl?",
    ],
)
def test_a_question_about_an_account_needs_no_cluster(text: str) -> None:
    assert scope(text) == NO_CLUSTER


@pytest.mark.parametrize(
    "text",
    [
        "why is cart unhealthy?",
        "why is cart failing in shop?",
        "kubectl get pods -n shop-prod",
        'up{account="shop-prod"}',
    ],
)
def test_any_other_question_is_asked_back_for_its_cluster(text: str) -> None:
    assert scope(text) == Unclear(choices=("prod-eu", "prod-us"))


def test_a_cluster_that_is_known_stays_beside_an_account() -> None:
    known = Scope(clusters=("prod-us",), namespace="shop")
    assert scope("is it shop-prod or the pods?", thread=known) == known
    assert scope("compare shop-prod with prod-eu") == Scope(clusters=("prod-eu",))


def test_an_account_one_may_not_read_is_no_way_around_the_clusters() -> None:
    access = Access(grants=(Grant(teams=("everyone",), accounts=()),))
    assert scope("why does it fail in shop-prod?", access=access) == Unclear(
        choices=("prod-eu", "prod-us")
    )


def test_whoever_may_read_an_account_and_no_cluster_may_ask_about_it() -> None:
    access = Access(grants=(Grant(teams=("everyone",), clusters=(), accounts=("*",)),))
    assert scope("why does the lambda in shop-prod fail?", access=access) == NO_CLUSTER
