"""Changing calls of each kind, and hands that make them at a stand-in API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safe_ops.actuators.cluster import KubernetesHands
from safe_ops.actuators.cluster_wire import ClusterWire
from safe_ops.errors import UnknownOutcomeError, UpstreamError
from safe_ops.model.plans import Call
from safe_ops.model.rights import ClusterRule, Rights, Warrant
from tests.contract.operations.stand_in import Reply, StandIn, api_client, says

if TYPE_CHECKING:
    from safe_ops.model.plans import Json

PODS = "/api/v1/namespaces/shop/pods"
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/cart"

EVICT = Call(
    action="POST",
    path=f"{PODS}/cart-1/eviction",
    body={
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "cart-1", "namespace": "shop"},
        "deleteOptions": {"preconditions": {"uid": "u-1"}},
    },
)
PATCH = Call(
    action="PATCH",
    path=DEPLOYMENT,
    body=[{"op": "test", "path": "/metadata/resourceVersion", "value": "7"}],
    media_type="application/json-patch+json",
)
MERGE = Call(
    action="PATCH",
    path=DEPLOYMENT,
    body={"spec": {"paused": True}},
    media_type="application/strategic-merge-patch+json",
)
SCALE = Call(action="PUT", path=f"{DEPLOYMENT}/scale", body={"spec": {"replicas": 5}})
DELETE = Call(action="DELETE", path=f"{PODS}/cart-1", body={"preconditions": {"uid": "u-1"}})
CALLS = (EVICT, PATCH, MERGE, SCALE, DELETE)

RIGHTS = Rights(
    cluster_writes=(
        ClusterRule(group="", resource="pods/eviction", verbs=("create",)),
        ClusterRule(group="", resource="pods", verbs=("delete",)),
        ClusterRule(group="apps", resource="deployments", verbs=("patch",)),
        ClusterRule(group="apps", resource="deployments/scale", verbs=("update",)),
    )
)
WARRANT = Warrant(action_id="a-1", requester="ada", rights=RIGHTS)
DONE = says(201, {"kind": "Status", "apiVersion": "v1", "status": "Success"})


def hands_at(url: str, *, timeout_s: float = 5.0) -> KubernetesHands:
    api = api_client(url)
    wire = ClusterWire(api, cluster="prod-eu", read_timeout_s=timeout_s)
    return KubernetesHands(api, cluster="prod-eu", warrant=WARRANT, wire=wire)


def sent(call: Call, reply: Reply, *, timeout_s: float = 5.0) -> tuple[Json, StandIn]:
    with StandIn(reply) as server:
        return hands_at(server.url, timeout_s=timeout_s).send(call), server


def refused(call: Call, reply: Reply, *, rehearsal: bool = False) -> UpstreamError:
    """What the hands raise, after exactly one request."""
    with StandIn(reply) as server:
        hands = hands_at(server.url)
        with pytest.raises(UpstreamError) as caught:
            (hands.rehearse if rehearsal else hands.send)(call)
        assert len(server.requests()) == 1
    assert caught.value.system == "kubernetes prod-eu"
    return caught.value


def lost(call: Call, reply: Reply, *, timeout_s: float = 5.0) -> str:
    """What the hands say of an answer that does not tell, after exactly one request."""
    with StandIn(reply) as server:
        with pytest.raises(UnknownOutcomeError) as caught:
            hands_at(server.url, timeout_s=timeout_s).send(call)
        assert len(server.requests()) == 1
    assert caught.value.system == "kubernetes prod-eu"
    return str(caught.value)
