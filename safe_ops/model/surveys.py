"""What was read about a target before anything is decided; objects are as their API served them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from safe_ops.model.actions import Grounds, PastAction, Switches
from safe_ops.model.plans import Json

Object = dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether our own credentials may make a call, as the system itself says."""

    says: str
    """Such as `patch deployments.apps in shop`."""
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLoad:
    """Requests as one series counts them, by the second and for each replica of now."""

    counted_by: str
    """Such as `http_requests_total`, or a load balancer's target group."""
    each_s: float | None
    """In the busiest 5 % of the last hour; None where that cannot be told."""
    each_s_week_ago: float | None = None
    """Of the same hour a week before, carried by the replicas of now."""
    busiest_s: float | None = None
    """The most each replica of its time served in the last week while few failed."""
    failing: float | None = None
    """Share that failed in the last hour; None where failures are not told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How busy something is, as shares of what it asks for; None where nothing was measured."""

    cpu_p95: float | None = None
    """Over the last hour; 0.7 is 70 %."""
    memory_p95: float | None = None
    cpu_p95_week_ago: float | None = None
    """Over the same hour a week before."""
    memory_p95_week_ago: float | None = None
    requests: tuple[RequestLoad, ...] = ()
    """None where nothing counts its requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What every operation's survey has; the families add their own.

    A part that could not be read raises UpstreamError when it is surveyed: what is empty here is
    empty there.
    """

    read_at: datetime
    target: Object | None
    """None when it does not exist."""
    permissions: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSurvey(Survey):
    """Of a Kubernetes object; lists hold raw objects of the kinds they are named after."""

    pods: tuple[Object, ...] = ()
    """Of the target: its own, or those on the node."""
    budgets: tuple[Object, ...] = ()
    """PodDisruptionBudgets of the namespaces concerned."""
    autoscalers: tuple[Object, ...] = ()
    """HorizontalPodAutoscalers of the namespace."""
    scaled_objects: tuple[Object, ...] = ()
    """KEDA's ScaledObjects and VerticalPodAutoscalers, where the cluster has them."""
    nodes: tuple[Object, ...] = ()
    node_pods: tuple[Object, ...] = ()
    """All pods that are bound to nodes, where room has to be computed."""
    replica_sets: tuple[Object, ...] = ()
    """Owned by the target, or of a stateful or daemon set its ControllerRevisions."""
    quotas: tuple[Object, ...] = ()
    limit_ranges: tuple[Object, ...] = ()
    owners: tuple[Object, ...] = ()
    """Controllers above the target: of a pod its replica set and deployment, of a job its cron
    job."""
    references: dict[str, bool] = field(default_factory=dict)
    """Config maps and secrets that are referred to, as `ConfigMap/name`, and whether they exist."""
    claims: tuple[Object, ...] = ()
    """PersistentVolumeClaims of the pods."""
    volumes: tuple[Object, ...] = ()
    """PersistentVolumes those claims are bound to."""
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudSurvey(Survey):
    """Of an AWS resource; answers are botocore's, by the operation that gave them."""

    arn: str
    tags: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known besides the target: time, policy's words, history, switches."""

    now: datetime
    environment: str
    """Policy's class of it: `dev`, `staging` or `prod`; whatever else there is counts as prod."""
    protected: str = ""
    """Why the target may not be touched at all; empty if it may."""
    window_says: str = ""
    window_open: bool = True
    window_opens_at: datetime | None = None
    """When it opens next, where it is closed and that is within four hours."""
    in_flight: tuple[PastAction, ...] = ()
    """Open actions on the same target or service, this one left out."""
    recent: tuple[PastAction, ...] = ()
    """Executed actions of the last 24 hours in the environment, this one left out."""
    switches: Switches = field(default_factory=Switches)
    grounds: Grounds = field(default_factory=Grounds)
    by_person: bool = True
    """True when a person asked with words of their own; False when an alert or a model did."""
    is_sequel: bool = False
    """True when it is asked for as what an approved plan said would follow; whether that is so is
    looked at apart from all guards."""
    tainted: tuple[str, ...] = ()
    """Parameters that came from free text of an untrusted source."""
    per_target_hour: int = 3
    per_environment_hour: int = 10
    per_service_hour: int = 5
    """Actions on one service: many small changes are one big one."""
    objects_service_hour: int = 20
    """Objects of one service that several actions together may touch."""
    cooldown_s: int = 1800
    """How long a target rests after an action that failed or was undone."""
    evidence_age_s: int = 600
    """How old evidence may be."""
