"""The policy that holds while nobody wrote one: strict in prod, open in dev."""

from __future__ import annotations

from typing import Final

from safe_ops.policy.policy import Policy
from safe_ops.policy.rules import Rules

DEFAULT_POLICY: Final = Policy(rules=Rules())
"""Teams `oncall` and `managers` approve; no windows; everybody may ask."""
