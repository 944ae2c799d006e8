"""What people say is broken, and alerts that people share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.alerts.complaints import read_complaint
from bot.adapters.alerts.slack_alerts import read_slack_alert
from bot.domain.alert import AlertObject, AlertSource, AlertStatus, Severity
from tests.lab.alerts.samples import CHANNEL, TS, slack_event

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_a_complaint_fires_and_goes_by_its_first_words() -> None:
    alert = read_complaint("checkout is 5xx since 10:20 in prod-eu\nplease look")
    assert (alert.source, alert.status) == (AlertSource.PERSON, AlertStatus.FIRING)
    assert alert.name == "checkout is 5xx since 10:20 in prod-eu"
    assert alert.severity is Severity.HIGH
    assert alert.scope.objects == (AlertObject(kind="service", name="checkout"),)
    assert alert.is_partial


def test_places_are_taken_where_their_kind_is_said() -> None:
    scope = read_complaint(
        "pod `api-0` in namespace shop of cluster prod-eu, account 123456789012, eu-central-1"
    ).scope
    assert (scope.namespace, scope.cluster) == ("shop", "prod-eu")
    assert (scope.account, scope.region) == ("123456789012", "eu-central-1")
    assert AlertObject(kind="pod", name="api-0") in scope.objects


def test_a_small_word_after_a_kind_is_no_name() -> None:
    scope = read_complaint("the service is slow and the pod in there restarts").scope
    assert scope.objects == ()


def test_a_name_at_the_end_of_a_sentence_has_no_full_stop() -> None:
    assert read_complaint("customers cannot pay in namespace shop.").scope.namespace == "shop"


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("cart is slow since 10:20 UTC", 10, 20),
        ("cart is slow for 20 minutes", 11, 40),
        ("cart is slow, 2 h now", 10, 0),
        ("cart is slow since 2026-11-21T09:30Z", 9, 30),
    ],
)
def test_times_that_are_certain_become_a_start(text: str, hour: int, minute: int) -> None:
    started = read_complaint(text, now=NOW).starts_at
    assert started == datetime(2026, 11, 21, hour, minute, tzinfo=UTC)


def test_a_clock_time_later_than_now_was_yesterday() -> None:
    started = read_complaint("cart is slow since 23:10 UTC", now=NOW).starts_at
    assert started == datetime(2026, 11, 20, 23, 10, tzinfo=UTC)


def test_a_clock_time_without_a_zone_is_not_guessed() -> None:
    assert read_complaint("cart is slow since 10:20", now=NOW).starts_at is None


def test_the_same_words_are_the_same_complaint() -> None:
    one, two = read_complaint("Cart is  slow"), read_complaint("cart is slow")
    other = read_complaint("cart is fast")
    assert one.group_key == two.group_key != other.group_key


def shared() -> dict[str, Any]:
    original = slack_event("alertmanager_firing")["attachments"][0]
    return {
        "type": "message",
        "channel": "C0OTHER",
        "ts": "1795262999.000100",
        "user": "U0ANA",
        "text": "what is this?",
        "attachments": [
            {
                "is_share": True,
                "is_msg_unfurl": True,
                "channel_id": CHANNEL,
                "ts": TS,
                "author_name": "Alertmanager",
                "author_id": "B0SENDER01",
                "from_url": "https://acme.slack.com/archives/C0ALERTS01/p1795262400000100",
                "attachments": [original],
            }
        ],
    }


def test_sharing_an_alert_is_not_an_alert() -> None:
    assert read_slack_alert(shared()) is None
