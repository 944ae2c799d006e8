"""What `nightdesk investigate` takes for an alert: senders' JSON, bare labels, alarms, words."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.alerts.complaints import read_complaint
from bot.domain.alert import AlertSource
from bot.domain.errors import SettingsError
from bot.entrypoints.investigate import Place, alerts_in, placed
from tests.lab.alerts.samples import webhook_body, webhook_samples

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.alert import Alert

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BARE = {"labels": {"alertname": "KubePodCrashLooping", "namespace": "shop", "pod": "cart-1"}}


def read(source: str) -> tuple[Alert, ...]:
    return alerts_in(source, now_text=lambda text: read_complaint(text, now=NOW))


def from_file(tmp_path: Path, content: Any) -> tuple[Alert, ...]:
    file = tmp_path / "alert.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return read(str(file))


@pytest.mark.parametrize("name", [name for name in webhook_samples() if "subscription" not in name])
def test_every_senders_json_is_taken(tmp_path: Path, name: str) -> None:
    assert from_file(tmp_path, webhook_body(name))


@pytest.mark.parametrize("content", [BARE, [BARE], {"alerts": [BARE]}])
def test_an_alert_given_by_its_labels_alone_is_taken(tmp_path: Path, content: Any) -> None:
    (alert,) = from_file(tmp_path, content)
    assert (alert.name, alert.scope.namespace) == ("KubePodCrashLooping", "shop")


def test_an_alert_as_alertmanagers_api_lists_it_is_taken(tmp_path: Path) -> None:
    listed = {**BARE, "status": {"state": "suppressed", "silencedBy": ["x"]}}
    (alert,) = from_file(tmp_path, [listed])
    assert alert.status == "firing"


def test_a_bare_alarm_keeps_its_account(tmp_path: Path) -> None:
    (alert,) = from_file(tmp_path, webhook_body("cloudwatch_alarm"))
    assert alert.source is AlertSource.CLOUDWATCH
    assert alert.scope.account


def test_plain_words_are_a_complaint() -> None:
    (alert,) = read("checkout in namespace shop is partly unreachable")
    assert (alert.source, alert.scope.namespace) == (AlertSource.PERSON, "shop")


@pytest.mark.parametrize(
    "text",
    [
        "[FIRING:1] KubePodCrashLooping shop (prod-eu cart critical)",
        "*Alert:* KubePodCrashLooping - warning\n*Severity:* warning\n*Namespace:* shop",
    ],
)
def test_a_message_copied_from_a_channel_is_read_as_its_sender_wrote_it(text: str) -> None:
    (alert,) = read(text)
    assert alert.name == "KubePodCrashLooping"


@pytest.mark.parametrize(
    ("content", "said"),
    [("{torn", "is no JSON"), ("{}", "holds no alert"), ("", "is empty"), ("[1, 2]", "no alert")],
)
def test_what_is_no_alert_is_refused_with_what_to_give(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        from_file(tmp_path, content)


def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read("/nowhere/alert.json")


def test_options_come_before_what_the_alert_says() -> None:
    (alert,) = read("checkout in namespace shop is slow")
    scope = placed(alert, Place(cluster="prod-eu", namespace="payments")).scope
    assert (scope.cluster, scope.namespace) == ("prod-eu", "payments")


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["alerts", "labels", "status", "version", "groupKey", "AlarmName"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_taken_or_refused_in_words(content: Any) -> None:
    with suppress(SettingsError):
        assert read(json.dumps(content))
