"""The tool as model and people meet it: states, scope, rights, and what counts as a command."""

from __future__ import annotations

import pytest

from bot.agent.toolbox import Toolbox
from bot.domain.conversation import Scope
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Observation
from bot.domain.registry import FULL_ACCESS, Access, Grant
from bot.tools.kubectl.tool import KubectlTool, is_command, strip_command
from tests.unit.kube_fake import NOW, FakeCluster, FakeClusters, StillClock, event, pod, thing

SHOP = Access(grants=(Grant(clusters=("prod",), namespaces=("shop", "shop-*")),))
ONLY_SHOP = Access(grants=(Grant(clusters=("prod",), namespaces=("shop",)),))
NAMESPACES = [thing("Namespace", name, None) for name in ("shop", "payments", "shop-test")]


def tool(
    *clusters: FakeCluster,
    namespace: str | None = None,
    access: Access = FULL_ACCESS,
) -> KubectlTool:
    scope = Scope(clusters=tuple(cluster.name for cluster in clusters), namespace=namespace)
    return KubectlTool(FakeClusters(*clusters), scope, access, StillClock())


def seen(command: str, *objects: dict[str, object], namespace: str | None = None) -> Observation:
    return tool(FakeCluster(*NAMESPACES, *objects), namespace=namespace).kubectl(command)


class TestStates:
    def test_rows_make_it_ok(self) -> None:
        found = seen("kubectl get pods -n shop", pod("web"))
        assert found.state is EvidenceState.OK
        assert (found.source, found.cluster, found.namespace) == ("pods", "prod", "shop")
        assert (found.rows, found.cut_bytes) == (1, 0)
        assert found.grid is not None
        assert found.grid.rows == (("web", "5m"),)
        assert found.collected_at == NOW

    def test_nothing_makes_it_empty(self) -> None:
        found = seen("kubectl get pods -n shop -l app=x", pod("web"))
        assert found.state is EvidenceState.EMPTY
        assert found.body == "There are no pods in namespace shop with app=x"

    def test_a_missing_object_is_empty_in_the_readers_words(self) -> None:
        found = seen("kubectl get pod web -n shop")
        assert found.state is EvidenceState.EMPTY
        assert found.body == "prod has no pod web"

    def test_a_missing_namespace_is_named_with_the_closest(self) -> None:
        found = seen("kubectl get pods -n shopp")
        assert found.state is EvidenceState.EMPTY
        assert found.body.startswith("prod has no namespace shopp; closest: shop")

    def test_a_list_the_server_cut_is_truncated(self) -> None:
        cluster = FakeCluster(pod("web"))
        cluster.more.add("pods")
        found = tool(cluster).kubectl("kubectl get pods -n shop")
        assert found.state is EvidenceState.TRUNCATED
        assert found.cut_bytes > 0
        assert "CUT: 1 rows shown" in found.body

    def test_a_refusal_of_the_cluster_is_denied(self) -> None:
        cluster = FakeCluster()
        cluster.fails["pods"] = DeniedError("pods is forbidden", system="kubernetes prod")
        found = tool(cluster).kubectl("kubectl get pods -n shop")
        assert found.state is EvidenceState.DENIED
        assert found.body == "denied: kubectl get pods -n shop: pods is forbidden"

    def test_a_silent_cluster_is_unreachable(self) -> None:
        cluster = FakeCluster()
        cluster.fails["version"] = UpstreamError("no answer in 15 s", system="kubernetes prod")
        found = tool(cluster).kubectl("kubectl version")
        assert found.state is EvidenceState.UNREACHABLE
        assert found.body == "no answer in 15 s"
        assert found.rows is None

    def test_a_list_of_256_kib_is_cut_at_a_row(self) -> None:
        many = [pod(f"web-{number}-{'x' * 200}") for number in range(500)]
        wide = seen("kubectl get pods -n shop -o yaml", *many)
        assert wide.state is EvidenceState.TRUNCATED
        assert len(wide.body.encode()) <= 257 * 1024
        assert wide.cut_bytes > 0

    def test_one_denied_kind_leaves_the_others_and_decides_the_state(self) -> None:
        cluster = FakeCluster(pod("web"))
        cluster.fails["deployments"] = DeniedError("forbidden", system="kubernetes prod")
        found = tool(cluster).kubectl("kubectl get pods,deploy -n shop")
        assert found.state is EvidenceState.DENIED
        assert found.cut_bytes == 0
        assert found.body.startswith("deployments could not be read: forbidden")
        assert "web" in found.body

    def test_what_is_shown_has_no_secret_and_nothing_invisible(self) -> None:
        cluster = FakeCluster(
            event("Bad", pod("web"), at="x", message="password=hunter2 \u202eoops")
        )
        found = tool(cluster).kubectl("kubectl events -n shop")
        assert "hunter2" not in found.body
        assert "\\u202eoops" in found.body
        assert found.grid is not None
        assert "hunter2" not in str(found.grid)


