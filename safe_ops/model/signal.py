"""What an incident came by, looked at again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What the incident came by, looked at again."""

    firing: bool | None
    """None when it cannot be seen."""
    value: float | None = None
    """How strong it is: grows as it gets worse, and is only ever compared with itself at another
    time. None where the rule has no number, or none whose factor means anything."""
    says: str = ""
