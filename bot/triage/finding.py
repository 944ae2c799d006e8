"""What a rule concludes from facts: an object, a cause, and words to be filled in any language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.verdict import Category, Cause
from bot.triage.objects import ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWords:
    """The line of a log that tells most, and the evidence it stands in."""

    line: str
    """Foreign text."""
    label: str
    phrase: str = ""
    """Key of the sentence that says what the line means; empty when it only is quoted."""
    subject: str = ""
    """The host, setting or file the line is about."""
    where: str = ""
    """File and line of the program, as `app/cart.py:88`; empty when the log names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault, at the object a person would mend."""

    object: ObjectRef
    cause: Cause
    category: Category
    phrase: str
    """Key of the sentence in the phrase book."""
    values: Mapping[str, str]
    """What fills the sentence; quoted from the cluster, so foreign text."""
    evidence: tuple[str, ...]
    """Ledger labels the sentence rests on."""
    weight: float
    """0 to 1: how surely these facts mean this cause."""
    affected: int = 1
    """Pods that suffer from it."""
    since: datetime | None = None
    check: str = ""
    """A read-only command that would show it mended, or refute it."""
    pods: tuple[ObjectRef, ...] = ()
    """The pods it was seen on."""
    depth: int = 0
    """How near the root: a fault that explains others is deeper than they are."""
    covers: bool = False
    """True when it explains whatever else is wrong with its pods, as a lost node does."""
    symptom: bool = False
    """True when it only shows that something is wrong: never the root beside a cause."""
    container: str = ""
    """Whose log could tell more; empty when none could."""
    previous: bool = False
    """True when that is the log of the run before."""
    log_since_s: int | None = None
    """How far back that log counts; None for as far as it goes."""
    needs: str = ""
    """Host it cannot work without and does not reach; empty for none."""
    words: LastWords | None = None
    hosts: tuple[str, ...] = ()
    """Names, such as `cart.shop`, under which others reach what it stops."""
    stops: frozenset[Cause] = frozenset()
    """Causes found at the same pods that follow from it."""
    quiet: bool = False
    """True when it may well be meant: told only to who asks about it, or if it explains more."""
