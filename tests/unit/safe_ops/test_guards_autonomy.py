from __future__ import annotations

import pytest

from safe_ops.model.plans import Stage, System, Tier
from safe_ops.model.trust import Conduct, Ladder
from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.cases_autonomy import ALONE, CASES, WORLDS
from tests.unit.safe_ops.trust_worlds import TrustWorld, grant_world, run


def changed(operation: str, guard: str, at: int) -> TrustWorld:
    world = WORLDS[operation]()
    ALONE[operation, guard][at](world)
    return world


@pytest.mark.parametrize("operation", WORLDS)
def test_where_everything_is_well_no_guard_refuses(operation: str) -> None:
    assert WORLDS[operation]().refusals() == []


@pytest.mark.parametrize(("operation", "guard", "at"), CASES)
def test_exactly_one_guard_sees_what_is_wrong(operation: str, guard: str, at: int) -> None:
    assert changed(operation, guard, at).refusals() == [guard]


@pytest.mark.parametrize(("operation", "guard", "at"), CASES)
def test_without_that_guard_it_would_go_through(operation: str, guard: str, at: int) -> None:
    assert changed(operation, guard, at).refusals(without=guard) == []


@pytest.mark.parametrize("operation", WORLDS)
def test_every_guard_of_an_operation_has_a_case(operation: str) -> None:
    listed = {guard for name, guard in ALONE if name == operation}
    assert {guard.name for guard in CATALOGUE[operation].guards} == listed


def test_every_operation_on_trust_is_here() -> None:
    own = {name for name, one in CATALOGUE.items() if one.system is System.NIGHTDESK}
    assert own == set(WORLDS)


@pytest.mark.parametrize(("operation", "guard", "at"), CASES)
def test_a_refusal_has_its_guards_name_a_sentence_and_no_way_round(
    operation: str, guard: str, at: int
) -> None:
    case = changed(operation, guard, at).case()
    rulings = [one.decide(case) for one in CATALOGUE[operation].guards]
    assert [one.guard for one in rulings] == [one.name for one in CATALOGUE[operation].guards]
    assert not any(one.overridable for one in rulings)
    assert all(len(one.says) > 20 for one in rulings)


def test_a_refusal_for_runs_that_went_wrong_names_the_first_of_them() -> None:
    world = grant_world()
    runs = tuple(run(number, broke_glass=True) for number in range(30, 10, -1))
    world.record = Conduct(runs=runs)
    says = {one.guard: one.says for one in (g.decide(world.case()) for g in world.subject.guards)}
    assert "20 of its runs within 30 days (A30, A29, A28, …)" in says["no-override"]


def test_a_high_tier_may_come_down_to_one_person_outside_prod() -> None:
    world = grant_world()
    world.record = Conduct(runs=tuple(run(number, tier=Tier.T3) for number in range(20)))
    world.rungs = Ladder(before=(Stage.ONCALL, Stage.MANAGER), after=(Stage.ONCALL,))
    world.around["environment"] = "staging"
    assert world.refusals() == []
