"""Waiting for what another thread or process brings about, with a deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

POLL_S = 0.02


def eventually(condition: Callable[[], T], what: str, *, within_s: float = 10.0) -> T:
    """Return the first true value of `condition`; fail, naming `what`, when none comes."""
    deadline = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true within {within_s} s: {what}")
        time.sleep(POLL_S)
