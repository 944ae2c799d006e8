"""What the audit holds: who caused which change of state, on what grounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from safe_ops.model.plans import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who caused it: a person, or one of our processes."""

    subject: str
    """A person's subject, `policy:<hash>`, `alert:<fingerprint>` or `process:operator`."""
    slack_id: str = ""
    address: str = ""
    """Where the request came from, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that happened, before it has its place in the chain."""

    event: str
    """In the past tense: `action.approved`, `click.refused`, `switch.set`, `read.asked`."""
    actor: Actor
    action_id: str = ""
    before: str = ""
    """State it left."""
    after: str = ""
    """State it entered."""
    digest: str = ""
    policy_hash: str = ""
    says: str = ""
    """One redacted sentence."""
    facts: dict[str, Json] = field(default_factory=dict)
    """Redacted; small values only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """An entry in its place: `hash` covers everything above it and the row before."""

    number: int
    """From 1, without gaps."""
    at: datetime
    entry: AuditEntry
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed word on how far the chain went, kept where the chain's writer cannot reach."""

    number: int
    """The last row it covers."""
    hash: str
    at: datetime
    key_id: str
    signature: str
    """Ed25519 over domain, number, hash and time; base64."""
