"""What stands where a secret stood: its kind, and six digits by which equal secrets are equal.

The digits are a keyed hash, so that whoever reads a placeholder cannot try out passwords on it;
they differ from one installation to the next.
"""

from __future__ import annotations

import hmac
import re

PLACEHOLDER = re.compile("\u2039secret:[a-z0-9_]{1,24}:[0-9a-f]{6}\u203a")
"""A placeholder as written by `Seal.over`; nothing inside one is ever looked at again."""

PLACEHOLDER_BEGINS = "\u2039secret:"

IDENTITY_CHARS = 8192
"""A longer secret is told apart by its beginning, so that a stream need not keep all of it."""


class Seal:
    """Writes placeholders under one installation's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def over(self, kind: str, secret: str) -> str:
        """Return the placeholder of a secret; equal secrets of a kind have equal ones."""
        # A lone surrogate is a character like any other here.
        content = secret[:IDENTITY_CHARS].encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, content, "sha256")
        return f"\u2039secret:{kind}:{digest.hex()[:6]}\u203a"
