"""Codes of authenticator apps: which count, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.factors.totp import STEP_S, enrolment_uri, new_secret, step_of

NOW = datetime(2031, 5, 6, 12, 0, 10, tzinfo=UTC)
# RFC 6238, appendix B, with the six last of its eight digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")]


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES)
def test_the_codes_of_the_standard_hold(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, tz=UTC)
    assert step_of(RFC_SECRET, code, at=at) == seconds // STEP_S


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_counts_one_step_early_or_late_and_names_its_own_step(steps: int) -> None:
    secret = new_secret()
    shown_at = NOW + timedelta(seconds=STEP_S * steps)
    code = pyotp.TOTP(secret).at(shown_at)
    assert step_of(secret, code, at=NOW) == int(shown_at.timestamp()) // STEP_S


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_two_steps_away_does_not_count(steps: int) -> None:
    code = pyotp.TOTP(RFC_SECRET).at(NOW + timedelta(seconds=STEP_S * steps))
    assert step_of(RFC_SECRET, code, at=NOW) is None


def test_a_code_may_be_typed_in_groups() -> None:
    at = datetime.fromtimestamp(59, tz=UTC)
    assert step_of(RFC_SECRET, " 287 082\n", at=at) == 1


@pytest.mark.parametrize("typed", ["", "28708", "2870820", "28708a", "٢٨٧٠٨٢", "२८७०८२"])
def test_what_is_no_code_holds_never(typed: str) -> None:
    assert step_of(RFC_SECRET, typed, at=datetime.fromtimestamp(59, tz=UTC)) is None


@given(st.text(max_size=12))
def test_whatever_is_typed_is_judged(typed: str) -> None:
    found = step_of(RFC_SECRET, typed, at=datetime.fromtimestamp(59, tz=UTC))
    assert found is None or found in range(3)


def test_an_app_is_told_whose_secret_it_is() -> None:
    secret = new_secret()
    uri = urlsplit(enrolment_uri(secret, subject="idp|ana & co"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query) == {"secret": [secret], "issuer": ["Nightdesk"]}
    assert len(secret) == 32