class TestScope:
    def test_the_conversations_namespace_is_the_default_and_is_written_down(self) -> None:
        found = seen("kubectl get pods", pod("web"), namespace="shop")
        assert found.query == "kubectl get pods -n shop"

    def test_without_a_namespace_lists_go_over_all_of_them(self) -> None:
        found = seen("kubectl get pods", pod("web"))
        assert (found.query, found.namespace) == ("kubectl get pods -A", None)

    def test_a_named_object_is_located(self) -> None:
        found = seen("kubectl describe pod web", pod("web"))
        assert found.query == "kubectl describe pod/web -n shop"
        assert found.namespace == "shop"

    def test_an_object_in_two_namespaces_has_to_be_told_apart(self) -> None:
        twin = thing("Pod", "web", "payments")
        with pytest.raises(ToolError, match="pod web is in namespaces payments, shop"):
            seen("kubectl logs web", pod("web"), twin)

    def test_an_object_that_is_nowhere_gets_the_closest_names(self) -> None:
        found = seen("kubectl describe pod wep", pod("web"))
        assert found.state is EvidenceState.EMPTY
        assert found.body == "prod has no pod wep in any namespace; closest: web"

    def test_describing_every_pod_needs_a_namespace(self) -> None:
        with pytest.raises(ToolError, match="name a namespace with -n"):
            seen("kubectl describe pods")

    def test_cluster_wide_objects_have_no_namespace(self) -> None:
        found = seen("kubectl get ns -n shop", namespace="shop")
        assert (found.query, found.namespace) == ("kubectl get namespaces", None)
        assert found.rows == 3

    def test_events_about_a_node_are_looked_for_in_every_namespace(self) -> None:
        machine = thing("Node", "n1", None)
        found = seen(
            "kubectl events --for=node/n1",
            machine,
            event("Rebooted", machine, at="2026-11-20T11:00:00Z"),
            namespace="shop",
        )
        assert found.query == "kubectl events -A --for=node/n1"
        assert found.rows == 1

    def test_the_first_cluster_is_the_default_and_others_are_chosen_by_name(self) -> None:
        both = tool(FakeCluster(name="prod"), FakeCluster(name="test"))
        assert both.kubectl("kubectl version").cluster == "prod"
        assert both.kubectl("kubectl version", cluster="TEST").cluster == "test"

    def test_a_cluster_outside_the_conversation_is_refused(self) -> None:
        with pytest.raises(ToolError, match="'dev' is not a cluster of this conversation: prod"):
            tool(FakeCluster()).kubectl("kubectl version", cluster="dev")

    def test_a_cluster_that_left_the_registry_is_a_clear_refusal(self) -> None:
        gone = KubectlTool(FakeClusters(), Scope(clusters=("prod",)), FULL_ACCESS, StillClock())
        with pytest.raises(ToolError, match="prod is not registered any more"):
            gone.kubectl("kubectl version")


