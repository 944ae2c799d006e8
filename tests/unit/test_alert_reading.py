"""Whatever comes in, reading ends: with alerts inside their bounds, or with nothing."""

from __future__ import annotations

import json
import re
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.alerts.complaints import read_complaint
from bot.adapters.alerts.slack_alerts import SHAPES, read_slack_alert
from bot.adapters.alerts.values import moment
from bot.adapters.alerts.webhook_bodies import Road, read_webhook
from tests.lab.alerts.samples import (
    CHANNEL,
    TS,
    edited,
    slack_event,
    slack_samples,
    sns_envelope,
    webhook_body,
    webhook_samples,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.alert import Alert

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(
        [
            "[FIRING:1] A (b)",
            "**Firing**\nValue: 1\nLabels:\n - alertname = X",
            "[P1] [Triggered on {a:b}] c",
            "*Alert:* X\n*Severity:* warning",
            "https://[::1",
            "<https://a.pagerduty.com/incidents/1|#1: x>",
            "0001-01-01T00:00:00Z",
            '{"AlarmName": "a", "NewStateValue": "ALARM"}',
            "CloudWatch Alarm | a | b | Account: c",
            "`Prometheus Alert Firing` *High*\nx",
            "\ud800",
            "*_~`" * 30,
        ]
    )
)
JSON = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


def leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a JSON value."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(node, dict):
        inner = list(node.items())
    elif isinstance(node, list):
        inner = list(enumerate(node))
    found = [path] if path else []
    for key, value in inner:
        found += leaves(value, (*path, key))
    return found


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of a JSON value with one place of it changed."""
    if not path:
        return value
    copied = node.copy()
    copied[path[0]] = replaced(node[path[0]], path[1:], value)
    return copied


def holds(alert: Alert) -> None:
    """Fail unless the alert keeps to every bound."""
    assert 0 < len(alert.name) <= 256
    assert 8 <= len(alert.fingerprint) <= 64
    assert 0 < len(alert.group_key) <= 512
    assert len(alert.labels) <= 64
    assert len(alert.annotations) <= 64
    assert all(isinstance(v, str) for v in [*alert.labels.values(), *alert.annotations.values()])
    assert len(alert.text) <= 4_000
    assert "<!" not in alert.text
    assert len(alert.links) <= 20
    assert all(urlsplit(entry.url).scheme in {"http", "https"} for entry in alert.links)
    assert all(len(entry.url) <= 2_048 for entry in alert.links)
    assert len(alert.scope.objects) <= 12
    assert 1 <= alert.count <= 1_000_000
    for at in (alert.starts_at, alert.ends_at):
        assert at is None or at.tzinfo is UTC
    # Nothing that a database or a message would choke on.
    json.dumps([alert.name, alert.text, dict(alert.labels), alert.group_key]).encode()
    f"{alert.name}{alert.text}{alert.labels}{alert.group_key}".encode()


def test_every_sample_is_read_by_the_shape_it_is_named_after() -> None:
    known = {shape for shape, _ in SHAPES}
    for name in slack_samples():
        found = read_slack_alert(slack_event(name))
        assert found is not None, name
        assert found.shape in known
        for alert in found.alerts:
            holds(alert)


@given(JSON, JSON, JSON)
def test_no_message_breaks_the_reading(blocks: Any, attachments: Any, text: Any) -> None:
    event = {
        "type": "message",
        "subtype": "bot_message",
        "bot_id": "B1",
        "channel": CHANNEL,
        "ts": TS,
        "text": text,
        "blocks": blocks,
        "attachments": attachments,
    }
    found = read_slack_alert(event)
    for alert in found.alerts if found else ():
        holds(alert)


@given(st.dictionaries(st.text(max_size=12), JSON, max_size=8))
def test_no_event_breaks_the_reading(event: dict[str, Any]) -> None:
    assert read_slack_alert(event) is None
    assert read_slack_alert(event | {"type": "message", "subtype": "message_changed"}) is None


@given(st.sampled_from(slack_samples()), st.data())
def test_no_single_change_of_a_sample_breaks_its_reading(name: str, data: st.DataObject) -> None:
    event = slack_event(name)
    path = data.draw(st.sampled_from(leaves(event)))
    changed = replaced(event, path, data.draw(JSON))
    for one in (changed, edited(event, **changed)):
        found = read_slack_alert(one)
        for alert in found.alerts if found else ():
            holds(alert)


@given(st.sampled_from(list(Road)), st.dictionaries(st.text(max_size=12), JSON, max_size=8))
def test_no_body_breaks_the_reading(road: Road, body: dict[str, Any]) -> None:
    assert read_webhook(road, body) is None


def _roads(name: str) -> Callable[[dict[str, Any]], list[Alert]]:
    def read(body: dict[str, Any]) -> list[Alert]:
        whole = sns_envelope(body) if name.startswith("cloudwatch") else body
        found = [read_webhook(road, whole) for road in Road]
        return [alert for one in found if one for alert in one.alerts]

    return read


@given(st.sampled_from(webhook_samples()), st.data())
def test_no_single_change_of_a_body_breaks_its_reading(name: str, data: st.DataObject) -> None:
    body = webhook_body(name)
    path = data.draw(st.sampled_from(leaves(body)))
    for alert in _roads(name)(replaced(body, path, data.draw(ATOMS))):
        holds(alert)


@given(st.text(max_size=3_000))
def test_no_complaint_breaks_the_reading(text: str) -> None:
    holds(read_complaint(text))


@pytest.mark.parametrize(
    "text",
    ["*" * 40_000, "<" * 40_000, "[" * 40_000, "a: " * 13_000, "\n" * 40_000, "(" * 40_000,
     "Value:\n" * 6_000, "*Alert:* x\n*Severity:* y\n" * 1_500, "https://" * 5_000, "@a" * 20_000,
     "_*`~" * 10_000, "- a = b\n" * 5_000, "#1 " * 13_000, "| a " * 10_000],
)  # fmt: skip
@pytest.mark.timeout(10)
def test_long_text_made_to_stall_a_parser_is_read_at_once(text: str) -> None:
    event = slack_event("grafana_mixed", text=text)
    event["attachments"] = [
        {"title": text, "text": text, "fallback": text, "footer": "Grafana", "title_link": text},
        {"text": text, "fields": [{"title": "Alarm Name", "value": text}] * 60},
    ]
    event["blocks"] = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
    found = read_slack_alert(event)
    for alert in found.alerts if found else ():
        holds(alert)
    holds(read_complaint(text))


@pytest.mark.parametrize("name", [*slack_samples(), *webhook_samples()])
def test_addresses_with_a_thousand_parameters_break_nothing(name: str) -> None:
    many = "?" + "&".join(f"a{at}=1" for at in range(300))
    source = slack_event(name) if name in slack_samples() else webhook_body(name)
    changed = json.loads(re.sub(r"(https?://[^/\"\\|>]+)", rf"\1/{many}", json.dumps(source)))
    if name in slack_samples():
        found = read_slack_alert(changed)
        alerts = list(found.alerts) if found else []
    else:
        alerts = _roads(name)(changed)
    for alert in alerts:
        holds(alert)


def test_json_nested_to_break_a_parser_is_left_alone() -> None:
    deep = '{"a":' * 20_000 + "1" + "}" * 20_000
    assert read_slack_alert(slack_event("cloudwatch_notifier", attachments=[], text=deep)) is None
    assert read_webhook(Road.SNS, sns_envelope(deep)) is None


def test_messages_of_people_and_deletions_are_left_alone() -> None:
    event = slack_event("alertmanager_firing")
    assert read_slack_alert(event | {"subtype": "message_deleted"}) is None
    assert read_slack_alert(event | {"subtype": "channel_join"}) is None
    assert read_slack_alert(event | {"attachments": [], "text": "hello"}) is None


def test_who_posted_where_is_told() -> None:
    found = read_slack_alert(slack_event("alertmanager_firing", thread_ts="1795260000.000100"))
    assert found is not None
    assert (found.channel, found.ts, found.thread_ts) == (CHANNEL, TS, "1795260000.000100")
    assert (found.bot_id, found.app_id, found.author) == (
        "B0SENDER01",
        "A0SENDER01",
        "Alertmanager",
    )
    assert (found.team_id, found.is_edit) == ("T0LAB00001", False)


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", 0, True, 10**400, None,
     float("nan"), float("inf"), "1" * 5_000, [], "1970-01-01T00:00:00Z"],
)  # fmt: skip
def test_what_is_no_moment_reads_as_none(value: object) -> None:
    assert moment(value) is None


@pytest.mark.parametrize(
    "value",
    ["2026-11-21T12:00:00Z", "2026-11-21T12:00:00.000+0000", "2026-11-21T13:00:00+01:00",
     "2026-11-21T12:00:00", 1795262400, "1795262400", 1795262400000, "1795262400.000"],
)  # fmt: skip
def test_a_moment_is_read_in_each_writing(value: object) -> None:
    found = moment(value)
    assert found is not None
    assert (found.isoformat(), found.tzinfo) == ("2026-11-21T12:00:00+00:00", UTC)
