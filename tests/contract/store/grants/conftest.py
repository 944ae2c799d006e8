"""One database with roles for each pytest worker; each test finds it empty."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.contract.store.grants.staff import Staff, staffed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.databases import PostgresServer


@pytest.fixture(scope="session")
def all_staff(postgres_server: PostgresServer) -> Iterator[Staff]:
    numbers = count(1)
    with staffed(postgres_server, ids=lambda: f"id-{next(numbers)}") as staff:
        yield staff


@pytest.fixture
def staff(all_staff: Staff) -> Staff:
    all_staff.empty()
    return all_staff
