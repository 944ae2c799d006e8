"""Whether an alarm is real, answered without a model from rules, metrics and the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.evidence import EvidenceState
from bot.domain.verdict import Cause, Status
from tests.flows.rules_desk import Desk, granted
from tests.flows.test_rules_measures import measured, queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.metrics.server import MetricsLab

CRASH = "KubePodCrashLooping"
ERRORS = "HighErrorRatio"
SHARED = f"[FIRING:1] {CRASH} (prod-eu shop warning)\nPod shop/cart is crash looping."


@pytest.fixture(scope="module")
def ill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, MetricsLab]]:
    with measured("crash_loop", tmp_path_factory.mktemp("ill")) as found:
        yield found


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with measured("calm", tmp_path_factory.mktemp("calm")) as (asked, _):
        yield asked


@pytest.fixture
def spoiled(tmp_path: Path) -> Iterator[tuple[Desk, MetricsLab]]:
    """For tests that change the server of the ill estate."""
    with measured("crash_loop", tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    ("question", "conclusion", "cluster"),
    [
        (f"is alert {CRASH} firing?", "Yes, the alarm is real.", "The cluster agrees:"),
        (f"ist der Alarm {CRASH} echt?", "Ja, der Alarm ist echt.", "Der Cluster bestätigt es:"),
        (f"¿es real la alarma {CRASH}?", "Sí, la alarma es real.", "El clúster lo confirma:"),
        (f"l'alerte {CRASH} est-elle réelle ?", "Oui, l'alarme est réelle.", "Le cluster le"),
    ],
)
def test_a_real_alarm_is_confirmed_by_its_condition_and_the_cluster(
    ill: tuple[Desk, MetricsLab], question: str, conclusion: str, cluster: str
) -> None:
    verdict, session = ill[0].ask(question)
    assert verdict.status is Status.CONFIRMED
    assert verdict.summary.startswith(conclusion)
    assert cluster in verdict.summary
    assert verdict.object == "prod-eu/deployment/shop/cart"
    assert verdict.cause is Cause.DNS
    assert verdict.since is not None
    assert "max_over_time(" in verdict.summary
    assert queries(session)[0].observation.chart is not None
    assert {one.label for one in queries(session)} <= set(verdict.evidence)
    assert all("[E" in line for line in verdict.summary.splitlines())


def test_the_alarm_may_be_named_by_the_message_the_question_is_about(
    ill: tuple[Desk, MetricsLab],
) -> None:
    verdict, _ = ill[0].ask("is this alarm real?", subject=SHARED)
    assert verdict.status is Status.CONFIRMED
    assert f"**{CRASH}** is" in verdict.summary


def test_the_value_is_told_beside_its_threshold(ill: tuple[Desk, MetricsLab]) -> None:
    verdict, _ = ill[0].ask(f"is {ERRORS} firing")
    assert "the rule asks for > 0.02" in verdict.summary
    assert "The condition holds now, since 20" in verdict.summary


@pytest.mark.parametrize(
    ("question", "conclusion"),
    [
        (f"is alert {ERRORS} real?", "No, there is nothing behind the alarm now."),
        (f"ist der Alarm {ERRORS} echt?", "Nein, hinter dem Alarm steckt jetzt nichts."),
        (f"¿es real la alarma {ERRORS}?", "No, no hay nada detrás de la alarma ahora."),
        (f"l'alerte {ERRORS} est-elle réelle ?", "Non, il n'y a rien derrière l'alarme"),
    ],
)
def test_an_alarm_whose_condition_does_not_hold_is_not_real(
    calm: Desk, question: str, conclusion: str
) -> None:
    verdict, _ = calm.ask(question)
    assert verdict.status is Status.HEALTHY
    assert verdict.nothing_to_do
    assert verdict.summary.startswith(conclusion)


def test_a_rule_without_series_is_healthy_only_if_the_cluster_says_so(calm: Desk) -> None:
    verdict, session = calm.ask(f"is {CRASH} firing?")
    assert verdict.status is Status.HEALTHY
    assert "by itself proves nothing" in verdict.summary
    assert "Nothing is failing in" in verdict.summary
    assert queries(session)[0].observation.state is EvidenceState.EMPTY


def test_a_rule_whose_measurements_are_gone_is_not_called_healthy(tmp_path: Path) -> None:
    with measured("calm", tmp_path) as (asked, lab):
        for track in lab.store.tracks("http_requests_total"):
            track.ends_s = lab.clock.now() - 3_600
        verdict, _ = asked.ask(f"is {ERRORS} firing?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "gives no number now" in verdict.summary
    assert verdict.summary.startswith("Whether the alarm is real cannot be said.")


def test_a_rule_that_never_had_measurements_is_not_called_healthy(tmp_path: Path) -> None:
    with measured("calm", tmp_path) as (asked, lab):
        for track in lab.store.tracks("http_requests_total"):
            track.begins_s = lab.clock.now() + 86_400
        verdict, session = asked.ask(f"is {ERRORS} firing?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "not the same as not holding" in verdict.summary
    assert queries(session)[0].observation.state is EvidenceState.EMPTY


def test_how_often_it_fired_is_read_from_the_servers_own_history(
    spoiled: tuple[Desk, MetricsLab],
) -> None:
    asked, lab = spoiled
    now = lab.clock.now()
    for hours_ago in (90, 40, 3):
        labels = {"alertname": CRASH, "alertstate": "firing", "pod": f"cart-{hours_ago}"}
        begins = now - hours_ago * 3_600
        lab.store.add("ALERTS", labels, lambda _: 1.0, begins_s=begins, ends_s=begins + 1_200)
    verdict, session = asked.ask(f"is alert {CRASH} firing?")
    assert "It fired 3 times in the last 7 days" in verdict.summary
    assert "count_over_time(ALERTS" in queries(session)[1].observation.query


def test_an_alarm_that_never_fired_in_a_kept_history_is_said(
    spoiled: tuple[Desk, MetricsLab],
) -> None:
    asked, lab = spoiled
    lab.store.add("ALERTS", {"alertname": "Other", "alertstate": "firing"}, lambda _: 1.0)
    verdict, _ = asked.ask(f"is alert {ERRORS} firing?")
    assert "It has not fired in the last 7 days." in verdict.summary


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("is alert HighErorRatio firing?", "names no alert rule of prod-eu"),
        ("ist der Alarm HighErorRatio echt?", "nennt keine Alarmregel von prod-eu"),
        ("¿es real la alarma HighErorRatio?", "no nombra ninguna regla de alerta"),
        ("l'alerte HighErorRatio est-elle réelle ?", "ne nomme aucune règle d'alerte"),
    ],
)
def test_a_wrong_name_gets_the_closest_rule_and_those_that_fire(
    ill: tuple[Desk, MetricsLab], question: str, words: str
) -> None:
    verdict, _ = ill[0].ask(question)
    assert verdict.status is Status.INCONCLUSIVE
    assert words in verdict.summary
    assert f"`{ERRORS}`" in verdict.summary


def test_no_name_at_all_lists_what_fires(ill: tuple[Desk, MetricsLab]) -> None:
    verdict, _ = ill[0].ask("is this alarm real?")
    assert f"Firing now: `{ERRORS}`." in verdict.summary


@pytest.mark.parametrize("fault", ["503", "html"])
def test_rules_that_cannot_be_read_are_said(spoiled: tuple[Desk, MetricsLab], fault: str) -> None:
    asked, lab = spoiled
    if fault == "503":
        lab.fail(503)
    else:
        lab.answer_html()
    verdict, session = asked.ask(f"is alert {CRASH} firing?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "alert rules of prod-eu could not be read" in verdict.summary
    assert session.ledger()[-1].observation.state is EvidenceState.UNREACHABLE


def test_a_condition_that_cannot_be_evaluated_leaves_server_and_cluster_to_agree(
    spoiled: tuple[Desk, MetricsLab],
) -> None:
    asked, lab = spoiled
    lab.fail(503, on="/query_range")
    verdict, session = asked.ask(f"is alert {CRASH} firing?")
    assert verdict.status is Status.CONFIRMED
    assert "could not be evaluated" in verdict.summary
    assert "The cluster agrees:" in verdict.summary
    assert queries(session)[0].observation.state is EvidenceState.UNREACHABLE


def test_an_unreachable_cluster_leaves_the_condition_to_decide(
    spoiled: tuple[Desk, MetricsLab],
) -> None:
    asked, _ = spoiled
    asked.cluster.fail(503)
    verdict, _ = asked.ask(f"is alert {CRASH} firing?")
    assert verdict.status is Status.CONFIRMED
    assert "The cluster itself could not be looked at." in verdict.summary


def test_whoever_may_not_read_the_alarms_namespace_learns_no_more_than_that(
    ill: tuple[Desk, MetricsLab],
) -> None:
    verdict, session = ill[0].ask(f"is alert {CRASH} firing?", access=granted("payments"))
    assert verdict.status is Status.INCONCLUSIVE
    assert "only in namespaces you may not read" in verdict.summary
    assert "cart" not in verdict.summary
    assert queries(session)[0].observation.state is EvidenceState.DENIED
    assert not any("cart" in one.observation.body for one in session.ledger())
