"""The shape of the policy file: what may be written, and how text becomes times and zones.

Knows pydantic and the rules' values; no line numbers, and no contradictions between entries.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from safe_ops.policy.rules import (
    Approvals,
    EnvClass,
    Freeze,
    Limits,
    OperationRule,
    Protected,
    Roles,
    Rules,
    TierName,
    WeeklyWindow,
    standard_approvals,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, LookupError, ValueError):
        raise ValueError(f"{name!r} is no zone such as Europe/Berlin") from None
    return name


def _day(name: object) -> object:
    if name not in DAYS:
        raise ValueError(f"{name!r} is none of {', '.join(DAYS)}")
    return DAYS.index(str(name))


def _hour(text: object) -> object:
    try:
        return time(0) if text == "24:00" else datetime.strptime(str(text), "%H:%M").time()  # noqa: DTZ007 - wall clock; the zone stands beside it
    except ValueError:
        raise ValueError(f"{text!r} is no time of day such as 09:00") from None


def _moment(text: object, *, end: bool) -> object:
    """Return a wall-clock time; a date alone begins at midnight, or ends with the day."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M")  # noqa: DTZ007 - as in _hour
    except ValueError:
        pass
    try:
        day = datetime.strptime(str(text), "%Y-%m-%d")  # noqa: DTZ007 - as in _hour
    except ValueError:
        raise ValueError(f"{text!r} is no date such as 2026-12-24 or 2026-12-24 18:00") from None
    return day + _DAY if end else day


_Zone = Annotated[str, AfterValidator(_zone)]
_Hour = Annotated[time, BeforeValidator(_hour)]
_Day = Annotated[int, BeforeValidator(_day)]
_Begin = Annotated[datetime, BeforeValidator(lambda text: _moment(text, end=False))]
_End = Annotated[datetime, BeforeValidator(lambda text: _moment(text, end=True))]


class Entry(BaseModel):
    """Base of what the file is made of: nothing beyond what is named."""

    model_config = ConfigDict(extra="forbid")


class WindowEntry(Entry):
    """A weekly window as it is written."""

    name: str
    allow: bool
    environments: tuple[str, ...] = ("*",)
    zone: _Zone
    days: tuple[_Day, ...] = tuple(range(len(DAYS)))
    begins: _Hour = Field(default=time(0), alias="from")
    ends: _Hour = Field(default=time(0), alias="to")

    def value(self) -> WeeklyWindow:
        """Return it as the policy judges it."""
        return WeeklyWindow(
            name=self.name,
            allows=self.allow,
            environments=self.environments,
            zone=self.zone,
            days=self.days,
            begins=self.begins,
            ends=self.ends,
        )


class FreezeEntry(Entry):
    """A freeze as it is written."""

    reason: str
    environments: tuple[str, ...] = ("*",)
    zone: _Zone
    begins: _Begin = Field(alias="from")
    ends: _End = Field(alias="to")

    def value(self) -> Freeze:
        """Return it as the policy judges it."""
        return Freeze(
            reason=self.reason,
            environments=self.environments,
            zone=self.zone,
            begins=self.begins,
            ends=self.ends,
        )


class LimitsEntry(Entry):
    """The same as `Limits`, each within what is still a limit."""

    per_target_hour: int = Field(default=3, ge=1, le=10)
    per_environment_hour: int = Field(default=10, ge=1, le=100)
    per_service_hour: int = Field(default=5, ge=1, le=20)
    objects_service_hour: int = Field(default=20, ge=1, le=200)
    autonomous_per_hour: int = Field(default=10, ge=0, le=10)
    cooldown_s: int = Field(default=1800, ge=300, le=86_400)
    evidence_age_s: int = Field(default=600, ge=60, le=3600)
    oncall_wait_s: int = Field(default=900, ge=60, le=14_400)
    manager_wait_s: int = Field(default=1800, ge=60, le=14_400)


class PolicyFile(Entry):
    """The file's top level; what has no shape of its own here is `rules`' own value."""

    environments: dict[str, EnvClass] = Field(default_factory=lambda: Rules().environments)
    approvals: dict[EnvClass, dict[TierName, Approvals]] = Field(default_factory=dict)
    requester_may_confirm_t1: bool = True
    second_factor: dict[EnvClass, TierName] = Field(default_factory=dict)
    unattended: tuple[EnvClass, ...] = (EnvClass.DEV, EnvClass.STAGING)
    operations: tuple[OperationRule, ...] = ()
    roles: Roles = Roles()
    people: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    protected: Protected = Protected()
    windows: tuple[WindowEntry, ...] = ()
    freezes: tuple[FreezeEntry, ...] = ()
    limits: LimitsEntry = LimitsEntry()

    def value(self) -> Rules:
        """Return the rules, with the defaults of what the tables leave out."""
        return Rules(
            environments=self.environments,
            approvals={
                known: table | self.approvals.get(known, {})
                for known, table in standard_approvals().items()
            },
            requester_may_confirm_t1=self.requester_may_confirm_t1,
            second_factor=Rules().second_factor | self.second_factor,
            unattended=self.unattended,
            operations=self.operations,
            roles=self.roles,
            people=self.people,
            protected=self.protected,
            windows=tuple(window.value() for window in self.windows),
            freezes=tuple(freeze.value() for freeze in self.freezes),
            limits=Limits(**self.limits.model_dump()),
        )
