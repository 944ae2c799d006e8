"""How a read is spelled: the one form of objects, scope and flags that `canonical()` writes."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from bot.domain.kinds import KINDS, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Objects of one kind: the named ones, or all of them when no name is given."""

    kind: Kind
    names: tuple[str, ...] = ()


def qualified(kind: Kind, word: str) -> str:
    """Return a word for the kind that can be parsed again, with its group if it is a custom one."""
    return word if kind in KINDS else f"{word}.{kind.group}"


def spelled(targets: tuple[Target, ...]) -> list[str]:
    """Return the words for objects: kinds joined by commas, or a `kind/name` for each."""
    if not any(target.names for target in targets):
        return (
            [",".join(qualified(target.kind, target.kind.plural) for target in targets)]
            if targets
            else []
        )
    return [
        f"{qualified(target.kind, target.kind.singular)}/{name}"
        for target in targets
        for name in target.names
    ]


def scope(namespace: str | None, *, all_namespaces: bool = False) -> list[str]:
    """Return the words for where to look, none for the default."""
    if all_namespaces:
        return ["-A"]
    return option("-n", namespace)


def option(flag: str, value: str | None) -> list[str]:
    """Return the words for a flag with its value, none when it has no value."""
    if value is None:
        return []
    quoted = shlex.quote(value)
    return [f"{flag}={quoted}"] if flag.startswith("--") else [flag, quoted]


def switch(flag: str, *, on: bool) -> list[str]:
    """Return the word for a switch that is on."""
    return [flag] if on else []


def written(*parts: str) -> str:
    """Return the command of these words."""
    return " ".join(parts)
