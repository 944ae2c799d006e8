"""What a browser hands over of a WebAuthn ceremony, and why it may not hold.

The library's own errors name fields of the protocol, which help no approver; they go to the log.
It and what it stands on take 8 MB, which only a process that asks a key pays.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from safe_ops.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger()

TIMEOUT_MS: Final = 120_000
"""How long a browser waits for somebody to find the key and enter its PIN."""
MOST_BYTES: Final = 65_536
"""Of one answer; an attestation with its certificates has some 4 kB."""
_LATEST: Final = 2**53 - 1
"""The largest whole number that JavaScript keeps as it is."""

_ODD: Final = (UnsupportedAlgorithm, ValueError, LookupError, TypeError, AttributeError)
"""What the parsers below the library raise, beside its own errors."""


class CeremonyAnswer(BaseModel):
    """The JSON the page sends: a credential as WebAuthn Level 3 writes it, and what it answers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    issued: int = Field(default=0, ge=0, le=_LATEST)
    """Which challenge was answered: microseconds since the epoch, as it was asked."""
    credential: dict[str, Any]


def read_answer(text: str) -> CeremonyAnswer:
    """Return the answer.

    Raises:
        RefusedError: `factor`: the text is none.
    """
    try:
        return CeremonyAnswer.model_validate_json(text)
    except ValidationError as error:
        raise RefusedError(
            "The browser sent no answer of a security key: load the page again.", code="factor"
        ) from error


@contextmanager
def verifying(says: str) -> Iterator[None]:
    """Turn whatever does not hold into one refusal with this sentence.

    Why it does not stands in the log: it may be an attack.
    """
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 -- module docstring

    try:
        yield
    except (WebAuthnException, *_ODD) as error:
        log.info("security_key_refused", reason=str(error), kind=type(error).__name__)
        raise RefusedError(says, code="factor") from error
