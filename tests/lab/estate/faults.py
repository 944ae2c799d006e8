"""Ways a simulated API server misbehaves: it hangs, dawdles, fails, tears or answers HTML.

Faults are only described here; the server acts on them.
"""

from __future__ import annotations

import threading
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class FaultKind(StrEnum):
    HANG = "hang"
    SLOW = "slow"
    FAIL = "fail"
    TEAR = "tear"
    HTML = "html"


class Fault:
    """One misbehaviour, for requests whose path contains `on`; `times` None means until cleared.

    `seconds` is how long a hang or delay lasts (None: until `clear`). `status` and
    `retry_after_s` belong to failures.
    """

    def __init__(
        self,
        kind: FaultKind,
        *,
        on: str = "",
        times: int | None = None,
        seconds: float | None = None,
        status: int = 500,
        retry_after_s: int | None = None,
    ) -> None:
        self.kind = kind
        self.seconds = seconds
        self.status = status
        self.retry_after_s = retry_after_s
        self._on = on
        self._left = times
        self._cleared = False
        self._waiting: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def take(self, path: str) -> bool:
        """Whether this request suffers the fault; counts one of `times`."""
        with self._lock:
            if self._cleared or self._on not in path or self._left == 0:
                return False
            if self._left is not None:
                self._left -= 1
            return True

    def clear(self) -> None:
        """End the fault; requests it holds are then served as usual."""
        with self._lock:
            self._cleared = True
            waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def forget(self, wake: Callable[[], object]) -> None:
        """Do not call `wake` any more; its request is gone."""
        with self._lock:
            if wake in self._waiting:
                self._waiting.remove(wake)

    def on_clear(self, wake: Callable[[], object]) -> None:
        """Call `wake` when the fault ends; at once if it has."""
        with self._lock:
            if not self._cleared:
                self._waiting.append(wake)
                return
        wake()
