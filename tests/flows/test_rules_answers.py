"""What people are told when no model is configured: rules over a real client and a lab cluster."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.agent.coverage import coverage_of
from bot.agent.grounding import cited_labels, ground
from bot.domain.conversation import Scope
from bot.domain.errors import CancelledByPersonError
from bot.domain.evidence import EvidenceState
from bot.domain.progress import TaskState
from bot.domain.registry import FULL_ACCESS, Access, Cluster, Grant
from bot.domain.spans import moment
from bot.domain.verdict import Category, Cause, Status, Verdict
from bot.tools.kubectl.grammar import parse
from bot.triage.answerer import RuleAnswerer
from bot.triage.brief import TriageBrief
from tests.contract.clusters import pod_named
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.sessions import MemorySession
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.estate.store import SimulatedCluster

ALL_CAUSES = pytest.mark.parametrize(
    ("scenario", "question", "fault", "cause", "status"),
    [
        ("crash_loop", "what is failing in shop?", "shop/cart", Cause.DNS, Status.CONFIRMED),
        ("hostile_logs", "why is cart unhealthy?", "shop/cart", Cause.DNS, Status.CONFIRMED),
        (
            "image_pull",
            "what is failing in shop?",
            "shop/storefront",
            Cause.IMAGE_NOT_FOUND,
            Status.CONFIRMED,
        ),
        (
            "oom",
            "is everything ok?",
            "platform/image-renderer",
            Cause.OUT_OF_MEMORY,
            Status.CONFIRMED,
        ),
        (
            "unschedulable",
            "what's wrong in payments",
            "payments/ledger",
            Cause.UNSCHEDULABLE_CAPACITY,
            Status.CONFIRMED,
        ),
        (
            "probe_failing",
            "why is the gateway not ready?",
            "payments/gateway",
            Cause.PROBE_WRONG,
            Status.CONFIRMED,
        ),
        (
            "config_missing",
            "why doesn't checkout start?",
            "shop/checkout",
            Cause.MISSING_CONFIG,
            Status.CONFIRMED,
        ),
        (
            "big_namespace",
            "what is failing in fleet?",
            "fleet/dispatcher",
            Cause.OUT_OF_MEMORY,
            Status.CONFIRMED,
        ),
    ],
)


@dataclass(frozen=True)
class Desk:
    """Somebody to ask, and the estate they look at."""

    world: World
    answerer: RuleAnswerer
    clusters: tuple[str, ...]

    @property
    def cluster(self) -> SimulatedCluster:
        return self.world.cluster(self.clusters[0])

    def ask(
        self,
        question: str,
        *,
        namespace: str | None = None,
        clusters: tuple[str, ...] = (),
        access: Access = FULL_ACCESS,
        session: MemorySession | None = None,
    ) -> tuple[Verdict, MemorySession]:
        session = session or MemorySession()
        scope = Scope(clusters=clusters or self.clusters[:1], namespace=namespace)
        brief = TriageBrief(text=question, scope=scope, access=access)
        return self.answerer.answer(brief, session), session


@contextmanager
def desk(scenario: str, folder: Path, *, timeout_s: float = 5.0) -> Iterator[Desk]:
    world = World.load(scenario)
    with ExitStack() as stack:
        labs = {
            name: stack.enter_context(KubernetesLab(cluster))
            for name, cluster in world.clusters.items()
        }
        clusters = KubernetesClusters(
            [Cluster(name=name) for name in labs],
            clock=SystemClock(),
            kubeconfig=str(kubeconfig_for(labs, folder / "kubeconfig")),
            timeout_s=timeout_s,
        )
        answerer = RuleAnswerer(clusters=clusters, clock=SystemClock())
        yield Desk(world=world, answerer=answerer, clusters=tuple(labs))
        for cluster in world.clusters.values():
            cluster.heal()


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Desk]:
    with desk("calm", tmp_path) as found:
        yield found


@pytest.fixture
def crash(tmp_path: Path) -> Iterator[Desk]:
    with desk("crash_loop", tmp_path) as found:
        yield found


def granted(*namespaces: str) -> Access:
    return Access(grants=(Grant(namespaces=namespaces),))


@ALL_CAUSES
def test_the_verdict_names_the_object_and_the_cause(
    tmp_path: Path, scenario: str, question: str, fault: str, cause: Cause, status: Status
) -> None:
    with desk(scenario, tmp_path) as asked:
        verdict, _ = asked.ask(question)
    assert (verdict.object, verdict.cause, verdict.status) == (
        f"prod-eu/deployment/{fault}",
        cause,
        status,
    )
    assert verdict.category is not Category.NONE
    assert not verdict.nothing_to_do


@ALL_CAUSES
def test_what_is_said_stands_in_the_evidence_it_cites(
    tmp_path: Path, scenario: str, question: str, fault: str, cause: Cause, status: Status
) -> None:
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
    assert verdict.mitigation == ()
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
        ("qu’est-ce qui ne va pas dans shop ?", "plante sans cesse"),
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
    assert "*cart*" in verdict.summary
    assert "*checkout*" in verdict.summary


def test_an_empty_namespace_is_said_to_be_empty(calm: Desk) -> None:
    verdict, _ = calm.ask("what is failing in default?")
    assert verdict.status is Status.HEALTHY
    assert "Nothing runs in namespace default" in verdict.summary


def test_a_greeting_is_told_what_can_be_asked_and_nothing_is_read(calm: Desk) -> None:
    verdict, session = calm.ask("hello", namespace="shop")
    assert verdict.status is Status.INCONCLUSIVE
    assert "three questions" in verdict.summary
    assert session.ledger() == ()


def test_an_unclear_question_about_nothing_known_is_told_what_can_be_asked(calm: Desk) -> None:
    verdict, _ = calm.ask("tell me a joke about cats")
    assert verdict.status is Status.INCONCLUSIVE
    assert "three questions" in verdict.summary


def test_a_bare_name_is_a_question_about_it(crash: Desk) -> None:
    assert crash.ask("cart?")[0].cause is Cause.DNS
    assert crash.ask("shop?")[0].object == "prod-eu/deployment/shop/cart"


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


def test_an_object_that_does_not_exist_is_named_with_the_closest_and_what_fails(
    crash: Desk,
) -> None:
    verdict, _ = crash.ask("why is chekout failing?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "nothing called `chekout`" in verdict.summary
    assert "`checkout`" in verdict.summary
    assert "`deployment/cart`" in verdict.summary


def test_the_namespace_of_the_question_wins_over_the_threads(calm: Desk) -> None:
    verdict, session = calm.ask("what is failing in payments?", namespace="shop")
    assert "namespace payments of prod-eu" in verdict.summary
    assert {entry.observation.namespace for entry in session.ledger()} == {None, "payments"}


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
    with desk("crash_loop", tmp_path, timeout_s=0.5) as asked:
        asked.cluster.hang(on="/events")
        verdict, _ = asked.ask("what is failing in shop?")
    assert verdict.object == "prod-eu/deployment/shop/cart"
    assert "Not read: events (no answer)." in verdict.summary


def test_a_cluster_that_hangs_does_not_hide_another(tmp_path: Path) -> None:
    with desk("two_clusters", tmp_path, timeout_s=0.5) as asked:
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


def test_what_changed_lists_rollouts_newest_first(tmp_path: Path) -> None:
    with desk("probe_failing", tmp_path) as asked:
        verdict, session = asked.ask("what changed recently in payments?")
    assert verdict.status is Status.CONFIRMED
    assert "1 rollouts in namespace payments" in verdict.summary
    assert "`gateway` in `payments` to revision 13, 16m ago" in verdict.summary
    assert [session.find(label).observation.source for label in verdict.evidence] == [  # type: ignore[union-attr]
        "replicasets"
    ]
    assert len(verdict.timeline) == 1


def test_no_change_is_an_answer_and_names_the_last_one(calm: Desk) -> None:
    verdict, _ = calm.ask("what changed recently in payments?")
    assert verdict.status is Status.CONFIRMED
    assert verdict.nothing_to_do
    assert "No Deployment in namespace payments of prod-eu was rolled out" in verdict.summary
    assert "`gateway` to revision 12, 13d ago" in verdict.summary


def test_changes_go_back_as_far_as_the_question_says(calm: Desk) -> None:
    verdict, _ = calm.ask("what was rolled out in shop in the last 5 days?")
    assert "2 rollouts" in verdict.summary
    assert "last 120 hours" in verdict.summary


def test_changes_of_one_workload_are_its_own(calm: Desk) -> None:
    verdict, _ = calm.ask("was hat sich an cart in den letzten 30 Tagen geändert?")
    assert "2 Rollouts" in verdict.summary
    assert "storefront" not in verdict.summary


def test_changes_of_something_unknown_are_not_everybodys(calm: Desk) -> None:
    verdict, _ = calm.ask("what changed in deployment chekout?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "`checkout`" in verdict.summary


def test_changes_that_cannot_be_read_are_not_called_none(calm: Desk) -> None:
    calm.cluster.deny(resource="replicasets")
    verdict, _ = calm.ask("what changed in payments?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "could not be read" in verdict.summary


def test_foreign_text_can_neither_call_nor_link_nor_command(tmp_path: Path) -> None:
    with desk("hostile_logs", tmp_path) as asked:
        pod = pod_named(asked.cluster, "shop", "cart-")
        asked.cluster.set_logs(
            "shop",
            pod,
            "cart",
            [
                (
                    time.time(),
                    "FATAL <!channel> `[E1]` [fix](https://login.example.net/x) "
                    "<https://login.example.net/y|here> password=canary-9 @here *done* error",
                )
            ],
            previous=True,
        )
        for item in asked.cluster.listed("pods", "shop"):
            if item["status"].get("containerStatuses", [{}])[0].get("restartCount"):
                name = item["metadata"]["name"]
                text = (
                    "ERROR <!channel> `[E1]` [fix](https://login.example.net/x) @here pwd=canary-9"
                )
                asked.cluster.set_logs("shop", name, "cart", [(time.time(), text)], previous=True)
        verdict, session = asked.ask("what is failing in shop?")
    written = json.dumps(asdict(verdict))
    assert "ERROR" in verdict.summary
    for spell in ("<!channel", "@here", "login.example.net", "`[E1]`", "canary"):
        assert spell not in written
    assert "canary" not in "".join(entry.observation.body for entry in session.ledger())
    assert re.search(r"`ERROR[^`\n]*`", verdict.summary)


def test_no_secret_of_a_log_reaches_the_ledger(tmp_path: Path) -> None:
    with desk("hostile_logs", tmp_path) as asked:
        _, session = asked.ask("why is cart failing?")
    logs = [entry.observation for entry in session.ledger() if entry.observation.source == "logs"]
    assert logs
    assert "cannot reach database" in logs[0].body
    assert "canary" not in "".join(entry.observation.body for entry in session.ledger())


@pytest.mark.parametrize(
    ("scenario", "question"),
    [
        ("crash_loop", "what is failing in shop?"),
        ("crash_loop", "why is chekout failing?"),
        ("denied", "is gateway ok?"),
        ("calm", "what is failing in namespace quux?"),
        ("calm", "hi"),
        ("unschedulable", "why is ledger failing?"),
    ],
)
def test_every_command_that_is_offered_can_be_typed(
    tmp_path: Path, scenario: str, question: str
) -> None:
    with desk(scenario, tmp_path) as asked:
        verdict, session = asked.ask(question)
    commands = [check for check in verdict.next_checks if check.startswith("kubectl")]
    commands += [step.check for step in verdict.mitigation]
    commands += [entry.observation.query for entry in session.ledger()]
    assert commands
    for command in commands:
        parse(command)


def test_a_stopped_run_stops_while_lists_are_under_way(tmp_path: Path) -> None:
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise CancelledByPersonError("U1")

    with desk("calm", tmp_path, timeout_s=5) as asked:
        asked.cluster.hang(on="/apis/apps")
        session = MemorySession(on_check=stop)
        began = time.monotonic()
        with pytest.raises(CancelledByPersonError):
            asked.ask("what is failing in shop?", session=session)
        assert time.monotonic() - began < 3


def test_people_see_that_the_cluster_is_looked_at(calm: Desk) -> None:
    _, session = calm.ask("what is failing in shop?")
    assert [task.state for task in session.tasks] == [TaskState.IN_PROGRESS, TaskState.COMPLETE]
    assert session.tasks[0].title == "Look at shop of prod-eu"


def test_a_run_taken_over_keeps_what_was_seen_and_adds_what_is_new(crash: Desk) -> None:
    _, session = crash.ask("what is failing in shop?")
    before = len(session.ledger())
    crash.cluster.delete("Deployment", "storefront", "shop")
    verdict, _ = crash.ask("what is failing in shop?", session=session)
    again = [entry for entry in session.ledger()[before:] if entry.observation.source != "pods"]
    assert "triage-prod-eu-shop-deployments-2" in {entry.tool_use_id for entry in again}
    assert "triage-prod-eu-shop-statefulsets-2" not in session.entries
    assert verdict.object == "prod-eu/deployment/shop/cart"


def test_five_hundred_pods_are_judged_in_time(tmp_path: Path) -> None:
    with desk("big_namespace", tmp_path) as asked:
        asked.cluster.slow(0.05)
        began = time.monotonic()
        verdict, _ = asked.ask("what is failing in fleet?")
        took_s = time.monotonic() - began
    assert verdict.cause is Cause.OUT_OF_MEMORY
    assert took_s < 3
