"""What an incident came by, looked at again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What the incident came by, looked at again."""

    firing: bool | None
    """None when it cannot be seen."""
    value: float | None = None
    """The rule's own number, where it has one."""
    says: str = ""
