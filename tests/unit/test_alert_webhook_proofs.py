"""Who may tell us alerts over HTTP: tokens and signatures, right, wrong, missing, old, too long."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.alerts.webhooks.delivery import (
    MOST_BYTES,
    Delivery,
    Proven,
    WebhookRefusedError,
)
from bot.adapters.alerts.webhooks.signatures import prove_grafana, prove_pagerduty
from bot.adapters.alerts.webhooks.tokens import prove_alertmanager, prove_datadog
from tests.lab.alerts.samples import webhook_body

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRETS = ["the-newer-secret-of-the-lab", "the-older-secret-of-the-lab"]
NEW, OLD = SECRETS
FORGED = "a-secret-of-somebody-else"
Prove = Callable[..., Proven]


def body_of(name: str, **overrides: Any) -> bytes:
    return json.dumps(webhook_body(name, **overrides)).encode()


def mac(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def alertmanager(headers: dict[str, str], body: bytes | None = None) -> Proven:
    whole = body_of("alertmanager_webhook") if body is None else body
    return prove_alertmanager(Delivery(headers=headers, body=whole), tokens=SECRETS)


def datadog(headers: dict[str, str], *, now: datetime = NOW, **overrides: Any) -> Proven:
    body = body_of("datadog_webhook", **overrides)
    return prove_datadog(Delivery(headers=headers, body=body), tokens=SECRETS, now=now)


def grafana(
    secret: str = NEW, *, at: datetime = NOW, body: bytes | None = None, **headers: str
) -> Proven:
    signed = body_of("grafana_webhook")
    stamp = str(int(at.timestamp()))
    own = {
        "x-grafana-alerting-signature": mac(secret, stamp.encode() + b":" + signed),
        "x-grafana-alerting-timestamp": stamp,
    }
    delivery = Delivery(headers=own | headers, body=signed if body is None else body)
    return prove_grafana(delivery, secrets=SECRETS, now=NOW)


def pagerduty(
    header: str | None = None, *, now: datetime = NOW, body: bytes | None = None
) -> Proven:
    signed = body_of("pagerduty_webhook")
    value = f"v1={mac(NEW, signed)}" if header is None else header
    delivery = Delivery(
        headers={"X-PagerDuty-Signature": value}, body=signed if body is None else body
    )
    return prove_pagerduty(delivery, secrets=SECRETS, now=now)


def refused(prove: Prove, *args: Any, **more: Any) -> WebhookRefusedError:
    with pytest.raises(WebhookRefusedError) as caught:
        prove(*args, **more)
    return caught.value


@pytest.mark.parametrize("token", SECRETS)
def test_each_token_that_is_set_opens_alertmanagers_road(token: str) -> None:
    proven = alertmanager({"authorization": f"Bearer {token}"})
    assert proven.body["version"] == "4"


def test_basic_auth_and_our_own_header_carry_the_token_as_well() -> None:
    pair = base64.b64encode(f"anybody:{NEW}".encode()).decode()
    assert alertmanager({"Authorization": f"Basic {pair}"}).body
    assert alertmanager({"X-Nightdesk-Token": OLD}).body


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {FORGED}"},
        {"Authorization": f"Bearer {NEW}x"},
        {"Authorization": f"Bearer {NEW[:-1]}"},
        {"Authorization": f"Digest {NEW}"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(NEW.encode()).decode()},
        {"Authorization": "Basic " + base64.b64encode(b"user:").decode()},
        {"Authorization": "Bearer \u00e4\u00f6"},
        {"X-Nightdesk-Token": FORGED},
        {"authorization": f"Bearer {NEW}", "Authorization": f"Bearer {FORGED}"},
    ],
)
def test_a_missing_or_wrong_token_is_refused_with_the_same_words(headers: dict[str, str]) -> None:
    refusal = refused(alertmanager, headers)
    assert (refusal.status, refusal.public) == (401, "Unauthorized")
    assert NEW not in refusal.reason


def test_a_road_without_a_secret_believes_nobody() -> None:
    delivery = Delivery(headers={"Authorization": "Bearer "}, body=b"{}")
    assert "no secret is set" in refused(prove_alertmanager, delivery, tokens=["", " "]).reason
    empty = mac("", b"{}")
    signed = Delivery(headers={"X-PagerDuty-Signature": f"v1={empty}"}, body=b"{}")
    assert "no secret is set" in refused(prove_pagerduty, signed, secrets=[""], now=NOW).reason


def test_a_body_that_is_too_long_is_not_even_looked_at() -> None:
    refusal = refused(alertmanager, {}, b"x" * (MOST_BYTES + 1))
    assert refusal.status == 413
    assert refused(grafana, body=b"x" * (MOST_BYTES + 1)).status == 413
    assert refused(pagerduty, body=b"x" * (MOST_BYTES + 1)).status == 413


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"a":' * 20_000])
def test_a_body_that_is_no_object_is_refused_after_the_proof(body: bytes) -> None:
    assert refused(alertmanager, {"Authorization": f"Bearer {NEW}"}, body).status == 400
    assert refused(alertmanager, {}, body).status == 401


def test_the_same_bytes_have_the_same_delivery_id() -> None:
    headers = {"Authorization": f"Bearer {NEW}"}
    one, again = alertmanager(headers), alertmanager(headers)
    other = alertmanager(headers, body_of("alertmanager_webhook", status="resolved"))
    assert one.delivery_id == again.delivery_id != other.delivery_id


def test_a_fresh_delivery_of_datadog_is_believed() -> None:
    assert datadog({"X-Nightdesk-Token": NEW}).body["alert_id"] == "1234567"


@pytest.mark.parametrize("minutes", [16, -16])
def test_an_old_or_future_delivery_of_datadog_is_refused(minutes: int) -> None:
    headers = {"X-Nightdesk-Token": NEW}
    refusal = refused(datadog, headers, now=NOW + timedelta(minutes=minutes))
    assert (refusal.status, refusal.public) == (401, "Unauthorized")


def test_a_payload_without_a_date_is_believed_by_its_token() -> None:
    assert datadog({"X-Nightdesk-Token": NEW}, now=NOW + timedelta(days=9), date="$DATE").body


@pytest.mark.parametrize("secret", SECRETS)
def test_grafanas_signature_is_right_under_either_secret(secret: str) -> None:
    assert grafana(secret).body["orgId"] == 1


def test_a_wrong_signature_of_grafana_is_refused() -> None:
    assert refused(grafana, FORGED).status == 401
    assert refused(grafana, body=body_of("grafana_webhook", status="resolved")).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"x-grafana-alerting-signature": ""},
        {"x-grafana-alerting-timestamp": ""},
        {"x-grafana-alerting-timestamp": "soon"},
        {"x-grafana-alerting-timestamp": "1795262401"},
        {"x-grafana-alerting-timestamp": "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"},
    ],
)
def test_grafanas_signature_needs_the_stamp_it_was_made_with(headers: dict[str, str]) -> None:
    assert refused(grafana, **headers).status == 401


@pytest.mark.parametrize("minutes", [-16, 16])
def test_an_old_or_future_signature_of_grafana_is_refused(minutes: int) -> None:
    assert "s from now" in refused(grafana, at=NOW + timedelta(minutes=minutes)).reason
    assert grafana(at=NOW + timedelta(minutes=minutes // 2)).body


def test_one_right_signature_among_pagerdutys_is_enough() -> None:
    signed = body_of("pagerduty_webhook")
    header = f"v1={mac(FORGED, signed)}, v1={mac(OLD, signed)}"
    assert pagerduty(header).delivery_id == "pagerduty:01EVENT000000000000000001"


@pytest.mark.parametrize("header", ["", "v1=", "v1=00", "v2=00", "garbage", "v1=\u00e4"])
def test_a_missing_or_wrong_signature_of_pagerduty_is_refused(header: str) -> None:
    assert refused(pagerduty, header).status == 401


def test_a_changed_body_of_pagerduty_is_refused() -> None:
    signed = body_of("pagerduty_webhook")
    assert refused(pagerduty, f"v1={mac(NEW, signed)}", body=signed + b" ").status == 401


def test_a_right_signature_of_another_version_is_none() -> None:
    signed = body_of("pagerduty_webhook")
    assert refused(pagerduty, f"v0={mac(NEW, signed)}").status == 401


def test_an_event_of_pagerduty_is_believed_for_an_hour() -> None:
    assert pagerduty(now=NOW + timedelta(minutes=59)).body
    assert refused(pagerduty, now=NOW + timedelta(minutes=61)).status == 401


def test_a_signed_body_that_is_no_event_is_refused() -> None:
    body = json.dumps({"messages": []}).encode()
    assert "webhooks v3" in refused(pagerduty, f"v1={mac(NEW, body)}", body=body).reason


@given(
    st.dictionaries(st.text(max_size=30), st.text(max_size=60), max_size=4), st.binary(max_size=200)
)
def test_nothing_made_up_is_ever_believed(headers: dict[str, str], body: bytes) -> None:
    delivery = Delivery(headers=headers, body=body)
    attempts: list[Callable[[], Proven]] = [
        lambda: prove_alertmanager(delivery, tokens=SECRETS),
        lambda: prove_datadog(delivery, tokens=SECRETS, now=NOW),
        lambda: prove_grafana(delivery, secrets=SECRETS, now=NOW),
        lambda: prove_pagerduty(delivery, secrets=SECRETS, now=NOW),
    ]
    for attempt in attempts:
        with pytest.raises(WebhookRefusedError):
            attempt()
