"""What AWS tells: alarms by every road, and notices that are nobody's incident."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.alerts.slack_alerts import SlackAlert, read_slack_alert
from bot.adapters.alerts.webhook_bodies import Road, read_webhook
from bot.domain.alert import Alert, AlertObject, AlertSource, AlertStatus, Severity
from tests.lab.alerts.samples import slack_event, sns_envelope, webhook_body


def told(name: str, **overrides: Any) -> SlackAlert:
    found = read_slack_alert(slack_event(name, **overrides))
    assert found is not None
    return found


def pasted(text: str) -> Alert:
    found = read_slack_alert(slack_event("cloudwatch_notifier", attachments=[], text=text))
    assert found is not None
    assert found.shape == "cloudwatch_json"
    return found.alerts[0]


def by_sns(body: dict[str, Any]) -> Alert:
    found = read_webhook(Road.SNS, sns_envelope(body))
    assert found is not None
    return found.alerts[0]


def with_field(name: str, field: str, value: str) -> dict[str, Any]:
    event = slack_event(name)
    for entry in event["attachments"][0]["fields"]:
        if entry["title"] == field:
            entry["value"] = value
    return event


def test_a_notifiers_fields_give_alarm_state_and_region() -> None:
    found = told("cloudwatch_notifier")
    (alert,) = found.alerts
    assert found.shape == "cloudwatch_notifier"
    assert (alert.name, alert.status) == ("checkout-5xx", AlertStatus.FIRING)
    assert alert.scope.region == "eu-central-1"
    assert "greater than the threshold" in alert.annotations["reason"]
    assert alert.is_partial


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("`OK`", AlertStatus.RESOLVED),
        ("`ALARM`", AlertStatus.FIRING),
        ("`INSUFFICIENT_DATA`", AlertStatus.BLIND),
    ],
)
def test_only_ok_ends_an_alarm(state: str, status: AlertStatus) -> None:
    found = read_slack_alert(with_field("cloudwatch_notifier", "Current State", state))
    assert found is not None
    assert found.alerts[0].status is status


def test_an_alarm_pasted_as_json_tells_function_account_and_rule() -> None:
    alert = pasted(json.dumps(webhook_body("cloudwatch_alarm")))
    assert alert.scope.objects == (AlertObject(kind="function", name="checkout"),)
    assert (alert.scope.account, alert.scope.region) == ("123456789012", "eu-central-1")
    assert alert.starts_at == datetime(2026, 11, 21, 11, 58, 20, 123000, tzinfo=UTC)
    assert alert.expression == "AWS/Lambda Errors (SUM over 60 s) GreaterThanThreshold 0"
    assert not alert.is_partial


def test_pasted_json_is_read_through_code_marks_and_slacks_escapes() -> None:
    body = webhook_body("cloudwatch_alarm", AlarmDescription="see https://wiki.example/x & y > 1")
    text = json.dumps(body).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = text.replace("https://wiki.example/x", "<https://wiki.example/x>")
    assert pasted(f"```{text}```").annotations["description"] == (
        "see https://wiki.example/x & y > 1"
    )


def test_pasted_json_in_its_envelope_is_the_same_alert_as_the_webhook() -> None:
    body = webhook_body("cloudwatch_alarm")
    alert, hook = pasted(json.dumps(sns_envelope(body))), by_sns(body)
    assert (alert.fingerprint, alert.group_key) == (hook.fingerprint, hook.group_key)


def test_a_display_name_of_a_region_becomes_its_code_when_there_is_no_arn() -> None:
    body = webhook_body("cloudwatch_alarm", Region="US East (N. Virginia)")
    del body["AlarmArn"]
    assert by_sns(body).scope.region == "us-east-1"
    assert by_sns(body | {"Region": "US (Virginia)"}).scope.region == "us-east-1"
    assert by_sns(body | {"Region": "Atlantis (Deep)"}).scope.region is None


def test_a_metric_math_alarm_tells_formula_and_all_its_places() -> None:
    alert = by_sns(webhook_body("cloudwatch_metric_math"))
    assert alert.expression == "100*m1/m2 GreaterThanThreshold 5"
    assert alert.scope.objects == (
        AlertObject(kind="load_balancer", name="app/shop/50dc6c495c0c9188"),
    )


def test_a_composite_alarm_tells_its_rule() -> None:
    alert = by_sns(webhook_body("cloudwatch_composite"))
    assert alert.expression.startswith('ALARM("checkout-lambda-errors") AND NOT')
    assert alert.severity is Severity.CRITICAL
    assert alert.scope.objects == ()


def test_an_alarm_without_data_is_blind_even_after_firing() -> None:
    body = webhook_body(
        "cloudwatch_alarm", NewStateValue="INSUFFICIENT_DATA", OldStateValue="ALARM"
    )
    assert by_sns(body).status is AlertStatus.BLIND


def test_an_alarm_that_is_over_has_an_end_and_no_start() -> None:
    alert = by_sns(webhook_body("cloudwatch_alarm", NewStateValue="OK", OldStateValue="ALARM"))
    assert alert.status is AlertStatus.RESOLVED
    assert alert.starts_at is None
    assert alert.ends_at == datetime(2026, 11, 21, 11, 58, 20, 123000, tzinfo=UTC)


def test_the_same_alarm_name_in_another_account_is_another_alert() -> None:
    body = webhook_body("cloudwatch_alarm")
    other = by_sns(body | {"AWSAccountId": "999999999999"})
    assert other.fingerprint != by_sns(body).fingerprint


def test_eventbridges_change_of_state_tells_cluster_and_service_of_ecs() -> None:
    alert = by_sns(webhook_body("cloudwatch_event"))
    assert alert.name == "ecs-cart-memory"
    assert alert.scope.cluster is None
    assert alert.scope.objects == (
        AlertObject(kind="ecs_cluster", name="shop"),
        AlertObject(kind="ecs_service", name="cart"),
    )


def test_amazon_qs_heading_tells_alarm_region_and_account() -> None:
    found = told("amazon_q")
    (alert,) = found.alerts
    assert found.shape == "amazon_q"
    assert alert.name == "checkout-5xx"
    assert (alert.scope.account, alert.scope.region) == ("123456789012", "eu-central-1")
    assert alert.status is AlertStatus.FIRING


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (
            "Threshold Crossed: 1 datapoint [1.0] was not greater than the threshold (5.0).",
            AlertStatus.RESOLVED,
        ),
        ("Insufficient Data: 1 datapoint was unknown.", AlertStatus.BLIND),
        (
            (
                "Threshold Crossed: 1 out of the last 1 datapoints [7.0] was greater than the "
                "threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition)."
            ),
            AlertStatus.FIRING,
        ),
        (
            (
                "Threshold Crossed: no datapoints were received for 3 periods and 3 missing "
                "datapoints were treated as [NonBreaching]."
            ),
            AlertStatus.RESOLVED,
        ),
        ("State: OK", AlertStatus.RESOLVED),
    ],
)
def test_amazon_qs_state_is_read_from_the_reason(reason: str, status: AlertStatus) -> None:
    event = slack_event("amazon_q")
    event["attachments"][0]["blocks"][1]["text"]["text"] = reason
    found = read_slack_alert(event)
    assert found is not None
    assert found.alerts[0].status is status


def test_a_green_card_of_amazon_q_is_an_end() -> None:
    event = slack_event("amazon_q")
    event["attachments"][0] |= {"color": "1D8102"}
    event["attachments"][0]["blocks"][1]["text"]["text"] = "All is well."
    found = read_slack_alert(event)
    assert found is not None
    assert found.alerts[0].status is AlertStatus.RESOLVED


def test_the_region_of_a_notifier_is_read_from_the_consoles_host_too() -> None:
    url = "https://us-west-2.console.aws.amazon.com/cloudwatch/home#alarm:name=x"
    found = read_slack_alert(with_field("cloudwatch_notifier", "Link to Alarm", url))
    assert found is not None
    assert found.alerts[0].scope.region == "us-west-2"


def test_updates_of_a_custom_notification_share_the_threads_group() -> None:
    def custom(title: str, thread: str) -> Alert:
        return by_sns(
            {
                "version": "1.0",
                "source": "custom",
                "content": {"title": title, "description": "orders wait"},
                "metadata": {"threadId": thread, "additionalContext": {"severity": "critical"}},
            }
        )

    first, second, other = custom("a", "t-1"), custom("a resolved", "t-1"), custom("a", "t-2")
    assert first.group_key == second.group_key != other.group_key
    assert (first.severity, first.status) == (Severity.CRITICAL, AlertStatus.FIRING)
    assert second.status is AlertStatus.RESOLVED


def test_a_health_event_is_a_notice_and_its_unknown_end_is_none() -> None:
    (alert,) = told("aws_health").alerts
    assert (alert.source, alert.status) == (AlertSource.AWS_HEALTH, AlertStatus.NOTICE)
    assert alert.starts_at == datetime(2026, 11, 21, 5, 1, 10, tzinfo=UTC)
    assert alert.ends_at is None
    assert alert.labels["resources"] == "i-abcd1111"


def test_a_guardduty_finding_is_a_notice() -> None:
    (alert,) = told("guardduty").alerts
    assert (alert.status, alert.severity) == (AlertStatus.NOTICE, Severity.HIGH)
    assert alert.scope.account == "123456789012"


@pytest.mark.parametrize(
    ("number", "severity"), [(8.5, Severity.HIGH), (5, Severity.WARNING), (2, Severity.LOW)]
)
def test_a_findings_number_is_a_severity(number: float, severity: Severity) -> None:
    alert = by_sns(
        {
            "detail-type": "GuardDuty Finding",
            "account": "123456789012",
            "region": "eu-central-1",
            "detail": {"type": "Recon:EC2/Portscan", "severity": number, "service": {}},
        }
    )
    assert (alert.severity, alert.status) == (severity, AlertStatus.NOTICE)


def test_healths_own_writing_of_dates_is_read() -> None:
    alert = by_sns(
        {
            "detail-type": "AWS Health Event",
            "region": "eu-central-1",
            "detail": {
                "service": "EC2",
                "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE",
                "startTime": "Sat, 21 Nov 2026 05:01:10 GMT",
                "eventDescription": [{"latestDescription": "An issue."}],
            },
        }
    )
    assert alert.starts_at == datetime(2026, 11, 21, 5, 1, 10, tzinfo=UTC)
    assert alert.text == "An issue."


def test_a_message_of_sns_that_is_no_alarm_is_left_alone() -> None:
    assert read_webhook(Road.SNS, sns_envelope("hello")) is None
    assert read_webhook(Road.SNS, webhook_body("sns_subscription")) is None
