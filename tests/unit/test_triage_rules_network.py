"""What leads to pods: Services, routes and policies that lead there, and that do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding
from bot.triage.rulebook import findings, followed
from bot.triage.rules import policies, routes, services
from tests.unit.triage_estates import (
    ago,
    container,
    deployment,
    estate,
    event,
    pod,
    ref,
    replica_set,
)
from tests.unit.triage_surroundings import (
    endpoints,
    ingress,
    labelled,
    listening,
    policy,
    service,
    workload,
)


def serving(name: str = "app-1", *, port: int = 8080, **labels: str) -> Any:
    """A ready pod that listens, with labels; `app=app` by default."""
    ready = pod(
        name,
        container(ready=True),
        ready=True,
        conditions=[{"type": "Ready", "status": "True", "lastTransitionTime": ago(hours=1)}],
    )
    return labelled(listening(ready, port), **(labels or {"app": "app"}))


WELL = (serving(), replica_set(), workload("app", app="app"), service(app="app"), endpoints())


def test_a_service_that_leads_to_ready_pods_is_no_fault() -> None:
    assert list(services.find(estate(*WELL))) == []


def test_a_service_that_misses_the_workload_of_its_name_is_told_with_both_labels() -> None:
    (found,) = services.find(estate(*WELL[:3], service(app="api")))
    assert (found.object, found.cause) == (ref("service", "app"), Cause.SERVICE_SELECTOR_WRONG)
    assert found.phrase == "service_misses"
    assert found.values["selector"] == "app=api"
    assert found.values["labels"] == "app=app"
    assert found.pods == (ref("pod", "app-1"),)


def test_a_service_that_nothing_resembles_is_told_only_to_who_asks() -> None:
    (found,) = services.find(estate(*WELL, service("zebra", striped="yes")))
    assert found.phrase == "service_selects_none"
    assert found.quiet


@pytest.mark.parametrize("missing", ["pods", "deployments", "statefulsets"])
def test_nothing_is_concluded_from_a_list_that_was_cut(missing: str) -> None:
    seen = estate(*WELL[:3], service(app="api"))
    assert list(services.find(replace(seen, cut=frozenset({(missing, None)})))) == []
    labels = {key: label for key, label in seen.labels.items() if key[0] != missing}
    assert list(services.find(replace(seen, labels=labels))) == []


@pytest.mark.parametrize(
    ("target", "phrase"), [(9090, "service_port"), ("web", "service_port_named")]
)
def test_a_port_nobody_listens_on_is_told_with_those_offered(
    target: int | str, phrase: str
) -> None:
    (found,) = services.find(estate(*WELL[:3], service(target=target, app="app"), endpoints()))
    assert (found.phrase, found.cause) == (phrase, Cause.SERVICE_PORT_WRONG)
    assert found.values["ports"] == "http 8080"


def test_a_port_may_be_led_to_by_its_name() -> None:
    assert (
        list(services.find(estate(*WELL[:3], service(target="http", app="app"), endpoints()))) == []
    )


def test_pods_that_declare_no_port_may_listen_anywhere() -> None:
    bare = labelled(pod("app-1", container(ready=True), ready=True), app="app")
    seen = estate(bare, *WELL[1:3], service(target=9090, app="app"), endpoints())
    assert list(services.find(seen)) == []


def test_a_service_that_leads_to_a_stranger_as_well_loses_part_of_its_traffic() -> None:
    stranger = serving("job-1", port=9100, app="app")
    stranger["metadata"]["ownerReferences"] = [
        {"kind": "StatefulSet", "name": "job", "controller": True}
    ]
    (found,) = services.find(estate(*WELL, stranger))
    assert (found.phrase, found.values["others"]) == ("service_mixes", "job")


def test_ready_pods_that_are_no_endpoints_are_told() -> None:
    (found,) = services.find(estate(*WELL[:4], endpoints(ready=0)))
    assert (found.phrase, found.cause) == ("service_unlisted", Cause.NO_ENDPOINTS)


def test_pods_that_have_only_just_become_ready_may_not_be_endpoints_yet() -> None:
    fresh = serving()
    fresh["status"]["conditions"][0]["lastTransitionTime"] = ago(seconds=30)
    assert list(services.find(estate(fresh, *WELL[1:4], endpoints(ready=0)))) == []


def test_a_workload_scaled_to_nothing_is_loud_only_when_that_was_lately_or_is_public() -> None:
    base = (workload("app", desired=0, ready=0, app="app"), service(app="app"))
    (quiet,) = services.find(estate(*base))
    assert quiet.quiet
    (public,) = services.find(estate(*base, ingress()))
    assert not public.quiet
    told = event("Deployment/app", "ScalingReplicaSet", "Scaled down replica set x from 2 to 0")
    (lately,) = services.find(estate(*base, told))
    assert not lately.quiet
    assert lately.weight > public.weight
    assert lately.object == ref("deployment", "app")


@pytest.mark.parametrize(
    ("route", "phrase"),
    [
        (ingress("zebra"), "route_absent"),
        (ingress("apps"), "route_mistaken"),
        (ingress(port=8443), "route_port"),
        (ingress(port="https"), "route_port"),
    ],
)
def test_a_route_that_leads_nowhere_is_told(route: Any, phrase: str) -> None:
    (found,) = routes.find(estate(*WELL, route))
    assert (found.object, found.cause) == (ref("ingress", "web"), Cause.ROUTE_WRONG)
    assert found.phrase == phrase


@pytest.mark.parametrize("port", [80, "http", ""])
def test_a_route_to_a_port_that_exists_is_no_fault(port: object) -> None:
    assert list(routes.find(estate(*WELL, ingress(port=port)))) == []


FROM_WEB = [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]
ON_9090 = [{"ports": [{"port": 9090}]}]


@pytest.mark.parametrize(
    ("spec", "phrase"),
    [
        ({"policyTypes": ["Ingress"]}, "policy_shuts_out"),
        ({"ingress": FROM_WEB}, "policy_admits_nobody"),
        ({"ingress": ON_9090}, "policy_port"),
    ],
)
def test_a_policy_that_lets_nobody_in_where_a_service_leads_is_told(
    spec: dict[str, Any], phrase: str
) -> None:
    (found,) = policies.find(estate(*WELL, policy(**spec)))
    assert (found.phrase, found.cause) == (phrase, Cause.NETWORK_POLICY_BLOCKS)
    assert found.object == ref("networkpolicy", "guard")
    assert found.hosts == ("app.shop",)


@pytest.mark.parametrize(
    "spec",
    [
        {"ingress": [{}]},
        {"ingress": [{"from": [{"podSelector": {}}]}]},
        {"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]},
        {"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]}]},
        {"ingress": [{"ports": [{"port": 8000, "endPort": 9000}]}]},
        {"ingress": [{"ports": [{"port": "http"}]}]},
        {"policyTypes": ["Ingress"], "podSelector": {"matchLabels": {"app": "other"}}},
        {
            "policyTypes": ["Ingress"],
            "podSelector": {
                "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["app"]}]
            },
        },
    ],
)
def test_a_policy_that_lets_somebody_in_is_no_fault(spec: dict[str, Any]) -> None:
    assert list(policies.find(estate(*WELL, policy(**spec)))) == []


def test_what_one_policy_refuses_another_may_allow() -> None:
    shut, opened = policy("shut", policyTypes=["Ingress"]), policy("opened", ingress=[{}])
    assert list(policies.find(estate(*WELL, shut, opened))) == []


def test_who_may_look_up_no_names_is_told_of_loudly_only_when_ill() -> None:
    narrow = policy(policyTypes=["Egress"], egress=[{"ports": [{"port": 5432}]}])
    (well,) = policies.find(estate(*WELL, narrow))
    assert (well.phrase, well.quiet) == ("policy_keeps_from_dns", True)
    ill = labelled(pod("app-1", container(waiting="CrashLoopBackOff")), app="app")
    (sick,) = policies.find(estate(ill, *WELL[1:], narrow))
    assert not sick.quiet
    shut = policy(policyTypes=["Egress"])
    (shut_in,) = policies.find(estate(ill, *WELL[1:], shut))
    assert shut_in.phrase == "policy_shuts_in"


def caller(needs: str, **labels: str) -> tuple[Any, Finding]:
    """A crashing pod of `cart` and its finding, which needs a host."""
    ill = labelled(
        pod("cart-1", container(waiting="CrashLoopBackOff"), owner="StatefulSet/cart"), **labels
    )
    return ill, Finding(
        object=ref("statefulset", "cart"),
        cause=Cause.DEPENDENCY_DOWN,
        category=Category.DEPENDENCY,
        phrase="crash",
        values={},
        evidence=("E1",),
        weight=0.8,
        pods=(ref("pod", "cart-1"),),
        needs=needs,
    )


@pytest.mark.parametrize("host", ["app", "app.shop", "app.shop.svc.cluster.local"])
def test_the_policy_on_the_way_to_a_host_is_the_root_of_not_reaching_it(host: str) -> None:
    ill, found = caller(host, app="cart")
    admits_web = policy(ingress=FROM_WEB)
    web = labelled(pod("web-1", container(ready=True), ready=True, owner=""), app="web")
    root, crash = followed(estate(*WELL, ill, web, admits_web), [found])
    assert (root.object, root.phrase) == (ref("networkpolicy", "guard"), "policy_refuses")
    assert root.values["caller"] == "cart"
    assert crash.object == ref("statefulset", "cart")


def test_whom_the_policy_admits_is_not_kept_out_by_it() -> None:
    ill, found = caller("app", app="web")
    assert followed(estate(*WELL, ill, policy(ingress=FROM_WEB)), [found]) == [found]


def test_a_service_that_leads_nowhere_is_the_root_of_who_needs_it() -> None:
    ill, found = caller("app", app="cart")
    seen = estate(ill, *WELL[:3], service(app="api"))
    ranked = followed(seen, [found, *findings(seen)])
    assert ranked[0].cause is Cause.SERVICE_SELECTOR_WRONG


def test_a_look_up_that_fails_comes_from_the_name_server_that_is_down() -> None:
    _, found = caller("app", app="cart")
    blind = replace(found, cause=Cause.DNS, needs="")
    server = deployment("coredns", desired=0, ready=0)
    server["metadata"]["namespace"] = "kube-system"
    ranked = followed(estate(), [blind, *findings(estate(server))])
    assert ranked[0].object == ref("deployment", "coredns", "kube-system")
    assert ranked[0].phrase == "names_scaled_down"
