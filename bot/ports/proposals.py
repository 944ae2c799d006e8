"""What a run of an investigation asks of guarded operations: to propose one, and nothing more.

Whoever implements this stores a wish and rings the operator. It must not plan, decide or execute
anything, and what it is given is text of a model's, checked as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from safe_ops.model.plans import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One operation as a model or a rule wants it, unchecked."""

    operation: str
    parameters: Mapping[str, Json] = field(default_factory=dict)
    place: str = ""
    """Cluster, or account and region as `account/region`; empty for the conversation's first."""
    why: str = ""
    """Free text for the card; no gate reads it."""
    evidence: tuple[str, ...] = ()
    """Ledger labels it rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What has become of it."""

    label: str
    """What people call the action: A12."""
    says: str
    """What is asked for and where, in a few words."""


class Proposer(Protocol):
    """Takes the proposals of one run; safe to call from several threads."""

    def operations(self) -> tuple[str, ...]:
        """Return what can be proposed here, a line each: name, parameters, what they may be."""
        ...

    def propose(self, wanted: Wanted) -> Proposed:
        """Store the wish, and have the operator look at it; the same run gives the same action.

        Raises:
            ToolError: It cannot be asked for so; the text says what would help.
            UpstreamError: It could not be stored.
        """
        ...
