"""The catalogue of what can be done about which finding, read from its two data files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

from bot.domain.verdict import Cause

if TYPE_CHECKING:
    from bot.triage.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One thing that can be done, its commands as templates."""

    key: str
    checks: tuple[Template, ...]
    """Reads that would show that it worked; the first that can be filled is taken."""
    risk: str
    command: Template | None = None
    """None where words are all that can be said."""
    back: Template | None = None
    undo: str = ""
    """Which sentence tells the way back, where no command does."""
    needs: tuple[str, ...] = ()
    """Facts without which it is not offered, besides those its command names."""
    operation: str = ""
    """The operation that does it under guard, where there is one."""
    parameters: Mapping[str, Template] = field(default_factory=dict)
    """The operation's; a `name` such as `deployment/cart` tells the kind as well."""
    from_text: tuple[str, ...] = ()
    """Parameters whose value stands in free text only, such as an event's message."""


Choice = tuple[Remedy, ...]
"""Alternatives for one step, the best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done about one kind of finding."""

    relief: tuple[Choice, ...]
    cure: tuple[Choice, ...]
    causes: frozenset[Cause]
    """Those it is for; empty for whatever it is."""


NOTHING = Plan(relief=(), cure=(), causes=frozenset())


@cache
def remedies() -> Mapping[str, Remedy]:
    """Return everything that can be done, by key."""
    return {
        key: Remedy(
            key=key,
            checks=tuple(Template(check) for check in said["check"]),
            risk=said["risk"],
            command=Template(said["run"]) if "run" in said else None,
            back=Template(said["back"]) if "back" in said else None,
            undo=said.get("undo", "none"),
            needs=tuple(said.get("needs", ())),
            operation=said.get("operation", ""),
            parameters={
                name: Template(value) for name, value in said.get("parameters", {}).items()
            },
            from_text=tuple(said.get("from_text", ())),
        )
        for key, said in _read("steps.toml").items()
    }


@cache
def plans() -> Mapping[str, Plan]:
    """Return the plans, by what a log said, by a finding's sentence, or by cause."""
    known = remedies()

    def choices(steps: list[list[str]]) -> tuple[Choice, ...]:
        return tuple(tuple(known[key] for key in keys) for keys in steps)

    return {
        key: Plan(
            relief=choices(said.get("relief", [])),
            cure=choices(said.get("cure", [])),
            causes=frozenset(Cause(one) for one in said.get("of", ())),
        )
        for key, said in _read("plans.toml").items()
    }


def plan_for(found: Finding) -> Plan:
    """Return the plan for a finding: the most particular one that is about its cause."""
    keys = [found.words.phrase] if found.words is not None else []
    for key in (*keys, found.phrase, found.cause.value):
        plan = plans().get(key)
        if plan is not None and (not plan.causes or found.cause in plan.causes):
            return plan
    return NOTHING


def _read(file: str) -> dict[str, dict[str, Any]]:
    folder = resources.files("bot.triage.remedies")
    return tomllib.loads(folder.joinpath(file).read_text("utf-8"))
