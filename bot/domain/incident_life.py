"""How an incident lives: what is ignored, looked into again, held open, or one of a storm.

Pure rules over what is known of an incident; where that is kept is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.alert import AlertStatus, Severity
from bot.domain.alert_keys import workloads_of
from bot.domain.incident import Joining

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alert import Alert, AlertScope
    from bot.domain.incident import Watch

NO_TROUBLE = frozenset({"Watchdog", "InfoInhibitor", "DeadMansSwitch"})
"""Rules that fire by design: they prove that alerting works, or silence others."""

STORM_ALERTS = 10
"""So many different alerts of one channel within `STORM_WITHIN` are one storm: nobody reads ten
threads a minute, and ten independent causes in a minute do not happen."""
STORM_WITHIN = timedelta(seconds=60)
STORM_LASTS = timedelta(seconds=60)
"""A storm goes on for this long after the last time that alerts came at such a rate."""

FLAP_CHANGES = 4
"""An alert that changed so often within `FLAP_WITHIN` is not over when it says so."""
FLAP_WITHIN = timedelta(minutes=30)

RECURS_WITHIN = timedelta(days=90)
"""An older incident says more about the system of that time than about this one."""
MAX_OBJECTS = 24
"""Objects an incident's scope names; a storm's would fill a page."""
MAX_TITLE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides whether an incident is looked into, after an alert was put to it."""

    joining: Joining
    severity: Severity
    """The worst of its alerts, this one among them."""
    is_worse: bool
    """True when this alert is what made it so."""
    is_new_name: bool
    """True when none of its alerts had this rule's name."""
    is_storm: bool
    became_storm: bool
    is_due: bool
    runs: int
    last_run_at: datetime | None


def is_no_trouble(name: str) -> bool:
    """Tell whether a rule fires by design."""
    return name in NO_TROUBLE


def looks_into(
    alert: Alert, standing: Standing, *, watch: Watch, now: datetime
) -> tuple[bool, str]:
    """Return whether the incident needs a run from now on, and why or why not."""
    if standing.is_due:
        return False, "a run is already due"
    if alert.status is AlertStatus.NOTICE:
        return False, "a notice is correlated, not looked into by itself"
    if alert.status is AlertStatus.BLIND:
        return False, "the rule has no data to judge by, so it is not known that anything is wrong"
    if standing.severity < watch.investigate_from:
        return False, (
            f"severity {standing.severity.name.lower()} is below"
            f" {watch.investigate_from.name.lower()}, from which alerts here are looked into"
        )
    if standing.runs == 0 or standing.last_run_at is None:
        return True, "nothing was looked into yet"
    return _looks_again(alert, standing, last_run_at=standing.last_run_at, watch=watch, now=now)


def _looks_again(
    alert: Alert, standing: Standing, *, last_run_at: datetime, watch: Watch, now: datetime
) -> tuple[bool, str]:
    if standing.is_worse:
        return True, f"severity was raised to {standing.severity.name.lower()}"
    if standing.became_storm:
        return True, "it became a storm"
    if standing.joining is Joining.REPEATED:
        return False, "the same alert was told again"
    # A storm is made of new names; each of them would pay for a run.
    unseen = standing.is_new_name and alert.severity >= watch.investigate_from
    if unseen and not standing.is_storm:
        return True, f"{alert.name} is new in this incident"
    again_at = last_run_at + watch.cooldown
    if now >= again_at:
        return True, "the last run was long ago"
    return (
        False,
        f"looked into at {last_run_at:%H:%M} UTC, not again before {again_at:%H:%M}",
    )


def is_told_late(alert: Alert, *, starts_at: datetime | None, ends_at: datetime | None) -> bool:
    """Tell whether it says that an alert fires which is known to be over since.

    `starts_at` and `ends_at` are those of the episode that is over. A sender that does not say when
    an alert began is believed.
    """
    if alert.starts_at is None or starts_at is None or ends_at is None:
        return False
    return alert.starts_at <= starts_at and alert.starts_at < ends_at


def is_of_earlier_episode(alert: Alert, *, starts_at: datetime | None) -> bool:
    """Tell whether a resolution is of a firing before the one that began at `starts_at`."""
    if starts_at is None:
        return False
    ended_before = alert.ends_at is not None and alert.ends_at <= starts_at
    return ended_before or (alert.starts_at is not None and alert.starts_at < starts_at)


def recent_changes(changes: Sequence[datetime], *, now: datetime) -> tuple[datetime, ...]:
    """Return the times that count for flapping, with `now` as the newest."""
    kept = [at for at in changes if now - at < FLAP_WITHIN]
    return (*kept[-FLAP_CHANGES:], now)


def is_flapping(changes: Sequence[datetime]) -> bool:
    """Tell whether an alert with these `recent_changes` goes on and off."""
    return len(changes) > FLAP_CHANGES


def service_of(alert: Alert) -> str:
    """Return what the alert is about in one name; empty when it names nothing."""
    named = [thing.name for thing in alert.scope.objects if thing.kind == "service"]
    named += [*workloads_of(alert), *(thing.name for thing in alert.scope.objects)]
    return named[0] if named else ""


def title_of(alert: Alert) -> str:
    """Return the alert's name with its place, on one line."""
    scope = alert.scope
    within = "/".join(filter(None, (scope.namespace, service_of(alert))))
    estate = scope.cluster or "/".join(filter(None, (scope.account, scope.region)))
    title = " ".join(filter(None, (alert.name, within, f"in {estate}" if estate else "")))
    return " ".join(title.split())[:MAX_TITLE]


def widened(scope: AlertScope, by: AlertScope) -> AlertScope:
    """Return a scope that names what either does; where they differ, the first one stays."""
    return replace(
        scope,
        cluster=scope.cluster or by.cluster,
        account=scope.account or by.account,
        region=scope.region or by.region,
        namespace=scope.namespace or by.namespace,
        objects=tuple(dict.fromkeys((*scope.objects, *by.objects)))[:MAX_OBJECTS],
    )


def outranks(one: tuple[bool, str], other: tuple[bool, str]) -> bool:
    """Tell whether an alert is the fuller telling of one that came by another road.

    Each is given as whether it lacks labels, and its road. Webhooks come with the sender's own
    fingerprint of each alert, where a Slack message stands for a group. Any order of arrival leads
    to the same one being counted.
    """
    return _fullness(one) > _fullness(other)


def _fullness(telling: tuple[bool, str]) -> tuple[bool, bool, str]:
    is_partial, road = telling
    return not is_partial, road != "slack", road
