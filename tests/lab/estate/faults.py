"""Ways a simulated API server misbehaves: it hangs, dawdles, fails, tears or answers HTML.

Of writes it may also refuse admission, find that the object was changed meanwhile, or take effect
and break the connection. Faults are only described here; the server acts on them.
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
    REFUSE = "refuse"
    CONFLICT = "conflict"
    DROP = "drop"


class Meets(StrEnum):
    """Which requests a fault is for."""

    ALL = "all"
    ADMITTED = "admitted"
    """Writes, and dry runs of writes: both go through admission."""
    WRITES = "writes"


class Fault:
    """One misbehaviour, for requests whose path contains `on`; `times` None means until cleared.

    `seconds` is how long a hang or delay lasts (None: until `clear`). `status`, `message` and
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
        message: str = "",
        meets: Meets = Meets.ALL,
    ) -> None:
        self.kind = kind
        self.seconds = seconds
        self.status = status
        self.retry_after_s = retry_after_s
        self.message = message
        self.meets = meets
        self._on = on
        self._left = times
        self._cleared = False
        self._waiting: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def take(self, path: str, *, write: bool = False, dry_run: bool = False) -> bool:
        """Whether this request suffers the fault; counts one of `times`."""
        if self.meets is not Meets.ALL and not write:
            return False
        if self.meets is Meets.WRITES and dry_run:
            return False
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


class Misbehaviour:
    """The faults of one cluster, switched on and off while it is served."""

    def __init__(self) -> None:
        self._faults: tuple[Fault, ...] = ()
        self._faults_lock = threading.Lock()

    def hang(
        self,
        seconds: float | None = None,
        *,
        on: str = "",
        times: int | None = None,
        meets: Meets = Meets.ALL,
    ) -> Fault:
        """Accept requests and stay silent: for `seconds`, or until the fault is cleared."""
        return self._suffer(Fault(FaultKind.HANG, seconds=seconds, on=on, times=times, meets=meets))

    def slow(self, seconds: float, *, on: str = "", times: int | None = None) -> Fault:
        """Answer each request only after `seconds`."""
        return self._suffer(Fault(FaultKind.SLOW, seconds=seconds, on=on, times=times))

    def fail(
        self,
        status: int,
        *,
        on: str = "",
        times: int | None = None,
        retry_after_s: int | None = None,
        message: str = "",
        meets: Meets = Meets.ALL,
    ) -> Fault:
        """Answer with a Status of this code."""
        return self._suffer(
            Fault(
                FaultKind.FAIL,
                status=status,
                on=on,
                times=times,
                retry_after_s=retry_after_s,
                message=message,
                meets=meets,
            )
        )

    def tear(self, *, on: str = "", times: int | None = None) -> Fault:
        """Break the connection in the middle of each body."""
        return self._suffer(Fault(FaultKind.TEAR, on=on, times=times))

    def answer_html(self, *, on: str = "", times: int | None = None, status: int = 200) -> Fault:
        """Answer as a proxy's sign-in page does."""
        return self._suffer(Fault(FaultKind.HTML, on=on, times=times, status=status))

    def refuse_writes(
        self, message: str, *, status: int = 403, on: str = "", times: int | None = None
    ) -> Fault:
        """Refuse writes and their dry runs, in the words of an admission webhook or policy."""
        return self._suffer(
            Fault(
                FaultKind.REFUSE,
                status=status,
                message=message,
                on=on,
                times=times,
                meets=Meets.ADMITTED,
            )
        )

    def conflict_writes(self, *, on: str = "", times: int | None = 1) -> Fault:
        """Answer writes as if somebody had changed the object just before."""
        return self._suffer(Fault(FaultKind.CONFLICT, on=on, times=times, meets=Meets.WRITES))

    def drop_writes(self, *, on: str = "", times: int | None = 1) -> Fault:
        """Let writes take effect, then break the connection without an answer."""
        return self._suffer(Fault(FaultKind.DROP, on=on, times=times, meets=Meets.WRITES))

    def heal(self) -> None:
        """Take back every fault; whoever hangs is answered."""
        with self._faults_lock:
            faults, self._faults = self._faults, ()
        for fault in faults:
            fault.clear()

    def fault_for(self, path: str, *, write: bool = False, dry_run: bool = False) -> Fault | None:
        """The first standing fault this request meets."""
        with self._faults_lock:
            faults = self._faults
        met = (fault for fault in faults if fault.take(path, write=write, dry_run=dry_run))
        return next(met, None)

    def _suffer(self, fault: Fault) -> Fault:
        with self._faults_lock:
            self._faults += (fault,)
        return fault
