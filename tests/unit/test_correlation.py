"""Weights: what an alert has in common with an incident, and when that makes them one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert_keys import Place, keys_of, workloads_of
from bot.domain.alert_words import MAX_WORDS, words_of
from bot.domain.correlation import (
    ALIKE_IN_TEXT,
    CLOSE_IN_TIME,
    SAME_ALERT,
    SAME_ESTATE,
    SAME_GROUP,
    SAME_NAMESPACE,
    SAME_NODE,
    SAME_RULE_AND_PLACE,
    SAME_RULE_UNPLACED,
    SAME_WORKLOAD,
    THRESHOLD,
    Candidate,
    home_for,
    total,
    weigh,
)
from tests.contract.store.alerts import SLACK, WATCH, WATCHED, WEBHOOK, alert, bare
from tests.contract.store.builders import DAY

if TYPE_CHECKING:
    from random import Random

    from bot.domain.alert import Alert
    from bot.domain.incident import Weight


def incident(
    told: Alert,
    *,
    home: str = WATCHED,
    road: str = WEBHOOK,
    minutes: float = 0,
    incident_id: str = "i1",
    **known: object,
) -> Candidate:
    """An open incident of one alert that began so many minutes before DAY."""
    began = DAY - timedelta(minutes=minutes)
    return Candidate(
        **{  # type: ignore[arg-type]
            "incident_id": incident_id,
            "home": home,
            "is_storm": False,
            "begun_first": began,
            "begun_last": began,
            "keys": keys_of(told, road=road),
        }
        | known
    )


def shared(told: Alert, candidate: Candidate, *, road: str = WEBHOOK) -> Candidate:
    """The candidate as a store returns it: with the keys both have."""
    own = {(key.tie, key.value) for key in keys_of(told, road=road)}
    return replace(
        candidate, keys=tuple(key for key in candidate.keys if (key.tie, key.value) in own)
    )


def why(told: Alert, candidate: Candidate, *, road: str = WEBHOOK) -> tuple[Weight, ...]:
    return weigh(
        told,
        shared(told, candidate, road=road),
        road=road,
        watch=WATCH,
        now=DAY,
        common=frozenset(),
    )


def test_the_published_weights_are_these() -> None:
    """A change of these numbers is a change of behaviour that users see."""
    weights = (SAME_ALERT, SAME_GROUP, SAME_RULE_AND_PLACE, SAME_RULE_UNPLACED, SAME_WORKLOAD)
    assert [weight.points for weight in weights] == [1.0, 1.0, 0.9, 0.7, 0.6]
    nearness = (SAME_NODE, SAME_NAMESPACE, SAME_ESTATE, CLOSE_IN_TIME, ALIKE_IN_TEXT)
    assert [weight.points for weight in nearness] == [0.4, 0.3, 0.15, 0.25, 0.2]
    assert THRESHOLD == 0.6


def test_nothing_but_a_place_with_time_and_text_reaches_the_threshold() -> None:
    assert CLOSE_IN_TIME.points + ALIKE_IN_TEXT.points < THRESHOLD
    assert SAME_NAMESPACE.points + CLOSE_IN_TIME.points < THRESHOLD
    assert SAME_ESTATE.points + CLOSE_IN_TIME.points < THRESHOLD


def test_a_workload_counts_less_the_further_apart_they_began() -> None:
    told = alert("KubePodNotReady")
    points = [total(why(told, incident(alert(), minutes=m))) for m in (0, 5, 10, 14.9, 15, 600)]
    assert points == sorted(points, reverse=True)
    assert points[0] == 0.85
    assert points[3] >= THRESHOLD
    assert points[4:] == [0, 0]


def test_an_alert_told_late_counts_from_when_it_began() -> None:
    late = alert("KubePodNotReady", starts_at=DAY - timedelta(minutes=40))
    assert total(why(late, incident(alert(), minutes=40))) == 0.85
    assert why(late, incident(alert(), minutes=0)) == ()


def test_a_pod_a_replica_set_and_a_service_lead_to_one_workload() -> None:
    things = (
        ("pod", "checkout-6d4b75cb6d-hx8kq"),
        ("replicaset", "checkout-6d4b75cb6d"),
        ("service", "checkout"),
        ("node", "node-7"),
    )
    assert workloads_of(alert(objects=things)) == ("checkout",)


def test_two_nodes_of_one_cluster_are_two_troubles() -> None:
    first = alert("NodeNotReady", namespace="", objects=(("node", "node-a"),))
    other = alert("NodeNotReady", namespace="", objects=(("node", "node-b"),))
    assert total(why(other, incident(first))) < THRESHOLD
    assert why(first, incident(first, minutes=600)) == (SAME_RULE_AND_PLACE,)


def test_a_pod_joins_the_trouble_of_its_node_while_that_is_young() -> None:
    node = alert("KubeNodeNotReady", namespace="", objects=(("node", "node-a"),))
    pod = alert("PodGone", objects=(("pod", "web-6d4b75cb6d-hx8kq"), ("node", "node-a")))
    assert total(why(pod, incident(node, minutes=1))) >= THRESHOLD
    assert total(why(pod, incident(node, minutes=14))) < THRESHOLD


@pytest.mark.parametrize("where", [{"cluster": "prod-us"}, {"namespace": "shop"}])
def test_a_contradicting_place_undoes_an_equal_name(where: dict[str, str]) -> None:
    assert total(why(alert(**where), incident(alert()))) < THRESHOLD  # type: ignore[arg-type]


def test_what_one_of_both_does_not_know_is_no_contradiction() -> None:
    assert why(alert(cluster=None), incident(alert())) == (SAME_RULE_AND_PLACE,)


def test_accounts_contradict_only_in_one_region() -> None:
    eu = Place(account="111111111111", region="eu-central-1")
    assert eu.contradicts(Place(account="222222222222"))
    assert eu.contradicts(Place(account="111111111111", region="us-east-1"))
    assert not eu.contradicts(Place(account="111111111111"))
    assert eu.shares_estate(Place(account="111111111111"))


def test_a_message_without_labels_must_agree_in_what_it_says() -> None:
    told = bare("KubePodCrashLooping payments (checkout prod-eu)", name="KubePodCrashLooping")
    ours = incident(told, road=SLACK)
    assert why(alert(), ours)[0] == SAME_RULE_UNPLACED
    other = alert(namespace="search", workload="finder")
    assert total(why(other, ours)) < THRESHOLD
    assert total(why(alert(), ours, road=SLACK)) < THRESHOLD, "one road tells each group once"


def test_readers_of_another_channel_are_joined_by_equal_rules_only() -> None:
    theirs = incident(alert(), home="C0OTHER")
    assert why(alert("KubePodNotReady"), theirs) == ()
    assert why(alert(), theirs) == (SAME_RULE_AND_PLACE,)


def test_words_of_many_incidents_tell_nothing() -> None:
    told = alert("CheckoutErrors", text="connections to orders-db are refused", workload="x")
    databases = [
        incident(alert("DatabaseDown", workload="orders-db"), incident_id=f"i{n}") for n in range(4)
    ]
    few = [shared(told, one) for one in databases[:1]]
    many = [shared(told, one) for one in databases]
    assert home_for(told, few, road=WEBHOOK, watch=WATCH, now=DAY) is not None
    assert home_for(told, many, road=WEBHOOK, watch=WATCH, now=DAY) is None


@given(st.randoms(use_true_random=False))
def test_the_order_of_candidates_does_not_matter(random: Random) -> None:
    told = alert("KubePodNotReady")
    candidates = [
        shared(told, incident(alert(name), minutes=minutes, incident_id=f"{name}{minutes}"))
        for name in ("A", "B", "KubePodNotReady")
        for minutes in (0, 3, 3.5, 12)
    ]
    first = home_for(told, candidates, road=WEBHOOK, watch=WATCH, now=DAY)
    random.shuffle(candidates)
    assert home_for(told, candidates, road=WEBHOOK, watch=WATCH, now=DAY) == first
    assert first is not None
    assert first[0].incident_id == "KubePodNotReady12", "of equals the first to begin"


@given(st.text(max_size=300), st.text(max_size=60), st.dictionaries(st.text(), st.text()))
def test_words_of_any_text_are_few_and_each_is_there_once(
    text: str, workload: str, labels: dict[str, str]
) -> None:
    words = words_of(replace(alert(workload=workload), text=text, labels=labels))
    assert len(words) == len(set(words)) <= MAX_WORDS
    assert all(word == word.lower() for word in words)


def test_words_of_alerting_addresses_and_numbers_are_none() -> None:
    told = alert(
        "HighLatency",
        text="FIRING: threshold exceeded 99.5% for 5m https://grafana.example/d/abc checkout-api",
        objects=(),
        namespace="",
        cluster=None,
        labels={},
    )
    assert words_of(told) == ("checkout-api", "checkout", "api")
