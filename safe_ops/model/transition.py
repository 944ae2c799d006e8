"""A change of one action's row, before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from safe_ops.model.actions import Approval, Outcome, PendingProof, State
from safe_ops.model.plans import Plan
from safe_ops.model.trail import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of one action's row; fields left at None stay as they are."""

    state: State
    entry: AuditEntry
    plan: Plan | None = None
    digest: str | None = None
    approval: Approval | None = None
    """Added to those there are."""
    proof: PendingProof | None = None
    reason: str | None = None
    outcome: Outcome | None = None
    operator: str | None = None
    fence_up: bool = False
    """The operator takes it: the fence rises by one."""
    lease_until: datetime | None = None
    stage_until: datetime | None = None
