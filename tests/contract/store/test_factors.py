"""Second factors: what people enrolled, and that no proof counts twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.factors import SqlEnrolments
from bot.domain.enrolment import Enrolment
from safe_ops.model.actions import Factor
from tests.contract.store.builders import DAY
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.lab.clock import LabClock

AT_ONCE = 8


@pytest.fixture
def book(engine: Engine, lab: LabClock) -> SqlActionBook:
    return SqlActionBook(engine, LabTime(lab), str)


@pytest.fixture
def enrolments(engine: Engine, lab: LabClock) -> SqlEnrolments:
    return SqlEnrolments(engine, LabTime(lab), str)


def enrolment(
    factor_id: str = "f1", *, subject: str = "idp|mia", minute: int = 0, secret: str = "sealed"
) -> Enrolment:
    return Enrolment(
        factor_id=factor_id,
        subject=subject,
        kind=Factor.TOTP,
        secret=secret,
        label="phone \ud83d",
        created_at=DAY + timedelta(minutes=minute),
    )


def test_a_counter_is_used_up_by_the_first_who_shows_it(book: SqlActionBook) -> None:
    assert book.take_factor_counter("totp:f1", 59_000_000)
    assert not book.take_factor_counter("totp:f1", 59_000_000)
    assert not book.take_factor_counter("totp:f1", 58_999_999)
    assert book.take_factor_counter("totp:f1", 59_000_001)


def test_each_authenticator_counts_for_itself(book: SqlActionBook) -> None:
    assert book.take_factor_counter("totp:f1", 59_000_000)
    assert book.take_factor_counter("webauthn:f2", 2**32 - 1)
    assert not book.take_factor_counter("webauthn:f2", 7)


def test_of_many_who_show_the_same_code_at_once_one_counts(book: SqlActionBook) -> None:
    barrier = Barrier(AT_ONCE)

    def show(_: int) -> bool:
        barrier.wait(timeout=10)
        return book.take_factor_counter("totp:f1", 59_000_000)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(show, range(AT_ONCE))).count(True) == 1


def test_factors_are_kept_by_person_oldest_first(enrolments: SqlEnrolments) -> None:
    newer, older = enrolment("f1", minute=5), enrolment("f2", minute=1)
    for one in (newer, older, enrolment("f3", subject="idp|bob")):
        assert enrolments.add_factor(one)
    assert enrolments.factors_of("idp|mia") == (older, newer)
    assert enrolments.factors_of("idp|nobody") == ()


def test_an_id_is_enrolled_once_whoever_asks(enrolments: SqlEnrolments) -> None:
    assert enrolments.add_factor(enrolment("f1"))
    assert not enrolments.add_factor(enrolment("f1", subject="idp|eve", secret="other"))
    assert enrolments.factors_of("idp|eve") == ()
    assert enrolments.factors_of("idp|mia") == (enrolment("f1"),)


def test_only_its_owner_s_factor_is_removed(enrolments: SqlEnrolments) -> None:
    enrolments.add_factor(enrolment("f1"))
    assert not enrolments.remove_factor("f1", subject="idp|eve")
    assert enrolments.remove_factor("f1", subject="idp|mia")
    assert not enrolments.remove_factor("f1", subject="idp|mia")
    assert enrolments.factors_of("idp|mia") == ()


def test_a_secret_is_not_in_what_is_printed_of_an_enrolment() -> None:
    assert "sealed" not in repr(enrolment())
