"""What a test wants to go wrong, and how often; it must not know how a failure is carried out."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal


@dataclass(slots=True, kw_only=True)
class Fault:
    """One failure of a method (a name or a pattern such as `chat.*`), `times` times.

    `skip` calls pass first. `drop` closes the connection before or after the call took effect.
    """

    method: str
    error: str = ""
    status: int = 0
    retry_after_s: int = 0
    latency_s: float = 0
    drop: Literal["", "before", "after"] = ""
    times: int | None = 1
    skip: int = 0


DeliveryFault = Literal["duplicate", "lose_ack", "reverse"]


class Faults:
    """The faults waiting to happen; each is used up as it happens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Fault] = []
        self._deliveries: list[tuple[DeliveryFault, str]] = []

    def add(
        self,
        method: str,
        *,
        error: str = "",
        status: int = 0,
        retry_after_s: int = 0,
        latency_s: float = 0,
        drop: Literal["", "before", "after"] = "",
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Make the next `times` calls of `method` fail; None means until `clear`."""
        fault = Fault(
            method=method,
            error=error,
            status=status,
            retry_after_s=retry_after_s,
            latency_s=latency_s,
            drop=drop,
            times=times,
            skip=skip,
        )
        with self._lock:
            self._calls.append(fault)
        return fault

    def rate_limit(self, method: str, *, retry_after_s: int = 1, times: int | None = 1) -> Fault:
        """Answer 429 with Retry-After."""
        return self.add(method, status=429, retry_after_s=retry_after_s, times=times)

    def duplicate_events(self, times: int = 1, *, what: str = "*") -> None:
        """Deliver the next `times` matching events twice, with one event_id."""
        self._expect("duplicate", what, times)

    def lose_acks(self, times: int = 1, *, what: str = "*") -> None:
        """Ignore the next `times` acknowledgements, so that Slack delivers again."""
        self._expect("lose_ack", what, times)

    def reverse_events(self, times: int = 2, *, what: str = "*") -> None:
        """Hold the next `times` matching events back and deliver them last first."""
        self._expect("reverse", what, times)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._deliveries.clear()

    def pending(self) -> list[Fault]:
        """Return the call faults that have not been used up."""
        with self._lock:
            return list(self._calls)

    def take(self, method: str) -> Fault | None:
        """Return the fault for this call, counting it, or None."""
        with self._lock:
            for fault in self._calls:
                if not fnmatchcase(method, fault.method):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._calls.remove(fault)
                return fault
            return None

    def take_delivery(self, kind: DeliveryFault, what: str) -> bool:
        """Return whether this delivery is to suffer the fault, counting it."""
        with self._lock:
            for entry in self._deliveries:
                if entry[0] == kind and fnmatchcase(what, entry[1]):
                    self._deliveries.remove(entry)
                    return True
            return False

    def expects(self, kind: DeliveryFault) -> bool:
        with self._lock:
            return any(entry[0] == kind for entry in self._deliveries)

    def _expect(self, kind: DeliveryFault, what: str, times: int) -> None:
        with self._lock:
            self._deliveries.extend([(kind, what)] * times)
