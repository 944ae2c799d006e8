"""How patient the question journey is: with people who write, workers that die, systems away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Times of the journey."""

    lease: timedelta
    burst_s: float
    """Quiet after which a burst of messages is one question."""
    max_burst_s: float = 5.0
    """A person who keeps writing is answered after this long all the same."""
    max_attempts: int = 8
    """Workers that may die over one run, or find a system away, before it is given up: with a
    lease of 15 s, half an hour of absence."""
    longest_pause: timedelta = timedelta(minutes=10)
    """Most that lies between two attempts at a run whose systems are away."""
