"""Grafana's and Robusta's alerts, in Slack and by webhook."""

from __future__ import annotations

from bot.adapters.alerts.slack_alerts import SlackAlert, read_slack_alert
from bot.adapters.alerts.webhook_bodies import Road, read_webhook
from bot.domain.alert import AlertObject, AlertSource, AlertStatus, Severity
from tests.lab.alerts.samples import slack_event, webhook_body


def told(name: str) -> SlackAlert:
    found = read_slack_alert(slack_event(name))
    assert found is not None
    return found


def test_grafana_lists_firing_and_resolved_alerts_with_all_labels() -> None:
    found = told("grafana_mixed")
    assert found.shape == "grafana"
    cart, checkout = found.alerts
    assert (cart.status, checkout.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert cart.labels["grafana_folder"] == "shop"
    assert cart.annotations["values"] == "A=2.31, C=1"
    assert cart.scope.objects == (AlertObject(kind="service", name="cart"),)
    assert not cart.is_partial


def test_grafanas_links_keep_their_names() -> None:
    titles = [entry.title for entry in told("grafana_mixed").alerts[0].links]
    assert titles == ["Source", "Silence", "Dashboard", "Panel", "Grafana"]


def test_a_rule_without_data_is_blind_and_goes_by_the_rules_name() -> None:
    (alert,) = told("grafana_no_data").alerts
    assert (alert.name, alert.status) == ("cart latency", AlertStatus.BLIND)


def test_grafanas_webhook_is_the_same_alert_as_its_message() -> None:
    found = read_webhook(Road.GRAFANA, webhook_body("grafana_webhook"))
    assert found is not None
    (hook,), (cart, _) = found.alerts, told("grafana_mixed").alerts
    assert (hook.fingerprint, hook.group_key) == (cart.fingerprint, cart.group_key)
    assert hook.starts_at is not None
    assert [entry.title for entry in hook.links] == ["Rule", "Silence", "Dashboard", "Panel"]


def test_a_grafana_body_is_not_taken_for_alertmanagers() -> None:
    assert read_webhook(Road.ALERTMANAGER, webhook_body("grafana_webhook")) is None
    assert read_webhook(Road.GRAFANA, webhook_body("alertmanager_webhook")) is None


def test_robusta_tells_cluster_labels_and_buttons() -> None:
    found = told("robusta_firing")
    (alert,) = found.alerts
    assert found.shape == "robusta"
    assert (alert.name, alert.source) == ("KubePodCrashLooping", AlertSource.ROBUSTA)
    assert (alert.scope.cluster, alert.scope.namespace) == ("prod-eu", "payments")
    assert alert.scope.objects == (AlertObject(kind="pod", name="api-6c5d9f7b8-x2x4k"),)
    assert {"Investigate", "Configure Silences"} <= {entry.title for entry in alert.links}


def test_robustas_resolution_has_the_identity_of_the_firing() -> None:
    (fired,), (over,) = told("robusta_firing").alerts, told("robusta_resolved").alerts
    assert over.status is AlertStatus.RESOLVED
    assert (over.fingerprint, over.group_key) == (fired.fingerprint, fired.group_key)


def test_a_kubernetes_event_of_robusta_goes_by_its_title() -> None:
    (alert,) = told("robusta_event").alerts
    assert (alert.name, alert.severity) == ("BackOff Warning for Pod shop/cart-0", Severity.HIGH)
    assert alert.scope.cluster == "staging"
    assert alert.is_partial


def test_robustas_preview_layout_tells_the_resource() -> None:
    (alert,) = told("robusta_preview").alerts
    assert alert.name == "Deployment cart has unavailable replicas"
    assert (alert.scope.cluster, alert.scope.namespace) == ("prod-eu", "shop")
    assert alert.scope.objects == (AlertObject(kind="deployment", name="cart"),)
    assert (alert.severity, alert.status) == (Severity.WARNING, AlertStatus.FIRING)


def test_a_resource_without_a_namespace_keeps_kind_and_name() -> None:
    event = slack_event("robusta_preview")
    event["blocks"][1]["elements"][3]["text"] = ":package: Resource: Node/worker-3"
    found = read_slack_alert(event)
    assert found is not None
    assert found.alerts[0].scope.namespace is None
    assert found.alerts[0].scope.objects == (AlertObject(kind="node", name="worker-3"),)


def test_robustas_preview_layout_tells_the_end() -> None:
    event = slack_event("robusta_preview")
    event["blocks"][0]["text"]["text"] = "✅ *[Resolved] Deployment cart has unavailable replicas*"
    found = read_slack_alert(event)
    assert found is not None
    assert found.alerts[0].status is AlertStatus.RESOLVED
    assert found.alerts[0].fingerprint == told("robusta_preview").alerts[0].fingerprint
