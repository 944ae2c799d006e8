"""Quantities are read and written exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.model.quantities import amount, cores, size


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("250m", "0.25"),
        ("2", "2"),
        (2, "2"),
        (0.5, "0.5"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("+1", "1"),
        ("1Ki", "1024"),
        ("1k", "1000"),
        ("1.5Gi", "1610612736"),
        ("1E", "1000000000000000000"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("12e-1", "1.2"),
        ("3n", "0.000000003"),
    ],
)
def test_a_quantity_is_its_amount(written: Any, value: str) -> None:
    assert amount(written) == Decimal(value)


@pytest.mark.parametrize("written", [None, True, "", "-1", "1K", "1 Gi", "Gi", "1e", "1e999", "x"])
def test_what_is_no_quantity_has_no_amount(written: Any) -> None:
    assert amount(written) is None


@given(st.integers(min_value=0, max_value=10**9))
def test_cores_read_back_as_they_were(thousandths: int) -> None:
    value = Decimal(thousandths) / 1000
    assert amount(cores(value)) == value


@given(st.integers(min_value=0, max_value=2**62))
def test_sizes_read_back_as_they_were(whole: int) -> None:
    assert amount(size(Decimal(whole))) == whole


@given(st.decimals(min_value=0, max_value=10**6, places=9))
def test_what_has_to_be_rounded_is_rounded_up(value: Decimal) -> None:
    assert 0 <= (amount(cores(value)) or 0) - value < Decimal("0.001")
    assert 0 <= (amount(size(value)) or 0) - value < 1


@given(st.text())
def test_no_text_breaks_the_reading(written: str) -> None:
    found = amount(written)
    assert found is None or found >= 0


def test_sizes_are_written_in_the_largest_whole_unit() -> None:
    assert size(Decimal(2**30)) == "1Gi"
    assert size(Decimal(1536 * 2**20)) == "1536Mi"
    assert size(Decimal(1025)) == "1025"
    assert size(Decimal(0)) == "0"
