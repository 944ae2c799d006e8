"""Secrets and invisible characters in running text, and how times and amounts are written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.secret_text import mask
from bot.domain.spans import moment, span
from bot.tools.kubectl.quantity import amount
from bot.tools.plain_text import plain, plain_counted

SECRET = "s3cr3tValue99"


@pytest.mark.parametrize(
    "text",
    [
        f"DB_PASSWORD={SECRET}",
        f"retrying with password = '{SECRET}' now",
        f'{{"level":"info","apiKey":"{SECRET}"}}',
        f'payload "{{\\"password\\":\\"{SECRET}\\"}}"',
        f"password: {SECRET}",
        f"  - client_secret: {SECRET}",
        f"login failed token:{SECRET}",
        f"run --db-password {SECRET} --verbose",
        f"Authorization: Bearer {SECRET}",
        f"got header authorization=Basic {SECRET}",
        f"X-Api-Key: {SECRET}",
        f"GET /cb?access_token={SECRET}&state=1",
        f"https://s3.example.com/x?X-Amz-Signature={SECRET}&a=b",
        f"connect postgres://app:{SECRET}/x@db:5432/shop failed",
        f"clone https://user:{SECRET}@git.example.com/x",
        f"redis://:{SECRET}@cache:6379",
        f"Set-Cookie: sid={SECRET}; Path=/",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
        f"key eyJhbGciOiJIUzI1NiJ9.{SECRET}aaaa.{SECRET}",
        f"hooks.slack.com/services/T000/B000/{SECRET}",
        f"ghp_{SECRET}{SECRET}",
        f"sk-ant-{SECRET}{SECRET}",
    ],
)
def test_a_secret_is_masked_and_stays_masked(text: str) -> None:
    masked = mask(text)
    assert SECRET not in masked
    assert "\u2039secret" in masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "password reset flow returned 500",
        'secret "db-credentials" not found',
        "couldn't find key password in Secret shop/cart-db",
        "token refresh: connection refused",
        "DEBUG=true token=null password=false",
        "automountServiceAccountToken: false",
        "pod checkout-7d9c6b8f5-x2k4q uid 0d721799-dbc4-5752-8ddf-cb41dfd22cfb",
        "registry.example.com/app@sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071829",
        "arn:aws:iam::123456789012:role/nightdesk i-07f502db64691a685",
        "basic authentication is disabled",
        "http://gateway.payments.svc.cluster.local:8080/healthz",
        "mail ops@example.com about https://example.com/a@b",
        "2026-11-20T10:00:00Z task risk-7 done",
    ],
)
def test_ordinary_operations_text_survives(text: str) -> None:
    assert mask(text) == text


@given(st.text())
def test_masking_and_plain_text_keep_the_number_of_lines(text: str) -> None:
    lines = text.replace("\r\n", "\n").count("\n")
    assert mask(plain(text)).count("\n") == lines


@given(st.text())
def test_plain_text_has_nothing_invisible_left_and_is_stable(text: str) -> None:
    shown = plain(text)
    assert plain(shown) == shown
    assert not any(
        (char < " " and char not in "\n\t") or char in "\u200b\u202e\u2066\ufeff\x7f\x9b"
        for char in shown
    )


def test_colours_are_removed_and_hidden_characters_are_written_out() -> None:
    shown, found = plain_counted("\x1b[1;31mFATAL\x1b[0m a\u202eb \x1b]8;;http://x\x07link\a")
    assert shown == "FATAL a\\u202eb link\\x07"
    assert found == 5


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0s"),
        (119, "119s"),
        (125, "2m5s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (47 * 3600, "47h"),
        (50 * 3600, "2d2h"),
        (30 * 86_400, "30d"),
        (-5, "0s"),
    ],
)
def test_a_span_is_written_as_kubectl_writes_it(seconds: float, written: str) -> None:
    assert span(seconds) == written


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T12:00:00.123456789+02:00", datetime(2026, 11, 20, 10, 0, 0, 123456, UTC)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_time_stamp_is_read_or_it_is_none(text: object, found: datetime | None) -> None:
    assert moment(text) == found


@pytest.mark.parametrize(
    ("quantity", "value"),
    [("250m", 0.25), ("2", 2.0), ("1Gi", 2**30), ("12345n", 1.2345e-5), ("1e3", 1000), ("x", None)],
)
def test_a_quantity_is_read_in_its_base_unit(quantity: str, value: float | None) -> None:
    assert amount(quantity) == (None if value is None else pytest.approx(value))
