"""Keys an installation makes once and keeps on disk, where none is set."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY_FILE = "redaction.key"
AUDIT_KEY_FILE = "audit.key"
FACTOR_KEY_FILE = "factor.key"
KEY_BYTES = 32


def random_bytes() -> bytes:
    """Return a new random key."""
    return secrets.token_bytes(KEY_BYTES)


def kept_key(
    home: Path, *, name: str = KEY_FILE, make: Callable[[], bytes] = random_bytes
) -> bytes:
    """Return the key in this directory, made first if there is none; only its owner may read it.

    Safe when several processes start at once: the first file there wins.
    """
    path = home / name
    home.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{name}.{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(make())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()
