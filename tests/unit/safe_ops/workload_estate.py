"""Raw objects of a namespace in good order, by API path, as the API serves them.

Deployment shop/cart runs revision 7 of 7, with four ready pods; shop/db is a stateful set of
three; shop/log a daemon set on two nodes; shop/web is scaled by an autoscaler.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
APPS = "/apis/apps/v1/namespaces/shop"
CORE = "/api/v1/namespaces/shop"
CART, DB, LOG = f"{APPS}/deployments/cart", f"{APPS}/statefulsets/db", f"{APPS}/daemonsets/log"
WEB = f"{APPS}/deployments/web"
HPA = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web"
PDB = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/cart"
QUOTA, RANGE = f"{CORE}/resourcequotas/all", f"{CORE}/limitranges/all"


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def template(app: str, *, image: str = "v7", **more: Any) -> Object:
    """A pod template of one container, asking for half a core and 512Mi."""
    container = {
        "name": "app",
        "image": f"reg/{app}:{image}",
        "env": [
            {"name": "DB_URL", "value": f"postgres://u:s3cret-{image}@db"},
            {
                "name": "LIMIT",
                "valueFrom": {"configMapKeyRef": {"name": "cart-limits", "key": "max"}},
            },
        ],
        "resources": {
            "requests": {"cpu": "500m", "memory": "512Mi"},
            "limits": {"cpu": "1", "memory": "512Mi"},
        },
    }
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container], **more}}


def meta(name: str, **more: Any) -> Object:
    return {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "resourceVersion": "100",
        "labels": {"app": name},
        "annotations": {"team": "shop"},
        "creationTimestamp": ago(days=30),
        **more,
    }


def owner(kind: str, name: str) -> list[Object]:
    return [{"kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}]


def deployment(name: str, replicas: int = 4) -> Object:
    counts = dict.fromkeys(
        ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), replicas
    )
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta(name, generation=9),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
            },
            "template": template(name),
        },
        "status": {"observedGeneration": 9, **counts},
    }


def replica_set(number: int, app: str = "cart", *, days: float, image: str) -> Object:
    made = template(app, image=image)
    made["metadata"]["labels"]["pod-template-hash"] = f"hash{number}"
    return {
        "metadata": meta(
            f"{app}-hash{number}",
            creationTimestamp=ago(days=days),
            annotations={"deployment.kubernetes.io/revision": str(number)},
            ownerReferences=owner("Deployment", app),
        ),
        "spec": {"replicas": 0, "template": made},
        "status": {"replicas": 0},
    }


def revision(kind: str, app: str, number: int, *, days: float, image: str) -> Object:
    made = template(app, image=image)
    made["metadata"]["creationTimestamp"] = None
    return {
        "metadata": meta(
            f"{app}-rev{number}",
            creationTimestamp=ago(days=days),
            ownerReferences=owner(kind, app),
        ),
        "data": {"spec": {"template": made | {"$patch": "replace"}}},
        "revision": number,
    }


def stateful_set(replicas: int = 3) -> Object:
    counts = dict.fromkeys(
        ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), replicas
    )
    return {
        "kind": "StatefulSet",
        "metadata": meta("db", generation=3),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "db"}},
            "updateStrategy": {"type": "RollingUpdate"},
            "template": template("db"),
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": "data"},
                    "spec": {"resources": {"requests": {"storage": "10Gi"}}},
                }
            ],
        },
        "status": {
            "observedGeneration": 3,
            "currentRevision": "db-rev2",
            "updateRevision": "db-rev2",
            **counts,
        },
    }


def daemon_set() -> Object:
    return {
        "kind": "DaemonSet",
        "metadata": meta("log", generation=2),
        "spec": {
            "selector": {"matchLabels": {"app": "log"}},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": template("log"),
        },
        "status": {
            "observedGeneration": 2,
            "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2,
            "updatedNumberScheduled": 2,
            "numberReady": 2,
            "numberAvailable": 2,
        },
    }


def node(name: str, *, cpu: str = "8", memory: str = "16Gi") -> Object:
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {},
        "status": {
            "allocatable": {"cpu": cpu, "memory": memory, "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def pod(name: str, app: str, **more: Any) -> Object:
    return {
        "metadata": meta(name, labels={"app": app}),
        "spec": {"nodeName": "n1", **template(app)["spec"]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            **more,
        },
    }


def budget(name: str, **spec: Any) -> Object:
    return {
        "metadata": meta(name, generation=1),
        "spec": {"selector": {"matchLabels": {"app": name}}, **spec},
        "status": {
            "observedGeneration": 1,
            "disruptionsAllowed": 2,
            "currentHealthy": 4,
            "desiredHealthy": 2,
            "expectedPods": 4,
        },
    }


def autoscaler(name: str = "web") -> Object:
    return {
        "metadata": meta(name),
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": name},
            "minReplicas": 2,
            "maxReplicas": 6,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu"}}],
        },
        "status": {
            "currentReplicas": 4,
            "conditions": [
                {"type": "AbleToScale", "status": "True"},
                {"type": "ScalingActive", "status": "True"},
            ],
        },
    }


def estate() -> dict[str, Object]:
    """All of it, by API path."""
    limits = {"type": "Container", "min": {"cpu": "10m"}, "max": {"memory": "4Gi", "cpu": "4"}}
    hard = {"requests.cpu": "20", "requests.memory": "20Gi", "pods": "100"}
    return {
        CART: deployment("cart"),
        f"{CART}/scale": {"metadata": meta("cart"), "spec": {"replicas": 4}},
        WEB: deployment("web"),
        DB: stateful_set(),
        f"{DB}/scale": {"metadata": meta("db"), "spec": {"replicas": 3}},
        LOG: daemon_set(),
        f"{APPS}/replicasets/cart-hash6": replica_set(6, days=20, image="v6"),
        f"{APPS}/replicasets/cart-hash7": replica_set(7, days=1, image="v7"),
        f"{APPS}/controllerrevisions/db-rev1": revision(
            "StatefulSet", "db", 1, days=20, image="v6"
        ),
        f"{APPS}/controllerrevisions/db-rev2": revision("StatefulSet", "db", 2, days=1, image="v7"),
        f"{APPS}/controllerrevisions/log-rev1": revision("DaemonSet", "log", 1, days=9, image="v7"),
        f"{CORE}/configmaps/cart-limits": {"metadata": meta("cart-limits"), "data": {"max": "9"}},
        PDB: budget("cart", minAvailable=2),
        HPA: autoscaler(),
        QUOTA: {
            "metadata": meta("all"),
            "spec": {"hard": hard},
            "status": {"hard": hard, "used": dict.fromkeys(hard, "6")},
        },
        RANGE: {"metadata": meta("all"), "spec": {"limits": [limits]}},
        "/api/v1/nodes/n1": node("n1"),
        "/api/v1/nodes/n2": node("n2"),
        **{f"{CORE}/pods/cart-{n}": pod(f"cart-{n}", "cart") for n in range(4)},
    }
