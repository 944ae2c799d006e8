"""What the tests of the write side's service share: a clock, a book, and everything wired."""

from __future__ import annotations

import pytest

from tests.unit.safe_ops.book import MemoryBook
from tests.unit.safe_ops.write_side import TestClock, WriteSide


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def book(clock: TestClock) -> MemoryBook:
    return MemoryBook(clock)


@pytest.fixture
def side(book: MemoryBook, clock: TestClock) -> WriteSide:
    return WriteSide(book, clock)
