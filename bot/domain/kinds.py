"""The closed list of Kubernetes kinds that may be read; what is not here cannot be named.

Secrets, certificate requests, tokens and every custom kind that carries a secret are left out
on purpose. A team adds custom kinds of its own in the registry.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource type of the Kubernetes API."""

    kind: str
    plural: str
    group: str = ""
    """Empty for the core group."""
    version: str = "v1"
    namespaced: bool = True
    short_names: tuple[str, ...] = ()

    @property
    def singular(self) -> str:
        """The kind in lower case, as kubectl prints it."""
        return self.kind.lower()

    @property
    def path(self) -> str:
        """Root of the resource's API, such as `/apis/apps/v1`."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


KINDS: tuple[Kind, ...] = (
    Kind(kind="Pod", plural="pods", short_names=("po",)),
    Kind(kind="Service", plural="services", short_names=("svc",)),
    Kind(kind="Endpoints", plural="endpoints", short_names=("ep",)),
    Kind(kind="Event", plural="events", short_names=("ev",)),
    Kind(kind="Node", plural="nodes", namespaced=False, short_names=("no",)),
    Kind(kind="Namespace", plural="namespaces", namespaced=False, short_names=("ns",)),
    Kind(
        kind="PersistentVolume", plural="persistentvolumes", namespaced=False, short_names=("pv",)
    ),
    Kind(kind="PersistentVolumeClaim", plural="persistentvolumeclaims", short_names=("pvc",)),
    Kind(kind="ConfigMap", plural="configmaps", short_names=("cm",)),
    Kind(kind="ResourceQuota", plural="resourcequotas", short_names=("quota",)),
    Kind(kind="LimitRange", plural="limitranges", short_names=("limits",)),
    Kind(kind="Deployment", plural="deployments", group="apps", short_names=("deploy",)),
    Kind(kind="ReplicaSet", plural="replicasets", group="apps", short_names=("rs",)),
    Kind(kind="StatefulSet", plural="statefulsets", group="apps", short_names=("sts",)),
    Kind(kind="DaemonSet", plural="daemonsets", group="apps", short_names=("ds",)),
    Kind(kind="Job", plural="jobs", group="batch"),
    Kind(kind="CronJob", plural="cronjobs", group="batch", short_names=("cj",)),
    Kind(
        kind="HorizontalPodAutoscaler",
        plural="horizontalpodautoscalers",
        group="autoscaling",
        version="v2",
        short_names=("hpa",),
    ),
    Kind(
        kind="VerticalPodAutoscaler",
        plural="verticalpodautoscalers",
        group="autoscaling.k8s.io",
        short_names=("vpa",),
    ),
    Kind(
        kind="PodDisruptionBudget",
        plural="poddisruptionbudgets",
        group="policy",
        short_names=("pdb",),
    ),
    Kind(kind="Ingress", plural="ingresses", group="networking.k8s.io", short_names=("ing",)),
    Kind(
        kind="NetworkPolicy",
        plural="networkpolicies",
        group="networking.k8s.io",
        short_names=("netpol",),
    ),
    Kind(kind="HTTPRoute", plural="httproutes", group="gateway.networking.k8s.io"),
    Kind(kind="EndpointSlice", plural="endpointslices", group="discovery.k8s.io"),
    Kind(
        kind="StorageClass",
        plural="storageclasses",
        group="storage.k8s.io",
        namespaced=False,
        short_names=("sc",),
    ),
    Kind(
        kind="Application",
        plural="applications",
        group="argoproj.io",
        version="v1alpha1",
        short_names=("app", "apps"),
    ),
    Kind(
        kind="Rollout",
        plural="rollouts",
        group="argoproj.io",
        version="v1alpha1",
        short_names=("ro",),
    ),
)


def kind_named(word: str, *, extra: tuple[Kind, ...] = ()) -> Kind | None:
    """Return the readable kind a person or model means, or None.

    Takes what kubectl takes: any case, plural, singular or short name, with or without
    `.group` or `.version.group` behind it.
    """
    name, _, group = word.casefold().partition(".")
    for kind in (*KINDS, *extra):
        if name not in {kind.plural, kind.singular, *kind.short_names}:
            continue
        if group in {"", kind.group, f"{kind.version}.{kind.group}".rstrip(".")}:
            return kind
    return None
