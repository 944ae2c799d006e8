"""Ways for the model to be unwell, as values that a test hands to `ModelLab.outage`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.lab.model.errors import ApiError
from tests.lab.model.replies import Delivery, Fate, Reply, ToolCall, cut_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The request is answered with an HTTP error; nothing of a stream is sent."""

    error: ApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbed:
    """The brain answers, and this is what becomes of its reply."""

    change: Callable[[Reply], Reply] = field(repr=False)


Outage = Refused | Disturbed


@dataclass(slots=True, kw_only=True)
class _Planned:
    outage: Outage
    skip: int
    times: int | None
    question: str


class OutagePlan:
    """Which of the coming requests suffers which outage; safe to use from any thread."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()

    def add(self, outage: Outage, *, times: int | None, skip: int, question: str) -> None:
        """Plan an outage behind those that are planned already."""
        with self._lock:
            self._planned.append(_Planned(outage=outage, skip=skip, times=times, question=question))

    def clear(self) -> None:
        """Forget what is still planned."""
        with self._lock:
            self._planned.clear()

    def next_for(self, question: str, *, refusals_only: bool = False) -> Outage | None:
        """Take the outage a request with this first user turn suffers, if any is due."""
        with self._lock:
            for planned in self._planned:
                if planned.question not in question:
                    continue
                if refusals_only and not isinstance(planned.outage, Refused):
                    continue
                if planned.skip > 0:
                    planned.skip -= 1
                    return None
                if planned.times is not None:
                    planned.times -= 1
                    if planned.times <= 0:
                        self._planned.remove(planned)
                return planned.outage
        return None


def rate_limited(retry_after_s: float = 1.0) -> Refused:
    """429 with Retry-After in seconds."""
    return _refused(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit.",
        retry_after_s=retry_after_s,
    )


def overloaded(retry_after_s: float | None = None) -> Refused:
    """529, usually without a word on when to come back."""
    return _refused(529, "overloaded_error", "Overloaded", retry_after_s=retry_after_s)


def server_error(retry_after_s: float | None = None) -> Refused:
    """500."""
    return _refused(500, "api_error", "Internal server error", retry_after_s=retry_after_s)


def unauthorized() -> Refused:
    """401, as for a key that was revoked."""
    return _refused(401, "authentication_error", "invalid x-api-key")


def out_of_credit() -> Refused:
    """400, as for an account without money."""
    return bad_request(
        "Your credit balance is too low to access the Anthropic API. "
        "Please go to Plans & Billing to upgrade or purchase credits."
    )


def bad_request(message: str = "prompt is too long: 250000 tokens > 200000 maximum") -> Refused:
    """400."""
    return _refused(400, "invalid_request_error", message)


def slow(first_byte_s: float) -> Disturbed:
    """Nothing, not even the status line, for so many seconds."""
    return _delivered(first_byte_s=first_byte_s)


def silent(*, after_events: int = 1, ping_every_s: float | None = None) -> Disturbed:
    """The stream starts, then nothing comes but pings, if asked for."""
    return _delivered(fate=Fate.SILENT, after_events=after_events, ping_every_s=ping_every_s)


def cut(*, after_events: int = 4) -> Disturbed:
    """The connection closes in the middle of the stream."""
    return _delivered(fate=Fate.TORN, after_events=after_events)


def unfinished(*, after_events: int = -2) -> Disturbed:
    """The body ends in good order before `message_delta` and `message_stop`."""
    return _delivered(fate=Fate.ENDED, after_events=after_events)


def failing(
    *,
    after_events: int = 3,
    status: int = 529,
    error_type: str = "overloaded_error",
    message: str = "Overloaded",
) -> Disturbed:
    """An error event inside the started stream; `status` is used where nothing is streamed."""
    error = ApiError(status=status, type=error_type, message=message)
    return _delivered(fate=Fate.FAILED, after_events=after_events, error=error)


def held(*, after_events: int = 0, ping_every_s: float | None = None) -> Disturbed:
    """The stream stops until `ModelLab.release`, then goes on to its end."""
    return _delivered(fate=Fate.HELD, after_events=after_events, ping_every_s=ping_every_s)


def malformed_tool_json(raw: str = '{"command": kubectl get pods}') -> Disturbed:
    """Every tool call of the reply streams `raw` as its input."""

    def change(reply: Reply) -> Reply:
        blocks = (
            replace(block, raw=raw) if isinstance(block, ToolCall) else block
            for block in reply.content
        )
        return replace(reply, content=tuple(blocks))

    return Disturbed(change=change)


def out_of_tokens() -> Disturbed:
    """The reply stops halfway with `max_tokens`."""
    return Disturbed(change=lambda reply: cut_to(reply, reply.tokens // 2))


def refusal(category: str | None = "cyber") -> Disturbed:
    """The model declines; what it had begun is not to be used."""
    return Disturbed(
        change=lambda reply: replace(
            reply, content=(), stop_reason="refusal", stop_category=category
        )
    )


def empty() -> Disturbed:
    """`end_turn` with no content at all."""
    return Disturbed(change=lambda reply: replace(reply, content=(), stop_reason="end_turn"))


def _refused(
    status: int, error_type: str, message: str, *, retry_after_s: float | None = None
) -> Refused:
    return Refused(
        error=ApiError(status=status, type=error_type, message=message, retry_after_s=retry_after_s)
    )


def _delivered(
    *,
    first_byte_s: float = 0.0,
    fate: Fate = Fate.WHOLE,
    after_events: int = 0,
    ping_every_s: float | None = None,
    error: ApiError | None = None,
) -> Disturbed:
    def change(reply: Reply) -> Reply:
        delivery: Delivery = replace(
            reply.delivery,
            first_byte_s=max(first_byte_s, reply.delivery.first_byte_s),
            fate=fate,
            after_events=after_events,
            ping_every_s=ping_every_s,
            error=error,
        )
        return replace(reply, delivery=delivery)

    return Disturbed(change=change)
