"""What is to be done, complete and immutable: the value people approve and the operator sends.

Every field is decided by code from typed parameters and from what was read; no text of a model's
or an asker's is in it, except parameters, which the operation's own model has checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from safe_ops.model.rights import Grant

Json = Any
"""A JSON value: dict, list, str, int, float, bool or None."""


class System(StrEnum):
    """What an operation acts on."""

    KUBERNETES = "kubernetes"
    AWS = "aws"
    NIGHTDESK = "nightdesk"
    """Nightdesk's own database: which operations run with one approval less."""


class Tier(IntEnum):
    """How much can go wrong."""

    T1 = 1
    """Reversible, one object, no loss of capacity."""
    T2 = 2
    """Reversible; capacity or configuration changes."""
    T3 = 3
    """Several objects, or undone slowly or in part."""
    T4 = 4
    """Interrupts traffic or data, or cannot be undone."""


class Stage(StrEnum):
    """Whose turn an approval is."""

    ONCALL = "oncall"
    MANAGER = "manager"

    @property
    def label(self) -> str:
        """Return it as people write it."""
        return "on-call" if self is Stage.ONCALL else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where: a cluster, or an account with its region, by its name in the registry.

    Of Nightdesk's own database: an environment of the registry.
    """

    system: System
    name: str
    region: str = ""
    """Of AWS only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The one object that is acted on."""

    place: Place
    kind: str
    """Kubernetes' kind (`Deployment`), or AWS's as `ecs service`, `lambda function`."""
    name: str
    namespace: str = ""
    uid: str = ""
    """Kubernetes' uid, or the ARN."""
    service: str = ""
    """What it is part of, such as `shop/cart`: no two actions run on one service at once."""

    @property
    def key(self) -> str:
        """Return what no two open actions share, such as `eu/Deployment/shop/cart`."""
        place = "/".join(part for part in (self.place.name, self.place.region) if part)
        # What Nightdesk keeps of a service has that service's whole key as its name.
        namespace = "" if self.is_own else self.namespace
        return "/".join(part for part in (place, self.kind, namespace, self.name) if part)

    @property
    def service_key(self) -> str:
        """Return the service's key in its place; the target's own where it is part of none."""
        return f"{self.place.name}/{self.service}" if self.service else self.key

    @property
    def is_own(self) -> bool:
        """Tell whether it is in Nightdesk's own database: no system of anybody's is changed."""
        return self.place.system is System.NIGHTDESK

    @property
    def decided_in(self) -> str:
        """Return the cluster or account whose people decide: of trust, the trusted service's."""
        return self.name.partition("/")[0] if self.is_own else self.place.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One changing request, exactly as it will be sent."""

    action: str
    """Kubernetes: POST, PUT, PATCH or DELETE. AWS: service and operation as boto3 names them, such
    as `ecs:update_service`."""
    path: str
    """Kubernetes: the API path, without host or query. AWS: the ARN that is touched."""
    body: Json
    """Kubernetes: the request's body. AWS: the parameters."""
    media_type: str = ""
    """Of a PATCH: which kind, such as `application/strategic-merge-patch+json`."""
    late_bound: tuple[str, ...] = ()
    """Placeholders in the body, such as `$rv`, that are filled from a read just before sending."""
    grants: tuple[Grant, ...] = ()
    """AWS: all that IAM has to allow for it; the session that sends it may do nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call of a plan, with what it means for people."""

    says: str
    """In a few words: `evict pod shop/cart-1`."""
    call: Call
    group: str = ""
    """Steps of one group run one after another; groups may overlap, at most five calls at once.
    Empty: strictly in the plan's order, nothing beside it."""
    gone_is_fine: bool = False
    """True where a 404 means that what was wanted is so already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field before and after, as people read it."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What has to be so afterwards, and until when."""

    says: tuple[str, ...]
    """The conditions in words, such as `4 of 4 pods updated and ready`."""
    deadline_s: int
    """From the last call on."""
    settle_s: int = 0
    """How long it has to stay so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a guard says."""

    guard: str
    """The guard's name, such as `disruption-budget`."""
    passed: bool
    says: str
    """One sentence with the numbers it was decided on."""
    overridable: bool = False
    """True if break-glass may set it aside."""
    at: datetime | None = None
    """When the facts were read; filled by the planner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequel:
    """Another operation that is approved along with a plan, and begun once its time has come."""

    operation: str
    parameters: dict[str, Json]
    after_s: int
    """From the plan's success on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What an operation makes of its parameters and of what was read; the plan's core."""

    tier: Tier
    target: Target
    pins: dict[str, Json] = field(default_factory=dict)
    """What must be the same at execution, by name: `generation`, `replicas`, `revision` … Drawn
    again just before the first call; any difference is drift."""
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    undo: tuple[Step, ...] = ()
    cannot_be_undone: str = ""
    """Why there is no undo, in words for the card; empty where `undo` has steps."""
    verification: Verification
    blast_radius: tuple[str, ...] = ()
    """What it touches, computed: pods, share of the service, budgets."""
    snapshot: Json = None
    """What is kept of the object as it was."""
    notes: tuple[str, ...] = ()
    """What approvers should know besides, such as `3 volumes stay bound`."""
    sequel: Sequel | None = None
    """What follows by itself, on the same target and by the same approvals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One approval a plan needs."""

    stage: Stage
    teams: tuple[str, ...]
    """Members of any of these teams may give it."""
    not_requester: bool
    factor: bool = False
    """True when a second factor has to be fresh."""
    within_s: int = 900
    """How long this stage waits before the action expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole that is digested, shown and approved. Times are UTC."""

    schema: int = 1
    operation: str
    version: int
    environment: str
    tier: Tier
    """As judged: the drawing's tier, raised where policy or provenance says so."""
    parameters: dict[str, Json]
    provenance: dict[str, str]
    """Where each parameter came from: `person`, `registry`, `api` or `text`."""
    drawing: Drawing
    rulings: tuple[Ruling, ...]
    dry_run: tuple[str, ...]
    """What the dry run of each step said."""
    needs: tuple[Need, ...]
    """Approvals in their order; none where policy lets the operation run by itself."""
    policy_hash: str
    requester: str
    """Subject of the person, or `alert:<fingerprint>`."""
    incident_id: str = ""
    break_glass: str = ""
    """The reason given, where guards were set aside; empty else."""
    created_at: datetime
    expires_at: datetime
    nonce: str

    @property
    def target(self) -> Target:
        """Return the one object that is acted on."""
        return self.drawing.target
