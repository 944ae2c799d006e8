"""Questions about usage and requests, answered without a model from cluster and metrics."""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.domain.conversation import PersonId
from bot.domain.evidence import EvidenceState
from bot.domain.verdict import Cause, Status
from tests.flows.rules_desk import Desk, desk, granted
from tests.lab.metrics.paced import paced
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.workloads import build_store
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.domain.evidence import Evidence
    from tests.lab.sessions import MemorySession

CPU = "container_cpu_usage_seconds_total"
REQUESTS = "http_requests_total"


@contextmanager
def measured(scenario: str, folder: Path) -> Iterator[tuple[Desk, MetricsLab]]:
    """A desk whose first cluster has a metrics server, and that server."""
    world = World.load(scenario)
    name, cluster = next(iter(world.clusters.items()))
    with MetricsLab(build_store(cluster, scenario=scenario), clock=world.clock) as lab:
        metrics = paced({name: lab}, clock=SystemClock())
        with desk(world, folder, metrics=metrics) as asked:
            yield asked, lab


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with measured("calm", tmp_path_factory.mktemp("calm")) as (asked, _):
        yield asked


@pytest.fixture
def spoiled(tmp_path: Path) -> Iterator[tuple[Desk, MetricsLab]]:
    """For tests that change the server."""
    with measured("calm", tmp_path) as found:
        yield found


def queries(session: MemorySession) -> list[Evidence]:
    return [one for one in session.ledger() if one.observation.tool == "promql"]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("how much cpu does checkout use over the last 1 hour?", "CPU (cores): 0."),
        ("wie viel CPU verbraucht checkout in der letzten 1 Stunde?", "CPU (Kerne): jetzt 0."),
        ("¿cuánta CPU consume checkout en la última 1 hora?", "CPU (núcleos): 0."),
        ("combien de CPU consomme checkout sur 1 heure ?", "CPU (cœurs) : 0."),
    ],
)
def test_usage_is_told_against_what_was_requested(calm: Desk, question: str, sentence: str) -> None:
    verdict, session = calm.ask(question)
    assert verdict.status is Status.CONFIRMED
    assert verdict.object == "prod-eu/deployment/shop/checkout"
    # The lab's traffic follows the hour of the day: a tenth of a core, a little more or less.
    used = re.search(rf"{re.escape(f'**checkout**, {sentence}')}(\d+)", verdict.summary)
    assert used is not None
    assert 0.08 < float(f"0.{used[1]}") < 0.13
    assert "0.34" in verdict.summary
    assert "1.2" in verdict.summary
    line, requested, limits = queries(session)
    assert line.observation.chart is not None
    assert "--last=1h --compare" in line.observation.query
    assert {line.label, requested.label, limits.label} <= set(verdict.evidence)
    assert all("[E" in sentence for sentence in verdict.summary.splitlines())


def test_usage_without_a_window_is_of_both_resources_and_three_hours(calm: Desk) -> None:
    verdict, session = calm.ask("usage of deployment checkout")
    assert "Memory: " in verdict.summary
    assert "CPU (cores)" in verdict.summary
    assert "over the last 3h" in verdict.summary
    assert sum(one.observation.chart is not None for one in queries(session)) == 2


def test_the_day_and_week_before_are_said_or_said_to_be_missing(calm: Desk) -> None:
    verdict, _ = calm.ask("cpu of gateway over the last 1 hour")
    assert "a day before: 0." in verdict.summary
    verdict, _ = calm.ask("cpu of checkout over the last 1 hour")
    assert "a week before: no data, which is not zero" in verdict.summary


def test_a_namespace_is_measured_as_a_whole(calm: Desk) -> None:
    verdict, session = calm.ask("how much memory does namespace shop use over the last 1 hour")
    assert verdict.object == "prod-eu/namespace/shop/shop"
    assert "Gi now" in verdict.summary
    assert "pod=~" not in queries(session)[0].observation.query


