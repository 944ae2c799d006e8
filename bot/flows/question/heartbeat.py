"""Keeps a claim alive while work goes on, and learns what happened meanwhile.

A thread of its own renews the lease; the working thread only reads what it found, so that asking
"may I go on?" costs nothing.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

import structlog

from bot.domain.errors import CancelledByPersonError, LeaseLostError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from bot.domain.investigation import Investigation, Pulse
    from bot.ports.store import Investigations

log = structlog.get_logger()

# Renewals per lease: four may fail before another worker can take over.
BEATS_PER_LEASE = 5


class Heartbeat:
    """Renews one investigation's lease from entering the context until leaving it."""

    def __init__(
        self,
        investigations: Investigations,
        run: Investigation,
        *,
        lease: timedelta,
        stopping: Callable[[], bool],
    ) -> None:
        self._stopping = stopping
        self._investigations = investigations
        self._run = run
        self._lease = lease
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._pulse: Pulse | None = None
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heartbeat")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Return if the run may go on.

        Raises:
            LeaseLostError: Another worker has it, or shall have it because this one is stopping.
            CancelledByPersonError: Somebody stopped it.
        """
        if self._stopping():
            raise LeaseLostError("this worker is stopping; another one goes on")
        if self._lost.is_set():
            raise LeaseLostError(f"another worker took over {self._run.investigation_id}")
        if self._pulse is not None and self._pulse.cancelled_by is not None:
            raise CancelledByPersonError(self._pulse.cancelled_by)

    @property
    def has_mail(self) -> bool:
        """Tell whether people wrote more since the run took in their last words."""
        return self._pulse is not None and self._pulse.waiting_questions > 0

    def mail_taken(self) -> None:
        """Forget the count until the next beat."""
        self._pulse = None

    def _beat(self) -> None:
        interval_s = self._lease.total_seconds() / BEATS_PER_LEASE
        while not self._stop.is_set():
            try:
                self._pulse = self._investigations.renew(
                    self._run.investigation_id, fence=self._run.fence, lease=self._lease
                )
            except LeaseLostError:
                self._lost.set()
                return
            except UpstreamError as error:
                # The lease runs on; if the store stays away, another worker resumes later.
                log.warning("lease_not_renewed", reason=str(error))
            self._stop.wait(interval_s)
