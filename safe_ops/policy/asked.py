"""What the policy is asked about one operation. A value; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from safe_ops.model.actions import State
from safe_ops.model.plans import Need, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One operation somewhere, with what is known of how it was asked for."""

    operation: str
    tier: Tier
    """As it was drawn."""
    environment: str
    place: str
    namespace: str = ""
    by_alert: bool = False
    """True when an alert or a model asked, not a person with words of their own."""
    tainted: bool = False
    """True when a parameter came from free text of an untrusted source."""
    break_glass: bool = False
    trust: str = ""
    """What it is trusted by, such as `A12 of 2026-11-21`; empty where nobody gave it any."""
    record: tuple[State, ...] = ()
    """How it ended for the service within 30 days, newest first."""
    runs_this_hour: int = 0
    """Actions executed in the environment within the last hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the policy says of it."""

    tier: Tier
    """Never below the drawn one."""
    needs: tuple[Need, ...]
    """Approvals in their order; none: it may run by itself."""
    never: str = ""
    """Why it is not done at all; empty if it may be."""
    notes: tuple[str, ...] = ()
    """What made it differ from the table, in words for the card."""
