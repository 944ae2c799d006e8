"""An incident's signal read over HTTP: from Prometheus alone, and from Alertmanager beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.adapters.alertmanager.sources import AlertmanagerStates
from bot.adapters.clock import SystemClock
from bot.adapters.metrics.sources import PrometheusSources
from bot.adapters.operations.signals import IncidentSignals
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.bootstrap.installation import new_id
from bot.domain.alert import Alert, AlertSource, AlertStatus, Origin, Severity
from bot.domain.alert_server import AlertmanagerEndpoint
from bot.domain.incident import Watch
from bot.domain.metrics import MetricsEndpoint
from bot.ports.alert_state import KnownState
from safe_ops.model.plans import Place, System
from safe_ops.model.signal import Signal
from tests.contract.alertmanagers import fire, program, reader_for, running, silence, states_for
from tests.contract.metrics_servers import CLUSTER, NOON, sources_for
from tests.lab.clock import LabClock
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.tracks import MetricStore
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = Place(system=System.KUBERNETES, name=CLUSTER)
NO_ALERTMANAGER = AlertmanagerStates({}, clock=SystemClock(), secret_of=lambda _: None)
NO_PROMETHEUS = PrometheusSources({}, clock=SystemClock(), secret_of=lambda _: None)
NAME = "Errors"
BY_APP = {"cart": 0.42, "shop": 0.1}
needs_alertmanager = pytest.mark.skipif(
    program() is None, reason="Alertmanager is not installed (apt install prometheus-alertmanager)"
)


@pytest.fixture
def prometheus() -> Iterator[MetricsLab]:
    store = MetricStore()
    for app, ratio in BY_APP.items():
        # So young that it fires for a minute only.
        begins_s = NOON.timestamp() - 60
        store.add("errors", {"app": app}, lambda _, ratio=ratio: ratio, begins_s=begins_s)  # type: ignore[misc]
    with MetricsLab(store, clock=LabClock(frozen_at=NOON.timestamp())) as lab:
        lab.rules[:] = [rule("errors > 0.05")]
        yield lab


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("alertmanager")) as url:
        yield url


class Incidents:
    """A store with incidents, and what looks at their signals."""

    def __init__(self) -> None:
        engine = open_engine("sqlite://")
        upgrade(engine)
        self.store = SqlStore(engine, SystemClock(), new_id)

    def of(self, *names: str, **labels: str) -> str:
        """Bring in alerts of one group; return their incident."""
        now = datetime.now(UTC)
        origin = Origin(road="test", delivery_id=new_id(), team_id="T1")
        found = {
            admission.incident.incident_id
            for admission in (
                self.store.admit(
                    Alert(
                        source=AlertSource.ALERTMANAGER,
                        name=name,
                        status=AlertStatus.FIRING,
                        severity=Severity.LOW,
                        fingerprint=name,
                        group_key="group",
                        labels={"alertname": name, **labels},
                        starts_at=now,
                    ),
                    origin=origin,
                    watch=Watch(channel="C1"),
                    now=now,
                )
                for name in names
            )
            if admission.incident is not None
        }
        (incident_id,) = found
        return incident_id

    def look(
        self,
        incident_id: str,
        prometheus: MetricsLab | None,
        states: AlertmanagerStates = NO_ALERTMANAGER,
    ) -> Signal:
        """Return the signal."""
        metrics = NO_PROMETHEUS
        if prometheus is not None:
            metrics = sources_for(MetricsEndpoint(url=prometheus.url))
        signals = IncidentSignals(incidents=self.store, states=states, metrics=metrics)
        return signals.look(incident_id, PLACE)


@pytest.fixture
def incidents() -> Incidents:
    return Incidents()


def rule(query: str, *, name: str = NAME, for_s: int = 0) -> dict[str, object]:
    return {"name": name, "query": query, "for_s": for_s, "labels": {}, "annotations": {}}


def test_the_worst_series_says_how_strong_it_fires(
    prometheus: MetricsLab, incidents: Incidents
) -> None:
    signal = incidents.look(incidents.of(NAME), prometheus)
    assert signal.firing
    assert signal.value == pytest.approx(8.4)
    assert signal.says == "Errors still fires at 0.42, threshold 0.05"


def test_only_the_incident_s_own_series_count(prometheus: MetricsLab, incidents: Incidents) -> None:
    signal = incidents.look(incidents.of(NAME, app="shop"), prometheus)
    assert signal.value == pytest.approx(2.0)


def test_the_worst_of_several_rules_counts_and_each_is_told(
    prometheus: MetricsLab, incidents: Incidents
) -> None:
    prometheus.rules.append(rule('errors{app="shop"} < 1', name="Low"))
    signal = incidents.look(incidents.of(NAME, "Low"), prometheus)
    assert signal.value == pytest.approx(10.0)
    assert signal.says == (
        "Errors still fires at 0.42, threshold 0.05; Low still fires at 0.1, threshold 1"
    )


def test_a_rule_that_names_no_direction_fires_without_a_value(
    prometheus: MetricsLab, incidents: Incidents
) -> None:
    prometheus.rules[:] = [rule("errors == 0.42")]
    signal = incidents.look(incidents.of(NAME), prometheus)
    assert signal == Signal(firing=True, says="Errors still fires")


@pytest.mark.parametrize(("query", "for_s"), [("errors > 0.5", 0), ("errors > 0.05", 3_600)])
def test_what_does_not_fire_has_no_value(
    prometheus: MetricsLab, incidents: Incidents, query: str, for_s: int
) -> None:
    prometheus.rules[:] = [rule(query, for_s=for_s)]
    signal = incidents.look(incidents.of(NAME), prometheus)
    assert signal == Signal(firing=False, says="Errors no longer fires")


def test_rules_that_cannot_be_read_cost_the_value_only(
    prometheus: MetricsLab, incidents: Incidents
) -> None:
    prometheus.fail(503, on="/rules")
    signal = incidents.look(incidents.of(NAME), prometheus)
    assert signal == Signal(firing=True, says="Errors still fires")


def test_a_server_that_offers_no_rules_costs_the_value_only(
    prometheus: MetricsLab, incidents: Incidents
) -> None:
    prometheus.without.add("/rules")
    signal = incidents.look(incidents.of(NAME), prometheus)
    assert signal == Signal(firing=True, says="Errors still fires")


def test_a_server_that_does_not_answer_makes_nothing_visible(
    prometheus: MetricsLab, incidents: Incidents
) -> None:
    prometheus.fail(503, on="/alerts")
    signal = incidents.look(incidents.of(NAME), prometheus)
    assert (signal.firing, signal.value) == (None, None)


@pytest.mark.parametrize("incident_id", ["", "gone"])
def test_without_an_incident_nothing_is_asked(
    prometheus: MetricsLab, incidents: Incidents, incident_id: str
) -> None:
    assert incidents.look(incident_id, prometheus).firing is None
    assert prometheus.requests() == []


def test_where_no_server_is_connected_nothing_is_guessed(incidents: Incidents) -> None:
    assert incidents.look(incidents.of(NAME), None).firing is None


@needs_alertmanager
def test_alertmanager_says_what_fires_and_prometheus_how_strong(
    prometheus: MetricsLab, incidents: Incidents, alertmanager: str
) -> None:
    fire(alertmanager, {"alertname": "Routed", "app": "cart"})
    prometheus.rules[:] = [rule("errors > 0.05", name="Routed")]
    states = states_for(AlertmanagerEndpoint(url=alertmanager))
    incident_id = incidents.of("Routed")
    signal = incidents.look(incident_id, prometheus, states)
    assert signal.firing
    assert signal.value == pytest.approx(8.4)
    assert signal.says == "Routed still fires at 0.42, threshold 0.05"
    for fault in ("/alerts", "/rules"):
        failing = prometheus.fail(503, on=fault)
        seen = incidents.look(incident_id, prometheus, states)
        assert seen == Signal(firing=True, says="Routed still fires")
        failing.clear()
    alone = incidents.look(incident_id, None, states)
    assert alone == Signal(firing=True, says="Routed still fires")


@needs_alertmanager
def test_a_silenced_alert_is_as_strong_as_it_is(
    prometheus: MetricsLab, incidents: Incidents, alertmanager: str
) -> None:
    fire(alertmanager, {"alertname": "Muted", "app": "cart"})
    silence(alertmanager, "alertname", "Muted")
    reader = reader_for(alertmanager)
    eventually(
        lambda: reader.alerts("Muted")[0].state is KnownState.SUPPRESSED, "the silence holds"
    )
    _check_strength("Muted", prometheus, incidents, alertmanager)


@needs_alertmanager
def test_an_inhibited_alert_is_as_strong_as_it_is(
    prometheus: MetricsLab, incidents: Incidents, alertmanager: str
) -> None:
    fire(alertmanager, {"alertname": "Cause", "severity": "critical", "namespace": "n"})
    fire(alertmanager, {"alertname": "Inhibited", "severity": "warning", "namespace": "n"})
    reader = reader_for(alertmanager)
    eventually(
        lambda: reader.alerts("Inhibited")[0].state is KnownState.SUPPRESSED, "it is inhibited"
    )
    _check_strength("Inhibited", prometheus, incidents, alertmanager)


def _check_strength(
    name: str, prometheus: MetricsLab, incidents: Incidents, alertmanager: str
) -> None:
    prometheus.rules[:] = [rule("errors > 0.05", name=name)]
    states = states_for(AlertmanagerEndpoint(url=alertmanager))
    signal = incidents.look(incidents.of(name), prometheus, states)
    assert signal.firing
    assert signal.value == pytest.approx(8.4)


@needs_alertmanager
def test_what_alertmanager_no_longer_holds_is_not_asked_of_prometheus(
    prometheus: MetricsLab, incidents: Incidents, alertmanager: str
) -> None:
    states = states_for(AlertmanagerEndpoint(url=alertmanager))
    signal = incidents.look(incidents.of(NAME), prometheus, states)
    assert signal == Signal(firing=False, says="Errors no longer fires")
    assert prometheus.requests() == []
