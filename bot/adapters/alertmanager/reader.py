"""Reads of one Alertmanager: implements bot.ports.alert_state.AlertStateReader.

One path is known: nothing that silences, posts or configures can be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.alertmanager import faults
from bot.adapters.alertmanager.decoding import known_alerts
from bot.adapters.servers.faults import RefusedError, TooLargeError

if TYPE_CHECKING:
    from bot.adapters.servers.wire import Wire
    from bot.ports.alert_state import KnownAlert

_ALERTS = "/api/v2/alerts"
# Sixteen thousand alerts of a kilobyte each.
ANSWER_MAX_BYTES = 16 * 1024 * 1024
# What a matcher's quoted value escapes, as the server reads it.
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class AlertmanagerReader:
    """One server, readable from several threads; every read ends within its limit."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @property
    def name(self) -> str:
        """The cluster's name in the registry."""
        return self._wire.cluster

    def alerts(self, name: str) -> tuple[KnownAlert, ...]:
        """Return the firing alerts of that name, silenced and inhibited ones included."""
        query = (
            ("filter", f'alertname="{name.translate(_ESCAPES)}"'),
            ("active", "true"),
            ("silenced", "true"),
            ("inhibited", "true"),
        )
        try:
            return self._wire.read(_ALERTS, query, known_alerts)
        except RefusedError as error:
            raise faults.refused(error.answer, cluster=self.name) from error
        except TooLargeError as error:
            raise faults.too_large(ANSWER_MAX_BYTES, cluster=self.name) from error
