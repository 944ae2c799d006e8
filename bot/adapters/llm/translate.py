"""Faults of a model provider in our words: may it be tried again, when, and who can mend it.

The one place that knows the SDK's and the HTTP library's exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.adapters.llm.streaming import TornStreamError
from bot.domain.errors import DeniedError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import anthropic

MAX_MESSAGE = 300
"""Characters of what the provider said."""

_PASSING_STATUS = frozenset({408, 409, 424, 429})
"""Time-outs, lock conflicts, a model that failed behind Bedrock, and rate limits; so is every
status from 500 on."""
_SERVER_FAULT = 500
_STREAM_STARTED = 200
_REFUSED_STATUS = frozenset({401, 403})

_PASSING_TYPES = frozenset(
    {
        "api_error",
        "overloaded_error",
        "rate_limit_error",
        "timeout_error",
        # Amazon Bedrock's names inside a stream.
        "internalServerException",
        "modelStreamErrorException",
        "modelTimeoutException",
        "serviceUnavailableException",
        "throttlingException",
    }
)
"""Types of error that pass; inside a stream the status is 200 and says nothing."""
_REFUSED_TYPES = frozenset({"authentication_error", "permission_error", "accessDeniedException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What went wrong with one attempt."""

    words: str
    passes: bool
    """True when the same request may well succeed a little later."""
    retry_after_s: float | None = None
    refused: bool = False
    """True when our credentials were the reason."""
    forced_tool: bool = False
    """True when the model does not let itself be forced to call a tool."""

    def error(self, provider: str) -> UpstreamError:
        """Return the error the caller gets when there is no further attempt."""
        kind = DeniedError if self.refused else UpstreamError
        return kind(f"{provider} {self.words}", system=provider, retry_after_s=self.retry_after_s)


def fault_of(error: BaseException) -> Fault | None:
    """Return the fault an attempt's exception stands for; None if it is no provider's fault."""
    import anthropic  # noqa: PLC0415 -- 1.8 s of imports, paid only by who asks a model
    import httpx2  # noqa: PLC0415 -- the SDK's HTTP library, loaded with it

    match error:
        case TornStreamError() | httpx2.RemoteProtocolError():
            return Fault(words="broke off in the middle of its reply", passes=True)
        case httpx2.TimeoutException() | anthropic.APITimeoutError():
            return Fault(words="fell silent", passes=True)
        case anthropic.APIStatusError():
            return _of_status(error)
        case anthropic.APIConnectionError() | httpx2.TransportError():
            return Fault(words="could not be reached", passes=True)
        case anthropic.AnthropicError() | httpx2.HTTPError():
            words = f"could not be asked: {_short(str(error))}"
            return Fault(words=words, passes=False)
        case _:
            return None


def _of_status(error: anthropic.APIStatusError) -> Fault:
    kind = error.type or ""
    status = error.status_code
    said = _short(error.api_message or error.message)
    refused = status in _REFUSED_STATUS or kind in _REFUSED_TYPES
    if refused:
        words = f"refused our credentials ({said}); check the key or role it is called with"
        return Fault(words=words, passes=False, refused=True)
    known_by_type = status == _STREAM_STARTED or kind in _PASSING_TYPES
    passes = (
        kind in _PASSING_TYPES
        if known_by_type
        else status in _PASSING_STATUS or status >= _SERVER_FAULT
    )
    number = "" if status == _STREAM_STARTED else f" {status}"
    return Fault(
        words=f"answered{number} {kind or 'an error'} ({said})",
        passes=passes,
        retry_after_s=retry_after_s(error.response.headers),
        forced_tool=not passes and "tool_choice" in said,
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the provider asks us to wait; None if it does not say so."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * scale)
        except (KeyError, ValueError):
            continue
    return None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_MESSAGE else f"{line[: MAX_MESSAGE - 1]}…"
