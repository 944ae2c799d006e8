"""The key of an installation's redaction placeholders: set, or made once and kept on disk."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE = "redaction.key"
KEY_BYTES = 32


def kept_key(home: Path) -> bytes:
    """Return the key in this directory, made first if there is none; only its owner may read it.

    Safe when several processes start at once: the first file there wins.
    """
    path = home / KEY_FILE
    home.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{KEY_FILE}.{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()
