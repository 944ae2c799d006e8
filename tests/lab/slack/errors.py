"""How a Web API method of the lab refuses; it must not know HTTP."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """A business error: HTTP 200 with `ok` false, the code, and the extra fields."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


class RateLimitedError(Exception):
    """HTTP 429 with Retry-After, in whole seconds as Slack sends it."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"rate limited for {retry_after_s} s")
        self.retry_after_s = retry_after_s


class NotOnScreenError(LookupError):
    """A persona tried what a person could not: the control is not there for them."""
