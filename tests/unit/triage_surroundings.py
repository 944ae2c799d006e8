"""Objects around workloads as an API server returns them: Services, policies, claims and so on."""

from __future__ import annotations

from typing import Any

from tests.unit.triage_estates import Object, ago, meta


def labelled(item: Object, **labels: str) -> Object:
    """The pod with labels."""
    return {**item, "metadata": {**item["metadata"], "labels": labels}}


def listening(item: Object, number: int, *, name: str = "http", **more: Any) -> Object:
    """The pod with one container that declares a port."""
    port = {"name": name, "containerPort": number}
    spec = {**item["spec"], "containers": [{"name": "app", "ports": [port], **more}]}
    return {**item, "spec": spec}


def workload(name: str, *, desired: int = 1, ready: int = 1, **labels: str) -> Object:
    """A Deployment whose template has these labels."""
    return {
        "kind": "Deployment",
        "metadata": meta(name, created=ago(days=30)),
        "spec": {"replicas": desired, "template": {"metadata": {"labels": labels}}},
        "status": {"readyReplicas": ready},
    }


def service(
    name: str = "app", *, port: int = 80, target: int | str = 8080, **selector: str
) -> Object:
    return {
        "kind": "Service",
        "metadata": meta(name, created=ago(days=30)),
        "spec": {
            "type": "ClusterIP",
            "selector": selector,
            "ports": [{"name": "http", "port": port, "targetPort": target}],
        },
    }


def endpoints(of: str = "app", *, ready: int = 1) -> Object:
    return {
        "kind": "EndpointSlice",
        "metadata": meta(
            f"{of}-x", created=ago(days=30), labels={"kubernetes.io/service-name": of}
        ),
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}] * ready,
    }


def ingress(to: str = "app", *, port: object = 80, name: str = "web") -> Object:
    """An Ingress; `port` is a number or a name."""
    key = "number" if isinstance(port, int) else "name"
    backend = {"service": {"name": to, "port": {key: port}}}
    return {
        "kind": "Ingress",
        "metadata": meta(name, created=ago(days=30)),
        "spec": {
            "rules": [{"host": "shop.example.com", "http": {"paths": [{"backend": backend}]}}]
        },
    }


def policy(name: str = "guard", **spec: Any) -> Object:
    """A NetworkPolicy for the pods of `app`."""
    return {
        "kind": "NetworkPolicy",
        "metadata": meta(name, created=ago(hours=2)),
        "spec": {"podSelector": {"matchLabels": {"app": "app"}}, **spec},
    }


def claim(
    name: str = "data",
    *,
    phase: str = "Pending",
    storage_class: str = "gp3",
    size: str = "10Gi",
    mode: str = "ReadWriteOnce",
) -> Object:
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": meta(name, created=ago(minutes=20)),
        "spec": {
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": size}},
            "accessModes": [mode],
        },
        "status": {"phase": phase},
    }


def volume(
    name: str = "pv-1", *, storage_class: str = "local", size: str = "10Gi", mode: str = "x"
) -> Object:
    return {
        "kind": "PersistentVolume",
        "metadata": {"name": name, "creationTimestamp": ago(days=9)},
        "spec": {
            "storageClassName": storage_class,
            "capacity": {"storage": size},
            "accessModes": [mode],
        },
        "status": {"phase": "Available"},
    }


def storage_class(
    name: str = "gp3", *, provisioner: str = "ebs.csi.aws.com", default: bool = False
) -> Object:
    annotation = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": annotation},
        "provisioner": provisioner,
    }


def autoscaler(*, now: int | None = 95, condition: Object | None = None) -> Object:
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    current = {"name": "cpu", "current": {"averageUtilization": now}}
    at_most = {"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"}
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": meta("app", created=ago(days=9)),
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "app"},
            "maxReplicas": 4,
            "metrics": [{"type": "Resource", "resource": resource}],
        },
        "status": {
            "currentReplicas": 4,
            "currentMetrics": [] if now is None else [{"type": "Resource", "resource": current}],
            "conditions": [condition or at_most],
        },
    }


def budget(*, allowed: int = 0, healthy: int = 2, needed: int = 2, expected: int = 2) -> Object:
    return {
        "kind": "PodDisruptionBudget",
        "metadata": meta("app", created=ago(days=9)),
        "spec": {"minAvailable": needed, "selector": {"matchLabels": {"app": "app"}}},
        "status": {
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": needed,
            "expectedPods": expected,
        },
    }


def cron_job(name: str = "nightly", *, suspended: bool = False) -> Object:
    return {
        "kind": "CronJob",
        "metadata": meta(name, created=ago(days=9)),
        "spec": {"schedule": "0 2 * * *", "suspend": suspended},
        "status": {"lastScheduleTime": ago(hours=6)},
    }


SURROUNDINGS: tuple[Object, ...] = (
    service(app="app"),
    endpoints(),
    ingress(),
    policy(
        policyTypes=["Ingress", "Egress"],
        ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}],
        egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 53}]}],
    ),
    {
        "kind": "ResourceQuota",
        "metadata": meta("compute", created=ago(days=9)),
        "status": {"hard": {"pods": "4"}, "used": {"pods": "4"}},
    },
    {
        "kind": "LimitRange",
        "metadata": meta("bounds", created=ago(days=9)),
        "spec": {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]},
    },
    claim(),
    volume(),
    storage_class(default=True),
    cron_job(),
    autoscaler(),
    budget(),
    {
        "kind": "ConfigMap",
        "metadata": meta("settings", created=ago(days=9)),
        "data": {"A": "canary-value"},
    },
)
"""One of each kind."""
