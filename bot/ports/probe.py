"""One thing `nightdesk doctor` looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How a part stands."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not as it should."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """What was found, and what to do about it."""

    part: str
    """Such as `cluster prod-eu` or `Slack scopes`."""
    health: Health
    found: str
    next_step: str | None = None
    """What a person should do; None when all is well."""


Probe = Callable[[], list[Checkup]]
"""Looks at one part within seconds; never raises, a fault is a finding."""
