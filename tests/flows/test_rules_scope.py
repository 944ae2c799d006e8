"""Where the rules look: namespaces, clusters, rights, and what cannot be read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bot.agent.coverage import coverage_of
from bot.domain.conversation import Scope
from bot.domain.evidence import EvidenceState
from bot.domain.registry import FULL_ACCESS
from bot.domain.verdict import Cause, Status
from bot.triage.brief import TriageBrief
from tests.flows.rules_desk import Desk, desk, granted
from tests.lab.sessions import MemorySession

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Desk]:
    with desk("calm", tmp_path) as found:
        yield found


@pytest.fixture
def crash(tmp_path: Path) -> Iterator[Desk]:
    with desk("crash_loop", tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    "question",
    [
        "what is failing in shopp?",
        "what is failing in namespace shopp?",
        "was ist kaputt im namespace shopp",
        "kubectl says nothing, what is broken -n shopp",
        "¿qué falla en shopp?",
        "qu'est-ce qui plante dans shopp ?",
    ],
)
def test_a_namespace_that_does_not_exist_is_named_with_the_closest(
    calm: Desk, question: str
) -> None:
    verdict, _ = calm.ask(question)
    assert verdict.status is Status.INCONCLUSIVE
    assert "`shopp`" in verdict.summary
    assert "`shop`" in verdict.summary
    assert not verdict.nothing_to_do
    assert len(verdict.next_checks) == 2


def test_a_scope_whose_namespace_does_not_exist_is_never_healthy(calm: Desk) -> None:
    verdict, _ = calm.ask("is everything ok?", namespace="paymnts")
    assert verdict.status is Status.INCONCLUSIVE
    assert "There is no namespace `paymnts` in prod-eu. The closest name is `payments`." in (
        verdict.summary
    )


def test_a_namespace_unlike_any_other_gets_no_suggestion(calm: Desk) -> None:
    verdict, _ = calm.ask("what is failing in namespace quux?")
    assert "There is no namespace `quux`" in verdict.summary
    assert "closest" not in verdict.summary


def test_the_namespace_of_the_question_wins_over_the_threads(calm: Desk) -> None:
    verdict, session = calm.ask("what is failing in payments?", namespace="shop")
    assert "namespace payments of prod-eu" in verdict.summary
    read = {entry.observation.namespace for entry in session.ledger()}
    assert read == {None, "payments", "kube-system"}


def test_two_namespaces_of_one_question_are_both_read(crash: Desk) -> None:
    verdict, session = crash.ask("what is failing in payments and shop?")
    read = {entry.observation.namespace for entry in session.ledger()}
    assert {"payments", "shop"} <= read
    cited = {session.entries[f"triage-prod-eu-shop-{one}"].label for one in ("pods", "replicasets")}
    assert cited <= set(verdict.evidence)
    assert session.entries["triage-prod-eu-payments-pods"].label not in verdict.evidence


def test_a_denied_namespace_is_not_called_healthy(calm: Desk) -> None:
    calm.cluster.deny(namespace="payments")
    verdict, session = calm.ask("what is failing in payments?")
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.summary.startswith("namespace payments of prod-eu could not be looked at:")
    assert "403" in verdict.summary
    assert not verdict.nothing_to_do
    denied = [one for one in session.ledger() if one.observation.state is EvidenceState.DENIED]
    assert {entry.label for entry in denied} >= set(verdict.evidence) != set()


@pytest.mark.parametrize("question", ["what is failing in payments?", "why is gateway unhealthy?"])
def test_a_namespace_whose_pods_are_denied_is_not_called_healthy(
    tmp_path: Path, question: str
) -> None:
    with desk("denied", tmp_path) as asked:
        verdict, _ = asked.ask(question)
    assert verdict.status is Status.INCONCLUSIVE
    assert not verdict.nothing_to_do
    assert "Not read: pods (no permission)." in verdict.summary
    assert "healthy" not in verdict.summary
    assert "Nothing is failing" not in verdict.summary


def test_what_is_denied_is_named_beside_a_fault_that_was_found(crash: Desk) -> None:
    crash.cluster.deny(resource="events", namespace="shop")
    verdict, _ = crash.ask("what is failing in shop?")
    assert verdict.cause is Cause.DNS
    assert "Not read: events (no permission)." in verdict.summary


def test_a_crash_whose_log_is_denied_is_likely_and_no_more(crash: Desk) -> None:
    crash.cluster.deny(resource="pods/log", namespace="shop")
    verdict, session = crash.ask("what is failing in shop?")
    assert (verdict.cause, verdict.status) == (Cause.APPLICATION_CRASH, Status.LIKELY)
    logs = [entry for entry in session.ledger() if entry.observation.source == "logs"]
    assert [entry.observation.state for entry in logs] == [EvidenceState.DENIED]


def test_a_namespace_may_be_believed_where_namespaces_may_not_be_listed(calm: Desk) -> None:
    calm.cluster.deny(resource="namespaces")
    verdict, session = calm.ask("what is failing in shop?")
    assert verdict.status is Status.HEALTHY
    assert coverage_of(session.ledger()).denied == ()


def test_an_empty_namespace_that_may_not_exist_is_not_called_healthy(calm: Desk) -> None:
    calm.cluster.deny(resource="namespaces")
    verdict, _ = calm.ask("what is failing in shopp?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "whether it exists could not be checked" in verdict.summary


def test_a_hanging_cluster_is_told_in_words_and_soon(tmp_path: Path) -> None:
    with desk("calm", tmp_path, timeout_s=0.5) as asked:
        asked.cluster.hang()
        began = time.monotonic()
        verdict, session = asked.ask("what is failing in shop?")
        took_s = time.monotonic() - began
    assert verdict.status is Status.INCONCLUSIVE
    assert "could not be looked at" in verdict.summary
    assert "did not answer within 0.5 s" in verdict.summary
    assert coverage_of(session.ledger()).unreachable
    assert took_s < 3


def test_a_cluster_that_hangs_halfway_still_tells_what_it_told(tmp_path: Path) -> None:
    with desk("crash_loop", tmp_path, timeout_s=2) as asked:
        asked.cluster.hang(on="/events")
        verdict, _ = asked.ask("what is failing in shop?")
    assert verdict.object == "prod-eu/deployment/shop/cart"
    assert "Not read: events (no answer)." in verdict.summary


def test_a_cluster_that_hangs_does_not_hide_another(tmp_path: Path) -> None:
    with desk("two_clusters", tmp_path, timeout_s=2) as asked:
        asked.world.cluster("prod-us").hang()
        verdict, _ = asked.ask("what is failing in shop?", clusters=("prod-us", "prod-eu"))
    assert verdict.object == "prod-eu/deployment/shop/cart"
    assert "Not read: namespaces of prod-us (no answer)." in verdict.summary


def test_each_cluster_of_a_question_is_looked_at(tmp_path: Path) -> None:
    with desk("two_clusters", tmp_path) as asked:
        sick, _ = asked.ask("what is failing in shop?", clusters=("staging", "prod-eu"))
        well, _ = asked.ask("what is failing in shop?", clusters=("staging", "prod-us"))
    assert sick.object == "prod-eu/deployment/shop/cart"
    assert well.status is Status.HEALTHY
    assert "namespace shop of staging, namespace shop of prod-us" in well.summary


def test_only_the_cluster_of_the_scope_is_looked_at(tmp_path: Path) -> None:
    with desk("two_clusters", tmp_path) as asked:
        verdict, session = asked.ask("what is failing in shop?", clusters=("prod-us",))
    assert verdict.status is Status.HEALTHY
    assert {entry.observation.cluster for entry in session.ledger()} == {"prod-us"}


def test_a_namespace_somebody_may_not_read_is_neither_read_nor_called_missing(calm: Desk) -> None:
    verdict, session = calm.ask("what is failing in payments?", access=granted("shop"))
    assert verdict.status is Status.INCONCLUSIVE
    assert "you may not read namespace payments of prod-eu" in verdict.summary
    assert "you may read: shop" in verdict.summary
    assert "payments" not in "".join(entry.observation.body for entry in session.ledger())


def test_somebody_with_some_namespaces_sees_those_and_no_nodes(crash: Desk) -> None:
    verdict, session = crash.ask("what is failing?", access=granted("sh*", "platform"))
    read = {entry.observation.namespace for entry in session.ledger()}
    assert read == {None, "shop", "platform"}
    assert verdict.object == "prod-eu/deployment/shop/cart"
    assert {
        entry.observation.source for entry in session.ledger() if not entry.observation.namespace
    } == {"namespaces"}


def test_an_alias_of_a_cluster_is_no_missing_namespace(calm: Desk) -> None:
    brief = TriageBrief(
        text="what is failing in europe?",
        scope=Scope(clusters=("prod-eu",)),
        access=FULL_ACCESS,
        aliases=("Europe",),
    )
    assert calm.answerer.answer(brief, MemorySession()).status is Status.HEALTHY


def test_a_namespace_named_outright_that_may_not_be_read_is_refused(calm: Desk) -> None:
    for question in ("namespace payments broken?", "what fails -n payments"):
        verdict, session = calm.ask(question, access=granted("shop"))
        assert "you may not read namespace payments of prod-eu" in verdict.summary
        assert not [one for one in session.ledger() if one.observation.source == "pods"]


def test_somebody_who_may_read_nothing_there_is_told_what_they_may(calm: Desk) -> None:
    verdict, _ = calm.ask("what is failing?", access=granted("other"))
    assert verdict.status is Status.INCONCLUSIVE
    assert "you may read: other" in verdict.summary


def test_ten_kilobytes_of_anything_are_answered_in_words(calm: Desk) -> None:
    for text in ("\N{FIRE}" * 2500, "a" * 10_000, "in " * 3000, "why " + "x-" * 5000):
        verdict, _ = calm.ask(text)
        assert verdict.status is not Status.CONFIRMED
        assert verdict.summary
        assert len(verdict.summary) < 1000
