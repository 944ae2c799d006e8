"""What the registry means: names in texts, who may read what, and default scopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.conversation import Scope
from bot.domain.registry import (
    EVERYONE,
    FULL_ACCESS,
    Access,
    Account,
    Channel,
    Cluster,
    Grant,
    Registry,
    Team,
)

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)
WORDS = st.text(alphabet="abc äß1-._/:,?!\n", max_size=30)
ESTATE = Registry(
    clusters=(
        Cluster(name="prod-eu", aliases=("eu", "Frankfurt")),
        Cluster(name="prod-us"),
        Cluster(name="prod"),
        Cluster(name="gke.v1"),
    ),
    accounts=(Account(name="shop", account_id="123456789012", aliases=("shop-prod",)),),
    channels=(
        Channel(channel="C0000SHOP", cluster="prod-eu", namespace="shop"),
        Channel(channel="C0000QUIET", namespace="misc", quiet=True),
    ),
    teams=(Team(name="shop", user_group="S0000SHOP"),),
    access=(
        Grant(
            teams=("shop",), channels=("C0000SHOP",), clusters=("prod-*",), namespaces=("shop*",)
        ),
        Grant(teams=("platform",)),
    ),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what fails in prod-eu?", ("prod-eu",)),
        ("What fails in PROD-EU", ("prod-eu",)),
        ("compare prod-us with prod-eu.", ("prod-eu", "prod-us")),
        ("frankfurt: is it slow", ("prod-eu",)),
        ("the prod cluster", ("prod",)),
        ("prod-eu-west", ()),
        ("preprod", ()),
        ("prod.example.com", ()),
        ("my.prod", ()),
        ("is it prod?", ("prod",)),
        ("(gke.v1)", ("gke.v1",)),
        ("gkeXv1", ()),
        ("neu", ()),
        ("", ()),
    ],
)
def test_a_cluster_is_mentioned_by_its_name_as_a_word_of_its_own(
    text: str, found: tuple[str, ...]
) -> None:
    assert ESTATE.mentioned(text) == found


@given(name=NAMES, before=WORDS, after=WORDS)
def test_a_name_between_blanks_is_always_found(name: str, before: str, after: str) -> None:
    registry = Registry(clusters=(Cluster(name=name),))
    assert registry.mentioned(f"{before} {name} {after}") == (name,)


@given(name=NAMES, longer=st.sampled_from("abz09-_"), text=st.sampled_from(["", "in ", "is it "]))
def test_a_name_inside_a_longer_one_is_never_found(name: str, longer: str, text: str) -> None:
    registry = Registry(clusters=(Cluster(name=name),))
    assert registry.mentioned(f"{text}{name}{longer}") == ()
    assert registry.mentioned(f"{text}{longer}{name}") == ()


@given(text=WORDS)
def test_what_is_mentioned_is_in_the_order_of_the_file(text: str) -> None:
    found = ESTATE.mentioned(text)
    assert list(found) == [name for name in ESTATE.cluster_names() if name in found]


@pytest.mark.parametrize("name", ["prod-eu", "PROD-EU", "eu", "frankfurt"])
def test_a_cluster_is_found_by_name_or_alias_in_any_case(name: str) -> None:
    cluster = ESTATE.cluster(name)
    assert cluster is not None
    assert cluster.name == "prod-eu"


@pytest.mark.parametrize("name", ["shop", "Shop-Prod", "123456789012"])
def test_an_account_is_found_by_name_alias_or_number(name: str) -> None:
    account = ESTATE.account(name)
    assert account is not None
    assert account.name == "shop"


def test_unknown_names_are_none() -> None:
    assert (ESTATE.cluster("prod-*"), ESTATE.account("1"), ESTATE.channel("C1")) == (
        None,
        None,
        None,
    )


class TestAccess:
    def test_a_team_reads_what_it_was_granted_there(self) -> None:
        access = ESTATE.access_of(frozenset({"shop", EVERYONE}), "C0000SHOP")
        assert access.may_read("prod-eu", "shop-search")
        assert access.clusters(ESTATE.cluster_names()) == ("prod-eu", "prod-us")
        assert access.namespaces("prod-eu") == ("shop*",)

    def test_other_namespaces_clusters_and_channels_are_refused(self) -> None:
        access = ESTATE.access_of(frozenset({"shop"}), "C0000SHOP")
        assert not access.may_read("prod-eu", "payments")
        assert not access.may_read("prod", "shop")
        assert ESTATE.access_of(frozenset({"shop"}), "C0OTHER").grants == ()

    def test_some_namespaces_are_not_all_at_once(self) -> None:
        access = ESTATE.access_of(frozenset({"shop"}), "C0000SHOP")
        assert not access.may_read("prod-eu", None)
        assert FULL_ACCESS.may_read("prod-eu", None)

    def test_grants_add_up(self) -> None:
        access = ESTATE.access_of(frozenset({"shop", "platform"}), "C0000SHOP")
        assert access.may_read("prod", "payments")
        assert access.may_read("prod", None)

    def test_without_a_grant_nothing_is_read(self) -> None:
        access = ESTATE.access_of(frozenset({EVERYONE}), "C0000SHOP")
        assert access.clusters(ESTATE.cluster_names()) == ()
        assert not access.may_read("prod", "shop")

    def test_a_registry_without_access_lets_everyone_read(self) -> None:
        registry = Registry(clusters=(Cluster(name="prod"),))
        assert registry.access_of(frozenset({EVERYONE}), "C1").may_read("prod", None)

    @given(
        patterns=st.lists(st.sampled_from(["*", "shop", "shop-*", "pay?ents"]), max_size=3),
        namespace=st.sampled_from(["shop", "shop-a", "payments", "default"]),
    )
    def test_who_reads_all_namespaces_reads_each(self, patterns: list[str], namespace: str) -> None:
        access = Access(grants=(Grant(namespaces=tuple(patterns)),))
        if access.may_read("any", None):
            assert access.may_read("any", namespace)

    @given(cluster=NAMES, namespace=NAMES)
    def test_what_may_be_read_is_in_a_cluster_that_is_listed(
        self, cluster: str, namespace: str
    ) -> None:
        access = ESTATE.access_of(frozenset({"shop"}), "C0000SHOP")
        if access.may_read(cluster, namespace):
            assert access.clusters([cluster]) == (cluster,)


class TestDefaultScope:
    def test_a_channel_has_its_own(self) -> None:
        assert ESTATE.default_scope("C0000SHOP") == Scope(clusters=("prod-eu",), namespace="shop")

    @pytest.mark.parametrize("channel", ["C0000QUIET", "C0OTHER"])
    def test_among_several_clusters_there_is_none(self, channel: str) -> None:
        assert ESTATE.default_scope(channel) is None

    def test_the_only_cluster_is_everybodys(self) -> None:
        registry = Registry(
            clusters=(Cluster(name="prod"),),
            channels=(Channel(channel="C1", namespace="shop"),),
        )
        assert registry.default_scope("C1") == Scope(clusters=("prod",), namespace="shop")
        assert registry.default_scope("C2") == Scope(clusters=("prod",))

    @given(
        clusters=st.lists(NAMES, max_size=3, unique=True),
        own=st.sampled_from([None, 0]),
        namespace=st.sampled_from([None, "shop"]),
    )
    def test_it_is_always_one_cluster_of_the_registry(
        self, clusters: list[str], own: int | None, namespace: str | None
    ) -> None:
        registry = Registry(
            clusters=tuple(Cluster(name=name) for name in clusters),
            channels=(
                Channel(
                    channel="C1",
                    cluster=clusters[own] if own is not None and clusters else None,
                    namespace=namespace,
                ),
            ),
        )
        scope = registry.default_scope("C1")
        if scope is None:
            assert len(clusters) != 1
        else:
            assert len(scope.clusters) == 1
            assert set(scope.clusters) <= set(clusters)
            assert scope.namespace == namespace
