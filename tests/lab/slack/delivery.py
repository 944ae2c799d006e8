"""Getting deliveries to the app: one attempt after another, over whichever transport there is.

Runs in the server's event loop. It must not know what an event means.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from tests.lab.slack.answers import apply_answer
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import Json

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.lab.slack.faults import Faults
    from tests.lab.slack.state import Workspace
    from tests.lab.slack.traffic import Delivery

# Docs, Events API: at once, after a minute, after five. Interactions are never told again.
RETRY_AFTER_S = (0.0, 60.0, 300.0)
QUEUE_LIMIT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ended; `failure` is "" when it was acknowledged."""

    failure: str = ""
    answer: Json = field(default_factory=dict)
    may_retry: bool = True


class Transport(Protocol):
    """A way to the app."""

    def ready(self) -> bool:
        """Return whether there is somebody to send to."""
        ...

    async def send(self, delivery: Delivery, *, attempt: int, reason: str) -> Outcome:
        """Send once and wait for the acknowledgement."""
        ...


class Dispatcher:
    """Carries each delivery to its end; events that nobody can receive wait for a socket."""

    def __init__(
        self,
        workspace: Workspace,
        faults: Faults,
        *,
        transport: Callable[[], Transport],
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._workspace = workspace
        self._faults = faults
        self._transport = transport
        self._post = post
        self._waiting: deque[Delivery] = deque()
        self._held: list[Delivery] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, delivery: Delivery) -> None:
        """Start delivering, after the faults that touch this delivery."""
        if delivery.kind == "events_api":
            if self._faults.take_delivery("reverse", delivery.what):
                self._held.append(delivery)
                if self._faults.expects("reverse"):
                    return
                for held in reversed(self._held):
                    self._start(held)
                self._held.clear()
                return
            if self._faults.take_delivery("duplicate", delivery.what):
                twin = replace(delivery, failures=[], answer={})
                with self._workspace.changing():
                    self._workspace.deliveries.append(twin)
                self._start(delivery)
                self._start(twin)
                return
        self._start(delivery)

    def flush(self) -> None:
        """Deliver what waited, oldest first; call when a socket has connected."""
        waiting, self._waiting = list(self._waiting), deque()
        for delivery in waiting:
            self._start(delivery)

    async def close(self) -> None:
        """Stop every attempt."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, delivery: Delivery) -> None:
        self._spawn(self._attempt(delivery))

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, delivery: Delivery) -> None:
        transport = self._transport()
        if not transport.ready():
            self._nobody_there(delivery)
            return
        with self._workspace.changing():
            attempt, delivery.attempts = delivery.attempts, delivery.attempts + 1
            reason = delivery.failures[-1] if delivery.failures else ""
            delivery.state = "sent"
        outcome = await transport.send(delivery, attempt=attempt, reason=reason)
        is_event = delivery.kind == "events_api"
        if (
            not outcome.failure
            and is_event
            and self._faults.take_delivery("lose_ack", delivery.what)
        ):
            outcome = Outcome(failure="ack_lost")
        with self._workspace.changing():
            if not outcome.failure:
                self._settle(delivery, outcome.answer)
                return
            delivery.failures.append(outcome.failure)
            if is_event and outcome.may_retry and attempt < len(RETRY_AFTER_S):
                delivery.state = "queued"
                self._retry_after(delivery, RETRY_AFTER_S[attempt])
            else:
                delivery.state = "failed"

    def _settle(self, delivery: Delivery, answer: Json) -> None:
        delivery.answer = answer
        try:
            apply_answer(self._workspace, delivery)
        except (SlackError, ValueError) as error:
            # The person sees "trouble connecting"; the test sees why.
            delivery.failures.append(f"bad_answer: {error}")
            delivery.state = "failed"
        else:
            delivery.state = "acked"

    def _retry_after(self, delivery: Delivery, delay_s: float) -> None:
        if delay_s == 0:
            self._start(delivery)
            return
        due = self._workspace.clock.now() + delay_s
        self._workspace.at(due, lambda: self._post(lambda: self._start(delivery)))

    def _nobody_there(self, delivery: Delivery) -> None:
        with self._workspace.changing():
            if delivery.kind != "events_api":
                # A real click with no app behind it shows a warning triangle at once.
                delivery.failures.append("no_socket")
                delivery.state = "failed"
                return
            delivery.state = "queued"
            self._waiting.append(delivery)
            if len(self._waiting) > QUEUE_LIMIT:
                dropped = self._waiting.popleft()
                dropped.failures.append("queue_full")
                dropped.state = "failed"
