"""The guards every operation has: each says no alone, none says no to a case that is well."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from safe_ops.guardrails import pace, timing
from safe_ops.guardrails.common import COMMON
from safe_ops.model.actions import Grounds, State, Switches
from safe_ops.model.surveys import Permission, Survey
from tests.unit.safe_ops.cases_common import (
    ALONE,
    CART,
    GOOD,
    GOOD_NODE,
    GOOD_QUEUE,
    NODE,
    NOW,
    OTHER_NODE,
    SAME_SERVICE,
    SAME_TARGET,
    SCALE,
    amid,
    case,
    drawn,
    past,
    step,
    surveyed,
)

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling

EACH = [(name, at) for name, changes in ALONE.items() for at in range(len(changes))]


def refusals(tried: Case[Survey], *, without: str = "") -> dict[str, Ruling]:
    rulings = (guard.decide(tried) for guard in COMMON if guard.name != without)
    return {ruling.guard: ruling for ruling in rulings if not ruling.passed}


def test_every_guard_has_a_case_of_its_own_and_its_own_name() -> None:
    assert sorted(ALONE) == sorted(guard.name for guard in COMMON)
    assert [guard.decide(GOOD).guard for guard in COMMON] == [guard.name for guard in COMMON]


@pytest.mark.parametrize("good", [GOOD, GOOD_NODE, GOOD_QUEUE, case(by_person=True)])
def test_a_case_that_is_well_is_let_through(good: Case[Survey]) -> None:
    assert refusals(good) == {}


@pytest.mark.parametrize(("name", "at"), EACH)
def test_a_guard_refuses_alone_what_passes_without_it(name: str, at: int) -> None:
    tried = ALONE[name][at]()
    assert list(refusals(tried)) == [name]
    assert refusals(tried, without=name) == {}


@pytest.mark.parametrize(("name", "at"), EACH)
def test_only_window_pace_and_rest_yield_to_break_glass(name: str, at: int) -> None:
    (ruling,) = refusals(ALONE[name][at]()).values()
    yields = name in {"window", "cool-down", "pace-target", "pace-environment"}
    assert ruling.overridable is yields


def says(tried: Case[Survey], name: str) -> str:
    (ruling,) = (guard.decide(tried) for guard in COMMON if guard.name == name)
    return ruling.says


@pytest.mark.parametrize(
    ("tried", "name", "sentence"),
    [
        (
            amid(GOOD, switches=Switches(stopped_by="ana", stopped_at=NOW)),
            "kill-switch",
            "ana stopped all operations at 2026-11-21 12:00 UTC: a manager has to release them",
        ),
        (
            amid(GOOD, recent=(past(**SAME_TARGET), past(**SAME_TARGET, minutes_ago=20)) * 2),
            "pace-target",
            (
                "4 of at most 3 actions an hour ran on eu/Deployment/shop/cart: the next may follow"
                " in 11 minutes, or by breaking glass for an incident"
            ),
        ),
        (
            amid(GOOD, recent=(past(),) * 10),
            "pace-environment",
            (
                "10 of at most 10 actions an hour ran in the environment: the next may follow in 11"
                " minutes, or by breaking glass for an incident"
            ),
        ),
        (
            amid(GOOD, recent=(past(State.ROLLED_BACK, **SAME_TARGET, minutes_ago=9),)),
            "cool-down",
            (
                "A7 (rollout_restart on eu/Deployment/shop/cart) ended rolled_back 9 minutes ago:"
                " find out why first; it may be tried again 30 minutes after it ended"
            ),
        ),
        (
            amid(GOOD, in_flight=(past(State.EXECUTING, **SAME_TARGET),)),
            "in-flight",
            (
                "A7 (rollout_restart on eu/Deployment/shop/cart) is running, for 50 minutes now:"
                " decide it or let it end first"
            ),
        ),
        (
            amid(GOOD, recent=(past(**SAME_SERVICE, size=20),)),
            "blast-radius",
            (
                "with this, 2 actions within an hour touch 21 objects of eu/shop/cart, more than 5"
                " actions or 20 objects: many small changes are one big one, so propose that"
                " instead"
            ),
        ),
        (
            surveyed(
                GOOD,
                permissions=(
                    Permission(says="patch nodes", allowed=False),
                    Permission(says="list pods", allowed=False),
                ),
            ),
            "permissions",
            (
                "the operator may not patch nodes; may not list pods: grant it with the shipped"
                " rights, or leave it forbidden"
            ),
        ),
        (
            amid(GOOD, grounds=Grounds(evidence=("E1",), freshest_at=NOW - timedelta(0, 700))),
            "evidence-fresh",
            "the freshest evidence is 700 seconds old, and may be 10 minutes old: look again",
        ),
        (
            amid(GOOD, grounds=Grounds(evidence=("E1",), freshest_at=NOW)),
            "evidence-measured",
            (
                "1 pieces of evidence are cited, and none is a metric or an API object: logs alone"
                " justify nothing, so confirm it by one"
            ),
        ),
    ],
)
def test_a_refusal_has_its_numbers_and_what_would_help(
    tried: Case[Survey], name: str, sentence: str
) -> None:
    assert says(tried, name) == sentence


def test_a_persons_own_words_need_no_evidence() -> None:
    assert refusals(amid(case(by_person=True), grounds=Grounds())) == {}
    assert sorted(refusals(amid(GOOD, grounds=Grounds()))) == [
        "evidence-fresh",
        "evidence-measured",
    ]


def test_what_follows_an_approved_plan_needs_no_evidence_of_its_own() -> None:
    followed = amid(case(), grounds=Grounds(), is_sequel=True)
    assert refusals(followed) == {}
    said = {guard.name: guard.decide(followed).says for guard in COMMON}
    assert said["evidence-fresh"] == "it was approved with the action it follows"


def test_a_clock_a_little_ahead_is_no_reason_to_refuse() -> None:
    ahead = Grounds(evidence=("E1",), freshest_at=NOW + timedelta(seconds=60), measured=True)
    assert refusals(amid(GOOD, grounds=ahead)) == {}


def test_a_window_that_opens_within_four_hours_may_be_approved_for() -> None:
    waits = amid(
        GOOD,
        window_open=False,
        window_says="prod is closed; it opens at 16:00",
        window_opens_at=NOW + timing.LONGEST_WAIT,
    )
    assert refusals(waits) == {}
    assert says(waits, "window") == (
        "prod is closed; it opens at 16:00; once approved, it waits for that"
    )


def test_what_is_an_hour_or_a_rest_ago_does_not_count() -> None:
    old = past(**SAME_TARGET, minutes_ago=60)
    assert refusals(amid(GOOD, recent=(old,) * 12)) == {}
    rested = past(State.FAILED, **SAME_TARGET, minutes_ago=30)
    assert refusals(amid(GOOD, recent=(rested,))) == {}


def test_a_failure_elsewhere_makes_nothing_else_rest() -> None:
    failed = past(State.FAILED, minutes_ago=1)
    node = past(State.FAILED, **OTHER_NODE, minutes_ago=1)
    elsewhere = past(State.FAILED, target_key="us/Node/ip-2", service_key="us", minutes_ago=1)
    assert refusals(amid(GOOD, recent=(failed, node))) == {}
    assert refusals(amid(GOOD_NODE, recent=(failed, elsewhere))) == {}


def test_an_action_that_is_still_running_does_not_rest_its_target() -> None:
    running = past(State.EXECUTING, **SAME_TARGET, minutes_ago=1)
    assert refusals(amid(GOOD, recent=(running,))) == {}


def test_a_second_node_of_a_cluster_waits_for_the_first_to_end() -> None:
    at_work = past(State.CLAIMED, **OTHER_NODE)
    assert list(refusals(amid(GOOD_NODE, recent=(at_work,)))) == ["one-node"]
    assert refusals(amid(GOOD_NODE, recent=(past(**OTHER_NODE),))) == {}
    elsewhere = past(State.CLAIMED, target_key="us/Node/ip-2", service_key="us/Node/ip-2")
    assert refusals(amid(GOOD_NODE, recent=(elsewhere,))) == {}
    assert refusals(amid(GOOD, recent=(at_work,))) == {}


def test_a_big_change_split_into_small_ones_is_stopped() -> None:
    ran: list[Case[Survey]] = [
        amid(GOOD, recent=(past(**SAME_SERVICE),) * count) for count in range(10)
    ]
    allowed = [tried for tried in ran if not refusals(tried)]
    assert len(allowed) == 5


def test_one_plan_with_many_steps_is_not_a_split_one() -> None:
    many = drawn(GOOD, steps=(step("PUT", SCALE),) * 50)
    assert refusals(many) == {}
    assert list(refusals(amid(many, recent=(past(**SAME_SERVICE),)))) == ["blast-radius"]


def test_nodes_have_their_own_pace() -> None:
    same_node = past(target_key=NODE.key, service_key=NODE.service_key, size=60)
    assert refusals(amid(GOOD_NODE, recent=(same_node,))) == {}


def test_what_is_just_within_a_limit_passes() -> None:
    assert refusals(amid(GOOD, recent=(past(**SAME_SERVICE, size=19),))) == {}
    oldest = Grounds(evidence=("E1",), freshest_at=NOW - timedelta(minutes=10), measured=True)
    assert refusals(amid(GOOD, grounds=oldest)) == {}


def test_limits_are_the_policys() -> None:
    strict = amid(GOOD, per_target_hour=1, recent=(past(**SAME_TARGET),))
    assert list(refusals(strict)) == ["pace-target"]
    assert list(refusals(amid(GOOD, per_environment_hour=1, recent=(past(),)))) == [
        "pace-environment"
    ]
    assert list(refusals(amid(GOOD, per_service_hour=1, recent=(past(**SAME_SERVICE),)))) == [
        "blast-radius"
    ]
    old = Grounds(evidence=("E1",), freshest_at=NOW - timedelta(minutes=2), measured=True)
    assert list(refusals(amid(GOOD, evidence_age_s=60, grounds=old))) == ["evidence-fresh"]


def test_an_operation_that_writes_nothing_needs_no_permission() -> None:
    assert refusals(surveyed(drawn(GOOD, steps=()), permissions=())) == {}


def test_calls_to_a_cluster_without_namespace_are_bound_to_none() -> None:
    evictions = step(
        "POST",
        "/api/v1/namespaces/pay/pods/p-1/eviction",
        {"deleteOptions": {"preconditions": {"uid": "u"}}},
    )
    assert refusals(case(NODE, step("PATCH", "/api/v1/nodes/ip-1"), evictions)) == {}


def test_guards_of_pace_are_listed_once_each() -> None:
    names = [guard.name for guard in COMMON]
    assert len(set(names)) == len(names)
    assert {guard.name for guard in pace.GUARDS} <= set(names)


def test_the_target_itself_is_what_the_guards_speak_of() -> None:
    assert says(GOOD, "one-object") == f"it is {CART.key}, {CART.uid}"
