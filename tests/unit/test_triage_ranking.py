"""The order of findings: causes before symptoms, what others need before those."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding
from bot.triage.ranking import explains, rank
from tests.unit.triage_estates import NOW, ref

BASE = Finding(
    object=ref("deployment", "cart"),
    cause=Cause.APPLICATION_CRASH,
    category=Category.APPLICATION,
    phrase="crash",
    values={},
    evidence=("E1",),
    weight=0.6,
    since=NOW,
    pods=(ref("pod", "cart-1"),),
)
SYMPTOM = replace(BASE, phrase="replicas_missing", cause=Cause.UNKNOWN, symptom=True, weight=0.2)

FINDINGS = st.builds(
    lambda name, cause, phrase, weight, symptom, depth, covers, needs, pods: replace(
        BASE,
        object=ref("deployment", name),
        cause=cause,
        phrase=phrase,
        weight=weight,
        symptom=symptom,
        depth=depth,
        covers=covers,
        needs=needs,
        pods=tuple(ref("pod", pod) for pod in pods),
    ),
    st.sampled_from("abc"),
    st.sampled_from(list(Cause)),
    st.sampled_from(["crash", "quota"]),
    st.floats(0, 1),
    st.booleans(),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from(["", "a", "b.shop", "c.other.svc"]),
    st.lists(st.sampled_from("xyz"), max_size=3, unique=True),
)


@given(st.lists(FINDINGS, max_size=8))
def test_ranking_again_changes_nothing_and_invents_nothing(found: list[Finding]) -> None:
    ranked = rank(found)
    keys = [(one.object, one.cause, one.phrase) for one in ranked]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {(one.object, one.cause, one.phrase) for one in found}
    assert [(one.object, one.cause, one.phrase) for one in rank(ranked)] == keys


@given(st.lists(FINDINGS, max_size=8))
def test_a_symptom_never_stands_beside_a_cause_of_its_object(found: list[Finding]) -> None:
    ranked = rank(found)
    caused = {one.object for one in ranked if not one.symptom}
    symptoms = [one.object for one in ranked if one.symptom]
    assert not caused & set(symptoms)
    assert len(symptoms) == len(set(symptoms))


@given(st.lists(FINDINGS, max_size=8))
def test_the_order_does_not_depend_on_the_order_of_the_rules(found: list[Finding]) -> None:
    unique = list({(one.object, one.cause, one.phrase): one for one in found}.values())
    assert rank(unique) == rank(reversed(unique))


@given(st.lists(FINDINGS, min_size=1, max_size=8))
def test_something_is_left_of_every_trouble(found: list[Finding]) -> None:
    assert rank(found)


def test_nothing_ranks_as_nothing() -> None:
    assert rank([]) == []


def test_the_same_fault_of_several_pods_is_one_with_the_earliest_beginning() -> None:
    later = replace(
        BASE,
        pods=(ref("pod", "cart-2"),),
        since=NOW - timedelta(hours=1),
        evidence=("E7",),
        weight=0.5,
    )
    (found,) = rank([BASE, later])
    assert found.pods == (ref("pod", "cart-1"), ref("pod", "cart-2"))
    assert found.affected == 2
    assert found.since == NOW - timedelta(hours=1)
    assert found.evidence == ("E1", "E7")
    assert found.weight == 0.6


def test_a_cause_takes_the_place_of_a_symptom() -> None:
    assert rank([SYMPTOM, BASE]) == [BASE]


def test_of_symptoms_alone_the_weightiest_stays() -> None:
    probe = replace(SYMPTOM, phrase="probe_failing", weight=0.5)
    assert rank([SYMPTOM, probe]) == [probe]
    assert rank([probe, SYMPTOM]) == [probe]


def test_a_lost_node_covers_the_faults_of_its_pods_alone() -> None:
    lost = replace(BASE, object=ref("node", "n", ""), phrase="node_not_ready", depth=2, covers=True)
    elsewhere = replace(BASE, object=ref("deployment", "web"), pods=(ref("pod", "web-1"),))
    assert rank([BASE, lost, elsewhere]) == [lost, elsewhere]


def test_what_another_fault_needs_comes_first() -> None:
    needy = replace(BASE, needs="cart-db.shop.svc.cluster.local", weight=0.9)
    needed = replace(BASE, object=ref("statefulset", "cart-db"), weight=0.3)
    assert [one.object.name for one in rank([needy, needed])] == ["cart-db", "cart"]


def test_a_chain_is_followed_to_its_end() -> None:
    web = replace(BASE, object=ref("deployment", "web"), needs="cart", weight=0.95)
    cart = replace(BASE, needs="cart-db", weight=0.9)
    database = replace(BASE, object=ref("statefulset", "cart-db"), weight=0.4)
    assert [one.object.name for one in rank([web, cart, database])] == ["cart-db", "cart", "web"]


def test_two_that_need_each_other_are_ordered_by_weight() -> None:
    one = replace(BASE, needs="web", weight=0.5)
    other = replace(BASE, object=ref("deployment", "web"), needs="cart", weight=0.7)
    assert [entry.object.name for entry in rank([one, other])] == ["web", "cart"]


def test_a_host_of_another_namespace_is_not_the_workload_of_this_one() -> None:
    needy = replace(BASE, needs="cart-db.payments.svc")
    here = replace(BASE, object=ref("statefulset", "cart-db"))
    there = replace(BASE, object=ref("statefulset", "cart-db", "payments"))
    assert not explains(here, needy)
    assert explains(there, needy)
    assert not explains(needy, needy)


def test_the_earlier_of_equal_faults_comes_first() -> None:
    earlier = replace(BASE, object=ref("deployment", "web"), since=NOW - timedelta(hours=1))
    assert [one.object.name for one in rank([BASE, earlier])] == ["web", "cart"]
