"""Each guard of the operations on workloads: what it alone refuses, nothing else does."""

from __future__ import annotations

import pytest

from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.cases_workloads import BREAKS, OPERATIONS
from tests.unit.safe_ops.situations_workloads import Situation


@pytest.mark.parametrize("operation", OPERATIONS)
def test_in_good_order_every_guard_passes(operation: str) -> None:
    assert Situation(operation).refusals() == []


@pytest.mark.parametrize(("operation", "guard"), sorted(BREAKS))
def test_what_one_guard_is_for_no_other_refuses(operation: str, guard: str) -> None:
    here = Situation(operation)
    BREAKS[operation, guard](here)
    # Exactly this one: with it taken out of the tuple, nothing would be in the way.
    assert here.refusals() == [guard]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_guard_has_a_case_that_needs_it(operation: str) -> None:
    names = [guard.name for guard in CATALOGUE[operation].guards]
    assert len(set(names)) == len(names)
    assert {guard for of, guard in BREAKS if of == operation} == set(names)