def test_a_node_is_measured_by_what_runs_on_it(calm: Desk) -> None:
    node = calm.cluster.listed("nodes")[0]["metadata"]["name"]
    verdict, session = calm.ask(f"cpu of node {node} over the last 1 hour")
    assert f"**{node}**, CPU (cores)" in verdict.summary
    assert f'node="{node}"' in queries(session)[0].observation.query
    assert "Not known (allocatable on the node)" in verdict.summary


def test_a_wrong_name_gets_the_closest_and_no_query(calm: Desk) -> None:
    verdict, session = calm.ask("how much cpu does chekout use?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "`checkout`" in verdict.summary
    assert not queries(session)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("cpu usage?", "Whose measurements?"),
        ("Auslastung?", "Wessen Messwerte?"),
        ("¿consumo de recursos?", "¿Mediciones de quién?"),
        ("consommation ?", "Les mesures de qui"),
    ],
)
def test_measurements_of_nobody_are_asked_back(calm: Desk, question: str, answer: str) -> None:
    verdict, _ = calm.ask(question)
    assert verdict.status is Status.INCONCLUSIVE
    assert answer in verdict.summary


@pytest.mark.parametrize(
    ("question", "share"),
    [
        ("error rate of checkout over the last 1 hour", "Share of failed requests: 0.00"),
        ("Fehlerrate von checkout, letzte 1 Stunde", "Anteil fehlgeschlagener Anfragen: jetzt 0."),
        ("tasa de errores de checkout, última 1 hora", "Proporción de peticiones fallidas: 0.00"),
        ("taux d'erreur de checkout sur 1 heure", "Part des requêtes en échec : 0.00"),
    ],
)
def test_an_error_rate_names_the_metric_and_its_labels(
    calm: Desk, question: str, share: str
) -> None:
    verdict, session = calm.ask(question)
    assert verdict.status is Status.CONFIRMED
    assert f"**checkout**, {share}" in verdict.summary
    assert f"`{REQUESTS}{{namespace='shop'" in verdict.summary.replace('"', "'")
    ratio = next(one for one in queries(session) if " / " in one.observation.query)
    assert 'code=~"5.."' in ratio.observation.query
    assert ratio.label in verdict.evidence
    found = next(one for one in session.ledger() if one.observation.tool == "find_metrics")
    assert "client libraries" in found.observation.body


def test_latency_is_a_quantile_with_the_median_beside_it(calm: Desk) -> None:
    verdict, session = calm.ask("latency of gateway over the last 1 hour")
    assert "Latency (95 % are faster): 0." in verdict.summary
    assert "Half of them take less than 0." in verdict.summary
    assert "histogram_quantile(0.95" in queries(session)[0].observation.query


def test_a_rising_error_rate_is_dated(tmp_path: Path) -> None:
    with measured("crash_loop", tmp_path) as (asked, _):
        verdict, _ = asked.ask("error rate of storefront over the last 1 hour")
    assert "It went from about" in verdict.summary


def test_no_metric_is_not_zero_errors(spoiled: tuple[Desk, MetricsLab]) -> None:
    asked, _ = spoiled
    name = "coredns"
    for question, words in (
        (f"error rate of {name}", "no metric that tells this exists, which is not zero"),
        (f"Fehlerrate von {name}", "was nicht null heißt"),
        (f"tasa de errores de {name}", "que no es cero"),
        (f"taux d'erreur de {name}", "ce qui n'est pas zéro"),
    ):
        verdict, session = asked.ask(question)
        assert verdict.status is Status.INCONCLUSIVE, question
        assert words in verdict.summary
        assert "istio_requests_total" in verdict.summary
        assert session.ledger()[-1].observation.state is EvidenceState.EMPTY


