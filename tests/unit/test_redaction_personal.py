"""Personal particulars: only where asked for, and never at the cost of ids."""

from __future__ import annotations

from random import Random, SystemRandom

import pytest

from bot.domain.redaction.engine import Redactor
from tests.unit.redaction_benign import benign

PLAIN = Redactor(key=b"one installation")
PERSONAL = Redactor(key=b"one installation", personal=True)

PARTICULARS = (
    ("email", "jane.doe+ops@example.co.uk"),
    ("email", "o'neil@mail.example.com"),
    ("phone", "+49 30 1234 5678"),
    ("phone", "+1 (415) 555-2671"),
    ("phone", "+4915112345678"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "GB82WEST12345698765432"),
    ("card", "4111 1111 1111 1111"),
    ("card", "5500-0000-0000-0004"),
    ("card", "378282246310005"),
)


@pytest.mark.parametrize(("kind", "particular"), PARTICULARS)
def test_a_particular_is_hidden_where_asked_for(kind: str, particular: str) -> None:
    shown = PERSONAL.redact(f"customer {particular}, called twice")

    assert particular not in shown.text
    assert shown.found == ((kind, 1),)
    assert PERSONAL.mask(shown.text) == shown.text


@pytest.mark.parametrize(("kind", "particular"), PARTICULARS)
def test_a_particular_stays_where_nobody_asked(kind: str, particular: str) -> None:
    assert PLAIN.mask(particular) == particular, kind


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "DE89 3704 0044 0532 0130 01",
        "git@github.com:acme/shop.git",
        "registry.example.com/web@sha256:0123456789abcdef",
        "10.0.3.7:8080 ip-10-0-3-7.eu-west-1.compute.internal",
        "1700000000000000 1700000000123",
        "2026-11-21T08:00:00+01:00 offset +0200",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "C0ABCDEFGHI 1732176000.123456",
        "took +35ms, diff +12 -3",
    ],
)
def test_a_number_that_is_no_account_stays(text: str) -> None:
    assert PERSONAL.mask(text) == text


def test_identifiers_stay_readable_with_personal_rules_on() -> None:
    seed = SystemRandom().randrange(2**32)
    texts = list(benign(Random(seed), 30))

    hidden = [text for text in texts if PERSONAL.mask(text) != text]

    assert len(hidden) / len(texts) <= 0.01, (seed, hidden[:10])
