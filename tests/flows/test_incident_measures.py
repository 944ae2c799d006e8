"""Incidents that only metrics can tell: what triage concludes of them, and what it leaves open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bot.domain.alert import AlertStatus
from bot.domain.evidence import EvidenceState
from bot.domain.registry import Access, Grant
from bot.domain.verdict import Cause, Status
from tests.flows.incident_desk import alert_about, incident_desk

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.alert import Alert
    from bot.domain.evidence import Evidence
    from tests.flows.incident_desk import IncidentDesk
    from tests.lab.sessions import MemorySession

GATEWAY = "prod-eu/deployment/payments/gateway"
ERRORS = (
    'sum by (namespace, service) (rate(http_requests_total{job="services",code=~"5.."}[5m]))'
    ' / sum by (namespace, service) (rate(http_requests_total{job="services"}[5m])) > 0.02'
)
CRASHING = (
    'max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m]) >= 1'
)


def slow(kind: str = "deployment", name: str = "gateway", namespace: str = "payments") -> Alert:
    return alert_about(kind, name, namespace=namespace, rule="AnswersSlowly")


def failing(name: str = "gateway", *, status: AlertStatus = AlertStatus.FIRING) -> Alert:
    return alert_about(
        "service",
        name,
        namespace="payments",
        rule="HighErrorRatio",
        expression=ERRORS,
        status=status,
    )


def measurements(session: MemorySession) -> list[Evidence]:
    return [one for one in session.ledger() if one.observation.tool in {"promql", "find_metrics"}]


def queries(session: MemorySession) -> list[Evidence]:
    return [one for one in measurements(session) if one.observation.tool == "promql"]


@pytest.mark.parametrize(
    ("scenario", "alert", "conclusion", "words"),
    [
        ("cpu_throttled", slow(), (GATEWAY, Cause.CPU_STARVED), "waits in 45% of its periods"),
        ("cpu_bound", slow(), (GATEWAY, Cause.CPU_SATURATED), "requests did not rise"),
        ("latency_elsewhere", slow(), (GATEWAY, Cause.UNKNOWN), "not for lack of processor time"),
        (
            "memory_leak",
            slow(name="ledger"),
            ("prod-eu/deployment/payments/ledger", Cause.MEMORY_LEAK),
            "grows by 110Mi an hour",
        ),
        (
            "volume_filling",
            slow("persistentvolumeclaim", "data-cart-db-0", "shop"),
            ("prod-eu/persistentvolumeclaim/shop/data-cart-db-0", Cause.STORAGE),
            "it is full in about 7h",
        ),
        ("traffic_doubled", slow(), (GATEWAY, Cause.OVERLOADED), "a week before"),
    ],
)
def test_a_strain_that_only_metrics_show_is_found_and_cited(
    tmp_path: Path, scenario: str, alert: Alert, conclusion: tuple[str, Cause], words: str
) -> None:
    with incident_desk(scenario, tmp_path) as desk:
        looked, session = desk.look(alert)
    verdict = looked.verdict
    assert (verdict.object, verdict.cause) == conclusion
    assert words in verdict.summary
    cited = {one.label for one in queries(session)} & set(verdict.evidence)
    assert cited
    assert all(one.observation.state is EvidenceState.OK for one in queries(session))
    assert len(queries(session)) <= 8


@pytest.mark.parametrize("scenario", ["cpu_bound", "memory_leak"])
def test_without_a_metrics_server_nothing_of_it_is_claimed(tmp_path: Path, scenario: str) -> None:
    name = "ledger" if scenario == "memory_leak" else "gateway"
    with incident_desk(scenario, tmp_path, has_metrics=False) as desk:
        looked, session = desk.look(slow(name=name))
    assert not measurements(session)
    assert looked.verdict.status is Status.INCONCLUSIVE
    assert looked.verdict.cause is Cause.UNKNOWN


def test_a_symptom_never_stands_before_a_cause(tmp_path: Path) -> None:
    with incident_desk("crash_loop", tmp_path) as desk:
        looked, session = desk.look(slow(name="cart", namespace="shop"))
    assert looked.verdict.cause not in {Cause.UNKNOWN, Cause.OVERLOADED}
    assert "fails" not in looked.verdict.summary
    assert queries(session)


def test_what_fails_nearby_is_named_beside_a_mere_symptom(tmp_path: Path) -> None:
    with incident_desk("crash_loop", tmp_path) as desk:
        looked, _ = desk.look(slow("service", "storefront", "shop"))
    assert looked.verdict.status is Status.INCONCLUSIVE
    assert looked.verdict.object == "prod-eu/deployment/shop/storefront"
    assert "`cart` (deployment)" in looked.verdict.summary
    assert any("**cart** keeps crashing" in one for one in looked.findings)


def test_kills_for_memory_within_minutes_are_no_leak(tmp_path: Path) -> None:
    with incident_desk("oom", tmp_path) as desk:
        looked, _ = desk.look(slow(name="image-renderer", namespace="platform"))
    assert looked.verdict.cause is Cause.OUT_OF_MEMORY


def test_an_ordinary_day_strains_nobody(tmp_path: Path) -> None:
    with incident_desk("calm", tmp_path) as desk:
        for name, namespace in (("gateway", "payments"), ("storefront", "shop")):
            looked, _ = desk.look(slow(name=name, namespace=namespace))
            assert looked.verdict.cause is Cause.UNKNOWN
            assert looked.verdict.hypotheses == ()


# Whether the alert goes on.


def test_a_condition_that_still_holds_is_never_healthy(tmp_path: Path) -> None:
    alert = alert_about(
        "deployment",
        "gateway",
        namespace="payments",
        rule="KubeSomething",
        expression='sum by (namespace) (rate(http_requests_total{namespace="payments"}[5m])) > 1',
    )
    with incident_desk("calm", tmp_path) as desk:
        looked, session = desk.look(alert)
        without, _ = desk.look(
            alert_about("deployment", "gateway", namespace="payments", rule="KubeSomething")
        )
    assert without.verdict.status is Status.HEALTHY
    assert looked.verdict.status is Status.INCONCLUSIVE
    assert "The condition holds now" in looked.verdict.summary
    assert "the condition of KubeSomething still holds" in looked.verdict.caveats[-1]
    assert {one.label for one in queries(session)} & set(looked.verdict.evidence)


def test_a_condition_that_ended_supports_healthy_since_then(tmp_path: Path) -> None:
    with incident_desk("calm", tmp_path) as desk:
        looked, _ = desk.look(failing())
    assert looked.verdict.status is Status.HEALTHY
    assert "The condition did not hold in the last" in looked.verdict.summary


def test_a_condition_that_holds_for_somebody_else_is_not_the_alerts(tmp_path: Path) -> None:
    with incident_desk("traffic_doubled", tmp_path) as desk:
        others, _ = desk.look(failing("ledger"))
        own, _ = desk.look(failing("gateway"))
    assert others.verdict.status is Status.HEALTHY
    assert own.verdict.cause is Cause.OVERLOADED


def test_a_rule_about_objects_is_judged_by_objects(tmp_path: Path) -> None:
    alert = alert_about(
        "deployment", "gateway", namespace="payments", rule="Crashing", expression=CRASHING
    )
    with incident_desk("calm", tmp_path) as desk:
        looked, _ = desk.look(alert)
    assert looked.verdict.status is Status.HEALTHY


# What metrics do not answer.


def unanswered(desk: IncidentDesk, alert: Alert, how: str) -> tuple[Status, list[Evidence]]:
    lab = desk.metrics
    assert lab is not None
    if how == "html":
        lab.answer_html()
    else:
        lab.fail(int(how))
    looked, session = desk.look(alert)
    assert looked.verdict.cause in {Cause.UNKNOWN, Cause.NONE}
    return looked.verdict.status, measurements(session)


@pytest.mark.parametrize(
    ("how", "state"),
    [
        ("503", EvidenceState.UNREACHABLE),
        ("html", EvidenceState.UNREACHABLE),
        ("403", EvidenceState.DENIED),
    ],
)
def test_metrics_that_do_not_answer_make_nothing_surer(
    tmp_path: Path, how: str, state: EvidenceState
) -> None:
    with incident_desk("cpu_bound", tmp_path) as desk:
        status, seen = unanswered(desk, failing(), how)
    assert status is Status.INCONCLUSIVE
    assert seen
    assert {one.observation.state for one in seen} == {state}


def test_series_that_do_not_exist_are_neither_strain_nor_health(tmp_path: Path) -> None:
    alert = alert_about(
        "deployment",
        "gateway",
        namespace="payments",
        rule="QueueTooLong",
        expression='queue_depth{namespace="payments"} > 100',
    )
    with incident_desk("calm", tmp_path) as desk:
        looked, session = desk.look(alert)
    assert looked.verdict.status is Status.INCONCLUSIVE
    asked = next(one for one in queries(session) if "queue_depth" in one.observation.query)
    assert asked.observation.state is EvidenceState.EMPTY


def test_a_silent_metrics_server_is_given_up_in_time(tmp_path: Path) -> None:
    with incident_desk("cpu_bound", tmp_path, measure_s=0.3) as desk:
        assert desk.metrics is not None
        fault = desk.metrics.hang()
        began = time.monotonic()
        looked, session = desk.look(slow())
        took_s = time.monotonic() - began
        fault.clear()
    assert took_s < 3
    assert looked.verdict.status is Status.INCONCLUSIVE
    late = measurements(session)
    assert {one.observation.state for one in late} == {EvidenceState.UNREACHABLE}
    assert all("no answer within 0.3 s" in one.observation.body for one in late)


def test_only_what_the_asker_may_read_is_measured(tmp_path: Path) -> None:
    access = Access(grants=(Grant(namespaces=("payments",)),))
    with incident_desk("cpu_bound", tmp_path) as desk:
        own, _ = desk.look(slow(), access=access)
        other, session = desk.look(slow(name="cart", namespace="shop"), access=access)
    assert own.verdict.cause is Cause.CPU_SATURATED
    assert other.verdict.status is Status.INCONCLUSIVE
    assert not any(one.observation.state is EvidenceState.OK for one in measurements(session))


def test_a_service_is_measured_by_what_stands_behind_it(tmp_path: Path) -> None:
    with incident_desk("cpu_bound", tmp_path) as desk:
        looked, _ = desk.look(slow("service"))
    assert (looked.verdict.object, looked.verdict.cause) == (GATEWAY, Cause.CPU_SATURATED)


def test_a_pod_is_measured_with_the_pods_of_its_workload(tmp_path: Path) -> None:
    with incident_desk("cpu_bound", tmp_path) as desk:
        pods = [raw["metadata"]["name"] for raw in desk.cluster.listed("pods")]
        pod = next(name for name in pods if name.startswith("gateway-"))
        looked, session = desk.look(slow("pod", pod))
    assert looked.verdict.cause is Cause.CPU_SATURATED
    assert all(pod not in one.observation.query for one in queries(session))