def test_a_mesh_counts_for_what_exports_nothing(spoiled: tuple[Desk, MetricsLab]) -> None:
    asked, lab = spoiled
    for code, rate in (("200", 9.0), ("503", 1.0)):
        labels = {
            "destination_workload": "coredns",
            "destination_workload_namespace": "kube-system",
            "response_code": code,
        }
        for reporter in ("source", "destination"):
            lab.store.add(
                "istio_requests_total",
                labels | {"reporter": reporter},
                lambda at_s, rate=rate: at_s * rate,  # type: ignore[misc] # a default binds it
            )
    verdict, _ = asked.ask("error rate of coredns over the last 1 hour")
    assert "0.1 (10.00%) now" in verdict.summary
    assert "10/s now" in verdict.summary
    assert 'reporter="destination"' in verdict.summary


def test_failures_that_were_never_counted_are_not_called_a_rate(
    spoiled: tuple[Desk, MetricsLab],
) -> None:
    asked, lab = spoiled
    lab.store.add(
        REQUESTS,
        {"namespace": "kube-system", "service": "coredns", "code": "200"},
        lambda at_s: at_s,
    )
    verdict, _ = asked.ask("error rate of coredns over the last 1 hour")
    assert "no failed request has been counted" in verdict.summary
    assert "0 (0.00%)" not in verdict.summary


def test_a_metric_that_tells_no_failures_is_named(spoiled: tuple[Desk, MetricsLab]) -> None:
    asked, lab = spoiled
    labels = {"namespace": "kube-system", "app": "coredns", "handler": "/"}
    lab.store.add(REQUESTS, labels, lambda at_s: at_s)
    verdict, _ = asked.ask("error rate of coredns over the last 1 hour")
    assert f"`{REQUESTS}` has no label that tells failed requests" in verdict.summary


def test_a_ratio_without_traffic_is_neither_zero_nor_healthy(
    spoiled: tuple[Desk, MetricsLab],
) -> None:
    asked, lab = spoiled
    for code in ("200", "500"):
        labels = {"namespace": "kube-system", "service": "coredns", "code": code}
        lab.store.add(REQUESTS, labels, lambda _: 7.0)
    verdict, session = asked.ask("error rate of coredns over the last 1 hour")
    assert "every value is NaN or infinite" in verdict.summary
    assert session.ledger()[-2].observation.state is EvidenceState.EMPTY


def test_points_that_are_no_number_are_counted_apart(spoiled: tuple[Desk, MetricsLab]) -> None:
    asked, lab = spoiled
    now = lab.clock.now()
    for track in lab.store.of("container_memory_working_set_bytes", namespace="payments"):
        track.odd.append((now - 1_800, now - 900, math.nan))
    verdict, _ = asked.ask("memory usage of gateway over the last 1 hour")
    assert "points are no finite number" in verdict.summary


def test_counters_that_began_anew_are_said(spoiled: tuple[Desk, MetricsLab]) -> None:
    asked, lab = spoiled
    now = lab.clock.now()
    for track in lab.store.of(REQUESTS, namespace="payments", service="gateway"):
        track.resets.append(now - 1_200)
    verdict, _ = asked.ask("how much traffic does gateway get over the last 1 hour")
    assert "The counters began anew" in verdict.summary


def test_samples_that_ended_are_not_called_now(spoiled: tuple[Desk, MetricsLab]) -> None:
    asked, lab = spoiled
    ended = lab.clock.now() - 1_800
    for track in lab.store.of("container_memory_working_set_bytes", namespace="payments"):
        track.ends_s = ended
    verdict, _ = asked.ask("memory usage of gateway over the last 1 hour")
    assert "since then there is none" in verdict.summary


