"""The resource types a simulated cluster serves: names, short names, scope and verbs.

Facts of Kubernetes 1.33's discovery, not of the bot: `secrets` are served because a real
cluster serves them, so that a test can tell a reader that fetches them from one that does not.
"""

from __future__ import annotations

from dataclasses import dataclass

READ_VERBS = ("get", "list", "watch")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceKind:
    """One resource type; `extension` names the add-on that must be installed for it."""

    plural: str
    kind: str
    group: str = ""
    version: str = "v1"
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = READ_VERBS
    extension: str = ""

    @property
    def key(self) -> str:
        """`plural` for the core group, else `plural.group`: how RBAC messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """The path all resources of this group and version are below."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    @property
    def singular(self) -> str:
        return self.kind.lower()


def _core(plural: str, kind: str, *short_names: str, **more: object) -> ResourceKind:
    return _kind("", plural, kind, *short_names, **more)


def _kind(group: str, plural: str, kind: str, *short_names: str, **more: object) -> ResourceKind:
    return ResourceKind(
        plural=plural,
        kind=kind,
        group=group,
        short_names=short_names,
        **more,  # type: ignore[arg-type]  # each caller below names real fields
    )


_ALL = {"categories": ("all",)}
_WIDE = {"namespaced": False}
_SCALED = {"categories": ("all",), "subresources": ("scale", "status")}

KINDS: tuple[ResourceKind, ...] = (
    _core("configmaps", "ConfigMap", "cm"),
    _core("endpoints", "Endpoints", "ep"),
    _core("events", "Event", "ev"),
    _core("limitranges", "LimitRange", "limits"),
    _core("namespaces", "Namespace", "ns", namespaced=False, subresources=("status",)),
    _core("nodes", "Node", "no", namespaced=False, subresources=("status",)),
    _core("persistentvolumeclaims", "PersistentVolumeClaim", "pvc"),
    _core("persistentvolumes", "PersistentVolume", "pv", **_WIDE),
    _core("pods", "Pod", "po", categories=("all",), subresources=("eviction", "log", "status")),
    _core("replicationcontrollers", "ReplicationController", "rc", **_ALL),
    _core("resourcequotas", "ResourceQuota", "quota"),
    _core("secrets", "Secret"),
    _core("serviceaccounts", "ServiceAccount", "sa"),
    _core("services", "Service", "svc", **_ALL),
    _kind("apps", "controllerrevisions", "ControllerRevision"),
    _kind("apps", "daemonsets", "DaemonSet", "ds", categories=("all",), subresources=("status",)),
    _kind("apps", "deployments", "Deployment", "deploy", **_SCALED),
    _kind("apps", "replicasets", "ReplicaSet", "rs", **_SCALED),
    _kind("apps", "statefulsets", "StatefulSet", "sts", **_SCALED),
    _kind(
        "autoscaling",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        "hpa",
        version="v2",
        **_ALL,
    ),
    _kind("batch", "cronjobs", "CronJob", "cj", **_ALL),
    _kind("batch", "jobs", "Job", **_ALL),
    _kind("discovery.k8s.io", "endpointslices", "EndpointSlice"),
    _kind("events.k8s.io", "events", "Event", "ev"),
    _kind(
        "metrics.k8s.io",
        "nodes",
        "NodeMetrics",
        version="v1beta1",
        namespaced=False,
        verbs=("get", "list"),
        extension="metrics",
    ),
    _kind(
        "metrics.k8s.io",
        "pods",
        "PodMetrics",
        version="v1beta1",
        verbs=("get", "list"),
        extension="metrics",
    ),
    _kind("networking.k8s.io", "ingresses", "Ingress", "ing", subresources=("status",)),
    _kind("networking.k8s.io", "networkpolicies", "NetworkPolicy", "netpol"),
    _kind("policy", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", subresources=("status",)),
    _kind("storage.k8s.io", "storageclasses", "StorageClass", "sc", **_WIDE),
    _kind(
        "autoscaling.k8s.io",
        "verticalpodautoscalers",
        "VerticalPodAutoscaler",
        "vpa",
        extension="vpa",
    ),
    _kind(
        "argoproj.io",
        "applications",
        "Application",
        "app",
        "apps",
        version="v1alpha1",
        extension="argo",
    ),
    _kind("gateway.networking.k8s.io", "httproutes", "HTTPRoute", extension="gateway"),
    _kind("argoproj.io", "rollouts", "Rollout", "ro", version="v1alpha1", extension="argo"),
)

CORE_EVENTS = "events"
"""The store's key of core/v1 events; events.k8s.io serves the same objects in its own shape."""


def kind_of(api_version: str, kind: str) -> ResourceKind:
    """The resource type of an object's `apiVersion` and `kind`; KeyError if none is served."""
    for known in KINDS:
        if known.kind == kind and known.api_version == api_version:
            return known
    raise KeyError(f"the lab serves no {kind} in {api_version}; add it to KINDS")


def kind_named(name: str) -> ResourceKind:
    """The resource type for a kind, plural or short name ("Pod", "deployments", "hpa")."""
    wanted = name.lower()
    for known in KINDS:
        if wanted in {known.singular, known.plural, known.key, *known.short_names}:
            return known
    raise KeyError(f"the lab serves no resource called {name}; add it to KINDS")
