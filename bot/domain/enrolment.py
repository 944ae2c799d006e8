"""A second factor somebody enrolled; what is done with it is not known here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from safe_ops.model.actions import Factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """One authenticator of one person."""

    factor_id: str
    """Of WebAuthn the credential's id; of TOTP any."""
    subject: str
    """Whose it is, as `safe_ops.model.actions.Person` has it."""
    kind: Factor
    secret: str = field(repr=False)
    """TOTP's shared secret, sealed by whoever enrols it, or the credential's public key."""
    label: str = ""
    """What its owner calls it."""
    created_at: datetime
