"""One alert as any sender tells it: what fires, where, since when.

Everything in it came from outside and is untrusted: it is shown fenced, it is never an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum


class AlertSource(StrEnum):
    """Who sent it."""

    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    ROBUSTA = "robusta"
    CLOUDWATCH = "cloudwatch"
    AWS_HEALTH = "aws_health"
    """AWS Health, GuardDuty and other notices that tell of no rule of ours."""
    DATADOG = "datadog"
    PAGERDUTY = "pagerduty"
    OPSGENIE = "opsgenie"
    SENTRY = "sentry"
    PERSON = "person"


class AlertStatus(StrEnum):
    """What the sender says of it now."""

    FIRING = "firing"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    """Somebody took it; it still fires."""
    BLIND = "no_data"
    """The rule is blind: neither firing nor resolved."""
    NOTICE = "notice"
    """Informational: correlated, never investigated by itself."""


class Severity(IntEnum):
    """How bad, in the senders' common scale; the greater the worse."""

    LOW = 1
    WARNING = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertObject:
    """One thing the alert names."""

    kind: str
    """Lower case: `pod`, `deployment`, `node`, `service`, `job`, `function`, `ecs_service`,
    `db_instance`, `load_balancer`, `queue` …"""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertScope:
    """Where it is, as the alert says; names as the sender writes them, not yet the registry's."""

    cluster: str | None = None
    account: str | None = None
    """Account number or name."""
    region: str | None = None
    """A region's code, such as eu-central-1."""
    namespace: str | None = None
    objects: tuple[AlertObject, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLink:
    """An address the alert carries."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule firing, or ceasing to, for one set of labels."""

    source: AlertSource
    name: str
    """The rule's name, such as KubePodCrashLooping; for a person, the first words."""
    status: AlertStatus
    severity: Severity
    fingerprint: str
    """Equal for the same rule on the same labels; from the sender where it has one, else
    `bot.domain.alert_identity`'s."""
    group_key: str
    """What the sender groups by; equal for alerts that it would tell in one message."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    starts_at: datetime | None = None
    """UTC; None when the message does not say."""
    ends_at: datetime | None = None
    scope: AlertScope = field(default_factory=AlertScope)
    links: tuple[AlertLink, ...] = ()
    text: str = ""
    """The message as a person would read it, without secrets."""
    expression: str = ""
    """The rule's own query where it is told; empty otherwise."""
    is_partial: bool = False
    """True when the message lacks labels its sender knows: they are to be looked up."""
    count: int = 1
    """How many alerts of the group it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How an alert came in."""

    road: str
    """`slack`, or the webhook's name such as `alertmanager`."""
    delivery_id: str
    """The same for a redelivery of the same message."""
    team_id: str = ""
    channel: str | None = None
    """Slack channel it was posted in; None for a webhook."""
    ts: str | None = None
    """The Slack message; an edit keeps the ts of the first version."""
    is_edit: bool = False