def test_a_range_without_data_is_said_to_be_empty(spoiled: tuple[Desk, MetricsLab]) -> None:
    asked, lab = spoiled
    for track in lab.store.of(CPU, namespace="payments"):
        track.ends_s = lab.clock.now() - 86_400
    verdict, session = asked.ask("cpu of gateway over the last 1 hour")
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.cause is Cause.UNKNOWN
    assert "there is no data, which is not zero" in verdict.summary
    assert queries(session)[0].observation.state is EvidenceState.EMPTY


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("cpu of gateway", "gave no usable answer"),
        ("CPU von gateway bitte", "keine brauchbare Antwort"),
        ("cpu de gateway, por favor", "no dio una respuesta útil"),
        ("cpu de gateway dans payments", "pas donné de réponse utilisable"),
    ],
)
@pytest.mark.parametrize("fault", ["503", "html", "torn"])
def test_a_server_that_does_not_answer_properly_is_named(
    spoiled: tuple[Desk, MetricsLab], question: str, words: str, fault: str
) -> None:
    asked, lab = spoiled
    match fault:
        case "503":
            lab.fail(503)
        case "html":
            lab.answer_html()
        case _:
            lab.tear()
    verdict, session = asked.ask(question)
    assert verdict.status is Status.INCONCLUSIVE
    assert words in verdict.summary
    assert queries(session)[0].observation.state is EvidenceState.UNREACHABLE
    assert queries(session)[0].label in verdict.summary


def test_a_refused_sign_in_is_denied(spoiled: tuple[Desk, MetricsLab]) -> None:
    asked, lab = spoiled
    lab.fail(403)
    verdict, session = asked.ask("error rate of gateway")
    assert "refuse it" in verdict.summary
    assert session.ledger()[-1].observation.state is EvidenceState.DENIED


def test_a_query_over_too_many_series_is_refused_with_its_number(
    spoiled: tuple[Desk, MetricsLab],
) -> None:
    asked, lab = spoiled
    selector = f'{CPU}{{namespace="payments",container!="",container!="POD"}}'
    lab.counts[selector] = 250_000
    verdict, session = asked.ask("cpu of namespace payments over the last 1 hour")
    assert "250,000 series" in verdict.summary
    assert queries(session)[0].observation.state is EvidenceState.DENIED
    assert "P6" in queries(session)[0].observation.body


def test_a_cluster_without_metrics_is_said_to_have_none(tmp_path: Path) -> None:
    with desk("calm", tmp_path) as asked:
        verdict, _ = asked.ask("cpu of gateway")
    assert verdict.status is Status.INCONCLUSIVE
    assert "No metrics server is registered for prod-eu" in verdict.summary


def test_whoever_may_read_one_namespace_measures_in_it_alone(calm: Desk) -> None:
    verdict, session = calm.ask(
        "error rate of checkout over the last 1 hour", access=granted("shop")
    )
    assert verdict.status is Status.CONFIRMED
    assert all('namespace="shop"' in one.observation.query for one in queries(session))
    verdict, session = calm.ask("cpu of gateway", access=granted("shop"))
    assert not queries(session)


def test_a_namespace_one_may_not_read_is_not_even_looked_up(
    spoiled: tuple[Desk, MetricsLab],
) -> None:
    asked, lab = spoiled
    asked.cluster.deny(resource="namespaces")
    verdict, session = asked.ask(
        "error rate of namespace shop and namespace payments over the last 1 hour",
        access=granted("shop"),
    )
    assert "may not read namespace payments" in verdict.summary
    assert session.ledger()[-1].observation.state is EvidenceState.DENIED
    assert not any("payments" in request.raw_query for request in lab.requests())
    assert not any("gateway" in one.observation.body for one in session.ledger())
    assert "gateway" not in verdict.summary


def test_what_one_query_cannot_look_back_is_cut_and_said(calm: Desk) -> None:
    verdict, session = calm.ask("cpu of gateway over the last 30 days")
    assert "may look back 168h at most" in verdict.summary
    assert "--last=7d" in queries(session)[0].observation.query


def test_one_person_cannot_ask_more_than_the_pace_allows(
    spoiled: tuple[Desk, MetricsLab],
) -> None:
    asked, _ = spoiled
    question, busy = "usage of coredns over the last 1 hour", PersonId("U1")
    for _ in range(9):
        asked.ask(question, person=busy)
    verdict, session = asked.ask(question, person=busy)
    other, _ = asked.ask(question, person=PersonId("U2"))
    assert other.status is Status.CONFIRMED
    assert "Try again in" in verdict.summary
    assert "refuse it" in verdict.summary
    assert any(one.observation.state is EvidenceState.DENIED for one in queries(session))
