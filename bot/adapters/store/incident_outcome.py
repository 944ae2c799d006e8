"""What an alert did to an incident, handed from the part that decides to the part that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from bot.domain.incident import Joining, Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an alert did, before it is counted."""

    joining: Joining
    incident_id: str | None = None
    told_of: str | None = None
    alerts: int = 0
    """How many more are counted, and below how many more fire."""
    firing: int = 0
    why: tuple[Weight, ...] = ()
    reason: str = ""
    is_new_name: bool = False
    became_storm: bool = False
    incident: RowMapping | None = None
    """Its row where that was read and is as it was before."""
    columns: dict[str, Any] | None = None
    """Of the incident, besides its counters."""
    absorbed: tuple[RowMapping, ...] = ()
