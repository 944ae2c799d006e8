"""Names and identities the way controllers make them, the same in every run.

Everything is derived from what is named, so that a scenario loads to equal names each time and
a test may quote them.
"""

from __future__ import annotations

import hashlib
import uuid

# The alphabet of k8s.io/apimachinery/pkg/util/rand: no vowels, so no words.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_NAMESPACE = uuid.UUID("6f0d3a52-52e0-4a0b-9f57-6b1d1d0e4a11")


def suffix(*parts: str, length: int = 5) -> str:
    """The random-looking tail of a generated name, from the same characters as real ones."""
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:length])


def uid(*parts: str) -> str:
    """A stable object identity."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def digest(*parts: str) -> str:
    """A stable image or container digest, 64 hexadecimal digits."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def share(*parts: str) -> float:
    """A stable number from 0 to 1, for figures that should differ a little between pods."""
    return hashlib.sha256("/".join(parts).encode()).digest()[0] / 255
