"""How the lab's API server fails writes when told to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tests.contract.operator_desk import OperatorDesk
from tests.lab.estate.faults import Meets
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.waiting import eventually
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]

APPS = "/apis/apps/v1/namespaces/shop"
CART = f"{APPS}/deployments/cart"
CHECKOUT = f"{APPS}/deployments/checkout"
PODS = "/api/v1/namespaces/shop/pods"
JOBS = "/apis/batch/v1/namespaces/shop/jobs"
BUDGETS = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
ANNOTATE = {"metadata": {"annotations": {"nightdesk.dev/action": "a-1"}}}


@pytest.fixture
def desk() -> Iterator[OperatorDesk]:
    with KubernetesLab(World.load("calm").cluster("prod-eu")) as lab:
        yield OperatorDesk(lab)


def test_admission_refuses_writes_and_their_dry_runs(desk: OperatorDesk) -> None:
    words = 'admission webhook "limits.example.com" denied the request: too large'
    desk.cluster.refuse_writes(words)
    for query in ("", "?dryRun=All"):
        said = desk.patch(f"{CHECKOUT}{query}", ANNOTATE)
        assert (said.code, said.message) == (403, words)
    assert desk.get(CHECKOUT)
    desk.cluster.heal()
    desk.cluster.refuse_writes("ValidatingAdmissionPolicy 'x' denied request", status=422)
    assert desk.patch(CHECKOUT, ANNOTATE).body["reason"] == "Invalid"


def test_a_conflict_comes_once_and_spares_dry_runs(desk: OperatorDesk) -> None:
    desk.cluster.conflict_writes()
    assert desk.patch(f"{CHECKOUT}?dryRun=All", ANNOTATE).code == 200
    assert desk.patch(CHECKOUT, ANNOTATE).code == 409
    assert desk.patch(CHECKOUT, ANNOTATE).code == 200


def test_a_dropped_write_took_effect(desk: OperatorDesk) -> None:
    desk.cluster.drop_writes()
    with pytest.raises(urllib3.exceptions.ProtocolError):
        desk.patch(CHECKOUT, ANNOTATE)
    assert desk.get(CHECKOUT)["metadata"]["annotations"]["nightdesk.dev/action"] == "a-1"
    assert len(desk.lab.writes()) == 1


def test_an_eviction_may_have_to_wait_some_times(desk: OperatorDesk) -> None:
    desk.cluster.fail(429, on="/eviction", times=2, message="Cannot evict pod", meets=Meets.WRITES)
    pod = desk.pods("checkout")[0]["metadata"]["name"]
    codes = [desk.evict(pod).code for _ in range(3)]
    assert codes == [429, 429, 201]


def test_a_write_can_be_held_up_while_reads_go_on(desk: OperatorDesk) -> None:
    fault = desk.cluster.hang(meets=Meets.WRITES)
    codes: list[int] = []
    asking = threading.Thread(target=lambda: codes.append(desk.patch(CHECKOUT, ANNOTATE).code))
    asking.start()
    eventually(desk.lab.writes, "the write arrived")
    assert "nightdesk.dev/action" not in desk.get(CHECKOUT)["metadata"]["annotations"]
    fault.clear()
    asking.join(timeout=5)
    assert codes == [200]
