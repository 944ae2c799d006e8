"""The registry's Alertmanagers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.alertmanager.faults import SERVER
from bot.adapters.alertmanager.reader import ANSWER_MAX_BYTES, AlertmanagerReader
from bot.adapters.servers.kept import KeptServers
from bot.adapters.servers.wire import Wire

if TYPE_CHECKING:
    from bot.adapters.servers.wire import Reach
    from bot.ports.alert_state import AlertStates


class AlertmanagerStates(KeptServers[AlertmanagerReader]):
    """Implements bot.ports.alert_state.AlertStates."""

    def _over(self, reach: Reach) -> AlertmanagerReader:
        wire = Wire(reach, faults=SERVER, limit_bytes=ANSWER_MAX_BYTES)
        return AlertmanagerReader(wire)


if TYPE_CHECKING:
    _keeps_its_promise: type[AlertStates] = AlertmanagerStates
