"""One provider of the Messages API as a LanguageModel: streamed, retried, stoppable.

The stream is read in a thread of its own, because a silent one blocks whoever reads it, and a
person who presses Stop waits a second at most.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from bot.adapters.llm.line import Line
from bot.adapters.llm.streaming import Received, receive
from bot.adapters.llm.translate import fault_of
from bot.adapters.llm.wire import body_of
from bot.domain.errors import UpstreamError
from bot.domain.investigation import ToolUse, Usage
from bot.ports.model import ModelReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.adapters.llm.pricing import Pricing
    from bot.adapters.llm.translate import Fault
    from bot.domain.investigation import Turn
    from bot.ports.clock import Clock
    from bot.ports.model import ModelRequest

log = structlog.get_logger()

POLL_S = 0.2
"""How often a running call asks whether it was cancelled."""

MAX_REMEMBERED = 256
"""Replies kept to be sent back unchanged; a run has a dozen."""

NEVER_FORCED = (
    "claude-fable-5-1",
    "claude-fable-5-2",
    "claude-mythos-5-1",
    "claude-mythos-5-2",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
)
"""Models that answer a forced tool with 400 (their migration guides); others are found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one provider is waited for."""

    connect_s: float = 5.0
    silence_s: float = 60.0
    """Without a single byte; the API's pings count as bytes."""
    max_attempts: int = 4
    first_pause_s: float = 0.5
    """Doubled after each attempt."""
    max_pause_s: float = 8.0
    max_retry_after_s: float = 20.0
    """Whoever asks us to stay away longer is given up for this call."""


class MessagesModel:
    """Implements bot.ports.model.LanguageModel for one model of one provider."""

    def __init__(
        self,
        *,
        provider: str,
        model: str,
        connect: Callable[[], Any],
        pricing: Pricing,
        clock: Clock,
        patience: Patience | None = None,
    ) -> None:
        """Make a model; `connect` builds the SDK's client at the first call.

        The client must not retry on its own: every attempt is counted here, and bounded by the
        request's time.
        """
        self.name = f"{provider}:{model}"
        self._provider = provider
        self._model = model
        self._connect = connect
        self._client: Any = None
        self._pricing = pricing
        self._clock = clock
        self._patience = patience or Patience()
        self._may_force = not any(name in model for name in NEVER_FORCED)
        self._sent: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()

    def reply(self, request: ModelRequest, *, cancelled: Callable[[], bool]) -> ModelReply:
        """Return the whole turn.

        Raises:
            UpstreamError: The provider did not answer in time, or not to us (DeniedError).
            CancelledError: `cancelled` said so; what it raises itself passes through.
        """
        began = self._clock.monotonic()
        deadline = began + request.timeout_s
        attempt = 1
        while True:
            outcome = self._attempt(request, deadline, cancelled)
            if isinstance(outcome, Received):
                reply = self._reply(outcome)
                log.info(
                    "model_answered",
                    model=self.name,
                    attempts=attempt,
                    took_s=round(self._clock.monotonic() - began, 3),
                    cost_usd=reply.usage.cost_usd,
                )
                return reply
            pause = self._pause_s(outcome, attempt, request, deadline)
            if pause is None:
                log.warning("model_failed", model=self.name, attempts=attempt, fault=outcome.words)
                raise outcome.error(self._provider)
            log.info("model_retried", model=self.name, fault=outcome.words, pause_s=pause)
            attempt += 1
            self._sleep(pause, cancelled)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _attempt(
        self, request: ModelRequest, deadline: float, cancelled: Callable[[], bool]
    ) -> Received | Fault:
        body = body_of(request, model=self._model, may_force=self._may_force, echo=self._remembered)
        line = Line()
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
        try:
            future = pool.submit(self._read, body, line)
            self._wait(future, deadline, cancelled, request.timeout_s)
            error = future.exception()
            if error is None:
                return future.result()
        finally:
            line.cut()
            pool.shutdown(wait=False, cancel_futures=True)
        fault = fault_of(error)
        if fault is None:
            raise error
        return fault

    def _read(self, body: dict[str, Any], line: Line) -> Received:
        if self._client is None:
            self._client = self._connect()
        stream = self._client.messages.create(**body, timeout=self._timeout())
        line.opened(stream)
        with stream:
            return receive(stream)

    def _timeout(self) -> Any:
        import anthropic  # noqa: PLC0415 -- loaded with the client

        return anthropic.Timeout(self._patience.silence_s, connect=self._patience.connect_s)

    def _wait(
        self,
        future: Future[Received],
        deadline: float,
        cancelled: Callable[[], bool],
        timeout_s: float,
    ) -> None:
        while not wait((future,), timeout=POLL_S).done:
            if cancelled():
                raise CancelledError
            if self._clock.monotonic() >= deadline:
                raise UpstreamError(
                    f"{self._provider} gave no whole answer within {timeout_s:.0f} s",
                    system=self._provider,
                )

    def _pause_s(
        self, fault: Fault, attempt: int, request: ModelRequest, deadline: float
    ) -> float | None:
        """Return how long to wait for the next attempt; None if there is none."""
        if fault.forced_tool and request.must_call is not None and self._may_force:
            self._may_force = False
            return 0.0
        patience = self._patience
        if not fault.passes or attempt >= patience.max_attempts:
            return None
        pause = min(patience.first_pause_s * 2 ** (attempt - 1), patience.max_pause_s)
        if fault.retry_after_s is not None:
            pause = max(pause, fault.retry_after_s)
        left = deadline - self._clock.monotonic()
        return pause if pause < left and pause <= patience.max_retry_after_s else None

    def _sleep(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0:
            if cancelled():
                raise CancelledError
            self._clock.sleep(min(POLL_S, left))

    def _reply(self, received: Received) -> ModelReply:
        blocks = received.blocks()
        self._remember(received, blocks)
        count = received.tokens.get
        usage = Usage(
            input_tokens=count("input_tokens", 0),
            cache_write_tokens=count("cache_creation_input_tokens", 0),
            cache_read_tokens=count("cache_read_input_tokens", 0),
            output_tokens=count("output_tokens", 0),
        )
        cost = self._pricing.cost_usd(self._model, usage)
        return ModelReply(
            blocks=blocks,
            stop_reason=received.stop,
            usage=_priced(usage, cost),
            model=self.name,
        )

    def _remember(self, received: Received, blocks: tuple[object, ...]) -> None:
        """Keep a reply that thought before it called a tool, to send it back unchanged.

        Another worker that takes the run over sends it back without the thoughts.
        """
        uses = [block for block in blocks if isinstance(block, ToolUse)]
        thought = any("thinking" in block["type"] for block in received.content)
        asked = sum(block["type"] == "tool_use" for block in received.content)
        if uses and thought and len(uses) == asked:
            self._sent[uses[0].tool_use_id] = received.content
            while len(self._sent) > MAX_REMEMBERED:
                self._sent.popitem(last=False)

    def _remembered(self, turn: Turn) -> list[dict[str, Any]] | None:
        if turn.model != self.name:
            return None
        uses = (block for block in turn.blocks if isinstance(block, ToolUse))
        first = next(uses, None)
        content = self._sent.get(first.tool_use_id) if first is not None else None
        return None if content is None else list(content)


def _priced(usage: Usage, cost_usd: float) -> Usage:
    return Usage(
        input_tokens=usage.input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=round(cost_usd, 6),
    )
