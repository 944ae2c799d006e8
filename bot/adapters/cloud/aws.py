"""The registry's AWS accounts: the port's contract, and the last gate before the network.

What may be called is given by name at construction; whatever a caller above forgot to check, an
operation that is not listed and a region that is not registered end here.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bot.adapters.cloud.pace import Pacer
from bot.domain.errors import DeniedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from botocore.session import Session

    from bot.adapters.cloud.connection import AccountConnection
    from bot.adapters.cloud.wire import Wire
    from bot.domain.redaction.placeholder import Seal
    from bot.ports.clock import Clock
    from bot.ports.cloud import CloudCall, CloudPlace, CloudReply, CodeFile


class AwsCloud:
    """Implements bot.ports.cloud.Cloud; shared between threads, loads botocore at the first read.

    `allowed` are pairs of service and operation. `own` is the session whose credentials take on
    the accounts' roles: AWS's usual search order when None.
    """

    def __init__(
        self,
        connections: Iterable[AccountConnection],
        *,
        allowed: Iterable[tuple[str, str]],
        seal: Seal,
        clock: Clock,
        timeout_s: float = 15.0,
        own: Session | None = None,
    ) -> None:
        self._connections = {connection.name: connection for connection in connections}
        self._allowed = frozenset(allowed)
        self._seal = seal
        self._clock = clock
        self._timeout_s = timeout_s
        self._own = own
        self._lock = threading.Lock()
        self._wire: Wire | None = None

    def read(self, place: CloudPlace, call: CloudCall) -> CloudReply:
        """Return the answer of one operation, as `bot.ports.cloud.Cloud.read` describes it."""
        connection = self._connection(place)
        if (call.service, call.operation) not in self._allowed:
            raise KeyError(f"{call.title} is not listed")
        return self._connected().read(connection, place, call)

    def code(
        self, place: CloudPlace, function: str, paths: tuple[str, ...]
    ) -> tuple[CodeFile, ...]:
        """Return files of a function's package, as `bot.ports.cloud.Cloud.code` describes it."""
        connection = self._connection(place)
        if not connection.account.read_code:
            raise DeniedError(
                f"the registry does not let code of {place.account} be read (read_code)",
                system=f"aws {place.account}",
            )
        return self._connected().code(connection, place, function, paths)

    def _connection(self, place: CloudPlace) -> AccountConnection:
        connection = self._connections[place.account]
        if place.region not in connection.account.regions:
            raise KeyError(f"{place.region} is no registered region of {place.account}")
        return connection

    def _connected(self) -> Wire:
        with self._lock:
            if self._wire is None:
                from bot.adapters.cloud.wire import Wire  # noqa: PLC0415 -- it loads botocore

                self._wire = Wire(
                    seal=self._seal,
                    pacer=Pacer(self._clock),
                    clock=self._clock,
                    timeout_s=self._timeout_s,
                    own=self._own,
                )
            return self._wire
