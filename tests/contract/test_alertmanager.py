"""Alerts read from the real Alertmanager, and a message completed by what it holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.metrics.sources import PrometheusSources
from bot.domain.alert import Alert, AlertObject, AlertSource, AlertStatus, Severity
from bot.domain.alert_server import AlertmanagerEndpoint
from bot.domain.evidence import EvidenceState
from bot.domain.registry import FULL_ACCESS
from bot.flows.alert.lookup import Looked, look_up
from bot.ports.alert_state import KnownState
from tests.contract.alertmanagers import (
    CLUSTER,
    fire,
    program,
    reader_for,
    running,
    silence,
    states_for,
)
from tests.lab.sessions import MemorySession
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports.alert_state import KnownAlert

pytestmark = pytest.mark.skipif(
    program() is None, reason="Alertmanager is not installed (apt install prometheus-alertmanager)"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("alertmanager")) as url:
        yield url


def message(name: str, group: str, common: str) -> Alert:
    """Alertmanager's own Slack message: values of labels, without their names."""
    return Alert(
        source=AlertSource.ALERTMANAGER,
        name=name,
        status=AlertStatus.FIRING,
        severity=Severity.WARNING,
        fingerprint="ours",
        group_key="g",
        labels={"alertname": name, "severity": "warning"},
        annotations={"group_values": group, "common_values": common},
        is_partial=True,
    )


def look(url: str, alert: Alert) -> Looked:
    return look_up(
        (alert,),
        clusters=(CLUSTER,),
        states=states_for(AlertmanagerEndpoint(url=url)),
        sources=PrometheusSources({}, clock=SystemClock(), secret_of=lambda _: None),
        access=FULL_ACCESS,
        session=MemorySession(),
        clock=SystemClock(),
    )


def the_only(url: str, name: str) -> KnownAlert:
    (found,) = reader_for(url).alerts(name)
    return found


def test_an_alert_comes_with_all_its_sender_gave(server: str) -> None:
    since = datetime(2026, 11, 20, 10, 41, 2, tzinfo=UTC)
    generator = "http://prometheus.example/graph?g0.expr=up+%3D%3D+0&g0.tab=1"
    fire(
        server,
        {"alertname": "Whole", "namespace": "shop", "pod": "cart-1"},
        annotations={"summary": "It is down."},
        since=since,
        generator_url=generator,
    )
    found = the_only(server, "Whole")
    assert dict(found.labels) == {"alertname": "Whole", "namespace": "shop", "pod": "cart-1"}
    assert found.annotations == (("summary", "It is down."),)
    assert found.starts_at == since
    assert found.state in {KnownState.ACTIVE, KnownState.UNPROCESSED}
    assert (found.generator_url, found.expression) == (generator, "up == 0")
    assert len(found.fingerprint) == 16
    assert (found.silenced_by, found.inhibited_by) == ((), ())


@pytest.mark.parametrize(
    "name",
    [
        'says "no"',
        "back\\slash",
        'ends with \\"',
        "a,b",
        "{x=y}",
        "two\nlines",
        "Grüße 💥",
        "100% & more?x=1#y",
        "a\\nb",
    ],
)
def test_a_name_of_any_characters_is_asked_for_as_it_is(server: str, name: str) -> None:
    fire(server, {"alertname": name, "namespace": "shop"})
    assert dict(the_only(server, name).labels)["alertname"] == name


def test_a_name_is_no_pattern(server: str) -> None:
    fire(server, {"alertname": "Patterned"})
    assert reader_for(server).alerts("Pattern.*") == ()
    assert reader_for(server).alerts('x",alertname=~".+') == ()


def test_a_silenced_alert_is_there_with_its_silence(server: str) -> None:
    fire(server, {"alertname": "Silenced", "namespace": "shop"})
    by = silence(server, "alertname", "Silenced")
    found = eventually(
        lambda: next(
            (one for one in reader_for(server).alerts("Silenced") if one.silenced_by), None
        ),
        "the silence holds",
    )
    assert found is not None
    assert (found.state, found.silenced_by) == (KnownState.SUPPRESSED, (by,))


def test_an_inhibited_alert_is_there_with_what_stands_for_it(server: str) -> None:
    fire(server, {"alertname": "ClusterDown", "namespace": "inhibited", "severity": "critical"})
    fire(server, {"alertname": "Follows", "namespace": "inhibited", "severity": "warning"})
    found = eventually(
        lambda: next(
            (one for one in reader_for(server).alerts("Follows") if one.inhibited_by), None
        ),
        "the inhibition holds",
    )
    assert found is not None
    assert found.state is KnownState.SUPPRESSED
    assert found.inhibited_by == (the_only(server, "ClusterDown").fingerprint,)


def test_an_alert_that_is_over_is_gone(server: str) -> None:
    now = datetime.now(UTC)
    fire(
        server,
        {"alertname": "Over"},
        since=now - timedelta(hours=1),
        until=now - timedelta(minutes=1),
    )
    assert reader_for(server).alerts("Over") == ()


def test_a_message_of_values_gets_the_labels_of_the_one_alert_that_has_them(server: str) -> None:
    for namespace, app in (("shop", "cart"), ("payments", "ledger")):
        fire(
            server,
            {
                "alertname": "Twofold",
                "severity": "warning",
                "namespace": namespace,
                "deployment": app,
                "prometheus": "monitoring/k8s",
            },
            annotations={"summary": f"{app} restarts"},
            since=datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
        )
    found = look(server, message("Twofold", "Twofold", "cart shop monitoring/k8s warning"))
    (alert,) = found.alerts
    assert alert.scope.namespace == "shop"
    assert alert.scope.objects == (AlertObject(kind="deployment", name="cart"),)
    assert alert.labels["prometheus"] == "monitoring/k8s"
    assert alert.annotations["summary"] == "cart restarts"
    assert alert.starts_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert not alert.is_partial
    assert found.still_active == ("Twofold",)
    (evidence,) = found.evidence
    seen = evidence.observation
    assert (seen.source, seen.cluster, seen.state) == ("alerts", CLUSTER, EvidenceState.OK)
    assert seen.rows == 2
    assert "deployment=cart" in seen.body.splitlines()[0]


def test_a_message_of_what_is_over_is_not_completed_by_another_alert(server: str) -> None:
    fire(server, {"alertname": "Moved", "severity": "warning", "namespace": "payments"})
    told = message("Moved", "Moved", "shop warning")
    assert look(server, told).alerts == (told,)


def test_a_silence_is_told_with_the_alert(server: str) -> None:
    fire(server, {"alertname": "Muted", "severity": "warning", "namespace": "shop"})
    by = silence(server, "alertname", "Muted")
    told = message("Muted", "Muted", "shop warning")
    found = eventually(
        lambda: seen if (seen := look(server, told)).silenced else None, "the silence holds"
    )
    assert found is not None
    assert found.silenced == ("Muted",)
    assert found.caveats == (
        f"`Muted` is silenced by `{by}` in Alertmanager, which notifies nobody of it.",
    )
    assert (
        f"suppressed since {found.alerts[0].starts_at:%Y-%m-%d}"
        in found.evidence[0].observation.body
    )
    assert f"silenced by {by}" in found.evidence[0].observation.body


def test_nothing_of_that_name_is_said_as_that(server: str) -> None:
    told = message("Unheard", "Unheard", "shop warning")
    found = look(server, told)
    assert found.alerts == (told,)
    (evidence,) = found.evidence
    assert evidence.observation.state is EvidenceState.EMPTY
    assert (found.still_active, found.inactive) == ((), ())
