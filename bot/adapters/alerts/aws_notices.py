"""AWS Health events and GuardDuty findings (shape 12): told and correlated, not investigated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts import scopes
from bot.adapters.alerts.cloudwatch import region_of
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import key_of, line, moment, objects, prose, told
from bot.domain.alert import Alert, AlertLink, AlertScope, AlertSource, AlertStatus, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.adapters.alerts.post import Post

_EVENTS: Final = frozenset({"AWS Health Event", "AWS Health Abuse Event", "GuardDuty Finding"})
_GUARD_HIGH: Final = 7.0
"""From here GuardDuty calls a finding high; from 4 medium."""
_GUARD_MEDIUM: Final = 4.0
_WORDS: Final = {"high": Severity.HIGH, "medium": Severity.WARNING, "critical": Severity.CRITICAL}


def read_notice_post(post: Post) -> tuple[Alert, ...] | None:
    """Return the notice of a message with a notifier's fields for Health or GuardDuty."""
    for part in post.attachments:
        keys = {title.casefold(): told(value, 4_000) for title, value in part.fields}
        if {"affected service", "code"} <= keys.keys():
            return (
                _notice(
                    name=keys["code"] or "AWS Health event",
                    kind="health",
                    severity=Severity.LOW,
                    region=keys.get("affected region", ""),
                    account=keys.get("account", ""),
                    starts_at=moment(keys.get("start time")),
                    ends_at=moment(keys.get("end time")),
                    text=post.reading,
                    about=(keys["affected service"], keys.get("affected resources", "")),
                    links=post.links,
                ),
            )
        if "finding type" in keys:
            return (
                _notice(
                    name=keys["finding type"] or "GuardDuty finding",
                    kind="guardduty",
                    severity=_guarded(keys.get("severity", "")),
                    region=keys.get("region", ""),
                    account=keys.get("account id", ""),
                    starts_at=moment(keys.get("first seen")),
                    ends_at=None,
                    text=post.reading,
                    about=("GUARDDUTY", ""),
                    links=post.links,
                ),
            )
    return None


def read_notice_event(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return the notice of an EventBridge event; None for another event."""
    kind, detail = body.get("detail-type"), body.get("detail")
    if kind not in _EVENTS or not isinstance(detail, dict):
        return None
    is_guard = kind == "GuardDuty Finding"
    service = detail.get("service")
    seen = service.get("eventFirstSeen") if isinstance(service, dict) else None
    named = detail.get("type") if is_guard else detail.get("eventTypeCode")
    told_of = objects(detail.get("eventDescription"), 1)
    text = detail.get("description") if is_guard else (told_of[0] if told_of else {}).get(
        "latestDescription"
    )  # fmt: skip
    return (
        _notice(
            name=line(named) or line(kind),
            kind="guardduty" if is_guard else "health",
            severity=_guarded(line(detail.get("severity"))) if is_guard else Severity.LOW,
            region=line(body.get("region")),
            account=line(body.get("account")),
            starts_at=moment(seen if is_guard else _http_date(detail.get("startTime"))),
            ends_at=None if is_guard else moment(_http_date(detail.get("endTime"))),
            text=prose(text),
            about=("GUARDDUTY" if is_guard else line(detail.get("service")), ""),
        ),
    )


def _http_date(value: object) -> object:
    """Return Health's `Sat, 05 Jun 2027 15:10:09 GMT` as ISO 8601; other values as they are."""
    parts = line(value, 40).split()
    if len(parts) != 6 or parts[2] not in _MONTHS:  # noqa: PLR2004 - weekday day month year time zone
        return value
    month = _MONTHS.index(parts[2]) + 1
    return f"{parts[3]}-{month:02d}-{parts[1].zfill(2)}T{parts[4]}Z"


_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


def _guarded(text: str) -> Severity:
    """Return GuardDuty's severity, told as a word or as a number from 0 to 10."""
    try:
        number = float(text[:10])
    except ValueError:
        return _WORDS.get(text.casefold(), Severity.LOW)
    if number >= _GUARD_HIGH:
        return Severity.HIGH
    return Severity.WARNING if number >= _GUARD_MEDIUM else Severity.LOW


def _notice(
    *,
    name: str,
    kind: str,
    severity: Severity,
    region: str,
    account: str,
    starts_at: datetime | None,
    ends_at: datetime | None,
    text: str,
    about: tuple[str, str],
    links: Sequence[AlertLink] = (),
) -> Alert:
    service, resources = about
    place = AlertScope(account=account or None, region=region_of(region) or None)
    return shaped(
        source=AlertSource.AWS_HEALTH,
        name=name,
        status=AlertStatus.NOTICE,
        severity=severity,
        labels={"kind": kind, "service": service, "resources": resources},
        identity={"kind": kind, "account_id": account, "region": place.region or ""},
        group_key=key_of(AlertSource.AWS_HEALTH, account, place.region or "", name),
        starts_at=starts_at,
        ends_at=ends_at,
        scope=scopes.merged([place]),
        links=links,
        text=text,
    )
