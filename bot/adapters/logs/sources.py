"""The registry's log servers, which speak Loki's API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.logs.faults import SERVER
from bot.adapters.logs.reader import ANSWER_MAX_BYTES, LokiReader
from bot.adapters.servers.kept import KeptServers
from bot.adapters.servers.wire import Wire

if TYPE_CHECKING:
    from bot.adapters.servers.wire import Reach
    from bot.ports.logs import LogSources


class LokiSources(KeptServers[LokiReader]):
    """Implements bot.ports.logs.LogSources."""

    def _over(self, reach: Reach) -> LokiReader:
        wire = Wire(reach, faults=SERVER, limit_bytes=ANSWER_MAX_BYTES)
        return LokiReader(wire)


if TYPE_CHECKING:
    _keeps_its_promise: type[LogSources] = LokiSources
