from __future__ import annotations

from typing import Any

import pytest

from bot.domain.errors import DeniedError, UpstreamError
from bot.domain.evidence import EvidenceState
from tests.unit.kube_fake import FakeCluster, ago, event, pod, thing
from tests.unit.kubectl_reading import read


def node(name: str) -> dict[str, Any]:
    return thing(
        "Node",
        name,
        None,
        spec={"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
        status={
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "58"},
            "conditions": [{"type": "Ready", "status": "False", "reason": "KubeletDead"}],
            "nodeInfo": {"kubeletVersion": "v1.33.1"},
        },
    )


def deployment(name: str = "web", **fields: Any) -> dict[str, Any]:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": {}}
    return thing("Deployment", name, spec=spec | fields.pop("spec", {}), **fields)


def test_a_pod_tells_how_its_container_ended() -> None:
    found = read(FakeCluster(pod("web", ready=False, restarts=7)), "kubectl describe pod web")
    assert "state: waiting: CrashLoopBackOff - back-off 5m0s" in found.body
    assert "last run: terminated: OOMKilled, exit code 137 (SIGKILL)" in found.body
    assert "ready: no  restarts: 7" in found.body


def test_events_are_newest_last_and_only_of_this_object() -> None:
    web = pod("web")
    before = thing("Pod", "web") | {"metadata": web["metadata"] | {"uid": "earlier"}}
    cluster = FakeCluster(
        web,
        event("Late", web, at=ago(minutes=1)),
        event("Early", web, at=ago(minutes=9), count=4),
        event("OfTheDead", before, at=ago(minutes=3)),
    )
    body = read(cluster, "kubectl describe pod web").body
    assert body.index("Early") < body.index("Late")
    assert "OfTheDead" not in body
    assert "Events (newest last):" in body


def test_unreadable_events_are_said_and_the_object_is_shown() -> None:
    cluster = FakeCluster(pod("web"))
    cluster.fails["events"] = DeniedError("events is forbidden", system="kubernetes prod")
    found = read(cluster, "kubectl describe pod web")
    assert found.state is EvidenceState.OK
    assert "Events: could not be read: events is forbidden" in found.body


def test_events_can_be_left_out() -> None:
    cluster = FakeCluster(pod("web"))
    assert "Events" not in read(cluster, "kubectl describe pod web --show-events=false").body
    assert "events shop" not in cluster.calls


def test_a_pods_references_are_named() -> None:
    container = {
        "name": "app",
        "image": "registry/app:1",
        "envFrom": [{"secretRef": {"name": "db"}}],
        "env": [
            {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
            {"name": "B", "value": "hunter2"},
        ],
        "livenessProbe": {"httpGet": {"port": 8080, "path": "/live"}, "timeoutSeconds": 2},
        "volumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": True}],
    }
    volumes = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-web"}},
        {"name": "tmp", "emptyDir": {}},
        {"name": "all", "projected": {"sources": [{"configMap": {"name": "ca"}}]}},
    ]
    web = pod("web", spec={"containers": [container], "volumes": volumes})
    body = read(FakeCluster(web), "kubectl describe pod web").body
    for line in (
        "all of secret db",
        "A from config map c, key k",
        "B = \u2039redacted, 7 chars\u203a",
        "liveness: http-get :8080/live, delay 0s, timeout 2s, period 10s, 3 failures",
        "mounts: /data from data (ro)",
        "data: persistentVolumeClaim data-web",
        "tmp: emptyDir",
        "all: projected (configMap ca)",
    ):
        assert line in body


def test_a_deployment_names_its_failing_pods() -> None:
    cluster = FakeCluster(
        deployment(status={"readyReplicas": 1}),
        pod("web-1", labels={"app": "web"}),
        pod("web-2", ready=False, labels={"app": "web"}),
    )
    body = read(cluster, "kubectl describe deploy web").body
    assert "replicas: desired 2, ready 1" in body
    assert "Pods: Running=2\n  web-2: CrashLoopBackOff" in body


