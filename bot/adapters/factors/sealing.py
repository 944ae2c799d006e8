"""What only this installation's key can do: seal texts, and make codes nobody else can make.

Whose text it is goes into the seal, so that a row that is given to somebody else opens no more than
one that was changed. It must not know what it seals.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

_SEALING: Final = "nightdesk-factor-v1"
_CODING: Final = "nightdesk-factor-code-v1"


class Sealer:
    """Seals and opens small texts with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, text: str, *, whose: str) -> str:
        """Return the text so that only this key opens it, and for nobody but `whose`."""
        return self._box(whose).encrypt(text.encode()).decode()

    def open(self, sealed: str, *, whose: str) -> str | None:
        """Return what was sealed; None if another key sealed it, or for somebody else."""
        try:
            return self._box(whose).decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def code(self, *parts: str) -> bytes:
        """Return 32 bytes that stand for these parts, and that only this key can make."""
        return self._derived(_CODING, *parts)

    def _box(self, whose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derived(_SEALING, whose)))

    def _derived(self, *parts: str) -> bytes:
        # As JSON no two lists of parts are written alike.
        return hmac.digest(self._key, json.dumps(parts).encode(), hashlib.sha256)
