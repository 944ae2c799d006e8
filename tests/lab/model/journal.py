"""What the lab's model was asked and what became of it, kept for tests to look at."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tests.lab.model.caching import Usage
from tests.lab.model.replies import Reply
from tests.lab.model.requests import MessagesRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_BEDROCK_FIELDS = ("anthropic_version", "anthropic_beta")
"""What Amazon Bedrock has in the body and the Messages API in headers."""


class Outcome(StrEnum):
    """Where an exchange stands, or how it ended."""

    OPEN = "open"
    HELD = "held"
    ANSWERED = "answered"
    REFUSED = "refused"
    """With an HTTP error."""
    TORN = "torn"
    ENDED = "ended"
    FAILED = "failed"
    SILENT = "silent"
    """Silent until the client went away."""
    LEFT = "left"
    """The client went away before the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP request to the lab, as it stood when it was looked at."""

    number: int
    at: datetime
    method: str
    path: str
    provider: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Mapping[str, Any]
    """The parsed JSON; empty when there was none."""
    model: str = ""
    outcome: Outcome = Outcome.OPEN
    status: int | None = None
    """HTTP status sent; None while nothing was."""
    error: str | None = None
    """The message of a refusal."""
    usage: Usage | None = None
    reply: Reply | None = field(default=None, repr=False)
    events_sent: int = 0
    pings_sent: int = 0
    """Keep-alives while silent or held; the one inside every stream is an event."""

    @property
    def request(self) -> MessagesRequest:
        """The request as a brain sees it."""
        stream = bool(self.body.get("stream")) or self.path.endswith("-with-response-stream")
        body = {key: value for key, value in self.body.items() if key not in _BEDROCK_FIELDS}
        return MessagesRequest(provider=self.provider, model=self.model, stream=stream, body=body)

    @property
    def strings(self) -> tuple[str, ...]:
        """Every string of the body, keys too, as the model reads it: no JSON escapes."""
        return tuple(_strings(self.body))


class Journal:
    """The exchanges in the order they arrived; safe to use from any thread."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._changed = threading.Condition()

    def open(self, **fields: Any) -> int:
        """Add an exchange and return its number."""
        with self._changed:
            number = len(self._exchanges)
            self._exchanges.append(Exchange(number=number, at=datetime.now(UTC), **fields))
            self._changed.notify_all()
            return number

    def note(self, number: int, **changes: Any) -> None:
        """Change what is known of an exchange."""
        with self._changed:
            self._exchanges[number] = replace(self._exchanges[number], **changes)
            self._changed.notify_all()

    def all(self) -> tuple[Exchange, ...]:
        """Return every exchange as it stands now."""
        with self._changed:
            return tuple(self._exchanges)

    def wait(
        self, condition: Callable[[tuple[Exchange, ...]], object], *, timeout_s: float
    ) -> tuple[Exchange, ...]:
        """Return the exchanges once the condition holds; raises TimeoutError."""
        with self._changed:
            if self._changed.wait_for(lambda: condition(tuple(self._exchanges)), timeout_s):
                return tuple(self._exchanges)
            seen = ", ".join(f"{one.path} {one.outcome}" for one in self._exchanges) or "none"
        raise TimeoutError(f"the lab's model waited {timeout_s:g} s in vain; exchanges: {seen}")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
