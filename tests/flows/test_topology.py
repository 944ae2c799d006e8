"""What depends on what, asked in four languages, typed as a command, and told to an incident."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.agent.grounding import cited_labels
from bot.domain.conversation import Scope
from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState
from bot.domain.registry import FULL_ACCESS, Access, Cluster
from bot.domain.verdict import Cause, Status
from bot.tools.kubectl.grammar import parse
from bot.tools.kubectl.tool import KubectlTool
from bot.triage.topology.looking import ClusterTopology
from tests.flows.rules_desk import Desk, desk, granted
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.metrics.paced import paced
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.workloads import build_store
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.estate.store import SimulatedCluster

MESH = "istio_requests_total"


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk("calm", tmp_path_factory.mktemp("calm")) as found:
        yield found


@contextmanager
def meshed(folder: Path) -> Iterator[tuple[Desk, MetricsLab]]:
    """A calm cluster whose mesh counts what cart and storefront call."""
    world = World.load("calm")
    name, cluster = next(iter(world.clusters.items()))
    with MetricsLab(build_store(cluster, scenario="calm"), clock=world.clock) as lab:
        for caller, called, rate in (
            ("storefront", "cart", 12.0),
            ("cart", "checkout", 3.0),
            ("unknown", "cart", 9.0),
            ("checkout", "cart", 0.0),
        ):
            labels = {
                "namespace": "shop",
                "reporter": "destination",
                "source_workload": caller,
                "source_workload_namespace": "shop",
                "destination_workload": called,
                "destination_workload_namespace": "shop",
            }
            lab.store.add(MESH, labels, lambda at_s, rate=rate: at_s * rate)  # type: ignore[misc] # a default binds it
        with desk(world, folder, metrics=paced({name: lab}, clock=SystemClock())) as asked:
            yield asked, lab


@contextmanager
def kubectl(
    scenario: str, folder: Path, *, access: Access = FULL_ACCESS
) -> Iterator[tuple[KubectlTool, SimulatedCluster]]:
    """The tool as a model or a person has it, and the cluster it reads."""
    cluster = World.load(scenario).cluster("prod-eu")
    with KubernetesLab(cluster) as lab:
        clock = SystemClock()
        clusters = KubernetesClusters(
            [Cluster(name="prod-eu")],
            clock=clock,
            kubeconfig=str(kubeconfig_for({"prod-eu": lab}, folder / "kubeconfig")),
            timeout_s=5.0,
        )
        yield (
            KubectlTool(
                clusters,
                Scope(clusters=("prod-eu",)),
                access,
                clock,
                topology=ClusterTopology(clock=clock),
            ),
            cluster,
        )


@pytest.mark.parametrize(
    ("question", "heading", "unseen"),
    [
        (
            "what depends on storefront?",
            "What depends on **deployment/storefront** in namespace shop of prod-eu:",
            "who calls whom may be more than this",
        ),
        (
            "was hängt von storefront ab?",
            "Von **deployment/storefront** in Namespace shop von prod-eu hängt ab:",
            "Wer wen aufruft, kann mehr sein als das",
        ),
        (
            "¿qué depende de storefront?",
            "De **deployment/storefront** en el namespace shop de prod-eu depende:",
            "quién llama a quién puede ser más que esto",
        ),
        (
            "qu'est-ce qui dépend de storefront ?",
            "De **deployment/storefront** dans le namespace shop de prod-eu dépend :",
            "qui appelle qui peut être plus que cela",
        ),
    ],
)
def test_what_depends_on_a_workload_is_told_in_the_askers_language(
    calm: Desk, question: str, heading: str, unseen: str
) -> None:
    verdict, session = calm.ask(question)
    lines = verdict.summary.splitlines()
    assert lines[0] == heading
    assert "ingress/storefront → service/storefront → deployment/storefront" in verdict.summary
    assert unseen in lines[-1]
    assert verdict.status is Status.LIKELY
    assert verdict.object == "prod-eu/deployment/shop/storefront"
    assert verdict.cause is Cause.NONE
    sources = {one.observation.source for one in session.ledger() if one.label in verdict.evidence}
    assert {"ingresses", "services", "deployments", "networkpolicies"} <= sources
    assert set() != set(cited_labels(verdict.summary)) <= set(verdict.evidence)


@pytest.mark.parametrize(
    ("question", "called"),
    [
        ("what does cart depend on?", "may call (networkpolicy/cart-db-clients)"),
        ("wovon hängt cart ab?", "darf aufrufen (networkpolicy/cart-db-clients)"),
        ("¿de qué depende cart?", "puede llamar a (networkpolicy/cart-db-clients)"),
        ("de quoi dépend cart ?", "peut appeler (networkpolicy/cart-db-clients)"),
    ],
)
def test_what_a_workload_depends_on_is_followed_to_the_volumes_of_its_database(
    calm: Desk, question: str, called: str
) -> None:
    verdict, _ = calm.ask(question)
    assert f"deployment/cart —{called}→ statefulset/cart-db" in verdict.summary
    assert "→ persistentvolumeclaim/data-cart-db-0 —" in verdict.summary
    assert "configmap/cart-config" in verdict.summary
    assert "secret/cart-db" in verdict.summary
    assert "poddisruptionbudget" not in verdict.summary
    assert "canary" not in verdict.summary


@pytest.mark.parametrize(
    "question",
    [
        "who calls cart-db?",
        "wer ruft cart-db auf?",
        "¿quién llama a cart-db?",
        "qui appelle cart-db ?",
    ],
)
def test_callers_are_those_a_policy_names(calm: Desk, question: str) -> None:
    verdict, _ = calm.ask(question)
    assert "deployment/cart —" in verdict.summary
    assert "(networkpolicy/cart-db-clients)→ statefulset/cart-db" in verdict.summary
    assert "persistentvolume" not in verdict.summary


def test_a_question_that_says_no_way_is_answered_both_ways(calm: Desk) -> None:
    verdict, _ = calm.ask("show me the topology of cart-db")
    assert "What depends on **statefulset/cart-db**" in verdict.summary
    assert "What **statefulset/cart-db** in namespace shop of prod-eu depends on:" in (
        verdict.summary
    )


def test_a_name_that_nobody_has_is_answered_with_the_closest(calm: Desk) -> None:
    verdict, _ = calm.ask("what depends on chekout?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "`chekout`" in verdict.summary
    assert "`checkout`" in verdict.summary


def test_a_question_without_a_name_is_asked_back(calm: Desk) -> None:
    verdict, _ = calm.ask("what are the dependencies in shop?")
    assert verdict.status is Status.INCONCLUSIVE
    assert "Name a workload" in verdict.summary
    assert all(parse(check) for check in verdict.next_checks)


def test_what_depends_on_a_node_is_what_runs_there(calm: Desk) -> None:
    pod = next(
        one for one in calm.cluster.listed("pods") if one["metadata"]["name"].startswith("ledger")
    )
    verdict, _ = calm.ask(f"what depends on {pod['spec']['nodeName']}?")
    assert "deployment/payments/ledger —runs on→" in verdict.summary
    assert verdict.status is Status.CONFIRMED


def test_a_list_that_may_not_be_read_is_said_to_be_missing(tmp_path: Path) -> None:
    with desk("calm", tmp_path) as asked:
        asked.cluster.deny(resource="networkpolicies")
        verdict, _ = asked.ask("who calls cart-db in shop?")
    assert "Not read: networkpolicies (no permission)." in verdict.summary
    assert "may call" not in verdict.summary
    assert verdict.status is Status.LIKELY


def test_who_may_read_one_namespace_is_told_of_that_one(calm: Desk) -> None:
    verdict, session = calm.ask("what depends on cart-db?", access=granted("shop"))
    assert "deployment/cart —may call" in verdict.summary
    assert {one.observation.namespace for one in session.ledger()} <= {None, "shop"}
    assert all(one.observation.source != "nodes" for one in session.ledger())


def test_a_call_that_a_log_complains_about_is_one(tmp_path: Path) -> None:
    with desk("dependency_down", tmp_path) as asked:
        verdict, session = asked.ask("what does storefront depend on?")
    assert "deployment/storefront —calls (log)→ service/cart" in verdict.summary
    assert "**service/cart** selects pods by labels, and there is no workload" in verdict.summary
    log = next(one for one in session.ledger() if one.observation.source == "logs")
    assert log.label in verdict.evidence


def test_calls_that_a_mesh_counts_are_told_with_their_rate(tmp_path: Path) -> None:
    with meshed(tmp_path) as (asked, _):
        verdict, session = asked.ask("what depends on cart and what does cart depend on?")
    assert "deployment/storefront —calls (12/s)→ deployment/cart" in verdict.summary
    assert "deployment/cart —calls (3/s)→ deployment/checkout" in verdict.summary
    assert "unknown" not in verdict.summary
    assert "deployment/checkout —calls" not in verdict.summary
    assert "Calls were measured over the last 10 minutes" in verdict.summary
    assert verdict.status is Status.CONFIRMED
    (query,) = (one for one in session.ledger() if one.observation.tool == "promql")
    assert query.label in verdict.evidence
    assert query.observation.state is EvidenceState.OK


def test_calls_are_read_off_linkerd_and_traces_as_well(tmp_path: Path) -> None:
    with meshed(tmp_path) as (asked, lab):
        linkerd = {
            "namespace": "platform",
            "deployment": "ingress-nginx",
            "dst_namespace": "shop",
            "dst_deployment": "cart",
            "direction": "outbound",
        }
        lab.store.add("response_total", linkerd, lambda at_s: at_s * 40.0)
        traces = {"client": "mobile-app", "server": "cart"}
        lab.store.add("traces_service_graph_request_total", traces, lambda at_s: at_s * 7.0)
        verdict, _ = asked.ask("who calls cart?")
    assert "deployment/platform/ingress-nginx —calls (40/s)→ deployment/cart" in verdict.summary
    assert "workload/mobile-app —calls (7/s)→ deployment/cart" in verdict.summary


def test_calls_of_one_namespace_are_seen_by_who_may_read_it_alone(tmp_path: Path) -> None:
    with meshed(tmp_path) as (asked, _):
        verdict, session = asked.ask("who calls cart in shop?", access=granted("shop"))
    assert "deployment/storefront —calls (12/s)→ deployment/cart" in verdict.summary
    (query,) = (one for one in session.ledger() if one.observation.tool == "promql")
    assert 'namespace="shop"' in query.observation.query


def test_without_series_of_calls_it_is_said_that_none_were_measured(tmp_path: Path) -> None:
    with meshed(tmp_path) as (asked, lab):
        for track in lab.store.tracks(MESH):
            track.gaps.append((-math.inf, math.inf))
        verdict, _ = asked.ask("who calls cart?")
    assert "No calls were measured (looked for `istio_requests_total`" in verdict.summary
    assert verdict.status is Status.LIKELY


def test_a_metrics_server_that_is_silent_leaves_an_answer_from_the_cluster(
    tmp_path: Path,
) -> None:
    with meshed(tmp_path) as (asked, lab):
        lab.fail(503)
        verdict, _ = asked.ask("who calls cart-db?")
    assert "deployment/cart —may call" in verdict.summary
    assert "No calls were measured" in verdict.summary
    assert verdict.status is Status.LIKELY


def test_the_command_tells_both_ways_and_is_spelled_so_that_it_can_be_repeated(
    tmp_path: Path,
) -> None:
    with kubectl("calm", tmp_path) as (tool, _):
        seen = tool.kubectl("kubectl topology deploy/storefront")
        again = tool.kubectl(seen.query)
    assert seen.query == "kubectl topology deployment/storefront -n shop --depth=2"
    assert seen.state is EvidenceState.OK
    assert "  ingress/storefront → service/storefront → deployment/storefront" in seen.body
    assert "What deployment/storefront depends on:" in seen.body
    assert "istio_requests_total" in seen.body
    assert again.body == seen.body


def test_the_command_goes_one_way_and_as_deep_as_it_is_told(tmp_path: Path) -> None:
    with kubectl("calm", tmp_path) as (tool, _):
        seen = tool.kubectl("kubectl topology deploy/storefront -n shop --direction=up --depth=1")
    assert "  service/storefront → deployment/storefront" in seen.body
    assert "ingress/storefront" not in seen.body
    assert "depends on:\n" not in seen.body.replace("What depends on deployment/storefront:\n", "")


def test_the_command_says_what_it_could_not_read(tmp_path: Path) -> None:
    with kubectl("calm", tmp_path) as (tool, cluster):
        cluster.deny(resource="ingresses")
        seen = tool.kubectl("kubectl topology deploy/storefront -n shop")
    assert seen.state is EvidenceState.TRUNCATED
    assert "NOT READ: ingresses (denied)" in seen.body


def test_the_command_about_nobody_is_empty_with_the_closest(tmp_path: Path) -> None:
    with kubectl("calm", tmp_path) as (tool, _):
        seen = tool.kubectl("kubectl topology deploy/storefrnt -n shop")
    assert seen.state is EvidenceState.EMPTY
    assert "storefront" in seen.body


def test_the_command_keeps_to_the_askers_namespaces(tmp_path: Path) -> None:
    with kubectl("calm", tmp_path, access=granted("shop")) as (tool, cluster):
        node = cluster.listed("nodes")[0]["metadata"]["name"]
        for refused in ("deploy/gateway -n payments", f"node/{node}"):
            with pytest.raises(ToolError, match="may not read"):
                tool.kubectl(f"kubectl topology {refused}")
        seen = tool.kubectl("kubectl topology sts/cart-db")
    assert seen.namespace == "shop"
    assert "deployment/cart —may call" in seen.body


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ("kubectl topology secret/db -n shop", "R20"),
        ("kubectl topology deploy -n shop", "R21"),
        ("kubectl topology deploy/a deploy/b -n shop", "R23"),
        ("kubectl topology deploy/a --depth=7", "R13"),
        ("kubectl topology deploy/a --direction=left", "R13"),
    ],
)
def test_a_command_that_asks_for_anything_else_is_refused(command: str, rule: str) -> None:
    with pytest.raises(ToolError) as refused:
        parse(command)
    assert refused.value.rule == rule
