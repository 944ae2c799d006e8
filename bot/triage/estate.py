"""What triage knows of a cluster at one moment: Kubernetes objects reduced to what rules look at.

Values and look-ups only; nothing secret is taken over (no environment, no arguments, no values).
It must not know how the objects were read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.triage.bounds import (
    Autoscaler,
    Budget,
    Claim,
    ConfigKeys,
    LimitRange,
    Quota,
    Schedule,
    StorageClass,
    Volume,
)
from bot.triage.objects import ObjectRef
from bot.triage.specs import PodSpec, Taint
from bot.triage.wiring import Endpoints, Policy, Route, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a container ended."""

    exit_code: int
    reason: str
    message: str
    finished_at: datetime | None
    lived: timedelta | None = None
    """How long it had run; None when that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a pod."""

    name: str
    image: str
    ready: bool
    restarts: int
    init: bool
    waiting_reason: str
    """Empty when it is not waiting."""
    waiting_message: str
    ended: Ending | None
    """The current end, or the last one when it runs or waits again."""
    is_ended: bool
    """True when the end is the container's current state: no later run has begun."""
    memory_limit: str
    """As the pod asks for it, such as `256Mi`; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod."""

    ref: ObjectRef
    phase: str
    reason: str
    """Why the pod as a whole ended, such as `Evicted`; mostly empty."""
    message: str
    ready: bool
    changed_at: datetime | None
    """When it became ready, or ceased to be."""
    terminating: bool
    owner_kind: str
    owner_name: str
    node: str
    created_at: datetime
    containers: tuple[Container, ...]
    unschedulable: str
    """The scheduler's message while it finds no node; empty otherwise."""
    claims: tuple[str, ...]
    """Names of the PersistentVolumeClaims it mounts."""
    labels: Mapping[str, str] = field(default_factory=dict)
    spec: PodSpec = field(default_factory=PodSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A Deployment, StatefulSet or DaemonSet."""

    ref: ObjectRef
    desired: int
    ready: int
    created_at: datetime
    updated: int
    """Replicas of the newest template."""
    images: tuple[str, ...]
    is_stuck: bool
    """True when a Deployment's rollout ran into its progress deadline."""
    progressed_at: datetime | None
    """When a Deployment's rollout last made progress."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Those of its pods."""
    spec: PodSpec = field(default_factory=PodSpec)
    is_unseen: bool = False
    """True while its controller has not looked at its newest form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One ReplicaSet of a Deployment."""

    ref: ObjectRef
    deployment: str
    number: int
    created_at: datetime
    desired: int
    ready: int
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event, counted by the cluster."""

    about: ObjectRef
    warning: bool
    reason: str
    message: str
    count: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node."""

    ref: ObjectRef
    ready: bool
    pressures: tuple[str, ...]
    """Conditions such as DiskPressure that are true."""
    message: str
    since: datetime | None
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    cordoned: bool = False
    room: Mapping[str, str] = field(default_factory=dict)
    """What pods may use of it: resource to quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One Job."""

    ref: ObjectRef
    failed: bool
    complete: bool
    reason: str
    cron_job: str
    """Name of the CronJob that made it; empty for none."""
    created_at: datetime
    since: datetime | None
    """When it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Everything collected, with the ledger label that each list came under."""

    cluster: str
    at: datetime
    whole: bool = True
    """False when only some namespaces were looked at."""
    pods: tuple[Pod, ...] = ()
    workloads: tuple[Workload, ...] = ()
    revisions: tuple[Revision, ...] = ()
    happenings: tuple[Happening, ...] = ()
    nodes: tuple[Node, ...] = ()
    batches: tuple[Batch, ...] = ()
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoints, ...] = ()
    routes: tuple[Route, ...] = ()
    """Ingresses."""
    gateway_routes: tuple[Route, ...] = ()
    """HTTPRoutes; none where the Gateway API is not installed."""
    policies: tuple[Policy, ...] = ()
    quotas: tuple[Quota, ...] = ()
    limit_ranges: tuple[LimitRange, ...] = ()
    claims: tuple[Claim, ...] = ()
    volumes: tuple[Volume, ...] = ()
    storage_classes: tuple[StorageClass, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    budgets: tuple[Budget, ...] = ()
    config_keys: tuple[ConfigKeys, ...] = ()
    components: tuple[Workload, ...] = ()
    """What the cluster itself runs on, in its own namespace."""
    component_pods: tuple[Pod, ...] = ()
    labels: Mapping[tuple[str, str | None], str] = field(default_factory=dict)
    """Family and namespace, such as `("pods", "shop")`, to ledger label, such as `E1`."""
    cut: frozenset[tuple[str, str | None]] = frozenset()
    """Families of which there is more than was read."""
    _about: dict[ObjectRef, list[Happening]] = field(init=False, repr=False, compare=False)
    _owners: dict[ObjectRef, ObjectRef] = field(init=False, repr=False, compare=False)
    _workloads: dict[ObjectRef, Workload] = field(init=False, repr=False, compare=False)
    _pods: dict[ObjectRef, Pod] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        about: dict[ObjectRef, list[Happening]] = defaultdict(list)
        for event in sorted(self.happenings, key=lambda one: one.last_seen, reverse=True):
            about[event.about].append(event)
        object.__setattr__(self, "_about", dict(about))
        owners = {
            one.ref: self.ref("deployment", one.deployment, one.ref) for one in self.revisions
        }
        owners |= {
            one.ref: self.ref("cronjob", one.cron_job, one.ref)
            for one in self.batches
            if one.cron_job
        }
        object.__setattr__(self, "_owners", owners)
        object.__setattr__(self, "_workloads", {one.ref: one for one in self.workloads})
        object.__setattr__(self, "_pods", {one.ref: one for one in self.pods})

    def ref(self, kind: str, name: str, beside: ObjectRef) -> ObjectRef:
        """Return an object in the same namespace as another."""
        return ObjectRef(cluster=self.cluster, kind=kind, namespace=beside.namespace, name=name)

    def cite(self, *families: str, namespace: str = "") -> tuple[str, ...]:
        """Return the labels those families came under, for one namespace or for all."""
        return tuple(
            dict.fromkeys(
                label
                for wanted in families
                for (family, place), label in self.labels.items()
                if family == wanted and place in {None, namespace or place}
            )
        )

    def is_complete(self, *families: str, namespace: str) -> bool:
        """Tell whether what is not among them does not exist: all were read, none was cut."""
        return all(
            any(
                (family, place) in self.labels and (family, place) not in self.cut
                for place in (namespace, None)
            )
            for family in families
        )

    def about(self, ref: ObjectRef, *reasons: str) -> list[Happening]:
        """Return the events of one object, newest first; all of them, or of these reasons."""
        found = self._about.get(ref, [])
        return [event for event in found if not reasons or event.reason in reasons]

    def workload(self, ref: ObjectRef) -> Workload | None:
        """Return the Deployment, StatefulSet or DaemonSet of that name."""
        return self._workloads.get(ref)

    def pod(self, ref: ObjectRef) -> Pod | None:
        """Return the pod of that name."""
        return self._pods.get(ref)

    def controller_of(self, ref: ObjectRef) -> ObjectRef:
        """Return what a person would name in place of a ReplicaSet or a CronJob's Job."""
        return self._owners.get(ref, ref)

    def workload_of(self, pod: Pod) -> ObjectRef:
        """Return what a person would name: the pod's workload, or the pod when it has none."""
        if not pod.owner_name:
            return pod.ref
        return self.controller_of(self.ref(pod.owner_kind, pod.owner_name, pod.ref))

    def pods_of(self, ref: ObjectRef) -> list[Pod]:
        """Return the pod of that name, or the pods of that workload."""
        own = self.pod(ref)
        return [own] if own else [pod for pod in self.pods if self.workload_of(pod) == ref]

    def revisions_of(self, deployment: ObjectRef) -> list[Revision]:
        """Return a Deployment's revisions, the newest last."""
        found = [one for one in self.revisions if self._owners[one.ref] == deployment]
        return sorted(found, key=lambda one: one.number)

    def is_over(self, pod: Pod) -> bool:
        """Tell whether the pod owes nothing any more, so that its last state is history.

        Finished pods of Jobs are told by their Job; a failed pod that its workload has replaced
        is kept by the cluster only to be read.
        """
        if pod.terminating or pod.phase == "Succeeded":
            return True
        if pod.phase != "Failed":
            return False
        workload = self.workload(self.workload_of(pod))
        replaced = workload is not None and workload.ready >= workload.desired
        return replaced or pod.owner_kind == "job"

    def onset(self, pod: Pod, *reasons: str, known: Iterable[datetime | None] = ()) -> datetime:
        """Return since when the pod is ill, as far back as the cluster remembers.

        `known` are times by which it was; without any, and without warnings of these reasons, it
        is since the pod ceased to be ready, or since it exists.
        """
        times = [one.first_seen for one in self.about(pod.ref, *reasons) if one.warning]
        times += [at for at in known if at is not None]
        return max(min(times, default=pod.changed_at or pod.created_at), pod.created_at)