class TestRights:
    @pytest.mark.parametrize(
        "command",
        [
            "kubectl get pods -n payments",
            "kubectl get pods -A",
            "kubectl get nodes",
            "kubectl get pods,nodes -n shop",
            "kubectl describe node node-a",
            "kubectl top nodes",
            "kubectl top pods -A",
            "kubectl events -A",
            "kubectl events --for=node/node-a",
            "kubectl logs web -n payments",
            "kubectl rollout history deploy/web -n payments",
            "kubectl auth can-i list pods -n payments",
            "kubectl auth can-i list nodes",
        ],
    )
    def test_what_is_not_granted_is_refused_before_any_call(self, command: str) -> None:
        cluster = FakeCluster(pod("web"))
        with pytest.raises(ToolError, match="shop, shop-"):
            tool(cluster, access=SHOP).kubectl(command)
        assert cluster.calls == []

    def test_the_only_granted_namespace_is_the_default(self) -> None:
        found = tool(FakeCluster(pod("web")), access=ONLY_SHOP).kubectl("kubectl get pods")
        assert found.query == "kubectl get pods -n shop"

    def test_several_granted_namespaces_have_to_be_told_apart(self) -> None:
        with pytest.raises(ToolError, match="name a namespace with -n; readable there"):
            tool(FakeCluster(pod("web")), access=SHOP).kubectl("kubectl get pods")

    def test_another_cluster_needs_a_grant_even_for_its_version(self) -> None:
        with pytest.raises(ToolError, match="may not read cluster test"):
            tool(FakeCluster(name="test"), access=SHOP).kubectl("kubectl version")

    def test_a_suggestion_never_names_what_may_not_be_read(self) -> None:
        access = Access(grants=(Grant(namespaces=("shop*", "paym")),))
        found = tool(FakeCluster(*NAMESPACES), access=access).kubectl("kubectl get pods -n paym")
        assert found.body.startswith("prod has no namespace paym")
        assert "payments" not in found.body

    def test_the_grammar_comes_before_the_rights(self) -> None:
        with pytest.raises(ToolError) as refused:
            tool(FakeCluster(), access=SHOP).kubectl("kubectl get secrets -n payments")
        assert refused.value.rule == "R20"


class TestPrompt:
    def test_the_model_is_told_the_grammar_in_few_words(self) -> None:
        (spec,) = Toolbox.of(tool(FakeCluster()).kubectl).specs
        assert spec.name == "kubectl"
        # Four characters a token is a safe guess for English and commands.
        assert len(spec.description) / 4 < 450
        for word in ("describe", "--previous", "--grep", "rollout", "topology"):
            assert word in spec.description

    def test_the_schema_bounds_every_argument(self) -> None:
        (spec,) = Toolbox.of(tool(FakeCluster()).kubectl).specs
        properties = spec.input_schema["properties"]
        assert isinstance(properties, dict)
        assert properties["command"]["maxLength"] == 2_000
        assert spec.input_schema["required"] == ["command"]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("kubectl get pods", "kubectl get pods"),
        ("  kubectl get pods \n", "kubectl get pods"),
        ("`kubectl get pods`", "kubectl get pods"),
        ("```kubectl get pods```", "kubectl get pods"),
        ("```\nkubectl get pods\n```", "kubectl get pods"),
        ("```bash\nkubectl get pods\n```", "kubectl get pods"),
        ("$ kubectl get pods", "kubectl get pods"),
        ("kubectl delete pod x", "kubectl delete pod x"),
        ("kubectl", "kubectl"),
    ],
)
def test_a_typed_command_is_recognised_in_its_marks(text: str, command: str) -> None:
    assert is_command(text)
    assert strip_command(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "why is cart failing?",
        "kubectl is broken for me, why?",
        "kubectl says forbidden",
        "please run kubectl get pods",
        "kubectl-neat get pods",
        "```\nERROR cart\n```",
    ],
)
def test_a_sentence_is_no_command(text: str) -> None:
    assert not is_command(text)
