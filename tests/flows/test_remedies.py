"""What people are told to do, held against what really is wrong in the world they asked about."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from bot.agent.grounding import ground
from bot.domain.verdict import Cause, Status
from bot.tools.kubectl.grammar import parse
from tests.flows.rules_desk import desk, estate_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.domain.verdict import Step, Verdict
    from tests.flows.rules_desk import Desk

BROKEN = "registry.example.com/shop/app:none"


def command(step: Step) -> list[str]:
    """The words of the one command that a step shows."""
    (shown,) = re.findall(r"`(kubectl [^`]*)`", step.action)
    return shlex.split(shown)


def patch(step: Step) -> Any:
    words = command(step)
    return json.loads(words[words.index("-p") + 1])


def one(asked: Desk, kind: str, namespace: str, name: str) -> dict[str, Any]:
    found = [
        item for item in asked.cluster.listed(kind, namespace) if item["metadata"]["name"] == name
    ]
    assert len(found) == 1
    return found[0]


def told(asked: Desk, question: str) -> Verdict:
    """A verdict every check of which can be typed, and which asks for no restart."""
    verdict, _ = asked.ask(question)
    steps = (*verdict.mitigation, *verdict.permanent)
    assert steps
    for step in steps:
        parse(step.check)
        assert step.risk
        assert step.undo
        assert "rollout restart" not in step.action
    assert len(verdict.mitigation) <= 2
    assert len(verdict.permanent) <= 2
    assert not verdict.nothing_to_do
    return verdict


@pytest.mark.parametrize(
    ("scenario", "question", "name"),
    [
        ("service_selector", "checkout in namespace shop is partly unreachable", "checkout"),
        ("dependency_down", "why is storefront slow?", "cart"),
        ("service_mixed", "checkout in namespace shop is partly unreachable", "checkout"),
    ],
)
def test_the_selector_proposed_selects_the_pods_meant_and_no_others(
    tmp_path: Path, scenario: str, question: str, name: str
) -> None:
    with desk(scenario, tmp_path) as asked:
        (step,) = told(asked, question).mitigation
        words = command(step)
        assert words[:5] == ["kubectl", "set", "selector", "service", name]
        wanted = dict(pair.split("=") for pair in words[5].split(","))
        chosen = [
            item["metadata"]["name"]
            for item in asked.cluster.listed("pods", "shop")
            if wanted.items() <= item["metadata"]["labels"].items()
        ]
        assert chosen
        assert all(re.fullmatch(rf"{name}-[a-z0-9]+-[a-z0-9]+", pod) for pod in chosen)
        service = one(asked, "services", "shop", name)
        before = dict(pair.split("=") for pair in shlex.split(step.undo)[5].split(","))
        assert before == service["spec"]["selector"]


@pytest.mark.parametrize(
    ("scenario", "question", "namespace", "name"),
    [
        ("service_port", "checkout in namespace shop is partly unreachable", "shop", "checkout"),
        ("service_port_name", "why is ledger unreachable?", "payments", "ledger"),
    ],
)
def test_the_port_proposed_is_one_the_pods_listen_on(
    tmp_path: Path, scenario: str, question: str, namespace: str, name: str
) -> None:
    with desk(scenario, tmp_path) as asked:
        (step,) = told(asked, question).mitigation
        (change,) = patch(step)
        index = int(change["path"].split("/")[3])
        service = one(asked, "services", namespace, name)
        (back,) = json.loads(shlex.split(step.undo)[-1])
        assert back["value"] == service["spec"]["ports"][index]["targetPort"]
        listening = {
            port["containerPort"]
            for pod in asked.cluster.listed("pods", namespace)
            if service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
            for container in pod["spec"]["containers"]
            for port in container.get("ports", ())
        }
        assert change["value"] in listening


def test_the_rule_proposed_lets_in_who_was_kept_out(tmp_path: Path) -> None:
    with desk("policy_path", tmp_path) as asked:
        (step,) = told(asked, "what is failing in shop?").mitigation
        (change,) = patch(step)
        (peer,) = change["value"]["from"]
        caller = one(asked, "deployments.apps", "shop", "cart")
        labels = caller["spec"]["template"]["metadata"]["labels"]
        assert peer["podSelector"]["matchLabels"].items() <= labels.items()
        policy = one(asked, "networkpolicies.networking.k8s.io", "shop", "checkout-clients")
        (back,) = json.loads(shlex.split(step.undo)[-1])
        assert back == {"op": "remove", "path": f"/spec/ingress/{len(policy['spec']['ingress'])}"}


def test_a_policy_that_shuts_names_out_is_made_to_allow_them(tmp_path: Path) -> None:
    with desk("policy_names", tmp_path) as asked:
        (step,) = told(asked, "why does cart crash?").mitigation
        (change,) = patch(step)
        ports = {(port["protocol"], port["port"]) for port in change["value"]["ports"]}
        assert ports == {("UDP", 53), ("TCP", 53)}


def test_the_quota_proposed_holds_all_the_pods_that_are_wanted(tmp_path: Path) -> None:
    with desk("quota_full", tmp_path) as asked:
        (step,) = told(asked, "what is failing in payments?").mitigation
        raised = int(patch(step)["spec"]["hard"]["pods"])
        quota = one(asked, "resourcequotas", "payments", "compute")
        ledger = one(asked, "deployments.apps", "payments", "ledger")
        lacking = ledger["spec"]["replicas"] - ledger["status"].get("replicas", 0)
        assert raised == int(quota["status"]["used"]["pods"]) + lacking
        assert json.loads(shlex.split(step.undo)[-1])["spec"]["hard"] == quota["spec"]["hard"]


def test_the_account_that_is_created_is_the_one_the_pods_ask_for(tmp_path: Path) -> None:
    with desk("account_missing", tmp_path) as asked:
        (step,) = told(asked, "why does ledger not start?").mitigation
        ledger = one(asked, "deployments.apps", "payments", "ledger")
        wanted = ledger["spec"]["template"]["spec"]["serviceAccountName"]
        assert command(step) == [
            *("kubectl", "create", "serviceaccount"),
            *(wanted, "-n", "payments"),
        ]


def test_the_limit_proposed_is_above_the_one_the_container_was_killed_at(tmp_path: Path) -> None:
    with desk("big_namespace", tmp_path) as asked:
        (step,) = told(asked, "what is failing in fleet?").mitigation
        (container,) = one(asked, "deployments.apps", "fleet", "dispatcher")["spec"]["template"][
            "spec"
        ]["containers"]
        limit = container["resources"]["limits"]["memory"]
        assert f"from {limit} to {2 * int(limit.removesuffix('Mi'))}Mi" in step.action
        assert command(step)[command(step).index("-c") + 1] == container["name"]
        assert step.undo.endswith(f"--limits=memory={limit}")


@pytest.mark.parametrize(
    ("scenario", "question", "name"),
    [
        ("image_pull", "what is failing in shop?", "storefront"),
        ("key_mistaken", "why is checkout failing?", "checkout"),
    ],
)
def test_a_rollback_leads_to_a_revision_that_is_there_and_is_older(
    tmp_path: Path, scenario: str, question: str, name: str
) -> None:
    with desk(scenario, tmp_path) as asked:
        (step,) = told(asked, question).mitigation
        target = int(command(step)[-1].removeprefix("--to-revision="))
        revisions = sorted(
            int(item["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
            for item in asked.cluster.listed("replicasets.apps", "shop")
            if item["metadata"]["ownerReferences"][0]["name"] == name
        )
        assert target in revisions[:-1]
        assert step.undo.endswith(f"--to-revision={revisions[-1]}")


def test_a_replica_more_is_enough_for_the_budget_that_blocks_a_drain(tmp_path: Path) -> None:
    with desk("drain_blocked", tmp_path) as asked:
        (step,) = told(asked, "what is failing?").mitigation
        budget = one(asked, "poddisruptionbudgets.policy", "payments", "ledger")
        assert command(step)[-1] == f"--replicas={budget['spec']['minAvailable'] + 1}"


@pytest.mark.parametrize("scenario", ["recovered", "noise", "calm"])
def test_where_nothing_is_wrong_nothing_is_to_be_done(tmp_path: Path, scenario: str) -> None:
    with desk(scenario, tmp_path) as asked:
        verdict, _ = asked.ask("what is failing?")
    assert verdict.status is Status.HEALTHY
    assert verdict.nothing_to_do
    assert (verdict.mitigation, verdict.permanent, verdict.code_change) == ((), (), None)


@pytest.fixture(name="defect")
def a_defect(tmp_path: Path) -> Iterator[Desk]:
    state = {
        "is": "crash_loop",
        "exit_code": 1,
        "restarts": 6,
        "previous_logs": [
            "-1m44s INFO  cart 2.14.0 starting",
            "-1m41s Traceback (most recent call last):",
            '-1m41s   File "/app/cart/total.py", line 88, in total',
            "-1m41s     return order.customer.id",
            "-1m41s AttributeError: 'NoneType' object has no attribute 'id'",
        ],
    }
    with desk(estate_with("shop", cart={"state": state}), tmp_path) as asked:
        yield asked


def test_a_defect_read_from_a_log_ends_in_a_change_of_code(defect: Desk) -> None:
    verdict = told(defect, "why does cart crash?")
    assert verdict.cause is Cause.APPLICATION_CRASH
    assert verdict.code_change is not None
    assert "The system shall not end with `AttributeError: 'NoneType'" in verdict.code_change
    assert "at `/app/cart/total.py:88` in container `cart` of `cart`" in verdict.code_change
    assert "--to-revision=26" in verdict.mitigation[0].action
    assert "only then roll the newer revision out again" in verdict.permanent[0].action


def test_a_change_of_code_is_told_in_the_language_of_the_question(defect: Desk) -> None:
    verdict = told(defect, "Warum stürzt cart ab?")
    assert verdict.code_change is not None
    assert verdict.code_change.startswith("Das System soll in Container `cart`")
    assert "Den Code von `cart` beheben" in verdict.permanent[0].action


def test_other_faults_that_are_named_are_found_in_the_evidence(tmp_path: Path) -> None:
    broken = {
        f"app{number}": {"image": BROKEN, "replicas": 1, "state": "image_pull"}
        for number in range(4)
    }
    question = "what is failing in shop?"
    with desk(estate_with("shop", **broken), tmp_path) as asked:
        verdict, session = asked.ask(question)
    assert "3 more: `app1` (deployment), `app2` (deployment)" in verdict.summary
    grounded = ground(verdict, find=session.find, known=(question, "prod-eu"))
    assert grounded.verdict.unverified == ()
