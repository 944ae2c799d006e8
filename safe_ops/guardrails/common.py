"""The guards every operation has, beside its own. A list; each decision is in its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from safe_ops.guardrails import evidence, hard_limits, pace, scope, switches, timing

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.surveys import Survey

COMMON: Final[tuple[Guard[Survey], ...]] = (
    *switches.GUARDS,
    *hard_limits.GUARDS,
    *scope.GUARDS,
    *evidence.GUARDS,
    *timing.GUARDS,
    *pace.GUARDS,
)
"""In the order cards show them."""
