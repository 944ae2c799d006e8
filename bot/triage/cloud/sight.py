"""What was seen of cloud resources, reduced to what rules look at.

Values and look-ups only: no secret's value gets here (the reads are scrubbed before), and nothing
here knows how it was read. Names are carried along to be said, never to be judged by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.chart import Point
from bot.tools.log_lines import LogLine
from bot.triage.cloud.resource import Resource

Series = Mapping[tuple[str, str], tuple[Point, ...]]
"""Points by metric and statistic, such as `("Errors", "Sum")`, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One resource, and the evidence it was seen in."""

    resource: Resource
    label: str
    at: datetime
    whole: bool = True
    """False when part of what its look wanted could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured(_Seen):
    """One resource with its metrics."""

    series: Series = field(default_factory=dict)

    def points(self, metric: str, stat: str) -> tuple[Point, ...]:
        """Return one metric's points, none if it has none."""
        return self.series.get((metric, stat), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Log lines that tell of failures, and where they stand in the ledger."""

    label: str = ""
    group: str = ""
    lines: tuple[LogLine, ...] = ()
    read: bool = False
    """False when the log could not be read: no lines are no proof then."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The lines without their times, oldest first."""
        return tuple(line.text for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of a function or task definition, as far as a change can be told by it."""

    name: str
    at: datetime | None
    changes: tuple[str, ...] = ()
    """What differs from the one before, a path a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretUse:
    """One reference to a secret or parameter."""

    used_as: str
    kind: str
    name: str
    state: str
    """`present`, `MISSING`, `DELETED …`, `NO VERSION …` or `not read`."""

    @property
    def is_gone(self) -> bool:
        """Tell whether AWS said that it is not there."""
        return self.state not in {"present", "not read"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run of a function, by its own REPORT line."""

    at: datetime | None
    memory_mb: int
    used_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSight(_Measured):
    """A Lambda function."""

    timeout_s: int
    memory_mb: int
    state: str
    state_reason: str
    update_status: str
    update_reason: str
    variables: Mapping[str, str]
    """Names to values, those that could be secret as placeholders."""
    reserved: int | None
    """Reserved concurrency; None for none."""
    revisions: tuple[Revision, ...]
    """Oldest first; the last is what runs as $LATEST where that differs."""
    aliases: Mapping[str, str]
    errors: Lines
    reports: tuple[RunReport, ...] = ()
    reports_label: str = ""
    secrets: tuple[SecretUse, ...] = ()
    secrets_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnd:
    """How one task of a service ended."""

    at: datetime | None
    revision: str
    code: str
    reason: str
    container: str = ""
    exit_code: int | None = None
    container_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment of a service, newest first in a sight."""

    revision: str
    status: str
    at: datetime | None
    desired: int
    running: int
    failed: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image a service runs or ran."""

    name: str
    pushed_at: datetime | None
    missing: bool = False
    """True when its repository does not have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """Where a load balancer sends requests, and how it asks for health."""

    name: str
    path: str
    healthy: int
    unhealthy: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSight(_Measured):
    """An ECS service."""

    desired: int
    running: int
    pending: int
    deployments: tuple[Deployment, ...]
    memory_mb: int
    """Hard limit of its containers together, or of the task; 0 when none is set."""
    variables: Mapping[str, str]
    injected: tuple[str, ...]
    """Names of variables that come from secrets or parameters."""
    role: str
    """ARN of the execution role; empty for none."""
    changes: tuple[str, ...]
    """What the newest revision changed, a path a line."""
    images: tuple[Image, ...]
    """Newest revision's first."""
    ends: tuple[TaskEnd, ...]
    """Newest first."""
    events: tuple[tuple[datetime | None, str], ...]
    series_label: str = ""
    errors: Lines = field(default_factory=Lines)
    groups: tuple[TargetGroup, ...] = ()
    groups_label: str = ""
    secrets: tuple[SecretUse, ...] = ()
    secrets_label: str = ""
    unused: tuple[tuple[str, str], ...] = ()
    """Names and ARNs of secrets of the account that nothing ever read."""
    unused_label: str = ""

    @property
    def before(self) -> Deployment | None:
        """The deployment of another revision before the newest one."""
        newest = self.deployments[0] if self.deployments else None
        return next(
            (one for one in self.deployments[1:] if newest and one.revision != newest.revision),
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSight(_Measured):
    """An RDS instance."""

    status: str
    engine: str
    size: str
    storage_gib: int
    endpoint: str
    events: tuple[tuple[datetime | None, str], ...]
    """Oldest first."""
    errors: Lines = field(default_factory=Lines)
    waits: tuple[tuple[str, float], ...] = ()
    """What sessions wait for, by Performance Insights: mean sessions by wait, worst first."""
    statements: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerSight(_Measured):
    """A load balancer."""

    groups: tuple[TargetGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSight(_Seen):
    """A CloudWatch alarm and its metric around the change of its state."""

    state: str
    changed_at: datetime | None
    threshold: float | None
    comparison: str
    metric: str
    dimensions: Mapping[str, str]
    points: tuple[Point, ...]
    history: tuple[tuple[datetime | None, str], ...]
    children: tuple[str, ...] = ()
    """Names of the alarms a composite alarm is made of."""


Sight = FunctionSight | ServiceSight | DatabaseSight | BalancerSight | AlarmSight


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One change somebody or something made in the account."""

    at: datetime
    what: str
    subject: str
    by: str
    result: str
    label: str
    place: str

    @property
    def done(self) -> bool:
        """Tell whether it took effect."""
        return self.result in {"", "done"}
