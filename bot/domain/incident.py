"""Alerts that are one trouble, with one Slack thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.alert import Alert, AlertScope, Severity


class IncidentState(StrEnum):
    """Where it stands."""

    OPEN = "open"
    RESOLVED = "resolved"
    """Every alert of it is resolved; firing again within a while opens it again."""
    MERGED = "merged"
    """It turned out to be part of a storm; its alerts went over to that incident."""


class Joining(StrEnum):
    """What one alert did."""

    OPENED = "opened"
    REOPENED = "reopened"
    JOINED = "joined"
    """A new alert of an incident that is open."""
    REPEATED = "repeated"
    """The same alert again: noted, nothing else."""
    RESOLVED_ONE = "resolved_one"
    """One alert of the incident is over, others still fire."""
    CLOSED = "closed"
    """The last alert of the incident is over."""
    UNMATCHED = "unmatched"
    """A resolution of what we never saw firing: logged only."""
    IGNORED = "ignored"
    """By design no trouble, such as Watchdog, or told before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One trouble."""

    incident_id: str
    title: str
    """The first alert's name, with its place."""
    state: IncidentState
    severity: Severity
    """The worst of its alerts."""
    service: str
    """What it is about, in one name; empty when the alerts name nothing."""
    scope: AlertScope
    channel: str
    """Slack channel of its thread."""
    thread_ts: str | None
    """Root of its thread; None until one is posted (alerts that came by webhook)."""
    team_id: str
    is_shadow: bool
    """True when it is looked into for the review channel only."""
    opened_at: datetime
    last_alert_at: datetime
    resolved_at: datetime | None
    alerts: int
    """Distinct alerts of it, by fingerprint."""
    firing: int
    """Of those, how many fire now."""
    messages: int
    """Messages taken in, repeats among them."""
    is_storm: bool = False
    recurrence_of: str | None = None
    """The incident before with the same root alert, anchored at its last conclusive run."""
    runs: int = 0
    """Investigations begun for it."""
    merged_into: str | None = None
    """The storm it became part of."""
    reopened: int = 0
    """How often it fired again after its end."""
    is_due: bool = False
    """True when it needs a run that nobody began yet."""
    is_announced: bool = False
    """True when its thread begins with a message of ours, which is kept up to date."""
    told_to: int = 0
    """What `messages` was when its thread was last brought up to date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """One reason why an alert was put to an incident, with what it counted."""

    reason: str
    points: float

    def times(self, share: float) -> Weight:
        """Return the same reason, counting only this share of its points."""
        return Weight(reason=self.reason, points=round(self.points * share, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What became of one alert."""

    joining: Joining
    incident: Incident | None
    """None for UNMATCHED and IGNORED."""
    alert: Alert
    investigate: bool = False
    """True when the incident needs a run now."""
    why: tuple[Weight, ...] = ()
    reason: str = ""
    """One sentence for the log and the thread, such as why nothing is investigated."""
    absorbed: tuple[Incident, ...] = ()
    """Incidents that this alert showed to be part of the storm: their threads end here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The rules for one road: what is believed from it, and what is looked into."""

    channel: str
    """Where the incident's thread is: the watched channel, or where webhooks are told."""
    investigate_from: Severity = Severity.WARNING
    shadow_channel: str | None = None
    """Set: verdicts go there only, and the watched channel stays as it is."""
    cooldown: timedelta = timedelta(minutes=30)
    """How long an incident is not looked into again, unless an alert of another name joins it."""
    reopen_within: timedelta = timedelta(minutes=30)
    """Firing again within this time of its end opens the same incident again."""
    join_within: timedelta = timedelta(minutes=15)
    """Alerts that begin further apart than this are not one trouble by topology or text alone."""
