"""API paths by kind: the one place that knows under which group and version a kind is served.

Names come from checked parameters or from the API itself; nothing here quotes or escapes them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where the API serves a kind."""

    group: str
    """Empty for the core group."""
    version: str
    resource: str
    """Plural."""
    is_namespaced: bool = True

    @property
    def root(self) -> str:
        """Return the path of the group's version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


def _apps(resource: str) -> Served:
    return Served(group="apps", version="v1", resource=resource)


def _core(resource: str, *, is_namespaced: bool = True) -> Served:
    return Served(group="", version="v1", resource=resource, is_namespaced=is_namespaced)


KINDS = {
    "Deployment": _apps("deployments"),
    "StatefulSet": _apps("statefulsets"),
    "DaemonSet": _apps("daemonsets"),
    "ReplicaSet": _apps("replicasets"),
    "ControllerRevision": _apps("controllerrevisions"),
    "Pod": _core("pods"),
    "ConfigMap": _core("configmaps"),
    "ResourceQuota": _core("resourcequotas"),
    "LimitRange": _core("limitranges"),
    "PersistentVolumeClaim": _core("persistentvolumeclaims"),
    "Namespace": _core("namespaces", is_namespaced=False),
    "Node": _core("nodes", is_namespaced=False),
    "PersistentVolume": _core("persistentvolumes", is_namespaced=False),
    "Job": Served(group="batch", version="v1", resource="jobs"),
    "CronJob": Served(group="batch", version="v1", resource="cronjobs"),
    "PodDisruptionBudget": Served(group="policy", version="v1", resource="poddisruptionbudgets"),
    "HorizontalPodAutoscaler": Served(
        group="autoscaling", version="v2", resource="horizontalpodautoscalers"
    ),
    "ScaledObject": Served(group="keda.sh", version="v1alpha1", resource="scaledobjects"),
    "VerticalPodAutoscaler": Served(
        group="autoscaling.k8s.io", version="v1", resource="verticalpodautoscalers"
    ),
    "Lease": Served(group="coordination.k8s.io", version="v1", resource="leases"),
}
"""Kinds that operations read or write, as Kubernetes spells them."""


def list_path(kind: str, namespace: str = "") -> str:
    """Return the path of all objects of a kind; in every namespace where none is given."""
    served = KINDS[kind]
    inside = f"/namespaces/{namespace}" if namespace and served.is_namespaced else ""
    return f"{served.root}{inside}/{served.resource}"


def path_to(kind: str, name: str, namespace: str = "", *, subresource: str = "") -> str:
    """Return the path of one object, or of a subresource of it such as `scale` or `eviction`."""
    path = f"{list_path(kind, namespace)}/{name}"
    return f"{path}/{subresource}" if subresource else path
