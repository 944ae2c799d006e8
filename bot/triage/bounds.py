"""What bounds workloads: quotas, claims and volumes, schedules, autoscalers, disruption budgets.

Values only. It must not know how the objects were read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.triage.objects import ObjectRef
from bot.triage.wiring import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One ResourceQuota."""

    ref: ObjectRef
    hard: Mapping[str, str]
    used: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRange:
    """One LimitRange, each bound as `type resource bound=quantity`."""

    ref: ObjectRef
    bounds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One PersistentVolumeClaim."""

    ref: ObjectRef
    phase: str
    storage_class: str
    """Empty when it asks for the cluster's default."""
    size: str
    modes: tuple[str, ...]
    volume: str
    """The volume it insists on or is bound to; empty for none."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One PersistentVolume."""

    ref: ObjectRef
    phase: str
    storage_class: str
    size: str
    modes: tuple[str, ...]
    claim: str
    """`namespace/name` of the claim it is kept for; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageClass:
    """One StorageClass."""

    ref: ObjectRef
    provisioner: str
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One CronJob."""

    ref: ObjectRef
    schedule: str
    suspended: bool
    last_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What an autoscaler goes by."""

    name: str
    target: str
    current: str
    """Empty when it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of an object's status."""

    holds: bool
    reason: str
    message: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaler:
    """One HorizontalPodAutoscaler."""

    ref: ObjectRef
    target_kind: str
    """Lower case."""
    target_name: str
    most: int
    current: int
    metrics: tuple[Metric, ...]
    conditions: Mapping[str, Condition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One PodDisruptionBudget."""

    ref: ObjectRef
    selector: Selector
    rule: str
    """What it demands, such as `minAvailable=2`."""
    allowed: int
    healthy: int
    needed: int
    expected: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigKeys:
    """The names in one ConfigMap, never a value."""

    ref: ObjectRef
    keys: tuple[str, ...]
