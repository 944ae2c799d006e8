"""The one spelling of a plan: stable, exact, and the same after a stay in the database."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.errors import RefusedError
from safe_ops.model.plans import Sequel
from safe_ops.plan import canonical, canonical_json, digest_of
from tests.unit.safe_ops.rows import a_plan
from tests.unit.safe_ops.stored_plans import plan_from_json, plan_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


def with_pins(pins: Any) -> Any:
    plan = a_plan()
    return replace(plan, drawing=replace(plan.drawing, pins={"pin": pins}))


def test_the_digest_is_of_the_canonical_bytes_in_a_domain_of_its_own() -> None:
    plan = a_plan()
    expected = hashlib.sha256(b"nightdesk-plan-v1\0" + canonical(plan)).hexdigest()
    assert digest_of(plan) == expected
    assert digest_of(plan) != hashlib.sha256(canonical(plan)).hexdigest()


def test_keys_are_sorted_and_nothing_is_padded() -> None:
    assert (
        canonical_json({"b": [1, True, None], "a": "ü"}) == '{"a":"ü","b":[1,true,null]}'.encode()
    )


def test_integers_json_cannot_hold_exactly_are_strings() -> None:
    edge = 2**53 - 1
    assert canonical_json([edge, edge + 1, -edge - 1, True]) == (
        b'[9007199254740991,"9007199254740992","-9007199254740992",true]'
    )


def test_tuples_are_spelled_as_the_lists_they_become_in_the_database() -> None:
    assert canonical_json((1, (2,))) == canonical_json([1, [2]])


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_without_a_spelling_is_refused(number: float) -> None:
    with pytest.raises(RefusedError, match="cannot be written down exactly") as refused:
        digest_of(with_pins(number))
    assert refused.value.code == "plan"


@given(JSON)
def test_a_stored_plan_is_the_same_plan_with_the_same_digest(value: Any) -> None:
    plan = with_pins(value)
    again = plan_from_json(plan_json(plan))
    assert again == plan
    assert digest_of(again) == digest_of(plan)


@given(JSON, JSON)
def test_different_plans_have_different_digests(one: Any, other: Any) -> None:
    same = canonical_json(one) == canonical_json(other)
    assert (digest_of(with_pins(one)) == digest_of(with_pins(other))) is same


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "other"},
        {"requester": "other"},
        {"policy_hash": "other"},
        {"incident_id": "other"},
        {"version": 9},
        {"break_glass": "other"},
        {"needs": ()},
        {"rulings": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_is_in_the_digest(change: dict[str, Any]) -> None:
    plan = a_plan()
    assert digest_of(replace(plan, **change)) != digest_of(plan)


def test_a_plan_from_before_there_were_sequels_keeps_its_digest() -> None:
    plan = a_plan()
    kept = json.loads(plan_json(plan))
    del kept["drawing"]["sequel"]
    assert b'"sequel"' not in canonical(plan)
    assert plan_from_json(json.dumps(kept)) == plan
    followed = replace(plan.drawing, sequel=Sequel(operation="back", parameters={}, after_s=60))
    assert digest_of(replace(plan, drawing=followed)) != digest_of(plan)


def test_the_canonical_form_is_json_and_names_all_fields() -> None:
    found = json.loads(canonical(a_plan()))
    assert found["drawing"]["steps"][0]["call"]["body"] == {"to": 5}
    assert found["created_at"].endswith("Z")
