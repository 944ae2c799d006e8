"""Datadog, PagerDuty, Opsgenie and Sentry, in Slack and by webhook."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.alerts.slack_alerts import SlackAlert, read_slack_alert
from bot.adapters.alerts.webhook_bodies import Road, read_webhook
from bot.domain.alert import Alert, AlertObject, AlertStatus, Severity
from tests.lab.alerts.samples import TS, edited, slack_event, webhook_body


def told(name: str) -> SlackAlert:
    found = read_slack_alert(slack_event(name))
    assert found is not None
    return found


def datadog(title: str, **more: str) -> SlackAlert | None:
    event = slack_event("datadog_triggered")
    event["attachments"] = [event["attachments"][0] | {"title": title, "fallback": title} | more]
    return read_slack_alert(event)


def hook(road: Road, name: str, **overrides: Any) -> Alert:
    found = read_webhook(road, webhook_body(name, **overrides))
    assert found is not None
    return found.alerts[0]


def pagerduty(**fields: Any) -> Alert:
    body = webhook_body("pagerduty_webhook")
    body["event"]["data"] |= fields
    found = read_webhook(Road.PAGERDUTY, body)
    assert found is not None
    return found.alerts[0]


def test_a_datadog_title_tells_priority_state_tags_and_name() -> None:
    found = told("datadog_triggered")
    (alert,) = found.alerts
    assert found.shape == "datadog"
    assert (alert.name, alert.severity) == ("CPU of web servers is high", Severity.HIGH)
    assert alert.labels == {"env": "prod", "host": "web-1", "monitor_id": "1234567"}
    assert alert.scope.objects == (AlertObject(kind="host", name="web-1"),)
    assert alert.starts_at == datetime(2026, 11, 21, 11, 45, tzinfo=UTC)


def test_a_recovery_behind_a_priority_is_a_recovery() -> None:
    (fired,), (over,) = told("datadog_triggered").alerts, told("datadog_recovered").alerts
    assert over.status is AlertStatus.RESOLVED
    assert (over.fingerprint, over.group_key) == (fired.fingerprint, fired.group_key)


@pytest.mark.parametrize(
    ("title", "status", "severity"),
    [
        ("[Warn on {host:x}] Disk", AlertStatus.FIRING, Severity.WARNING),
        ("[P1] [Re-Triggered on {host:x}] Disk", AlertStatus.FIRING, Severity.CRITICAL),
        ("[No Data on {host:x}] Disk", AlertStatus.BLIND, Severity.WARNING),
        ("[Recovered] Disk", AlertStatus.RESOLVED, Severity.WARNING),
        ("[P4] [Triggered] [team] Disk", AlertStatus.FIRING, Severity.LOW),
    ],
)
def test_every_transition_of_datadog_is_known(
    title: str, status: AlertStatus, severity: Severity
) -> None:
    found = datadog(title)
    assert found is not None
    assert (found.alerts[0].status, found.alerts[0].severity) == (status, severity)


def test_a_bracket_after_the_state_is_part_of_the_monitors_name() -> None:
    found = datadog("[P4] [Triggered] [team web] Disk")
    assert found is not None
    assert found.alerts[0].name == "[team web] Disk"


def test_brackets_that_are_no_state_are_no_monitor() -> None:
    assert datadog("[JIRA-12] [Done] Fix the disk", text="") is None


def test_mentions_in_a_datadog_body_are_taken_out() -> None:
    text = told("datadog_triggered").alerts[0].text
    assert "@" not in text
    assert "web-1 is above 90 %." in text


def test_datadogs_webhook_is_the_same_alert_as_its_message_and_tells_the_query() -> None:
    alert, (posted,) = hook(Road.DATADOG, "datadog_webhook"), told("datadog_triggered").alerts
    assert (alert.fingerprint, alert.group_key) == (posted.fingerprint, posted.group_key)
    assert alert.expression.startswith("avg(last_5m)")
    assert alert.scope.region == "eu-central-1"
    assert not alert.is_partial


def test_datadogs_default_payload_is_read_by_its_title() -> None:
    body = {
        "title": "[P1] [Triggered on {host:x}] Disk",
        "body": "full",
        "date": 1795262400000,
        "id": "1",
        "event_type": "metric_alert_monitor",
    }
    found = read_webhook(Road.DATADOG, body)
    assert found is not None
    assert (found.alerts[0].name, found.alerts[0].severity) == ("Disk", Severity.CRITICAL)


def test_a_payload_with_a_plain_title_is_read_by_its_fields() -> None:
    alert = hook(Road.DATADOG, "datadog_webhook", title="CPU of web servers is high")
    assert alert.fingerprint == hook(Road.DATADOG, "datadog_webhook").fingerprint
    assert alert.name == "CPU of web servers is high"


def test_a_datadog_message_made_of_blocks_is_read_by_its_first_line() -> None:
    url = "https://app.datadoghq.com/monitors/77?group=host%3Ax"
    text = f"*<{url}|[P1] [Triggered on {{host:x}}] Disk>*"
    event = slack_event(
        "datadog_triggered",
        attachments=[],
        blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": text}}],
    )
    found = read_slack_alert(event)
    assert found is not None
    assert found.alerts[0].labels["monitor_id"] == "77"
    assert found.alerts[0].name == "Disk"


def test_a_variable_that_datadog_did_not_fill_is_nothing() -> None:
    alert = hook(Road.DATADOG, "datadog_webhook", priority="$ALERT_PRIORITY", query="$ALERT_QUERY")
    assert (alert.severity, alert.expression) == (Severity.HIGH, "")


def test_pagerdutys_message_tells_number_title_and_service() -> None:
    found = told("pagerduty_triggered")
    (alert,) = found.alerts
    assert found.shape == "pagerduty"
    assert (alert.name, alert.severity) == ("Checkout error rate above 5 %", Severity.HIGH)
    assert alert.labels["incident_number"] == "4711"
    assert alert.scope.objects == (AlertObject(kind="service", name="Checkout"),)


@pytest.mark.parametrize(
    ("word", "status"),
    [("Acknowledged", AlertStatus.ACKNOWLEDGED), ("Resolved", AlertStatus.RESOLVED)],
)
def test_pagerdutys_edits_move_one_incident_along(word: str, status: AlertStatus) -> None:
    first = slack_event("pagerduty_triggered")
    later = slack_event("pagerduty_triggered")["attachments"]
    later[0]["blocks"][0]["text"]["text"] = later[0]["blocks"][0]["text"]["text"].replace(
        "Triggered", word
    )
    found = read_slack_alert(edited(first, attachments=later))
    assert found is not None
    assert (found.alerts[0].status, found.ts, found.is_edit) == (status, TS, True)
    assert found.alerts[0].fingerprint == told("pagerduty_triggered").alerts[0].fingerprint


def test_a_title_with_resolved_in_it_does_not_resolve_an_incident() -> None:
    event = slack_event("pagerduty_triggered")
    event["attachments"][0]["blocks"][0]["text"]["text"] = (
        "*Triggered* <https://acme.pagerduty.com/incidents/Q1|#9: Names are not resolved>"
    )
    found = read_slack_alert(event)
    assert found is not None
    assert found.alerts[0].status is AlertStatus.FIRING
    assert found.alerts[0].name == "Names are not resolved"


def test_pagerdutys_webhook_is_the_same_incident_as_its_message() -> None:
    alert, (posted,) = pagerduty(), told("pagerduty_triggered").alerts
    assert (alert.fingerprint, alert.group_key) == (posted.fingerprint, posted.group_key)
    assert alert.labels["dedup_key"] == "checkout-errors"
    assert alert.starts_at == datetime(2026, 11, 21, 11, 59, tzinfo=UTC)


def test_a_renamed_incident_of_pagerduty_stays_the_same() -> None:
    assert pagerduty(title="Something else").fingerprint == pagerduty().fingerprint


def test_pagerdutys_priority_counts_before_its_urgency() -> None:
    assert pagerduty(priority={"summary": "P1"}, urgency="low").severity is Severity.CRITICAL
    assert pagerduty(urgency="low").severity is Severity.LOW


@pytest.mark.parametrize(
    "event",
    [
        {"event_type": "pagey.ping"},
        {"event_type": "incident.annotated", "data": {"type": "incident_note", "id": "PN1"}},
        {"event_type": "service.updated", "data": {"status": "triggered", "number": 1}},
    ],
)
def test_events_of_pagerduty_that_tell_no_state_are_taken_and_tell_nothing(
    event: dict[str, Any],
) -> None:
    found = read_webhook(Road.PAGERDUTY, {"event": {"id": "1"} | event})
    assert found is not None
    assert found.alerts == ()


def test_opsgenies_alias_is_its_key() -> None:
    found = told("opsgenie_new")
    (alert,) = found.alerts
    assert found.shape == "opsgenie"
    assert (alert.name, alert.severity) == ("Queue orders is growing", Severity.HIGH)
    assert alert.group_key == "opsgenie|queue-orders-depth"
    assert alert.scope.objects == (AlertObject(kind="queue", name="orders"),)


@pytest.mark.parametrize(
    ("pretext", "status"),
    [
        ("Alert closed by Ana", AlertStatus.RESOLVED),
        ("Alert acknowledged by Ana", AlertStatus.ACKNOWLEDGED),
    ],
)
def test_opsgenies_words_above_the_title_tell_the_state(pretext: str, status: AlertStatus) -> None:
    event = slack_event("opsgenie_new")
    event["attachments"][0]["pretext"] = pretext
    found = read_slack_alert(event)
    assert found is not None
    assert found.alerts[0].status is status
    assert found.alerts[0].fingerprint == told("opsgenie_new").alerts[0].fingerprint


def test_sentrys_footer_tells_when_it_began() -> None:
    (alert,) = told("sentry_metric").alerts
    assert alert.starts_at == datetime(2026, 11, 21, 11, 55, tzinfo=UTC)
    assert (alert.name, alert.severity) == ("Checkout errors above 100", Severity.CRITICAL)


def test_sentrys_resolution_has_the_identity_of_the_firing() -> None:
    event = slack_event("sentry_metric")
    event["attachments"][0] |= {
        "title": "Resolved: Checkout errors above 100",
        "color": "#4DC771",
    }
    found = read_slack_alert(event)
    assert found is not None
    (over,), (fired,) = found.alerts, told("sentry_metric").alerts
    assert (over.status, over.starts_at) == (AlertStatus.RESOLVED, None)
    assert over.fingerprint == fired.fingerprint


def test_a_sentry_issue_is_named_by_its_error_and_project() -> None:
    found = told("sentry_issue")
    (alert,) = found.alerts
    assert found.shape == "sentry"
    assert alert.name == "TypeError: cannot read 'total' of undefined"
    assert alert.scope.objects == (AlertObject(kind="service", name="checkout-web"),)
