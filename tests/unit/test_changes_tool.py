"""The `what_changed` tool over a cluster in memory: rights, places, and sources that fail."""

from __future__ import annotations

from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.agent.toolbox import Toolbox
from bot.domain.conversation import Scope
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState
from bot.domain.redaction.placeholder import Seal
from bot.domain.registry import FULL_ACCESS, Access, Account, Grant
from bot.tools.changes.tool import ChangesTool
from tests.unit.kube_fake import FakeCluster, FakeClusters, StillClock, ago, thing

ACCOUNT = Account(name="shop-prod", account_id="111111111111", regions=("eu-central-1",))
SHOP_ONLY = Access(grants=(Grant(namespaces=("shop",)),))
EVERYTHING = (
    "deployments", "statefulsets", "daemonsets", "replicasets", "configmaps",
    "horizontalpodautoscalers", "events", "nodes", "applications",
)  # fmt: skip
MAX_CHARS = 800
"""Four characters a token: 200 tokens of every request."""


class NoCloud:
    def read(self, _place: object, _call: object) -> Any:
        raise UpstreamError("no answer", system="aws")

    def code(self, _place: object, _function: str, _paths: object) -> Any:
        raise AssertionError("nobody reads code here")


def tool(
    cluster: FakeCluster, *, access: Access = FULL_ACCESS, namespace: str | None = "shop"
) -> ChangesTool:
    return ChangesTool(
        clusters=FakeClusters(cluster),
        cloud=NoCloud(),
        accounts=[ACCOUNT],
        seal=Seal(b"s" * 32),
        scope=Scope(clusters=("prod",), namespace=namespace),
        access=access,
        clock=StillClock(),
    )


def config_map(minutes: float = 10) -> dict[str, Any]:
    made = thing("ConfigMap", "settings", data={"KEY": "canary"})
    made["metadata"]["managedFields"] = [{"manager": "helm", "time": ago(minutes=minutes)}]
    return made


def refused(what: str) -> DeniedError:
    return DeniedError(f"{what} is forbidden", system="kubernetes prod")


def silent() -> UpstreamError:
    return UpstreamError("prod did not answer", system="kubernetes prod")


def test_what_is_offered_to_a_model_stays_small() -> None:
    (spec,) = Toolbox.of(tool(FakeCluster()).what_changed).specs
    assert len(spec.description) + len(str(spec.input_schema)) < MAX_CHARS
    assert spec.input_schema == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "around": {"type": "string", "description": "Onset, ISO; else now."},
                "where": {
                    "type": "string",
                    "description": "Cluster or account[/region]; else first cluster.",
                },
                "namespace": {"type": "string"},
                "names": {"items": {"type": "string"}, "maxItems": 3, "type": "array"},
                "hours_before": {"default": 6, "maximum": 72, "minimum": 1, "type": "integer"},
                "hours_after": {"default": 1, "maximum": 24, "minimum": 0, "type": "integer"},
            },
            "type": "object",
        }
    )


