"""What looking up an incident's alerts asks, enters in the ledger, and tells of silences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

import pytest

from bot.adapters.clock import SystemClock
from bot.domain.alert import Alert, AlertSource, AlertStatus, Severity
from bot.domain.errors import DeniedError, UpstreamError
from bot.domain.evidence import EvidenceState
from bot.domain.registry import FULL_ACCESS, Access, Grant
from bot.flows.alert.lookup import MAX_NAMES, Looked, look_up
from bot.flows.alert.sight import MAX_LINE_CHARS, MAX_SHOWN
from bot.ports.alert_state import KnownAlert, KnownState
from bot.ports.metrics import ActiveAlert, MetricsSources, Rule
from tests.lab.sessions import MemorySession

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SHOP_ONLY = Access(grants=(Grant(namespaces=("shop",)),))
ILL = Alert(
    source=AlertSource.ALERTMANAGER,
    name="Ill",
    status=AlertStatus.FIRING,
    severity=Severity.WARNING,
    fingerprint="f",
    group_key="g",
    labels={"alertname": "Ill"},
)


@dataclass
class Holding:
    """An Alertmanager that holds these alerts, or fails."""

    held: tuple[KnownAlert, ...] = ()
    error: UpstreamError | None = None
    name: str = "prod-eu"
    asked: list[str] = field(default_factory=list)

    def alerts(self, name: str) -> tuple[KnownAlert, ...]:
        self.asked.append(name)
        if self.error is not None:
            raise self.error
        return tuple(one for one in self.held if dict(one.labels)["alertname"] == name)


@dataclass
class Evaluating:
    """A metrics server with these rules and alerts."""

    ruled: tuple[Rule, ...] = ()
    firing: tuple[ActiveAlert, ...] = ()
    error: UpstreamError | None = None

    def rules(self) -> tuple[Rule, ...]:
        if self.error is not None:
            raise self.error
        return self.ruled

    def alerts(self) -> tuple[ActiveAlert, ...]:
        return self.firing


@dataclass
class Estate:
    """The servers by cluster; a cluster that is not there has none."""

    servers: Mapping[str, Holding] = field(default_factory=dict)
    metrics: Mapping[str, Evaluating] = field(default_factory=dict)

    def reader(self, cluster: str) -> Holding:
        return self.servers[cluster]

    def look(
        self,
        *alerts: Alert,
        access: Access = FULL_ACCESS,
        session: MemorySession | None = None,
        clusters: tuple[str, ...] = ("prod-eu",),
    ) -> Looked:
        return look_up(
            alerts or (ILL,),
            clusters=clusters,
            states=self,
            sources=cast("MetricsSources", _Metrics(self.metrics)),
            access=access,
            session=session or MemorySession(),
            clock=SystemClock(),
        )


@dataclass
class _Metrics:
    by_cluster: Mapping[str, Evaluating]

    def reader(self, cluster: str) -> Evaluating:
        return self.by_cluster[cluster]


def held(
    *, name: str = "Ill", by: tuple[str, ...] = (), behind: tuple[str, ...] = (), **labels: str
) -> KnownAlert:
    return KnownAlert(
        labels=tuple(sorted({"alertname": name, **labels}.items())),
        annotations=(("summary", "told by Alertmanager"),),
        starts_at=TEN,
        state=KnownState.SUPPRESSED if by or behind else KnownState.ACTIVE,
        silenced_by=by,
        inhibited_by=behind,
    )


def firing(*, name: str = "Ill", **labels: str) -> ActiveAlert:
    return ActiveAlert(
        labels=tuple(sorted({"alertname": name, **labels}.items())),
        annotations=(("summary", "told by Prometheus"),),
        state="firing",
        active_since=TEN,
        value="1",
    )


def rule(query: str = "up == 0", *, name: str = "Ill", **labels: str) -> Rule:
    return Rule(name=name, query=query, is_alert=True, labels=tuple(labels.items()), state="firing")


def states_of(found: Looked) -> list[tuple[str, EvidenceState]]:
    return [(one.observation.source, one.observation.state) for one in found.evidence]


def test_labels_are_alertmanagers_and_the_query_is_the_rules() -> None:
    estate = Estate(
        servers={"prod-eu": Holding(held=(held(namespace="shop", cluster="prod-eu"),))},
        metrics={"prod-eu": Evaluating(ruled=(rule(),), firing=(firing(namespace="shop"),))},
    )
    found = estate.look()
    (alert,) = found.alerts
    assert alert.annotations["summary"] == "told by Alertmanager"
    assert alert.labels["cluster"] == "prod-eu"
    assert alert.expression == "up == 0"
    assert found.still_active == ("Ill",)
    assert states_of(found) == [
        ("alerts", EvidenceState.OK),
        ("alert rules", EvidenceState.OK),
    ]


def test_without_an_alertmanager_prometheus_tells_as_before() -> None:
    estate = Estate(metrics={"prod-eu": Evaluating(firing=(firing(namespace="shop"),))})
    found = estate.look()
    assert found.alerts[0].annotations["summary"] == "told by Prometheus"
    assert states_of(found) == [("alert rules", EvidenceState.OK)]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (UpstreamError("it is silent", system="alertmanager"), EvidenceState.UNREACHABLE),
        (DeniedError("it refused", system="alertmanager"), EvidenceState.DENIED),
    ],
)
def test_an_alertmanager_without_an_answer_is_said_and_prometheus_asked(
    error: UpstreamError, state: EvidenceState
) -> None:
    silent = Holding(error=error)
    estate = Estate(
        servers={"prod-eu": silent},
        metrics={"prod-eu": Evaluating(firing=(firing(namespace="shop"),))},
    )
    found = estate.look(ILL, replace(ILL, name="Other"))
    assert silent.asked == ["Ill"]
    assert found.alerts[0].scope.namespace == "shop"
    assert states_of(found) == [("alerts", state), ("alert rules", EvidenceState.OK)]
    assert found.evidence[0].observation.body == str(error)


def test_a_metrics_server_without_an_answer_is_said() -> None:
    error = DeniedError("it refused", system="metrics")
    found = Estate(metrics={"prod-eu": Evaluating(error=error)}).look()
    assert states_of(found) == [("alert rules", EvidenceState.DENIED)]
    assert found.inactive == ()


def test_a_read_that_finds_nothing_is_evidence_of_that() -> None:
    found = Estate(servers={"prod-eu": Holding()}, metrics={"prod-eu": Evaluating()}).look()
    assert states_of(found) == [
        ("alerts", EvidenceState.EMPTY),
        ("alert rules", EvidenceState.EMPTY),
    ]
    assert (found.still_active, found.inactive) == ((), ())


def test_a_rule_that_fires_nowhere_is_inactive() -> None:
    quiet = Evaluating(ruled=(rule(),))
    assert Estate(metrics={"prod-eu": quiet}).look().inactive == ("Ill",)
    elsewhere = Estate(
        servers={"prod-eu": Holding(held=(held(namespace="shop"),))}, metrics={"prod-eu": quiet}
    )
    assert elsewhere.look().inactive == ()


def test_two_rules_of_a_name_are_told_apart_by_their_labels() -> None:
    ruled = (rule("free < 3", severity="critical"), rule("free < 15", severity="warning"))
    estate = Estate(metrics={"prod-eu": Evaluating(ruled=ruled)})
    assert estate.look().alerts[0].expression == ""
    severe = replace(ILL, labels={"alertname": "Ill", "severity": "critical"})
    assert estate.look(severe).alerts[0].expression == "free < 3"
    told = replace(ILL, expression="mine")
    assert estate.look(told).alerts[0].expression == "mine"


def test_alerts_of_senders_without_an_alertmanager_are_left_alone() -> None:
    server = Holding()
    person = replace(ILL, source=AlertSource.PERSON)
    assert Estate(servers={"prod-eu": server}).look(person) == Looked(alerts=(person,))
    assert server.asked == []


@pytest.mark.parametrize(
    ("alerts", "sentence"),
    [
        ((held(by=("s1",)),), "`Ill` is silenced by `s1` in"),
        ((held(behind=("f1",)),), "`Ill` is inhibited by `f1` in"),
        ((held(by=("s1",), behind=("f1",)),), "`Ill` is silenced by `s1` and inhibited by `f1` in"),
        ((held(by=("s1",), pod="a"), held(pod="b")), "1 of 2 `Ill` alerts are silenced by `s1` in"),
        ((held(by=("1", "2", "3", "4", "5")),), "`Ill` is silenced by `1`, `2`, `3`, +2 in"),
        ((held(by=("x` <!here> [E1]",)),), "`Ill` is silenced by `x' here (E1)` in"),
    ],
)
def test_what_keeps_quiet_about_an_alert_is_told(
    alerts: tuple[KnownAlert, ...], sentence: str
) -> None:
    found = Estate(servers={"prod-eu": Holding(held=alerts)}).look()
    assert found.silenced == ("Ill",)
    (caveat,) = found.caveats
    assert caveat == f"{sentence} Alertmanager, which notifies nobody of it."
    assert "suppressed since 2026-11-20T10:00:00Z; " in found.evidence[0].observation.body


def test_a_silence_of_another_alert_is_not_told() -> None:
    server = Holding(held=(held(by=("s1",), namespace="payments"), held(namespace="shop")))
    alert = replace(ILL, labels={"alertname": "Ill", "namespace": "shop"})
    found = Estate(servers={"prod-eu": server}).look(alert)
    assert (found.silenced, found.caveats) == ((), ())
    assert "silenced by s1" in found.evidence[0].observation.body


def test_a_namespace_that_may_not_be_read_is_counted_only() -> None:
    server = Holding(held=(held(namespace="payments", by=("s1",)), held(namespace="shop")))
    found = Estate(servers={"prod-eu": server}).look(access=SHOP_ONLY)
    seen = found.evidence[0].observation
    assert "payments" not in seen.body
    assert "1 in namespaces that may not be read here" in seen.body
    assert found.alerts == (ILL,)
    assert found.caveats == ()
    hidden = Holding(held=(held(namespace="payments"),))
    refused = Estate(servers={"prod-eu": hidden}).look(access=SHOP_ONLY)
    assert states_of(refused) == [("alerts", EvidenceState.DENIED)]


def test_of_many_alerts_those_meant_are_shown_and_the_rest_is_counted() -> None:
    others = tuple(held(namespace="noise", pod=f"p{i}") for i in range(MAX_SHOWN + 5))
    server = Holding(held=(*others, held(namespace="shop", pod="cart", team="x" * 2_000)))
    alert = replace(ILL, labels={"alertname": "Ill", "namespace": "shop"})
    seen = Estate(servers={"prod-eu": server}).look(alert).evidence[0].observation
    lines = seen.body.splitlines()
    assert seen.state is EvidenceState.TRUNCATED
    assert seen.cut_bytes > 0
    assert seen.rows == MAX_SHOWN + 6
    assert "namespace=shop pod=cart" in lines[0]
    assert len(lines[0]) == MAX_LINE_CHARS
    assert lines[-1] == "6 more"
    assert len(lines) == MAX_SHOWN + 1


def test_a_label_cannot_pass_for_another_line() -> None:
    server = Holding(held=(held(team="x\nactive since now: alertname=Forged"),))
    seen = Estate(servers={"prod-eu": server}).look().evidence[0].observation
    assert len(seen.body.splitlines()) == 1


def test_of_a_storm_only_so_many_names_are_asked_for() -> None:
    server = Holding()
    storm = [replace(ILL, name=f"Ill{i}") for i in range(MAX_NAMES + 5)]
    found = Estate(servers={"prod-eu": server}).look(*storm, *storm)
    assert server.asked == [f"Ill{i}" for i in range(MAX_NAMES)]
    assert len({one.observation.query for one in found.evidence}) == MAX_NAMES


def test_a_run_taken_over_finds_what_was_entered() -> None:
    estate = Estate(servers={"prod-eu": Holding(held=(held(namespace="shop"),))})
    session = MemorySession()
    first = estate.look(session=session)
    assert estate.look(session=session).evidence == first.evidence
    assert len(session.ledger()) == 1


def test_an_alert_that_two_clusters_hold_is_in_neither_for_sure() -> None:
    servers = {name: Holding(held=(held(namespace="shop"),)) for name in ("prod-eu", "prod-us")}
    found = Estate(servers=servers).look(clusters=("prod-eu", "prod-us", "bare"))
    assert found.alerts[0].scope.cluster is None
    assert [one.observation.cluster for one in found.evidence] == ["prod-eu", "prod-us"]
