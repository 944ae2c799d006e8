"""Codes of an authenticator app (RFC 6238): six digits, thirty seconds, each taken once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyotp

if TYPE_CHECKING:
    from datetime import datetime

STEP_S: Final = 30
WINDOW: Final = 1
"""Steps before and after the present one that count too: people type, clocks drift."""
_CODE: Final = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """Return a secret for an authenticator app, 160 bits in base32."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, *, subject: str) -> str:
    """Return the `otpauth://` address that authenticator apps take."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(
        name=subject, issuer_name="Nightdesk"
    )


def step_of(secret: str, code: str, *, at: datetime) -> int | None:
    """Return the time step a code belongs to; None if it is no code of this time.

    Every step of the window is compared, whichever holds, so that the time it takes tells nothing.
    Whoever takes the code has to use the step up: pyotp accepts the same code again.
    """
    digits = "".join(code.split())
    if _CODE.fullmatch(digits) is None:
        return None
    totp = pyotp.TOTP(secret, interval=STEP_S)
    now = totp.timecode(at)
    found = None
    for step in range(now - WINDOW, now + WINDOW + 1):
        if pyotp.utils.strings_equal(digits, totp.generate_otp(step)):
            found = step
    return found
