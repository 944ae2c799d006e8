"""Several providers as one language model: the next is asked when one does not answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.ports.clock import Clock
    from bot.ports.model import LanguageModel, ModelReply, ModelRequest

log = structlog.get_logger()

REST_S = 60.0
"""A provider that just failed is passed over for so long, unless it named a longer time."""

FIRST_SHARE = 0.6
"""Of the time left, for a provider that has another one behind it."""


class Chain:
    """Implements bot.ports.model.LanguageModel over others, in order of preference."""

    def __init__(self, providers: Sequence[LanguageModel], *, clock: Clock) -> None:
        """Make a chain of the configured providers; with none, every call fails at once."""
        self._providers = tuple(providers)
        self._clock = clock
        self._rests_until = dict.fromkeys(range(len(self._providers)), float("-inf"))

    def reply(self, request: ModelRequest, *, cancelled: Callable[[], bool]) -> ModelReply:
        """Return the first whole turn any provider gives.

        Raises:
            UpstreamError: None did, all in all within the request's time.
            CancelledError: `cancelled` said so.
        """
        began = self._clock.monotonic()
        errors: list[UpstreamError] = []
        awake = self._awake()
        for place, index in enumerate(awake):
            left = request.timeout_s - (self._clock.monotonic() - began)
            if left <= 0:
                break
            last = place == len(awake) - 1
            part = replace(request, timeout_s=left if last else left * FIRST_SHARE)
            try:
                reply = self._providers[index].reply(part, cancelled=cancelled)
            except UpstreamError as error:
                self._rest(index, error)
                errors.append(error)
            else:
                self._rests_until[index] = float("-inf")
                return reply
        raise _summed_up(errors)

    def _awake(self) -> list[int]:
        """Return the providers to ask; all of them when every one rests, for want of better."""
        now = self._clock.monotonic()
        awake = [index for index, until in self._rests_until.items() if until <= now]
        return awake or list(self._rests_until)

    def _rest(self, index: int, error: UpstreamError) -> None:
        rest_s = max(REST_S, error.retry_after_s or 0.0)
        self._rests_until[index] = self._clock.monotonic() + rest_s
        log.warning("model_provider_rested", system=error.system, rest_s=rest_s)


def _summed_up(errors: Sequence[UpstreamError]) -> UpstreamError:
    if not errors:
        return UpstreamError("no language model is configured", system="model")
    waits = [error.retry_after_s for error in errors if error.retry_after_s is not None]
    return UpstreamError(
        "; ".join(str(error) for error in errors),
        system=errors[-1].system,
        retry_after_s=min(waits, default=None),
    )
