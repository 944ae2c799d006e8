"""What is read from Slack once for all threads that want it at the same moment, and then known.

Slack counts calls; many threads that meet a cold cache must not spend its budget on one answer.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from bot.adapters.slack.errors import SYSTEM
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from bot.ports.clock import Clock

_MOST_KNOWN: Final = 5_000

T = TypeVar("T")


class SharedReads(Generic[T]):
    """Answers by key, known for at most `cache_s`; thread-safe.

    Threads that ask at once share one call, its failure too; a failure is not kept.
    """

    def __init__(self, *, clock: Clock, cache_s: float) -> None:
        self._clock = clock
        self._cache_s = cache_s
        self._lock = threading.Lock()
        self._known: dict[Hashable, tuple[float, Future[T]]] = {}

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """Return what is known under the key, or read it for everybody who waits for it.

        Raises:
            UpstreamError: What `read` raised, in every thread that waited for it; that it was
                broken off, where it raised anything else.
        """
        # Before the call: what is known is as old as the question, not as the answer.
        now = self._clock.monotonic()
        mine: Future[T] = Future()
        with self._lock:
            kept = self._known.get(key)
            others = kept[1] if kept is not None and now - kept[0] < self._cache_s else None
            if others is None:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[key] = (now, mine)
        if others is not None:
            return others.result()
        try:
            mine.set_result(read())
        except UpstreamError as error:
            self._forget(key, mine)
            mine.set_exception(error)
        finally:
            if not mine.done():
                # Something that is no answer at all, such as the end of a job: nobody may wait.
                self._forget(key, mine)
                mine.set_exception(UpstreamError("the look at Slack was broken off", system=SYSTEM))
        return mine.result()

    def _forget(self, key: Hashable, future: Future[T]) -> None:
        with self._lock:
            kept = self._known.get(key)
            if kept is not None and kept[1] is future:
                del self._known[key]
