"""The cluster port over HTTP: the reader against the lab's API server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import ToolError
from bot.domain.kinds import Kind
from bot.ports.cluster import LogQuery, Selection
from tests.contract.clusters import kind, pod_named, reader_for
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.adapters.cluster.reader import KubernetesReader
    from bot.ports.cluster import ClusterReader

SHOP = Selection(namespace="shop")


@pytest.fixture
def lab() -> Iterator[KubernetesLab]:
    with KubernetesLab(World.load("crash_loop").cluster("prod-eu")) as running:
        yield running


@pytest.fixture
def reader(lab: KubernetesLab, tmp_path: Path) -> ClusterReader:
    return reader_for(kubeconfig_for({"prod-eu": lab}, tmp_path / "kubeconfig"))


class TestTable:
    def test_pods_of_a_namespace_have_kubectls_columns(self, reader: ClusterReader) -> None:
        grid = reader.table(kind("pods"), SHOP).grid
        assert grid.columns == ("NAME", "READY", "STATUS", "RESTARTS", "AGE")
        assert any("CrashLoopBackOff" in row for row in grid.rows)

    def test_every_row_has_a_cell_for_every_column(self, reader: ClusterReader) -> None:
        grid = reader.table(kind("pods"), Selection(), wide=True).grid
        assert {len(row) for row in grid.rows} == {len(grid.columns)}

    def test_wide_adds_columns(self, reader: ClusterReader) -> None:
        assert reader.table(kind("pods"), SHOP, wide=True).grid.columns[5:7] == ("IP", "NODE")

    def test_all_namespaces_put_the_namespace_first(self, reader: ClusterReader) -> None:
        grid = reader.table(kind("pods"), Selection()).grid
        assert grid.columns[:2] == ("NAMESPACE", "NAME")
        assert {"shop", "payments"} <= {row[0] for row in grid.rows}

    def test_kinds_without_namespaces_show_none(self, reader: ClusterReader) -> None:
        assert reader.table(kind("nodes"), Selection()).grid.columns[0] == "NAME"

    def test_one_object_is_one_row(self, lab: KubernetesLab, reader: ClusterReader) -> None:
        name = pod_named(lab.cluster, "shop", "cart-")
        grid = reader.table(kind("pods"), Selection(namespace="shop", name=name)).grid
        assert [row[0] for row in grid.rows] == [name]

    def test_one_object_is_read_without_the_right_to_list(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        name = pod_named(lab.cluster, "shop", "cart-")
        lab.cluster.deny(verb="list", resource="pods")
        assert reader.table(kind("pods"), Selection(namespace="shop", name=name)).grid.rows

    def test_a_name_is_found_in_any_namespace(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        name = pod_named(lab.cluster, "payments", "")
        assert reader.table(kind("pods"), Selection(name=name)).grid.rows[0][:2] == (
            "payments",
            name,
        )

    def test_selectors_and_the_limit_reach_the_server(self, reader: ClusterReader) -> None:
        printed = reader.table(
            kind("pods"), Selection(namespace="shop", labels="app=storefront", limit=1)
        )
        assert printed.more
        assert [row[0].startswith("storefront-") for row in printed.grid.rows] == [True]

    def test_nothing_found_is_an_empty_table(self, reader: ClusterReader) -> None:
        printed = reader.table(kind("pods"), Selection(namespace="shop", labels="app=nobody"))
        assert printed.grid.rows == ()
        assert not printed.more


class TestMissing:
    def test_a_misspelt_pod_names_the_closest(self, reader: ClusterReader) -> None:
        with pytest.raises(ToolError, match=r"no pod storefrnt in namespace shop; .*storefront-"):
            reader.table(kind("pods"), Selection(namespace="shop", name="storefrnt"))

    def test_a_misspelt_deployment_names_the_closest(self, reader: ClusterReader) -> None:
        with pytest.raises(ToolError, match=r"no deployment chekout .*checkout"):
            reader.get(kind("deploy"), name="chekout", namespace="shop")

    def test_names_of_other_namespaces_are_not_given_away(self, reader: ClusterReader) -> None:
        with pytest.raises(ToolError) as caught:
            reader.get(kind("deploy"), name="gateway", namespace="shop")
        assert "payments" not in str(caught.value)

    def test_a_namespace_that_does_not_exist_is_the_thing_missing(
        self, reader: ClusterReader
    ) -> None:
        with pytest.raises(ToolError, match=r"prod-eu has no namespace shp$"):
            reader.get(kind("deploy"), name="cart", namespace="shp")

    def test_a_misspelt_namespace_names_the_closest(self, reader: ClusterReader) -> None:
        with pytest.raises(ToolError, match="no namespace shp; shop is close"):
            reader.get(kind("ns"), name="shp", namespace=None)

    def test_a_kind_that_is_not_installed_says_so(self, reader: ClusterReader) -> None:
        with pytest.raises(ToolError, match=r"does not serve rollouts \(argoproj.io/v1alpha1\)"):
            reader.list(kind("rollouts"), Selection())

    def test_without_the_right_to_list_there_are_no_suggestions(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        lab.cluster.deny(verb="list")
        with pytest.raises(ToolError, match=r"no deployment chekout in namespace shop$"):
            reader.get(kind("deploy"), name="chekout", namespace="shop")

    @pytest.mark.parametrize("name", ["..", "../x", "a/b", "a%2fb", "", "a b", "x" * 254])
    def test_no_name_can_leave_its_path(
        self, lab: KubernetesLab, reader: ClusterReader, name: str
    ) -> None:
        with pytest.raises(ToolError, match="not a name"):
            reader.get(kind("configmaps"), name=name, namespace="shop")
        with pytest.raises(ToolError, match="not a name"):
            reader.logs(LogQuery(namespace=name, pod="cart"))
        assert lab.requests() == []

    def test_a_wrong_selector_is_answered_in_the_servers_words(self, reader: ClusterReader) -> None:
        with pytest.raises(ToolError, match="unable to parse requirement"):
            reader.list(kind("pods"), Selection(labels="!!!"))


class TestObjects:
    def test_an_object_is_the_apis_own_json(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        found = reader.get(kind("deploy"), name="cart", namespace="shop")
        assert found["spec"] == lab.cluster.get("deployment", "cart", "shop")["spec"]

    def test_listed_objects_say_what_they_are(self, reader: ClusterReader) -> None:
        listing = reader.list(kind("deploy"), SHOP)
        assert {(item["apiVersion"], item["kind"]) for item in listing.items} == {
            ("apps/v1", "Deployment")
        }
        assert not listing.more

    def test_a_limited_list_says_there_is_more(self, reader: ClusterReader) -> None:
        listing = reader.list(kind("pods"), Selection(namespace="shop", limit=2))
        assert len(listing.items) == 2
        assert listing.more

    def test_a_field_selector_reaches_the_server(self, reader: ClusterReader) -> None:
        listing = reader.list(
            kind("events"), Selection(namespace="shop", fields="involvedObject.kind=Pod")
        )
        assert {event["involvedObject"]["kind"] for event in listing.items} == {"Pod"}

    def test_one_reader_serves_many_threads(self, reader: ClusterReader) -> None:
        with ThreadPoolExecutor(8) as pool:
            listings = list(pool.map(lambda _: reader.list(kind("pods"), SHOP), range(24)))
        assert len({listing.items[0]["metadata"]["name"] for listing in listings}) == 1


class TestLogs:
    def test_the_tail_is_the_newest_lines(self, lab: KubernetesLab, reader: ClusterReader) -> None:
        pod = pod_named(lab.cluster, "shop", "storefront-")
        lab.cluster.set_logs("shop", pod, "storefront", [(1.0, "one"), (2.0, "two"), (3.0, "3")])
        found = reader.logs(LogQuery(namespace="shop", pod=pod, tail_lines=2))
        assert (found.text, found.cut) == ("two\n3\n", False)

    def test_the_run_before_is_another_log(self, lab: KubernetesLab, reader: ClusterReader) -> None:
        pod = _crashing(lab)
        name = str(lab.cluster.get("pod", pod, "shop")["spec"]["containers"][0]["name"])
        lab.cluster.set_logs("shop", pod, name, [(1.0, "last words")], previous=True)
        found = reader.logs(LogQuery(namespace="shop", pod=pod, previous=True))
        assert found.text == "last words\n"

    def test_a_pod_that_never_restarted_has_no_run_before(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        pod = pod_named(lab.cluster, "shop", "storefront-")
        with pytest.raises(ToolError, match="no previous run"):
            reader.logs(LogQuery(namespace="shop", pod=pod, previous=True))

    def test_a_wrong_container_names_those_there_are(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        pod = pod_named(lab.cluster, "shop", "storefront-")
        with pytest.raises(ToolError, match="no container web; it has: storefront"):
            reader.logs(LogQuery(namespace="shop", pod=pod, container="web"))

    def test_a_misspelt_pod_names_the_closest(self, reader: ClusterReader) -> None:
        with pytest.raises(ToolError, match=r"no pod storefrnt .*storefront-"):
            reader.logs(LogQuery(namespace="shop", pod="storefrnt"))

    def test_a_container_that_never_started_says_why(self, tmp_path: Path) -> None:
        cluster = World.load("image_pull").cluster("prod-eu")
        waiting = next(
            pod["metadata"]
            for pod in cluster.listed("pods")
            for status in pod["status"].get("containerStatuses", ())
            if status["state"].get("waiting", {}).get("reason") == "ImagePullBackOff"
        )
        with KubernetesLab(cluster) as lab:
            reader = reader_for(kubeconfig_for({"prod-eu": lab}, tmp_path / "kubeconfig"))
            with pytest.raises(ToolError, match=r"has not started, .* failing to pull image"):
                reader.logs(LogQuery(namespace=waiting["namespace"], pod=waiting["name"]))

    def test_a_pod_of_two_containers_asks_which(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        pod = lab.cluster.get("pod", pod_named(lab.cluster, "shop", "storefront-"), "shop")
        pod["spec"]["containers"].append({"name": "proxy", "image": "proxy:1"})
        lab.cluster.apply({"apiVersion": "v1", "kind": "Pod"} | pod)
        with pytest.raises(ToolError, match=r"choose one of: \[storefront proxy\]"):
            reader.logs(LogQuery(namespace="shop", pod=pod["metadata"]["name"]))

    def test_bytes_that_are_no_text_are_replaced(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        pod = pod_named(lab.cluster, "shop", "storefront-")
        lab.cluster.set_logs("shop", pod, "storefront", [(1.0, "caf\udce9")])
        assert reader.logs(LogQuery(namespace="shop", pod=pod)).text == "caf\ufffd\n"

    def test_a_cut_log_ends_with_a_whole_line(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        pod = pod_named(lab.cluster, "shop", "storefront-")
        lab.cluster.set_logs("shop", pod, "storefront", [(1.0, "short"), (2.0, "password=hunter2")])
        found = reader.logs(LogQuery(namespace="shop", pod=pod, limit_bytes=12))
        assert (found.text, found.cut) == ("short\n", True)

    def test_a_log_of_exactly_the_limit_is_not_cut(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        pod = pod_named(lab.cluster, "shop", "storefront-")
        lab.cluster.set_logs("shop", pod, "storefront", [(1.0, "12345")])
        found = reader.logs(LogQuery(namespace="shop", pod=pod, limit_bytes=6))
        assert (found.text, found.cut) == ("12345\n", False)

    def test_a_log_of_50_mb_is_read_up_to_the_limit(self, tmp_path: Path) -> None:
        cluster = World.load("huge_logs").cluster("prod-eu")
        pod = pod_named(cluster, "platform", "ingress-nginx-")
        with KubernetesLab(cluster) as lab:
            reader = reader_for(kubeconfig_for({"prod-eu": lab}, tmp_path / "kubeconfig"))
            found = reader.logs(LogQuery(namespace="platform", pod=pod, tail_lines=10_000_000))
        assert found.cut
        assert 4_000_000 < len(found.text) <= 4 * 1024 * 1024


class TestMetrics:
    def test_usage_of_pods_and_nodes(self, reader: ClusterReader) -> None:
        pods = reader.pod_metrics(SHOP)
        assert {item["metadata"]["namespace"] for item in pods.items} == {"shop"}
        assert all(item["containers"][0]["usage"]["cpu"] for item in pods.items)
        assert reader.node_metrics(Selection()).items[0]["usage"]["memory"]

    def test_one_pod_is_found_with_and_without_its_namespace(self, reader: ClusterReader) -> None:
        name = reader.pod_metrics(SHOP).items[0]["metadata"]["name"]
        for selection in (Selection(namespace="shop", name=name), Selection(name=name)):
            found = reader.pod_metrics(selection).items
            assert [item["metadata"]["name"] for item in found] == [name]

    def test_a_pod_without_a_sample_says_why_that_can_be(self, reader: ClusterReader) -> None:
        with pytest.raises(ToolError, match="no metrics of pod nobody: it does not exist"):
            reader.pod_metrics(Selection(namespace="shop", name="nobody"))

    def test_a_cluster_without_metrics_server_says_so(
        self, lab: KubernetesLab, reader: ClusterReader
    ) -> None:
        lab.cluster.extensions = frozenset()
        with pytest.raises(ToolError, match="no metrics API: metrics-server is not installed"):
            reader.pod_metrics(SHOP)


class TestServer:
    def test_it_tells_its_version(self, reader: ClusterReader) -> None:
        assert reader.version() == "v1.33.4"

    def test_it_tells_who_we_are(self, reader: ClusterReader) -> None:
        user, groups = reader.who_am_i()
        assert user == "system:serviceaccount:nightdesk:investigator"
        assert "system:authenticated" in groups

    def test_it_tells_what_we_may_do(self, lab: KubernetesLab, reader: ClusterReader) -> None:
        lab.cluster.deny(resource="pods", namespace="payments")

        def may(verb: str, namespace: str) -> bool:
            return reader.can_i(verb=verb, kind=kind("pods"), name=None, namespace=namespace)

        assert [may("list", "shop"), may("delete", "shop"), may("list", "payments")] == [
            True,
            False,
            False,
        ]

    def test_it_lists_what_it_offers_core_first(self, reader: ClusterReader) -> None:
        offered = reader.api_resources()
        groups = [resource.group_version for resource in offered]
        assert groups[0] == "v1"
        deployment = next(resource for resource in offered if resource.kind == "Deployment")
        assert (deployment.plural, deployment.short_names, deployment.namespaced) == (
            "deployments",
            ("deploy",),
            True,
        )

    def test_a_schema_is_nested_down_to_its_leaves(self, reader: ClusterReader) -> None:
        node = reader.schema(kind("deploy"))
        for step in ("spec", "template", "spec"):
            node = node["properties"][step]
        image = node["properties"]["containers"]["items"]["properties"]["image"]
        assert image["type"] == "string"

    def test_a_kind_without_a_schema_says_so(self, reader: ClusterReader) -> None:
        with pytest.raises(ToolError, match="does not serve widgets"):
            reader.schema(Kind(kind="Widget", plural="widgets", group="example.com"))

    def test_only_reviews_are_ever_posted(self, lab: KubernetesLab, reader: ClusterReader) -> None:
        reader.who_am_i()
        reader.can_i(verb="get", kind=kind("pods"), name="x", namespace="shop")
        reader.table(kind("pods"), SHOP)
        posted = {request.path for request in lab.requests() if request.method != "GET"}
        assert posted == {
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        }


def _crashing(lab: KubernetesLab) -> str:
    for pod in lab.cluster.listed("pods", "shop"):
        for status in pod["status"].get("containerStatuses", ()):
            if status.get("lastState", {}).get("terminated"):
                return str(pod["metadata"]["name"])
    raise AssertionError("the scenario has no pod that crashed")


def test_the_reader_is_the_port(reader: KubernetesReader) -> None:
    port: ClusterReader = reader
    assert port.name == "prod-eu"