class TestSources:
    def test_it_takes_no_more_than_twelve_calls(self) -> None:
        cluster = FakeCluster(config_map())
        assert tool(cluster).what_changed().state is EvidenceState.OK
        assert len(cluster.calls) <= 12

    def test_secrets_are_never_asked_for_and_values_never_told(self) -> None:
        cluster = FakeCluster(config_map())
        seen = tool(cluster).what_changed()
        assert "configmap/settings" in seen.body
        assert "canary" not in seen.body
        assert not any(call.startswith("secrets") for call in cluster.calls)

    @pytest.mark.parametrize(
        ("family", "error"),
        [("configmaps", refused("configmaps")), ("replicasets", silent()), ("nodes", silent())],
    )
    def test_one_that_fails_is_named_and_the_others_are_told(
        self, family: str, error: Exception
    ) -> None:
        scaled = config_map()
        scaled["kind"] = "StatefulSet"
        cluster = FakeCluster(scaled)
        cluster.fails[family] = error
        seen = tool(cluster).what_changed()
        assert seen.state is EvidenceState.TRUNCATED
        assert f"NOT READ: {family}: " in seen.body
        assert "statefulset/settings" in seen.body

    def test_a_kind_that_is_not_served_is_no_gap(self) -> None:
        cluster = FakeCluster(config_map())
        cluster.fails["applications"] = ToolError("prod does not serve applications")
        assert tool(cluster).what_changed().state is EvidenceState.OK

    def test_a_list_the_server_cut_is_a_gap(self) -> None:
        cluster = FakeCluster(config_map())
        cluster.more.add("replicasets")
        seen = tool(cluster).what_changed()
        assert seen.state is EvidenceState.TRUNCATED
        assert "replicasets: there are more than 1000" in seen.body

    @pytest.mark.parametrize(
        ("error", "state"),
        [(refused("all"), EvidenceState.DENIED), (silent(), EvidenceState.UNREACHABLE)],
    )
    def test_when_nothing_can_be_read_the_state_says_why(
        self, error: Exception, state: EvidenceState
    ) -> None:
        cluster = FakeCluster()
        for family in EVERYTHING:
            cluster.fails[family] = error
        seen = tool(cluster).what_changed()
        assert seen.state is state
        assert str(error) in seen.body

    def test_an_account_that_does_not_answer_leaves_gaps(self) -> None:
        seen = tool(FakeCluster()).what_changed(where="shop-prod")
        assert seen.state is EvidenceState.TRUNCATED
        assert "NOT READ: CloudTrail: no answer" in seen.body
        assert seen.cluster == "shop-prod/eu-central-1"


class TestPlaces:
    def test_a_namespace_that_is_quiet_is_empty(self) -> None:
        seen = tool(FakeCluster(thing("Namespace", "shop", None))).what_changed()
        assert seen.state is EvidenceState.EMPTY
        assert seen.body.startswith("no changes are known from 2026-11-20T06:00:00Z")

    def test_a_namespace_that_does_not_exist_is_said_so(self) -> None:
        cluster = FakeCluster(thing("Namespace", "shop", None))
        seen = tool(cluster).what_changed(namespace="shopp")
        assert seen.body == "prod has no namespace shopp; closest: shop"

    def test_another_namespace_is_refused_before_anything_is_read(self) -> None:
        cluster = FakeCluster()
        with pytest.raises(ToolError, match="may not read namespace payments"):
            tool(cluster, access=SHOP_ONLY).what_changed(namespace="payments")
        assert cluster.calls == []

    def test_rights_that_end_at_a_namespace_leave_nodes_unread_and_say_so(self) -> None:
        cluster = FakeCluster(config_map())
        seen = tool(cluster, access=SHOP_ONLY, namespace=None).what_changed()
        assert seen.namespace == "shop"
        assert seen.state is EvidenceState.TRUNCATED
        assert "NOT READ: nodes, Argo CD elsewhere" in seen.body
        assert all(call.endswith(" shop") for call in cluster.calls)

    @pytest.mark.parametrize("where", ["staging", "shop-dev", "shop-dev/eu-central-1", "/"])
    def test_a_place_of_another_conversation_is_refused_with_those_there_are(
        self, where: str
    ) -> None:
        with pytest.raises(ToolError, match="no place of this conversation: prod, shop-prod"):
            tool(FakeCluster()).what_changed(where=where)

    def test_a_region_that_is_not_registered_is_refused(self) -> None:
        with pytest.raises(ToolError, match="no registered region"):
            tool(FakeCluster()).what_changed(where="shop-prod/us-east-1")

    @pytest.mark.parametrize("name", ["", "a b", "-x", "$(id)", "x" * 300])
    def test_a_name_that_is_none_is_refused(self, name: str) -> None:
        with pytest.raises(ToolError, match="is no name"):
            tool(FakeCluster()).what_changed(names=[name])

    def test_names_narrow_workloads_and_leave_config(self) -> None:
        web, other = (thing("StatefulSet", name) for name in ("web", "other"))
        seen = tool(FakeCluster(web, other, config_map())).what_changed(names=["statefulset/web"])
        assert "statefulset/web" in seen.body
        assert "statefulset/other" not in seen.body
        assert "configmap/settings" in seen.body

    def test_over_all_namespaces_objects_are_named_with_theirs(self) -> None:
        seen = tool(FakeCluster(config_map()), namespace=None).what_changed()
        assert seen.namespace is None
        assert "shop/configmap/settings" in seen.body