def test_a_node_sums_up_what_it_promised() -> None:
    resources = {"requests": {"cpu": "1", "memory": "2Gi"}}
    spec = {"nodeName": "n1", "containers": [{"name": "app", "resources": resources}]}
    body = read(FakeCluster(node("n1"), pod("a", spec=spec)), "kubectl describe node n1").body
    assert "taints: gpu=yes:NoSchedule" in body
    assert "Ready=False  KubeletDead" in body
    assert "Promised to 1 pods (of 58):" in body
    assert "cpu: requests 1000m (25%), limits 0m (0%)" in body


def test_a_service_without_pods_says_so() -> None:
    service = thing("Service", "web", spec={"selector": {"app": "web"}, "type": "ClusterIP"})
    body = read(FakeCluster(service), "kubectl describe svc web").body
    assert "Endpoints: NONE - no pod has the selector's labels" in body


def test_a_service_tells_ready_from_unready_endpoints() -> None:
    service = thing("Service", "web", spec={"ports": [{"port": 80, "targetPort": "http"}]})
    endpoints = [
        {"addresses": ["10.0.0.1"], "targetRef": {"name": "a"}},
        {"addresses": ["10.0.0.2"], "conditions": {"ready": False}},
    ]
    slices = thing(
        "EndpointSlice",
        "web-x",
        labels={"kubernetes.io/service-name": "web"},
        endpoints=endpoints,
    )
    body = read(FakeCluster(service, slices), "kubectl describe svc web").body
    assert "ports: 80->http/TCP" in body
    assert "Endpoints: 1 ready, 1 not ready\n  ready: 10.0.0.1 a\n  not ready: 10.0.0.2" in body


def test_an_ingress_shows_its_rules() -> None:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": "shop.example.com", "http": {"paths": [{"path": "/", "backend": backend}]}}
    spec = {"rules": [rule], "tls": [{"hosts": ["shop.example.com"], "secretName": "tls"}]}
    body = read(FakeCluster(thing("Ingress", "i", spec=spec)), "kubectl describe ing i").body
    assert "rule: shop.example.com/ -> web:80" in body
    assert "TLS: shop.example.com with secret tls" in body
    assert "address: none yet" in body


def test_a_claim_names_its_volume_and_its_users() -> None:
    claim = thing("PersistentVolumeClaim", "data", status={"phase": "Pending"}, spec={})
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    cluster = FakeCluster(claim, pod("web", spec={"volumes": [volume]}))
    body = read(cluster, "kubectl describe pvc data").body
    assert "phase: Pending\n  volume: none yet" in body
    assert "Used by: web" in body


def test_an_autoscaler_sets_measured_beside_wanted() -> None:
    target = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    current = {"name": "cpu", "current": {"averageUtilization": 93}}
    scaler = thing(
        "HorizontalPodAutoscaler",
        "web",
        spec={
            "scaleTargetRef": {"kind": "Deployment", "name": "web"},
            "maxReplicas": 5,
            "metrics": [{"type": "Resource", "resource": target}],
        },
        status={
            "currentReplicas": 5,
            "desiredReplicas": 5,
            "currentMetrics": [{"type": "Resource", "resource": current}],
        },
    )
    body = read(FakeCluster(scaler), "kubectl describe hpa web").body
    assert "metric Resource cpu: averageUtilization=93, target averageUtilization=70" in body
    assert "min 1, max 5, current 5, desired 5" in body


def test_a_cron_job_tells_its_schedule_and_last_runs() -> None:
    spec = {"schedule": "*/5 * * * *", "suspend": True, "jobTemplate": {"spec": {}}}
    job = thing("CronJob", "sync", spec=spec, status={"lastScheduleTime": ago(minutes=5)})
    body = read(FakeCluster(job), "kubectl describe cj sync").body
    assert "schedule: */5 * * * *\n  suspended: yes" in body
    assert "last run: 2026-11-20T11:55:00Z (5m ago)\n  last success: never" in body


def test_a_kind_without_a_rendering_shows_its_fields() -> None:
    quota = thing("ResourceQuota", "q", status={"used": {"pods": "9"}})
    body = read(FakeCluster(quota), "kubectl describe quota q").body
    assert body.startswith("ResourceQuota shop/q")
    assert "  status:\n    used:\n      pods: '9'" in body


def test_the_eleventh_object_is_named_and_not_described() -> None:
    found = read(FakeCluster(*(pod(f"p{n:02}") for n in range(11))), "kubectl describe pods")
    assert found.state is EvidenceState.TRUNCATED
    assert found.body.endswith("CUT: 10 described, not these: p10")


