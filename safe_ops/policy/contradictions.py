"""What a well-formed policy may still get wrong: entries that loosen, or contradict each other.

Pure; must not know the file's syntax, only the place of each value in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING, Final

from safe_ops.policy.naming import did_you_mean, names_of_nothing
from safe_ops.policy.rules import EVERYONE, LADDER, Approvals, EnvClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.policy.document import Location
    from safe_ops.policy.rules import OperationRule, Rules, TierName

Problem = tuple["Location", str]

FLOORS: Final[dict[EnvClass, dict[TierName, Approvals]]] = {
    EnvClass.DEV: {"T3": Approvals.ONCALL, "T4": Approvals.ONCALL},
    EnvClass.STAGING: {"T3": Approvals.ONCALL, "T4": Approvals.ONCALL},
    EnvClass.PROD: {
        "T1": Approvals.ONCALL,
        "T2": Approvals.ONCALL,
        "T3": Approvals.BOTH,
        "T4": Approvals.BOTH,
    },
}
"""No table goes below these; what prod may do by itself is earned, one operation at a time."""

# AWS's SourceIdentity; it also keeps subjects apart from `policy:…`, `alert:…` and `process:…`.
_SUBJECT: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_PERSON_ID: Final = re.compile(r"[UW][A-Z0-9]{6,}")
_LABEL: Final = re.compile(r"[^\s=]+(=[^\s=]*)?")
_PATTERN: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the catalogue and the registry hold; what is empty is not checked against."""

    operations: Collection[str] = ()
    teams: Collection[str] = ()
    environments: Collection[str] = ()
    places: Collection[str] = ()


def find_contradictions(rules: Rules, known: Known) -> list[Problem]:
    """Return everything that contradicts itself, section by section."""
    return list(
        chain(
            _in_environments(rules, known.environments),
            _in_approvals(rules),
            _in_operations(rules),
            _in_roles(rules, known.teams),
            _in_people(rules),
            _in_protected(rules),
            _in_calendar(rules),
            names_of_nothing(rules, operations=known.operations, places=known.places),
        )
    )


def _in_environments(rules: Rules, registered: Collection[str]) -> Iterator[Problem]:
    for name, env_class in rules.environments.items():
        if name in set(EnvClass) and name != env_class:
            yield ("environments", name), f"is {env_class}, which contradicts its name"
        if _PATTERN.search(name) or not name.strip():
            yield ("environments", name), "is a pattern: name environments one by one"
    for name in sorted(registered):
        if name not in rules.environments:
            yield (
                ("environments",),
                f"lacks {name!r} of the registry: say whether it is dev, staging or prod",
            )


def _in_approvals(rules: Rules) -> Iterator[Problem]:
    for env_class, floor in FLOORS.items():
        for tier, least in floor.items():
            wanted = rules.approvals[env_class][tier]
            if LADDER.index(wanted) < LADDER.index(least):
                yield (
                    ("approvals", env_class, tier),
                    f"is {wanted}, and {tier} in {env_class} needs at least {least}",
                )


def _in_operations(rules: Rules) -> Iterator[Problem]:
    for index, rule in enumerate(rules.operations):
        place: Location = ("operations", index)
        stricter = [
            key
            for key, given in (
                ("tier", rule.tier is not None),
                ("approvals", rule.approvals is not None),
                ("never", bool(rule.never)),
            )
            if given
        ]
        if not stricter and not rule.autonomous:
            yield place, "changes nothing: give tier, approvals, never or autonomous"
        if rule.approvals is Approvals.NONE:
            yield (
                (*place, "approvals"),
                "is none, but entries only add; for dev write `autonomous: true`",
            )
        if "never" in stricter and len(stricter) > 1:
            yield (*place, "never"), f"makes {stricter[0]} pointless: keep one of them"
        if rule.autonomous:
            yield from _in_autonomous(rules, place, rule, stricter)


