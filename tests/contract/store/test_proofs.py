"""Proofs over the enrolments of both databases: sealed, and each taken once by whoever is first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pyotp
import pytest

from bot.adapters.factors.proofs import Proofs
from bot.adapters.factors.sealing import Sealer
from bot.adapters.factors.totp import STEP_S, new_secret
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.engine import open_engine
from bot.adapters.store.factors import SqlEnrolments
from bot.domain.enrolment import Enrolment
from safe_ops.errors import RefusedError
from safe_ops.model.actions import Factor
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.clock import LabClock

ANA = "idp|ana"
SEALER = Sealer(b"key of these tests")
AT_ONCE = 8


class Replica:
    """One process's way to the enrolments."""

    def __init__(self, url: str, lab: LabClock) -> None:
        self.engine = open_engine(url)
        self.book = SqlActionBook(self.engine, LabTime(lab), str)
        self.enrolments = SqlEnrolments(self.engine, LabTime(lab), str)
        self.proofs = Proofs(enrolments=self.enrolments, book=self.book, sealer=SEALER)

    def enrol(
        self, factor_id: str = "f1", *, subject: str = ANA, sealer: Sealer = SEALER
    ) -> pyotp.TOTP:
        """Give somebody an app, and return it."""
        secret = new_secret()
        self.enrolments.add_factor(
            Enrolment(
                factor_id=factor_id,
                subject=subject,
                kind=Factor.TOTP,
                secret=sealer.seal(secret, whose=subject),
                created_at=self.book.now(),
            )
        )
        return pyotp.TOTP(secret)

    def check(self, answer: str, *, subject: str = ANA) -> Factor:
        return self.proofs.check(subject, answer, digest="d" * 64)


@pytest.fixture
def replica(database_url: str, lab: LabClock) -> Iterator[Callable[[], Replica]]:
    """Makes replicas over one database."""
    made: list[Replica] = []

    def another() -> Replica:
        made.append(Replica(database_url, lab))
        return made[-1]

    yield another
    for one in made:
        one.engine.dispose()


def test_a_code_holds_once_whichever_replica_it_comes_to(
    replica: Callable[[], Replica],
) -> None:
    one, other = replica(), replica()
    code = one.enrol().at(one.book.now())
    assert one.check(code) is Factor.TOTP
    for again in (one, other):
        with pytest.raises(RefusedError, match="used already") as refused:
            again.check(code)
        assert refused.value.code == "factor"


def test_of_many_replicas_that_get_one_code_at_once_one_takes_it(
    replica: Callable[[], Replica],
) -> None:
    crew = [replica() for _ in range(AT_ONCE)]
    code = crew[0].enrol().at(crew[0].book.now())
    barrier = Barrier(AT_ONCE)

    def show(one: Replica) -> bool:
        barrier.wait(timeout=10)
        try:
            one.check(code)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(show, crew)).count(True) == 1


def test_an_older_code_is_worth_nothing_after_a_newer_one(
    replica: Callable[[], Replica],
) -> None:
    one = replica()
    app = one.enrol()
    now = one.book.now()
    one.check(app.at(now))
    with pytest.raises(RefusedError, match="used already"):
        one.check(app.at(now - timedelta(seconds=STEP_S)))


def test_each_of_a_person_s_apps_counts_for_itself(replica: Callable[[], Replica]) -> None:
    one = replica()
    phone, tablet = one.enrol("phone"), one.enrol("tablet")
    now = one.book.now()
    assert one.check(phone.at(now)) is one.check(tablet.at(now)) is Factor.TOTP


def test_a_wrong_code_uses_nothing_up(replica: Callable[[], Replica]) -> None:
    one = replica()
    app = one.enrol()
    right = app.at(one.book.now())
    wrong = f"{(int(right) + 500_000) % 1_000_000:06}"
    with pytest.raises(RefusedError, match="does not hold"):
        one.check(wrong)
    assert one.check(right) is Factor.TOTP


def test_somebody_else_s_code_does_not_hold(replica: Callable[[], Replica]) -> None:
    one = replica()
    one.enrol("f1")
    theirs = one.enrol("f2", subject="idp|eve")
    with pytest.raises(RefusedError, match="does not hold"):
        one.check(theirs.at(one.book.now()))


def test_a_secret_is_not_in_the_database(replica: Callable[[], Replica]) -> None:
    one = replica()
    app = one.enrol()
    (kept,) = one.enrolments.factors_of(ANA)
    assert app.secret not in kept.secret
    with one.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM factors").all()
    assert app.secret not in repr(rows)


def test_that_the_key_was_changed_is_told(replica: Callable[[], Replica]) -> None:
    one = replica()
    app = one.enrol(sealer=Sealer(b"the key of last year"))
    with pytest.raises(RefusedError, match="another NIGHTDESK_FACTOR_KEY"):
        one.check(app.at(one.book.now()))


def test_an_app_of_another_key_does_not_stop_one_of_ours(replica: Callable[[], Replica]) -> None:
    one = replica()
    one.enrol("old", sealer=Sealer(b"the key of last year"))
    app = one.enrol("new")
    assert one.check(app.at(one.book.now())) is Factor.TOTP


def test_an_app_whose_row_was_given_to_somebody_else_is_nobody_s(
    replica: Callable[[], Replica],
) -> None:
    one = replica()
    app = one.enrol("mine", subject="idp|eve")
    (kept,) = one.enrolments.factors_of("idp|eve")
    one.enrolments.add_factor(replace(kept, factor_id="hers", subject=ANA))
    with pytest.raises(RefusedError, match="cannot be checked"):
        one.check(app.at(one.book.now()))


def test_keys_are_not_a_way_where_there_is_no_page_for_them(
    replica: Callable[[], Replica],
) -> None:
    one = replica()
    one.enrol("app")
    (kept,) = one.enrolments.factors_of(ANA)
    one.enrolments.add_factor(replace(kept, factor_id="key", kind=Factor.WEBAUTHN))
    assert one.proofs.known(ANA) == (Factor.TOTP,)
    assert one.proofs.known("idp|nobody") == ()
    with pytest.raises(RefusedError, match="does not hold"):
        one.check('{"credential": {}}')


def test_all_factors_are_listed_by_person(replica: Callable[[], Replica]) -> None:
    one = replica()
    one.enrol("f2", subject="idp|zoe")
    one.enrol("f1")
    assert [found.factor_id for found in one.enrolments.everybodys_factors()] == ["f1", "f2"]


def test_the_highest_counter_of_a_name_is_known(replica: Callable[[], Replica]) -> None:
    one = replica()
    assert one.enrolments.counted("webauthn:f1") == 0
    one.book.take_factor_counter("webauthn:f1", 41)
    one.book.take_factor_counter("webauthn:f1", 7)
    assert one.enrolments.counted("webauthn:f1") == 41