def test_an_object_that_is_going_away_says_what_holds_it() -> None:
    stuck = pod("web")
    stuck["metadata"] |= {"deletionTimestamp": ago(hours=2), "finalizers": ["example.com/x"]}
    body = read(FakeCluster(stuck), "kubectl describe pod web").body
    assert "TERMINATING since 2026-11-20T10:00:00Z (120m ago)" in body
    assert "finalizers: example.com/x" in body


def test_a_volume_names_its_claim_and_where_it_can_be_used() -> None:
    rule = {"key": "zone", "operator": "In", "values": ["a"]}
    volume = thing(
        "PersistentVolume",
        "pv-1",
        None,
        spec={
            "claimRef": {"namespace": "shop", "name": "data"},
            "capacity": {"storage": "50Gi"},
            "accessModes": ["ReadWriteOnce"],
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}},
        },
        status={"phase": "Released", "message": "claim is gone"},
    )
    body = read(FakeCluster(volume), "kubectl describe pv pv-1").body
    assert "phase: Released claim is gone\n  claim: shop/data" in body
    assert "only on nodes with: zone a" in body


def test_what_keeps_a_pod_from_nodes_is_shown() -> None:
    needed = {
        "nodeSelectorTerms": [
            {"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["a100"]}]}
        ]
    }
    apart = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "zone"}
    spec = {
        "containers": [],
        "nodeSelector": {"pool": "big"},
        "tolerations": [{"key": "spot", "value": "yes", "effect": "NoSchedule"}],
        "imagePullSecrets": [{"name": "registry"}],
        "affinity": {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": needed},
            "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]},
        },
    }
    body = read(FakeCluster(pod("web", spec=spec)), "kubectl describe pod web").body
    assert "node selector: pool=big\n  tolerations: spot=yes:NoSchedule" in body
    assert "affinity: node gpu In a100, away from pods app=web per zone" in body
    assert "image pull secrets: registry" in body


@pytest.mark.parametrize(
    ("probe", "shown"),
    [
        ({"tcpSocket": {"port": 5432}}, "tcp :5432"),
        ({"grpc": {"port": 9000}}, "grpc :9000"),
        ({"exec": {"command": ["check", "--fast"]}}, "exec check --fast"),
    ],
)
def test_every_kind_of_probe_is_shown(probe: dict[str, Any], shown: str) -> None:
    spec = {"containers": [{"name": "app", "readinessProbe": probe}]}
    body = read(FakeCluster(pod("web", spec=spec)), "kubectl describe pod web").body
    assert f"readiness: {shown}, delay 0s" in body


def test_a_list_that_was_not_described_whole_is_truncated() -> None:
    cluster = FakeCluster(pod("web"))
    cluster.more.add("pods")
    found = read(cluster, "kubectl describe pods")
    assert found.state is EvidenceState.TRUNCATED
    assert "CUT: 1 described" in found.body


def test_nothing_to_describe_is_empty() -> None:
    cluster = FakeCluster(thing("Namespace", "shop", None))
    found = read(cluster, "kubectl describe pods -l app=x")
    assert found.state is EvidenceState.EMPTY
    assert found.body == "There are no pods in namespace shop with app=x"


def test_of_many_events_the_last_are_shown() -> None:
    web = pod("web")
    many = (event(f"E{number}", web, at=ago(minutes=60 - number)) for number in range(30))
    body = read(FakeCluster(web, *many), "kubectl describe pod web").body
    assert "Events (newest last, the last 25 of 30):" in body
    assert "E4 " not in body


@pytest.mark.parametrize("kind_and_name", ["deploy web", "node n1", "svc front", "pvc data"])
def test_a_part_that_cannot_be_read_is_said_in_its_place(kind_and_name: str) -> None:
    cluster = FakeCluster(
        deployment(),
        node("n1"),
        thing("Service", "front", spec={}),
        thing("PersistentVolumeClaim", "data", spec={}),
    )
    for plural in ("pods", "endpointslices"):
        cluster.fails[plural] = UpstreamError("no answer in 15 s", system="kubernetes prod")
    found = read(cluster, f"kubectl describe {kind_and_name}")
    assert found.state is EvidenceState.OK
    assert "could not be read: no answer in 15 s" in found.body
