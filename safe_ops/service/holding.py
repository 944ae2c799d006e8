"""Holds an action for one operator: keeps its lease alive, moves it on, notices when it is lost.

A thread of its own extends the lease; whoever works asks `check` before each effect.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

import structlog

from safe_ops.errors import FenceLostError, UpstreamError
from safe_ops.lifecycle import advance
from safe_ops.model.standing import LEASE

if TYPE_CHECKING:
    from safe_ops.model import events as on
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Plan
    from safe_ops.model.trail import Actor
    from safe_ops.ports.book import ActionBook
    from safe_ops.service.telling import Teller

BEAT_EVERY_S = 15.0
"""Three beats may fail before another operator can take over (a lease is 60 s)."""

log = structlog.get_logger()


class Hold:
    """One claimed action, from entering the context until leaving it."""

    def __init__(
        self,
        *,
        book: ActionBook,
        teller: Teller,
        action: Action,
        plan: Plan,
        actor: Actor,
        beat_every_s: float = BEAT_EVERY_S,
    ) -> None:
        self.action = action
        """As it was when this operator moved it last."""
        self.plan = plan
        self.actor = actor
        self.fence = action.fence
        self._book = book
        self._teller = teller
        self._beat_every_s = beat_every_s
        self._stop = threading.Event()
        self.lost = threading.Event()
        """Set once a beat finds that the action is not held any more."""
        self._thread = threading.Thread(target=self._beat, daemon=True, name="lease")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Return if the action is still held, as far as the last beat told.

        Raises:
            FenceLostError: Another operator has it, or it was ended.
        """
        if self.lost.is_set():
            raise FenceLostError(f"{self.action.label} is not held any more; stop.")

    def move(self, event: on.Held) -> Action:
        """Return the action after the event, once everybody was told.

        Raises:
            FenceLostError: As `check`.
            RefusedError: `stopped` or `read-only`: nothing may begin now.
        """
        moved = self._book.change(
            self.action.action_id, lambda action, now: advance(action, event, now)
        )
        self.action = moved
        return self._teller.tell(moved)

    def show(self) -> None:
        """Have shown how far the action has come."""
        self._teller.show(self.action)

    def _beat(self) -> None:
        while not self._stop.wait(self._beat_every_s):
            try:
                self._book.extend_lease(self.action.action_id, fence=self.fence, by=LEASE)
            except FenceLostError:
                self.lost.set()
                return
            except UpstreamError as error:
                # The lease runs on; if the book stays away, another operator reads the journal.
                log.warning("lease_not_extended", reason=str(error))
