"""What a rule concludes about a cloud resource, in words to be filled in any language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.blame import Blame
from bot.triage.cloud.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One step a person may take: keys of its sentences, and what fills them."""

    action: str
    risk: str
    undo: str
    values: Mapping[str, str]
    check: str
    """A read-only command that would show the effect."""
    operation: str = ""
    """The guarded operation that does it, where there is one."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The operation's, with `place`, as people would type them."""
    from_text: tuple[str, ...] = ()
    """Parameters that were read in a log, which the program writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence with the evidence it rests on."""

    phrase: str
    values: Mapping[str, str]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A change right before a fault."""

    at: datetime
    statement: Statement
    relief: tuple[Advice, ...] = ()
    """The way back, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFinding:
    """One fault, at the resource a person would mend."""

    resource: Resource
    cause: Cause
    category: Category
    statement: Statement
    weight: float
    """0 to 1: how surely these facts mean this cause."""
    check: str
    """A read-only command that would refute it, or show it mended."""
    since: datetime | None = None
    """When it was first seen."""
    over: bool = False
    """True when it has not been seen for a while though there was work: it recovered."""
    symptom: bool = False
    """True when it only shows that something is wrong: never the root beside a cause."""
    depth: int = 0
    """How near the root, among faults of one resource: memory before the crash it makes."""
    needs: str = ""
    """Host it cannot work without and does not reach, or refuses it."""
    more: tuple[Statement, ...] = ()
    """What else is to be said of it."""
    ruled_out: tuple[Statement, ...] = ()
    """Explanations that the facts speak against."""
    relief: tuple[Advice, ...] = ()
    cure: tuple[Advice, ...] = ()
    blame: Blame | None = None
    """Where in the code, when only a change of code helps."""
    trigger: Trigger | None = None