def _in_autonomous(
    rules: Rules, place: Location, rule: OperationRule, stricter: list[str]
) -> Iterator[Problem]:
    if stricter:
        yield (*place, "autonomous"), f"contradicts {stricter[0]}: keep one of them"
    meant = {_class_meant(rules, name) for name in rule.environments}
    if meant != {EnvClass.DEV}:
        yield (
            (*place, "autonomous"),
            (
                "is for dev only: write `environments: [dev]`; elsewhere it is earned, and asked"
                " for with `/nightdesk run autonomy_grant`"
            ),
        )


def _in_roles(rules: Rules, known: Collection[str]) -> Iterator[Problem]:
    for role in ("oncall", "secondary", "manager", "ask"):
        entries = getattr(rules.roles, role)
        for index, entry in enumerate(entries):
            place: Location = ("roles", role, index, "teams")
            if not entry.teams:
                yield place, "is empty: name at least one team"
            if role != "ask" and EVERYONE in entry.teams:
                yield place, "holds everyone, and not everyone may approve: name a team"
            yield from _unknown_teams(place, entry.teams, known)
    for role in ("stop", "release", "break_glass"):
        named = getattr(rules.roles, role)
        if EVERYONE in named and role != "stop":
            yield ("roles", role), "holds everyone: name a team"
        yield from _unknown_teams(("roles", role), named, known)
    yield from _nobody(rules)


def _nobody(rules: Rules) -> Iterator[Problem]:
    """Yield environments in which nobody could ever approve."""
    for role in ("oncall", "manager"):
        for name, env_class in rules.environments.items():
            if not any(
                env_class in entry.environments
                or any(fnmatchcase(name, pattern) for pattern in entry.environments)
                for entry in getattr(rules.roles, role)
            ):
                yield ("roles", role), f"has no team for {name}, so nobody could approve there"


def _unknown_teams(
    place: Location, named: tuple[str, ...], known: Collection[str]
) -> Iterator[Problem]:
    for team in named:
        if known and team not in known and team != EVERYONE:
            yield place, f"there is no team {team!r} in the registry{did_you_mean(team, known)}"


def _in_people(rules: Rules) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for subject, ids in rules.people.items():
        place: Location = ("people", subject)
        if not _SUBJECT.fullmatch(subject):
            yield place, f"{subject!r} is no name of 2 to 64 letters, digits or + = , . @ _ -"
        if _PERSON_ID.fullmatch(subject) and subject not in ids:
            yield place, "is a Slack id itself: list it among its own, or give the person a name"
        for index, slack_id in enumerate(ids):
            if not _PERSON_ID.fullmatch(slack_id):
                yield (*place, index), f"{slack_id!r} is no id of a person such as U0123ABCD"
            if slack_id in taken:
                yield (
                    (*place, index),
                    f"{slack_id} is {taken[slack_id]} already: an account is one person's",
                )
            taken.setdefault(slack_id, subject)


def _in_protected(rules: Rules) -> Iterator[Problem]:
    for index, label in enumerate(rules.protected.labels):
        if not _LABEL.fullmatch(label):
            yield ("protected", "labels", index), f"{label!r} is neither `key` nor `key=value`"


def _in_calendar(rules: Rules) -> Iterator[Problem]:
    named: dict[str, int] = {}
    for index, window in enumerate(rules.windows):
        if window.name in named:
            yield ("windows", index, "name"), f"{window.name!r} names another window already"
        named.setdefault(window.name, index)
        if not window.days:
            yield ("windows", index, "days"), "is empty: leave it out for all days"
    for index, freeze in enumerate(rules.freezes):
        if freeze.ends <= freeze.begins:
            yield ("freezes", index, "to"), "is not after `from`"


def _class_meant(rules: Rules, name: str) -> EnvClass | None:
    """Return the class a name of an environment or class means; None for a pattern."""
    return None if _PATTERN.search(name) else rules.class_of(name)
