"""What people are told of faults and of health when no model is configured."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.clock import SystemClock
from bot.agent.grounding import cited_labels, ground
from bot.domain.evidence import EvidenceState
from bot.domain.spans import moment
from bot.domain.verdict import Category, Cause, Status
from tests.flows.rules_desk import Desk, desk, estate_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SICK = {
    "crash_loop": ("what is failing in shop?", "shop/cart", Cause.DNS),
    "hostile_logs": ("why is cart unhealthy?", "shop/cart", Cause.DNS),
    "image_pull": ("what is failing in shop?", "shop/storefront", Cause.IMAGE_NOT_FOUND),
    "oom": ("is everything ok?", "platform/image-renderer", Cause.OUT_OF_MEMORY),
    "unschedulable": (
        "what's wrong in payments",
        "payments/ledger",
        Cause.UNSCHEDULABLE_CAPACITY,
    ),
    "probe_failing": ("why is the gateway not ready?", "payments/gateway", Cause.PROBE_WRONG),
    "config_missing": ("why doesn't checkout start?", "shop/checkout", Cause.MISSING_CONFIG),
    "big_namespace": ("what is failing in fleet?", "fleet/dispatcher", Cause.OUT_OF_MEMORY),
}
"""A question for each scenario with a fault, the deployment at fault, and the cause."""

BROKEN = "registry.example.com/shop/broken:1"
CRASHING = {"is": "crash_loop", "exit_code": 1, "restarts": 6}


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Desk]:
    with desk("calm", tmp_path) as found:
        yield found


@pytest.fixture
def crash(tmp_path: Path) -> Iterator[Desk]:
    with desk("crash_loop", tmp_path) as found:
        yield found


@pytest.mark.parametrize("scenario", SICK)
def test_the_verdict_names_the_object_and_the_cause(tmp_path: Path, scenario: str) -> None:
    question, fault, cause = SICK[scenario]
    with desk(scenario, tmp_path) as asked:
        verdict, _ = asked.ask(question)
    assert (verdict.object, verdict.cause) == (f"prod-eu/deployment/{fault}", cause)
    assert verdict.status is Status.CONFIRMED
    assert verdict.category is not Category.NONE
    assert not verdict.nothing_to_do


@pytest.mark.parametrize("scenario", SICK)
def test_what_is_said_stands_in_the_evidence_it_cites(tmp_path: Path, scenario: str) -> None:
    question = SICK[scenario][0]
    with desk(scenario, tmp_path) as asked:
        verdict, session = asked.ask(question)
    assert set() != set(cited_labels(verdict.summary)) <= set(verdict.evidence)
    assert all(session.find(label) is not None for label in verdict.evidence)
    grounded = ground(verdict, find=session.find, known=(question, "prod-eu"))
    # The probe's address is shown without its scheme, so that nobody's client makes a link of it.
    assert [claim for claim in grounded.verdict.unverified if "probe failed" not in claim] == []


def test_a_fault_begins_when_its_rollout_began(crash: Desk) -> None:
    verdict, _ = crash.ask("why is cart unhealthy?")
    newest = max(
        (
            item
            for item in crash.cluster.listed("replicasets.apps", "shop")
            if item["metadata"]["name"].startswith("cart-")
        ),
        key=lambda item: str(item["metadata"]["creationTimestamp"]),
    )
    assert verdict.since == newest["metadata"]["creationTimestamp"]
    assert verdict.trigger is not None
    assert "revision 28" in verdict.trigger
    assert [step.check for step in verdict.mitigation] == [
        "kubectl rollout status deployment/cart -n shop"
    ]
    assert "--to-revision=27" in verdict.mitigation[0].action


def test_a_fault_of_an_old_revision_is_not_blamed_on_a_rollout(tmp_path: Path) -> None:
    with desk("big_namespace", tmp_path) as asked:
        verdict, _ = asked.ask("what is failing in fleet?")
    assert verdict.trigger is None
    assert not any("undo" in step.action for step in verdict.mitigation)
    since, now = moment(verdict.since), SystemClock().now()
    assert since is not None
    assert 38 <= (now - since).total_seconds() / 60 <= 41


def test_a_pod_is_asked_about_by_its_exact_name(crash: Desk) -> None:
    sick = next(
        pod["metadata"]["name"]
        for pod in crash.cluster.listed("pods", "shop")
        if pod["status"].get("containerStatuses", [{}])[0].get("restartCount")
    )
    verdict, _ = crash.ask(f"why is pod {sick} failing?")
    assert verdict.object == "prod-eu/deployment/shop/cart"
    assert sick in verdict.summary


def test_a_pod_that_is_well_beside_sick_ones_is_called_well(crash: Desk) -> None:
    well = next(
        pod["metadata"]["name"]
        for pod in crash.cluster.listed("pods", "shop")
        if pod["metadata"]["name"].startswith("cart-")
        and pod["status"]["containerStatuses"][0]["ready"]
        and not pod["metadata"]["name"].startswith(("cart-db", "cart-cleanup"))
    )
    verdict, _ = crash.ask(f"why is {well} failing?")
    assert verdict.status is Status.HEALTHY
    assert verdict.object == f"prod-eu/pod/shop/{well}"


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("was ist kaputt in shop?", "stürzt immer wieder ab"),
        ("Warum läuft cart nicht", "stürzt immer wieder ab"),
        ("¿por qué falla cart?", "se cae una y otra vez"),
        ("por que falla cart", "se cae una y otra vez"),
        ("pourquoi cart ne marche pas ?", "plante sans cesse"),
        ("qu\u2019est-ce qui ne va pas dans shop ?", "plante sans cesse"),
        ("why's cart down??", "keeps crashing"),
    ],
)
def test_the_answer_is_in_the_language_of_the_question(
    crash: Desk, question: str, words: str
) -> None:
    verdict, _ = crash.ask(question)
    assert verdict.object == "prod-eu/deployment/shop/cart"
    assert words in verdict.summary


def test_a_calm_namespace_is_healthy(calm: Desk) -> None:
    verdict, session = calm.ask("what is failing in shop?")
    assert verdict.status is Status.HEALTHY
    assert verdict.nothing_to_do
    assert verdict.cause is Cause.NONE
    assert "14 pods and 4 workloads" in verdict.summary
    assert set(verdict.evidence) <= {entry.label for entry in session.ledger()}


def test_a_calm_deployment_is_healthy(calm: Desk) -> None:
    verdict, _ = calm.ask("is checkout ok?")
    assert verdict.status is Status.HEALTHY
    assert verdict.object == "prod-eu/deployment/shop/checkout"
    assert "2 of 2 replicas" in verdict.summary


def test_two_objects_of_one_question_are_both_told(calm: Desk) -> None:
    verdict, _ = calm.ask("are cart and checkout healthy?")
    assert verdict.status is Status.HEALTHY
    assert "**cart**" in verdict.summary
    assert "*checkout*" in verdict.summary


def test_an_empty_namespace_is_said_to_be_empty(calm: Desk) -> None:
    verdict, _ = calm.ask("what is failing in default?")
    assert verdict.status is Status.HEALTHY
    assert "Nothing runs in namespace default" in verdict.summary


def test_a_greeting_is_told_what_can_be_asked_and_nothing_is_read(calm: Desk) -> None:
    verdict, session = calm.ask("hello", namespace="shop")
    assert verdict.status is Status.INCONCLUSIVE
    assert "these questions" in verdict.summary
    assert session.ledger() == ()


def test_an_unclear_question_about_nothing_known_is_told_what_can_be_asked(calm: Desk) -> None:
    verdict, _ = calm.ask("tell me a joke about cats")
    assert verdict.status is Status.INCONCLUSIVE
    assert "these questions" in verdict.summary


def test_a_bare_name_is_a_question_about_it(crash: Desk) -> None:
    assert crash.ask("cart?")[0].cause is Cause.DNS
    assert crash.ask("shop?")[0].object == "prod-eu/deployment/shop/cart"


def test_an_object_that_does_not_exist_is_named_with_the_closest_and_what_fails(
    crash: Desk,
) -> None:
    verdict, _ = crash.ask("why is chekout failing?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "nothing called `chekout`" in verdict.summary
    assert "`checkout`" in verdict.summary
    assert "`cart` (deployment)" in verdict.summary


def test_what_recovered_is_healthy_and_its_restarts_are_told(tmp_path: Path) -> None:
    once = {"is": "running", "restarts": 2, "exit_code": 137, "reason": "OOMKilled"}
    world = estate_with("shop", cart={"state": once | {"last_exit": "-2h"}})
    with desk(world, tmp_path) as asked:
        one, _ = asked.ask("why is cart unhealthy?")
        all_of_them, _ = asked.ask("what is failing in shop?")
    assert one.status is all_of_them.status is Status.HEALTHY
    assert "restarted 8 times, the last time 120m ago" in one.summary
    assert "OOMKilled, exit code 137" in one.summary
    assert "running now: `cart` (deployment)" in all_of_them.summary


def test_old_warnings_of_what_is_ready_are_over(tmp_path: Path) -> None:
    with desk("calm", tmp_path) as asked:
        pod = next(
            one
            for one in asked.cluster.listed("pods", "shop")
            if one["metadata"]["name"].startswith("checkout-")
        )
        asked.cluster.apply(warning_about(pod))
        verdict, session = asked.ask("is checkout ok?")
    events = session.entries["triage-prod-eu-all-events"].observation
    assert "Readiness probe failed" in events.body
    assert verdict.status is Status.HEALTHY


def warning_about(pod: dict[str, Any]) -> dict[str, Any]:
    now = SystemClock().now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "checkout.warned", "namespace": "shop"},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": pod["metadata"]["name"],
            "namespace": "shop",
        },
        "type": "Warning",
        "reason": "Unhealthy",
        "message": "Readiness probe failed: connection refused",
        "count": 3,
        "firstTimestamp": now,
        "lastTimestamp": now,
    }


def test_what_is_scaled_to_nothing_is_said_to_be(tmp_path: Path) -> None:
    with desk(estate_with("shop", cart={"replicas": 0}), tmp_path) as asked:
        verdict, _ = asked.ask("why is cart down?")
    assert "scaled to 0 replicas" in verdict.summary
    assert verdict.status is not Status.HEALTHY


def test_what_is_not_ready_and_unexplained_is_inconclusive_with_two_checks(tmp_path: Path) -> None:
    changed = {"states": [{"is": "creating"}], "replicas": 2}
    with desk(estate_with("shop", cart=changed), tmp_path) as asked:
        whole, _ = asked.ask("why is cart not ready?")
        pod = next(
            one["metadata"]["name"]
            for one in asked.cluster.listed("pods", "shop")
            if one["metadata"]["name"].startswith("cart-") and one["status"]["phase"] == "Pending"
        )
        single, _ = asked.ask(f"why is pod {pod} not ready?")
    assert whole.status is single.status is Status.INCONCLUSIVE
    assert "has 0 of 2 replicas ready, and nothing says why" in whole.summary
    assert whole.cause is single.cause is Cause.UNKNOWN
    assert len(whole.next_checks) == len(single.next_checks) == 2
    assert whole.object == single.object == "prod-eu/deployment/shop/cart"


def test_a_finished_run_is_no_fault(calm: Desk) -> None:
    done = next(
        pod["metadata"]["name"]
        for pod in calm.cluster.listed("pods", "shop")
        if pod["status"]["phase"] == "Succeeded"
    )
    assert "ran to its end" in calm.ask(f"why is pod {done} failing?")[0].summary
    verdict, _ = calm.ask("why did cart-cleanup fail?")
    assert verdict.status is Status.HEALTHY
    assert verdict.object == "prod-eu/cronjob/shop/cart-cleanup"


def test_a_node_is_asked_about_by_its_name(calm: Desk) -> None:
    name = str(calm.cluster.listed("nodes")[0]["metadata"]["name"])
    verdict, _ = calm.ask(f"is node {name} ok?")
    assert verdict.status is Status.HEALTHY
    assert verdict.object == f"prod-eu/node//{name}"


def test_what_another_fault_needs_is_the_root_of_both(tmp_path: Path) -> None:
    refused = "-5s ERROR dial tcp checkout:80: connect: connection refused"
    world = estate_with(
        "shop",
        checkout={"state": CRASHING | {"previous_logs": ["-5s ERROR KeyError: 'FRAUD_URL'"]}},
        cart={"state": CRASHING | {"previous_logs": [refused]}},
    )
    with desk(world, tmp_path) as asked:
        verdict, session = asked.ask("why is cart failing?")
    assert verdict.object == "prod-eu/deployment/shop/checkout"
    assert verdict.cause is Cause.MISSING_CONFIG
    assert "That stops **cart**, which needs it." in verdict.summary
    assert set(cited_labels(verdict.summary)) <= {entry.label for entry in session.ledger()}


def test_a_dependency_that_is_well_is_named_and_not_blamed(tmp_path: Path) -> None:
    refused = "-5s ERROR dial tcp cart-db:5432: connect: connection refused"
    world = estate_with("shop", cart={"state": CRASHING | {"previous_logs": [refused]}})
    with desk(world, tmp_path) as asked:
        verdict, _ = asked.ask("why is cart failing?")
    assert (verdict.object, verdict.cause) == (
        "prod-eu/deployment/shop/cart",
        Cause.DEPENDENCY_DOWN,
    )
    assert "`cart-db` does not answer" in verdict.summary


def test_many_faults_are_counted_and_the_first_named(tmp_path: Path) -> None:
    broken = {
        f"app{number}": {"image": BROKEN, "replicas": 1, "state": "image_pull"}
        for number in range(8)
    }
    with desk(estate_with("shop", **broken), tmp_path) as asked:
        verdict, _ = asked.ask("what is failing in shop?")
    assert verdict.object == "prod-eu/deployment/shop/app0"
    assert "7 more: `app1` (deployment)" in verdict.summary
    assert "+2" in verdict.summary
    assert "app7" not in verdict.summary
    assert len(verdict.hypotheses) == 5


def test_only_a_few_logs_are_read_of_many_crashes(tmp_path: Path) -> None:
    crashing = {f"app{n}": {"image": BROKEN, "replicas": 1, "state": CRASHING} for n in range(6)}
    with desk(estate_with("shop", **crashing), tmp_path) as asked:
        verdict, session = asked.ask("what is failing in shop?")
    logs = [entry for entry in session.ledger() if entry.observation.source == "logs"]
    assert len(logs) == 3
    assert verdict.status is Status.LIKELY


def test_a_log_longer_than_is_read_is_cut_and_said_to_be(crash: Desk) -> None:
    for pod in crash.cluster.listed("pods", "shop"):
        where = ("shop", pod["metadata"]["name"], "cart")
        lines = [(time.time(), "x" * 9000), (time.time(), "ERROR KeyError: 'DB_URL'")]
        crash.cluster.set_logs(*where, lines, previous=True)
    verdict, session = crash.ask("why is cart failing?")
    (log,) = [entry for entry in session.ledger() if entry.observation.source == "logs"]
    assert log.observation.state is EvidenceState.TRUNCATED
    assert log.observation.cut_bytes == 7000
    assert verdict.cause is Cause.MISSING_CONFIG
