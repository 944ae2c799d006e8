"""The policy as values: what the file says, complete, with the defaults of what it leaves out.

Pure; must not know YAML, and decides nothing: judging is the other modules'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, cast

from safe_ops.model.plans import Stage, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

TierName = Literal["T1", "T2", "T3", "T4"]
"""As the file writes `safe_ops.model.plans.Tier`."""

EVERYONE = "everyone"
"""The team all full members of the workspace are in; it may ask, never approve."""


class EnvClass(StrEnum):
    """What an environment counts as."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class Approvals(StrEnum):
    """Whose yes is needed, from none to two people's."""

    NONE = "none"
    ONCALL = "oncall"
    BOTH = "oncall+manager"

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Return the stages in the order they are asked."""
        return (Stage.ONCALL, Stage.MANAGER)[: LADDER.index(self)]

    @property
    def step_down(self) -> Approvals:
        """Return what is needed with one person less; none stays none."""
        return LADDER[max(LADDER.index(self) - 1, 0)]


LADDER = (Approvals.NONE, Approvals.ONCALL, Approvals.BOTH)
"""From the least to the strictest."""


def strictest(wanted: Iterable[Approvals]) -> Approvals:
    """Return the strictest of them; none if there are none."""
    return max(wanted, key=LADDER.index, default=Approvals.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where something is to be done, as entries of the policy are matched against it."""

    environment: str
    """As the registry calls it."""
    env_class: EnvClass
    place: str
    """Name of the cluster or account."""
    namespace: str = ""
    """Empty for what belongs to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where an entry counts; shell patterns, and everywhere what is left out."""

    environments: tuple[str, ...] = ("*",)
    """Names of environments, or classes: `prod` is whatever counts as prod."""
    places: tuple[str, ...] = ("*",)
    namespaces: tuple[str, ...] = ("*",)
    """`*` alone also covers what belongs to no namespace."""

    def covers(self, spot: Spot) -> bool:
        """Tell whether the entry counts there."""
        return (
            covers_environment(self.environments, spot.environment, spot.env_class)
            and matches(spot.place, self.places)
            and matches(spot.namespace, self.namespaces)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Area):
    """Teams that have a role somewhere; the entries of a role add up."""

    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Who may do what; `stop`, `release` and `break_glass` follow the approvers when left out."""

    oncall: tuple[Role, ...] = (Role(teams=("oncall",)),)
    """Give the first approval."""
    secondary: tuple[Role, ...] = ()
    """Give it too, and are called when nobody has; left out: managers are told, who cannot."""
    manager: tuple[Role, ...] = (Role(teams=("managers",)),)
    """Give the second."""
    ask: tuple[Role, ...] = (Role(teams=(EVERYONE,)),)
    """May ask for operations."""
    stop: tuple[str, ...] = ()
    """Teams that may press the kill switch; left out: all that approve anything."""
    release: tuple[str, ...] = ()
    """Teams that may release it; left out: all that give a second approval."""
    break_glass: tuple[str, ...] = ()
    """Teams that may ask to break glass; left out: all that give a second approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRule(Area):
    """An exception for an operation: stricter everywhere, or autonomous in dev."""

    operation: str
    """Its name, or a shell pattern."""
    tier: TierName | None = None
    """It counts as at least this."""
    approvals: Approvals | None = None
    """At least these are needed."""
    never: str = ""
    """Why it is not done there, and what to do instead; empty where it may be."""
    autonomous: bool = False
    """T1 and T2 need no approval, within the budget; in dev only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What no operation touches, besides what is built in (`safe_ops.policy.protection`)."""

    namespaces: tuple[str, ...] = ("databases", "monitoring", "prometheus", "redis")
    """Shell patterns."""
    names: tuple[str, ...] = ()
    """Shell patterns of `name`, or of `namespace/name`."""
    labels: tuple[str, ...] = ()
    """Labels or AWS tags, as `key` or `key=value`."""
    places: tuple[str, ...] = ()
    """Shell patterns of clusters and accounts, such as the one Nightdesk itself is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyWindow:
    """Hours that come back every week, as the clocks of a zone show them."""

    name: str
    allows: bool
    """True: changes only within such windows; False: none within this one."""
    environments: tuple[str, ...]
    zone: str
    """IANA name, such as `Europe/Berlin`."""
    days: tuple[int, ...]
    """Days it begins on; Monday is 0."""
    begins: time
    ends: time
    """At or before `begins`: of the next day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Dates between which nothing is changed, as the clocks of a zone show them."""

    reason: str
    environments: tuple[str, ...]
    zone: str
    begins: datetime
    """Without zone."""
    ends: datetime
    """Without zone; the first moment after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast, how soon again, how old; how long a person is waited for."""

    per_target_hour: int = 3
    per_environment_hour: int = 10
    per_service_hour: int = 5
    """Actions on one service: many small changes are one big one."""
    objects_service_hour: int = 20
    """Objects of one service that several actions together may touch."""
    autonomous_per_hour: int = 10
    """Actions of an environment within an hour, after which people approve again."""
    cooldown_s: int = 1800
    """How long a target rests after an action that failed or was undone."""
    evidence_age_s: int = 600
    oncall_wait_s: int = 900
    """How long the first approval is waited for."""
    manager_wait_s: int = 1800


def standard_approvals() -> dict[EnvClass, dict[TierName, Approvals]]:
    """Return who approves what unless the file says otherwise."""
    none, oncall, both = LADDER
    return {
        EnvClass.DEV: {"T1": none, "T2": none, "T3": oncall, "T4": both},
        EnvClass.STAGING: {"T1": none, "T2": oncall, "T3": both, "T4": both},
        EnvClass.PROD: {"T1": oncall, "T2": oncall, "T3": both, "T4": both},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All of it."""

    environments: dict[str, EnvClass] = field(
        default_factory=lambda: {str(known): known for known in EnvClass}
    )
    approvals: dict[EnvClass, dict[TierName, Approvals]] = field(default_factory=standard_approvals)
    requester_may_confirm_t1: bool = True
    """Who asked for a T1 may give the first approval too, if on call."""
    second_factor: dict[EnvClass, TierName] = field(default_factory=lambda: {EnvClass.PROD: "T4"})
    """From which tier on approvers prove who they are."""
    unattended: tuple[EnvClass, ...] = (EnvClass.DEV, EnvClass.STAGING)
    """Where what an alert or a model asked for may run without anybody's yes."""
    operations: tuple[OperationRule, ...] = ()
    roles: Roles = field(default_factory=Roles)
    people: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Slack ids by subject, of people who have several."""
    protected: Protected = field(default_factory=Protected)
    windows: tuple[WeeklyWindow, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def class_of(self, environment: str) -> EnvClass:
        """Return what an environment counts as; one nobody listed counts as prod."""
        if environment in set(EnvClass):
            return EnvClass(environment)
        return self.environments.get(environment, EnvClass.PROD)

    def approvals_for(self, env_class: EnvClass, tier: Tier) -> Approvals:
        """Return what the table says."""
        return self.approvals[env_class][cast("TierName", tier.name)]

    def spot(self, environment: str, place: str, namespace: str = "") -> Spot:
        """Return a spot with its environment's class."""
        return Spot(
            environment=environment,
            env_class=self.class_of(environment),
            place=place,
            namespace=namespace,
        )


def covers_environment(patterns: tuple[str, ...], environment: str, env_class: EnvClass) -> bool:
    """Tell whether any of the names, classes or shell patterns means the environment."""
    return env_class in patterns or matches(environment, patterns)


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether any shell pattern fits the name; case counts."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
