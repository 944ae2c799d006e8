"""The lab's Kubernetes API server, seen by the real kubectl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.lab_clusters import KUBECTL, NO_KUBECTL, Kubectl
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not KUBECTL.is_file(), reason=NO_KUBECTL)


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    clusters = World.load("two_clusters").clusters
    labs = {name: KubernetesLab(cluster, anonymous=True) for name, cluster in clusters.items()}
    for lab in labs.values():
        lab.start()
    yield Kubectl(labs, tmp_path_factory.mktemp("kubectl"))
    for lab in labs.values():
        lab.stop()


def test_get_prints_the_columns_people_know(kubectl: Kubectl) -> None:
    header, *rows = kubectl.rows("get pods -n shop -l app=cart -o wide")
    assert header[:5] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [row[2] for row in rows].count("CrashLoopBackOff") == 2
    assert [row[2] for row in rows].count("Running") == 3


def test_get_knows_short_names_and_several_kinds_at_once(kubectl: Kubectl) -> None:
    kinds = "deploy,rs,sts,ds,hpa,pdb,svc,ing,endpointslices,cj,jobs,cm,quota,limits,pvc,netpol"
    names = {row[0].split("/")[0] for row in kubectl.rows(f"get {kinds} -n shop") if row}
    assert "poddisruptionbudget.policy" in names
    assert "horizontalpodautoscaler.autoscaling" in names


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("nodes", ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]),
        ("ns", ["NAME", "STATUS", "AGE"]),
        ("events", ["NAMESPACE", "LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]),
        ("deploy", ["NAMESPACE", "NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]),
        ("rs", ["NAMESPACE", "NAME", "DESIRED", "CURRENT", "READY", "AGE"]),
        ("jobs", ["NAMESPACE", "NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"]),
    ],
)
def test_each_kind_has_its_header(kubectl: Kubectl, kind: str, header: list[str]) -> None:
    assert kubectl.rows(f"get {kind} -A")[0] == header


def test_contexts_lead_to_different_clusters(kubectl: Kubectl) -> None:
    ill = kubectl.run("--context prod-eu get pods -n shop").stdout
    well = kubectl.run("--context prod-us get pods -n shop").stdout
    assert "CrashLoopBackOff" in ill
    assert "CrashLoopBackOff" not in well
    assert len(kubectl.rows("--context staging get nodes --no-headers")) == 2


def test_describe_ends_with_the_events(kubectl: Kubectl) -> None:
    rows = kubectl.rows("get pods -n shop -l app=cart --no-headers")
    pod = next(row[0] for row in rows if row[2] == "CrashLoopBackOff")
    text = kubectl.run(f"describe pod {pod} -n shop").stdout
    assert "Back-off restarting failed container cart" in text
    assert "Exit Code:    1" in text


def test_logs_come_prefixed_from_all_selected_pods(kubectl: Kubectl) -> None:
    rows = kubectl.rows("logs -n shop -l app=cart --tail=1 --prefix")
    assert len(rows) == 5
    assert all(row[0].startswith("[pod/cart-") for row in rows)


def test_rollout_history_and_status_read_the_replica_sets(kubectl: Kubectl) -> None:
    revisions = [row[0] for row in kubectl.rows("rollout history deploy/cart -n shop") if row]
    assert revisions[-4:] == ["25", "26", "27", "28"]
    finished = kubectl.run("rollout status deploy/cart -n shop --timeout=5s")
    assert "exceeded its progress deadline" in finished.stderr


def test_top_reads_the_metrics_server(kubectl: Kubectl) -> None:
    rows = kubectl.rows("top pods -n shop --containers --no-headers")
    assert {"checkout", "metrics-relay"} <= {row[1] for row in rows}
    assert len(kubectl.rows("top nodes --no-headers")) == 4


def test_events_are_newest_last_and_counted(kubectl: Kubectl) -> None:
    text = kubectl.run("events -n shop --types=Warning").stdout
    assert "(x59 over" in text


def test_auth_answers_what_the_account_may(kubectl: Kubectl) -> None:
    assert kubectl.run("auth can-i list pods -n shop").stdout == "yes\n"
    assert kubectl.run("auth can-i delete pods -n shop").stdout == "no\n"
    assert "system:serviceaccount:nightdesk:investigator" in kubectl.run("auth whoami").stdout


def test_explain_gives_types_and_texts(kubectl: Kubectl) -> None:
    text = kubectl.run("explain pod.spec.containers").stdout
    assert "FIELD: containers <[]Container>" in text
    assert "imagePullPolicy\t<string>" in text


def test_api_resources_lists_what_is_served(kubectl: Kubectl) -> None:
    rows = kubectl.rows("api-resources --no-headers")
    assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in rows


def test_errors_are_worded_as_by_a_real_server(kubectl: Kubectl) -> None:
    missing = kubectl.run("get pod nobody -n shop")
    assert missing.stderr == 'Error from server (NotFound): pods "nobody" not found\n'
    refused = kubectl.run("delete pod cart-db-0 -n shop")
    assert refused.stderr.startswith("Error from server (Forbidden):")
