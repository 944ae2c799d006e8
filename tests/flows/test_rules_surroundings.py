"""What people are told of faults around workloads: what leads to them, bounds and carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot.agent.grounding import cited_labels, ground
from bot.domain.evidence import EvidenceState
from bot.domain.verdict import Cause, Status
from bot.tools.kubectl.grammar import parse
from tests.flows.rules_desk import desk, granted

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Case:
    """A question about a scenario, and what must come out of it."""

    scenario: str
    question: str
    object: str
    cause: Cause
    says: str
    status: Status = Status.CONFIRMED


CASES = [
    Case(
        scenario="service_selector",
        question="checkout in namespace shop is partly unreachable",
        object="service/shop/checkout",
        cause=Cause.SERVICE_SELECTOR_WRONG,
        says="looks for `app=checkout-api`, but the pods of `checkout` carry `app=checkout`",
    ),
    Case(
        scenario="service_port",
        question="checkout in namespace shop is partly unreachable",
        object="service/shop/checkout",
        cause=Cause.SERVICE_PORT_WRONG,
        says="leads port 80 to `9090`",
    ),
    Case(
        scenario="service_port_name",
        question="why is ledger unreachable?",
        object="service/payments/ledger",
        cause=Cause.SERVICE_PORT_WRONG,
        says="a port named `web`, which no pod has",
    ),
    Case(
        scenario="service_mixed",
        question="checkout in namespace shop is partly unreachable",
        object="service/shop/checkout",
        cause=Cause.SERVICE_SELECTOR_WRONG,
        says="also selects pods of `checkout-worker`",
    ),
    Case(
        scenario="route_wrong",
        question="what is failing in shop?",
        object="ingress/shop/storefront",
        cause=Cause.ROUTE_WRONG,
        says="which does not exist; there is `storefront`",
    ),
    Case(
        scenario="route_port",
        question="why is storefront unreachable?",
        object="ingress/shop/storefront",
        cause=Cause.ROUTE_WRONG,
        says="to port `8080` of service `storefront`, which has only `http 80`",
    ),
    Case(
        scenario="gateway_route_wrong",
        question="what is failing in shop?",
        object="httproute/shop/storefront-public",
        cause=Cause.ROUTE_WRONG,
        says="`shop.example.com/pay` to port `8443` of service `checkout`, which has only",
    ),
    Case(
        scenario="gateway_route_refused",
        question="why is storefront-public unreachable?",
        object="httproute/shop/storefront-public",
        cause=Cause.ROUTE_WRONG,
        says="Accepted is False (`NotAllowedByListeners`): `No listener allows this route`",
    ),
    Case(
        scenario="scaled_down",
        question="what is failing in payments?",
        object="deployment/payments/ledger",
        cause=Cause.NO_ENDPOINTS,
        says="scaled to 0 replicas, so nobody answers for service `ledger`",
    ),
    Case(
        scenario="policy_shut",
        question="gateway in namespace payments is unreachable",
        object="networkpolicy/payments/lockdown",
        cause=Cause.NETWORK_POLICY_BLOCKS,
        says="lets nobody in to `gateway`",
    ),
    Case(
        scenario="policy_path",
        question="what is failing in shop?",
        object="networkpolicy/shop/checkout-clients",
        cause=Cause.NETWORK_POLICY_BLOCKS,
        says="That stops **cart**, which needs it.",
    ),
    Case(
        scenario="policy_names",
        question="why does cart crash?",
        object="networkpolicy/shop/cart-outbound",
        cause=Cause.NETWORK_POLICY_BLOCKS,
        says="keeps `cart` from looking up names",
    ),
    Case(
        scenario="quota_full",
        question="what is failing in payments?",
        object="deployment/payments/ledger",
        cause=Cause.QUOTA_EXCEEDED,
        says="exceeded quota: compute",
    ),
    Case(
        scenario="limit_range",
        question="what is failing in payments?",
        object="deployment/payments/ledger",
        cause=Cause.QUOTA_EXCEEDED,
        says="maximum memory usage per Container is 1Gi",
    ),
    Case(
        scenario="account_missing",
        question="why does ledger not start?",
        object="deployment/payments/ledger",
        cause=Cause.SERVICE_ACCOUNT_MISSING,
        says="service account `ledger-writer` does not exist",
    ),
    Case(
        scenario="claim_class",
        question="why is cart-db pending?",
        object="persistentvolumeclaim/shop/data-cart-db-0",
        cause=Cause.STORAGE,
        says="storage class `fast-nvme`, which does not exist; there are: `gp3`",
    ),
    Case(
        scenario="autoscaler_max",
        question="what is failing in shop?",
        object="horizontalpodautoscaler/shop/storefront",
        cause=Cause.AUTOSCALER_AT_MAX,
        says="cpu is still at `187%` against a target of `70%`",
    ),
    Case(
        scenario="autoscaler_blind",
        question="what is failing in payments?",
        object="horizontalpodautoscaler/payments/gateway",
        cause=Cause.AUTOSCALER_BLIND,
        says="container `gateway` requests none",
    ),
    Case(
        scenario="drain_blocked",
        question="what is failing?",
        object="poddisruptionbudget/payments/ledger",
        cause=Cause.DISRUPTION_BLOCKED,
        says="lets no pod leave the drained node",
    ),
    Case(
        scenario="tainted",
        question="why is ledger pending?",
        object="deployment/payments/ledger",
        cause=Cause.UNSCHEDULABLE_CONSTRAINT,
        says="taints it does not tolerate: `dedicated=batch:NoSchedule`",
    ),
    Case(
        scenario="node_label",
        question="why is ledger pending?",
        object="deployment/payments/ledger",
        cause=Cause.UNSCHEDULABLE_CONSTRAINT,
        says="asks for nodes with `disk=nvme`, and there are none",
    ),
    Case(
        scenario="names_down",
        question="what is failing in shop?",
        object="deployment/kube-system/coredns",
        cause=Cause.DNS,
        says="That stops **cart**, which needs it.",
    ),
    Case(
        scenario="proxy_down",
        question="what is failing in shop?",
        object="daemonset/kube-system/kube-proxy",
        cause=Cause.CONTROL_PLANE,
        says="is ready on 0 of 4 nodes",
    ),
    Case(
        scenario="scheduler_down",
        question="what is failing in payments?",
        object="deployment/payments/ledger",
        cause=Cause.CONTROL_PLANE,
        says="No scheduler has looked at",
    ),
    Case(
        scenario="schedule_missed",
        question="why does cart-cleanup not run?",
        object="cronjob/shop/cart-cleanup",
        cause=Cause.JOB_FAILED,
        says="too many missed start times",
        status=Status.LIKELY,
    ),
    Case(
        scenario="rbac_denied",
        question="what is failing in platform?",
        object="deployment/platform/image-renderer",
        cause=Cause.RBAC_DENIED,
        says='access rules refuse it: `cannot list resource "configmaps"`',
        status=Status.LIKELY,
    ),
    Case(
        scenario="certificate_expired",
        question="what is failing in payments?",
        object="deployment/payments/ledger",
        cause=Cause.CERTIFICATE_EXPIRED,
        says="certificate of `vault.platform.svc` has expired",
        status=Status.LIKELY,
    ),
    Case(
        scenario="probe_early",
        question="what is failing in payments?",
        object="deployment/payments/ledger",
        cause=Cause.PROBE_WRONG,
        says="gives up after 35 s and there is no startup probe",
        status=Status.LIKELY,
    ),
    Case(
        scenario="oom_behind_probe",
        question="what is failing in payments?",
        object="deployment/payments/ledger",
        cause=Cause.OUT_OF_MEMORY,
        says="The program itself ran out of memory.",
        status=Status.LIKELY,
    ),
    Case(
        scenario="key_mistaken",
        question="why is checkout failing?",
        object="deployment/shop/checkout",
        cause=Cause.MISSING_CONFIG,
        says="there is `FRAUD_URI`",
    ),
    Case(
        scenario="dependency_down",
        question="why is storefront slow?",
        object="service/shop/cart",
        cause=Cause.SERVICE_SELECTOR_WRONG,
        says="That stops **storefront**, which needs it.",
    ),
    Case(
        scenario="wrong_architecture",
        question="what is failing in platform?",
        object="deployment/platform/image-renderer",
        cause=Cause.BAD_COMMAND,
        says="made for another kind of processor",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scenario)
def test_the_answer_names_the_object_and_the_cause_and_rests_on_what_was_read(
    tmp_path: Path, case: Case
) -> None:
    with desk(case.scenario, tmp_path) as asked:
        verdict, session = asked.ask(case.question)
    assert (verdict.object, verdict.cause) == (f"prod-eu/{case.object}", case.cause)
    assert verdict.status is case.status
    assert case.says in verdict.summary
    assert set() != set(cited_labels(verdict.summary)) <= set(verdict.evidence)
    grounded = ground(verdict, find=session.find, known=(case.question, "prod-eu"))
    # An address is shown without its scheme, so that nobody's client makes a link of it.
    # Other objects are named with their kind, which lists of one kind do not repeat.
    shown = "".join(entry.observation.body for entry in session.ledger())
    loose = [
        claim
        for claim in grounded.verdict.unverified
        if not claim.count("Get ") + claim.count("Post ") and claim.split("/")[-1] not in shown
    ]
    assert loose == []
    for check in verdict.next_checks:
        parse(check)


@pytest.mark.parametrize("is_denied", [False, True], ids=["absent", "absent and not granted"])
def test_a_cluster_without_the_gateway_api_lacks_nothing(
    tmp_path: Path, *, is_denied: bool
) -> None:
    with desk("calm", tmp_path) as asked:
        if is_denied:
            asked.cluster.deny(resource="httproutes")
        verdict, session = asked.ask("what is failing in shop?")
    (read,) = [
        one.observation for one in session.ledger() if one.observation.source == "httproutes"
    ]
    assert verdict.status is Status.HEALTHY
    assert read.state is EvidenceState.EMPTY
    assert "does not serve httproutes" in read.body


def test_gateway_routes_that_may_not_be_read_are_missing_from_the_answer(tmp_path: Path) -> None:
    with desk("gateway_route_wrong", tmp_path) as asked:
        asked.cluster.deny(resource="httproutes")
        _, session = asked.ask("what is failing in shop?")
    (read,) = [
        one.observation for one in session.ledger() if one.observation.source == "httproutes"
    ]
    assert read.state is EvidenceState.DENIED


def test_what_was_ill_and_is_well_again_is_healthy_whatever_old_events_say(
    tmp_path: Path,
) -> None:
    with desk("recovered", tmp_path) as asked:
        everything, session = asked.ask("what is failing in shop?")
        single, _ = asked.ask("why is storefront failing?")
    events = next(one for one in session.ledger() if one.observation.source == "events")
    assert "exceeded quota" in events.observation.body
    assert everything.status is single.status is Status.HEALTHY


def test_a_failure_that_a_program_got_over_is_noise(tmp_path: Path) -> None:
    with desk("noise", tmp_path) as asked:
        verdict, session = asked.ask("why is storefront failing?")
    logs = [entry.observation for entry in session.ledger() if entry.observation.source == "logs"]
    assert "connection refused" in logs[0].body
    assert verdict.status is Status.HEALTHY


def test_a_service_is_asked_about_by_its_own_name(tmp_path: Path) -> None:
    with desk("calm", tmp_path) as asked:
        service = asked.cluster.get("Service", "checkout", "shop")
        service["metadata"] = {"name": "register", "namespace": "shop"}
        asked.cluster.apply(service)
        (known,) = [
            one
            for one in asked.cluster.listed("endpointslices.discovery.k8s.io", "shop")
            if one["metadata"]["labels"]["kubernetes.io/service-name"] == "checkout"
        ]
        labels = {"kubernetes.io/service-name": "register"}
        own = {"metadata": {"name": "register-x", "namespace": "shop", "labels": labels}}
        asked.cluster.apply({**known, **own})
        verdict, _ = asked.ask("is register ok?")
    assert verdict.object == "prod-eu/service/shop/register"
    assert verdict.status is Status.HEALTHY
    assert "2 of 2 pods behind it are ready" in verdict.summary


def test_what_may_well_be_meant_is_told_only_to_who_asks_about_it(tmp_path: Path) -> None:
    with desk("calm", tmp_path) as asked:
        cron = asked.cluster.get("CronJob", "cart-cleanup", "shop")
        cron["spec"]["suspend"] = True
        asked.cluster.apply(cron)
        everything, _ = asked.ask("what is failing in shop?")
        single, _ = asked.ask("why does cart-cleanup not run?")
    assert everything.status is Status.HEALTHY
    assert single.status is Status.LIKELY
    assert "is suspended, so it starts no runs" in single.summary


def test_pods_that_may_not_be_listed_are_not_taken_for_pods_that_do_not_exist(
    tmp_path: Path,
) -> None:
    with desk("denied", tmp_path) as asked:
        verdict, _ = asked.ask("what is failing in payments?")
    assert verdict.cause is not Cause.SERVICE_SELECTOR_WRONG
    assert verdict.status is Status.INCONCLUSIVE


def test_whoever_sees_one_namespace_is_shown_nothing_of_the_clusters_own(tmp_path: Path) -> None:
    with desk("names_down", tmp_path) as asked:
        verdict, session = asked.ask("what is failing in shop?", access=granted("shop"))
    assert verdict.object == "prod-eu/deployment/shop/cart"
    assert all("coredns" not in entry.observation.body for entry in session.ledger())


def test_no_value_of_a_config_map_or_secret_reaches_the_ledger(tmp_path: Path) -> None:
    with desk("key_mistaken", tmp_path) as asked:
        _, session = asked.ask("why is checkout failing?")
    read = {entry.observation.source: entry.observation.body for entry in session.ledger()}
    assert "FRAUD_URI" in read["configmaps"]
    assert "secrets" not in read
    assert "canary" not in "".join(read.values())
    assert "fraud.payments" not in "".join(read.values())
