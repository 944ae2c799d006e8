"""Masking where no redactor is handed in: the tools' and triage's way to the process's own.

A process installs its installation's redactor once at its start. Until then, as in a test, one
with a random key stands in, so that nothing is ever shown for want of a key.
"""

from __future__ import annotations

import secrets
from functools import cache

from bot.domain.redaction.engine import Redactor
from bot.domain.redaction.keys import tells

_installed: list[Redactor] = []
_KEY_BYTES = 32


def install(redactor: Redactor) -> None:
    """Make this the redactor of the process."""
    _installed[:] = [redactor]


def mask(text: str) -> str:
    """Return the text without its secrets."""
    return (_installed[0] if _installed else _stand_in()).mask(text)


def tells_a_secret(key: str) -> bool:
    """Tell whether a key, or a flag with its dashes, names a secret."""
    return tells(key.lstrip("-")) is not None


@cache
def _stand_in() -> Redactor:
    return Redactor(key=secrets.token_bytes(_KEY_BYTES))
