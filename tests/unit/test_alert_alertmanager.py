"""Alertmanager's messages: its own in Slack, a team's template, and the webhook."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pytest

from bot.adapters.alerts.slack_alerts import SlackAlert, read_slack_alert
from bot.adapters.alerts.webhook_bodies import Road, read_webhook
from bot.domain.alert import Alert, AlertObject, AlertSource, AlertStatus, Severity
from tests.lab.alerts.samples import TS, edited, message, slack_event, webhook_body


def told(name: str) -> SlackAlert:
    found = read_slack_alert(slack_event(name))
    assert found is not None
    return found


def titled(title: str, **more: str) -> Alert:
    event = slack_event("alertmanager_firing")
    event["attachments"] = [event["attachments"][0] | {"title": title, "fallback": title} | more]
    found = read_slack_alert(event)
    assert found is not None
    return found.alerts[0]


def hook(**overrides: object) -> tuple[Alert, ...]:
    found = read_webhook(Road.ALERTMANAGER, webhook_body("alertmanager_webhook", **overrides))
    assert found is not None
    return found.alerts


def test_the_default_message_gives_name_count_and_severity_from_values_alone() -> None:
    found = told("alertmanager_firing")
    (alert,) = found.alerts
    assert found.shape == "alertmanager"
    assert (alert.name, alert.count, alert.severity) == ("KubePodCrashLooping", 2, Severity.WARNING)
    assert alert.status is AlertStatus.FIRING
    assert alert.is_partial
    assert alert.annotations["group_values"] == "KubePodCrashLooping payments"
    assert alert.annotations["common_values"] == "prod-eu app warning"


def test_the_resolution_is_a_new_message_with_the_identity_of_the_first() -> None:
    (fired,), (over,) = told("alertmanager_firing").alerts, told("alertmanager_resolved").alerts
    assert over.status is AlertStatus.RESOLVED
    assert (over.fingerprint, over.group_key) == (fired.fingerprint, fired.group_key)


def test_the_same_subject_from_another_alertmanager_is_another_group() -> None:
    subject = "[FIRING:1] KubePodCrashLooping payments (prod-eu app warning)"
    one = titled(subject, title_link="https://one.example/#/alerts?receiver=x")
    two = titled(subject, title_link="https://two.example/#/alerts?receiver=x")
    assert one.group_key != two.group_key


def test_an_edit_is_the_message_it_became_under_the_first_ts() -> None:
    first = slack_event("alertmanager_firing")
    resolved = message("alertmanager_resolved")["attachments"]
    found = read_slack_alert(edited(first, attachments=resolved))
    assert found is not None
    assert (found.ts, found.is_edit) == (TS, True)
    assert found.alerts[0].status is AlertStatus.RESOLVED
    assert found.alerts[0].fingerprint == told("alertmanager_firing").alerts[0].fingerprint


def test_a_rule_grouped_by_place_only_is_named_from_the_parenthesis() -> None:
    alert = titled("[FIRING:3] payments prod (KubeJobFailed critical)")
    assert (alert.name, alert.severity) == ("KubeJobFailed", Severity.CRITICAL)


def test_a_group_without_common_labels_is_named_by_its_first_value() -> None:
    assert titled("[FIRING:3] checkout-is-slow").name == "checkout-is-slow"


def test_a_region_among_the_values_is_its_place() -> None:
    assert titled("[FIRING:1] HighLatency (eu-central-1 warning)").scope.region == "eu-central-1"


def test_escaped_characters_of_a_title_are_themselves() -> None:
    assert titled("[FIRING:1] QueueAgeOver5 (a &amp; b &lt;x&gt;)").annotations[
        "common_values"
    ] == ("a & b <x>")


def test_watchdog_is_dropped_and_told_so() -> None:
    found = told("alertmanager_watchdog")
    assert (found.alerts, found.dropped) == ((), ("Watchdog",))


def test_watchdog_is_known_inside_the_parenthesis_too() -> None:
    event = slack_event("alertmanager_watchdog")
    event["attachments"][0]["title"] = "[FIRING:1] monitoring (Watchdog none)"
    found = read_slack_alert(event)
    assert found is not None
    assert found.dropped == ("Watchdog",)


def test_a_template_tells_firing_and_resolved_alerts_in_one_message() -> None:
    found = told("template_mixed")
    assert found.shape == "template"
    assert [(a.name, a.status, a.severity) for a in found.alerts] == [
        ("KubePodNotReady", AlertStatus.FIRING, Severity.CRITICAL),
        ("KubeDeploymentReplicasMismatch", AlertStatus.FIRING, Severity.WARNING),
        ("TargetDown", AlertStatus.RESOLVED, Severity.WARNING),
    ]
    assert found.alerts[0].scope.cluster == "prod-eu"
    assert [a.scope.namespace for a in found.alerts] == ["shop"] * 3
    assert found.alerts[1].scope.objects == (AlertObject(kind="deployment", name="checkout"),)


def test_a_templates_runbook_belongs_to_the_alert_it_stands_under() -> None:
    first, second, _ = told("template_mixed").alerts
    assert [entry.title for entry in first.links] == ["runbook"]
    assert second.links == ()


def test_a_broadcast_in_a_template_calls_nobody() -> None:
    text = told("template_mixed").alerts[0].text
    assert "<!here>" not in text
    assert "@here" not in text


def test_a_template_that_slack_cut_still_tells_what_is_left() -> None:
    event = slack_event("template_mixed")
    text = event["attachments"][0]["text"]
    event["attachments"][0]["text"] = text[: text.index("*deployment:*") + 20]
    found = read_slack_alert(event)
    assert found is not None
    assert [a.name for a in found.alerts] == ["KubePodNotReady", "KubeDeploymentReplicasMismatch"]


def test_a_template_under_alertmanagers_own_title_keeps_labels_and_group() -> None:
    event = slack_event("alertmanager_firing")
    event["attachments"][0]["text"] = (
        "*Alert:* KubePodCrashLooping\n*Severity:* critical\n • *pod:* `api-0`\n"
    )
    found = read_slack_alert(event)
    assert found is not None
    (alert,) = found.alerts
    assert alert.labels["pod"] == "api-0"
    assert alert.group_key == told("alertmanager_firing").alerts[0].group_key


def test_a_template_without_words_for_its_state_is_read_by_its_colour() -> None:
    states = {}
    for color in ("good", "danger"):
        event = slack_event("template_mixed")
        event["attachments"] = [{"color": color, "text": "*Alert:* DiskFull\n*host:* a"}]
        found = read_slack_alert(event)
        assert found is not None
        states[color] = found.alerts[0].status
    assert states == {"good": AlertStatus.RESOLVED, "danger": AlertStatus.FIRING}


def test_chatter_with_keys_and_values_is_no_alert() -> None:
    event = slack_event("alertmanager_firing", attachments=[], text="*Build:* 12\n*Author:* Ana")
    assert read_slack_alert(event) is None


def test_a_sentence_that_begins_with_resolved_does_not_end_an_alert() -> None:
    text = "*Alert:* DnsSlow\n*Severity:* warning\nResolved names take 3 s\n"
    event = slack_event("template_mixed")
    event["attachments"] = [{"color": "danger", "text": text}]
    found = read_slack_alert(event)
    assert found is not None
    assert found.alerts[0].status is AlertStatus.FIRING


def test_the_webhook_gives_every_alert_with_labels_place_and_its_own_fingerprint() -> None:
    first, second = hook()
    assert (first.fingerprint, second.fingerprint) == ("a1b2c3d4e5f60718", "0f1e2d3c4b5a6978")
    assert first.source is AlertSource.ALERTMANAGER
    assert (first.scope.cluster, first.scope.namespace) == ("prod-eu", "payments")
    # The service and address of the labels are kube-state-metrics' own.
    assert first.scope.objects == (AlertObject(kind="pod", name="api-6c5d9f7b8-x2x4k"),)
    assert first.starts_at == datetime(2026, 11, 21, 11, 50, 0, 123456, tzinfo=UTC)
    assert not first.is_partial


def test_the_year_one_is_no_end() -> None:
    assert hook()[0].ends_at is None


def test_a_resolved_alert_of_the_webhook_has_its_end() -> None:
    body = webhook_body("alertmanager_webhook")
    body["alerts"][0] |= {"status": "resolved", "endsAt": "2026-11-21T12:10:00+02:00"}
    first, second = hook(**body)
    assert first.ends_at == datetime(2026, 11, 21, 10, 10, tzinfo=UTC)
    assert (first.status, second.status) == (AlertStatus.RESOLVED, AlertStatus.FIRING)


def test_the_rules_query_is_read_from_its_address() -> None:
    assert hook()[0].expression == (
        "max_over_time(kube_pod_container_status_waiting_reason[5m]) >= 1"
    )


def test_webhook_and_slack_message_of_one_group_have_the_same_key() -> None:
    assert {a.group_key for a in hook()} == {told("alertmanager_firing").alerts[0].group_key}


def test_alerts_the_sender_cut_count_with_the_last_one() -> None:
    assert [a.count for a in hook(truncatedAlerts=7)] == [1, 8]


def test_a_group_beyond_the_bound_is_counted_in_full() -> None:
    body = webhook_body("alertmanager_webhook")
    alerts = hook(alerts=[copy.deepcopy(body["alerts"][0]) for _ in range(600)])
    assert (len(alerts), sum(a.count for a in alerts)) == (500, 600)


def test_a_forged_fingerprint_is_replaced_by_ours() -> None:
    body = webhook_body("alertmanager_webhook")
    body["alerts"][0]["fingerprint"] = "'; drop table alerts; --"
    fingerprint = hook(**body)[0].fingerprint
    assert len(fingerprint) == 16
    assert set(fingerprint) <= set("0123456789abcdef")


def test_an_address_that_is_no_web_page_is_not_kept() -> None:
    body = webhook_body("alertmanager_webhook")
    body["alerts"][0]["annotations"]["runbook_url"] = "javascript:alert(1)"
    body["alerts"][0]["generatorURL"] = "https://user:pass@evil.example/"
    assert [entry.title for entry in hook(**body)[0].links] == ["Alertmanager"]


def test_a_secret_in_an_annotation_is_masked() -> None:
    body = webhook_body("alertmanager_webhook")
    body["alerts"][0]["annotations"]["description"] = "cannot log in with password=hunter2secret"
    alert = hook(**body)[0]
    assert "hunter2secret" not in f"{alert.text}{dict(alert.annotations)}"


@pytest.mark.parametrize("shown", range(6, 30, 4))
def test_a_secret_at_the_end_of_what_is_kept_is_not_shown_by_half(shown: int) -> None:
    token = "xoxb-" + "1234567890-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
    body = webhook_body("alertmanager_webhook")
    body["alerts"][0]["annotations"]["description"] = f"{'x' * (1_999 - shown)} {token} end"
    alert = hook(**body)[0]
    assert token[:shown] not in f"{alert.text}{dict(alert.annotations)}"
