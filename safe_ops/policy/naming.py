"""Names in a policy that mean nothing: a freeze or a `never` for `prdo` would protect nothing.

Pure. Fits names and shell patterns against the file's own environments, the catalogue's operations
and the registry's clusters and accounts.
"""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING

from safe_ops.policy.rules import EnvClass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from safe_ops.policy.document import Location
    from safe_ops.policy.rules import Area, Rules

Named = tuple["Location", tuple[str, ...]]


def names_of_nothing(
    rules: Rules, *, operations: Collection[str], places: Collection[str]
) -> Iterator[tuple[Location, str]]:
    """Yield every name or pattern that fits nothing, and every list that holds none."""
    for place, patterns in _lists(rules):
        if not patterns:
            yield place, "is empty, so the entry counts nowhere: leave it out for everywhere"
    environments = {*rules.environments, *EnvClass}
    yield from _unfitting(_environments(rules), environments, "environment in this file")
    if operations:
        yield from _unfitting(_operations(rules), operations, "operation in the catalogue")
    if places:
        yield from _unfitting(_places(rules), places, "cluster or account in the registry")


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a guess at what was meant, to be put behind a sentence; empty if nothing is close."""
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _unfitting(
    named: Iterator[Named], known: Collection[str], what: str
) -> Iterator[tuple[Location, str]]:
    for place, patterns in named:
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in known):
                yield place, f"there is no {what} like {pattern!r}{did_you_mean(pattern, known)}"


def _areas(rules: Rules) -> Iterator[tuple[Location, Area]]:
    for role, entries in (
        ("oncall", rules.roles.oncall),
        ("secondary", rules.roles.secondary),
        ("manager", rules.roles.manager),
        ("ask", rules.roles.ask),
    ):
        for index, entry in enumerate(entries):
            yield ("roles", role, index), entry
    for index, rule in enumerate(rules.operations):
        yield ("operations", index), rule


def _environments(rules: Rules) -> Iterator[Named]:
    for place, area in _areas(rules):
        yield (*place, "environments"), area.environments
    for index, window in enumerate(rules.windows):
        yield ("windows", index, "environments"), window.environments
    for index, freeze in enumerate(rules.freezes):
        yield ("freezes", index, "environments"), freeze.environments


def _operations(rules: Rules) -> Iterator[Named]:
    for index, rule in enumerate(rules.operations):
        yield ("operations", index, "operation"), (rule.operation,)


def _places(rules: Rules) -> Iterator[Named]:
    for place, area in _areas(rules):
        yield (*place, "places"), area.places
    yield ("protected", "places"), rules.protected.places


def _lists(rules: Rules) -> Iterator[Named]:
    return chain(
        _environments(rules),
        (
            ((*place, key), patterns)
            for place, area in _areas(rules)
            for key, patterns in (("places", area.places), ("namespaces", area.namespaces))
        ),
    )
