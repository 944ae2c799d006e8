"""What changed when, whatever it is told by: one value, so that all of it fits on one time line.

Pure; it must not know where a change was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.evidence import Window

AFTER_COUNTS = 4
"""What came after the onset cannot have brought it: so much further away does it count."""


class ChangeSource(StrEnum):
    """What tells of a change."""

    ROLLOUT = "rollout"
    WORKLOAD = "workload"
    """A workload's own fields, such as its replicas or its strategy."""
    CONFIG = "config"
    SCALE = "scale"
    NODE = "node"
    ARGO_CD = "argocd"
    FUNCTION_VERSION = "function"
    TASK_DEFINITION = "task definition"
    IMAGE_PUSH = "image push"
    STACK = "stack"
    CLOUDTRAIL = "cloudtrail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one object."""

    at: datetime
    what: str
    """On one line; names of variables and keys, never a secret's value."""
    object: str
    """As people name it: `deployment/web`, `function web`, or what a log of calls has."""
    source: ChangeSource
    place: str
    """`cluster` or `account/region`."""
    namespace: str = ""
    """Empty for what belongs to none."""
    actor: str = ""
    """Who or what made it; empty when nobody tells."""
    evidence: tuple[str, ...] = ()
    """Labels of the ledger that tell it."""


def in_order(changes: Iterable[Change], *, window: Window | None = None) -> tuple[Change, ...]:
    """Return each change once, oldest first; those outside the window are left out."""
    known = dict.fromkeys(changes)
    return tuple(
        sorted(
            (one for one in known if window is None or window.start <= one.at <= window.end),
            key=lambda one: (one.at, one.place, one.object, one.what),
        )
    )


def nearest(changes: Iterable[Change], *, onset: datetime, limit: int) -> tuple[Change, ...]:
    """Return those next to the onset, oldest first: what came before it is preferred."""

    def distance_s(one: Change) -> float:
        apart_s = (onset - one.at).total_seconds()
        return apart_s if apart_s >= 0 else -apart_s * AFTER_COUNTS

    return in_order(sorted(in_order(changes), key=distance_s)[:limit])
