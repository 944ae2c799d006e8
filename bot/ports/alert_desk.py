"""What the listener asks of the alert journey: take in what was posted or sent.

Whoever implements this answers fast: it stores, rings and returns. Nothing in an alert is an order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alert import Alert, Origin


class AlertDesk(Protocol):
    """The receiving end of the alert journey."""

    def receive(self, alerts: Sequence[Alert], *, origin: Origin, channel: str) -> int:
        """Take the alerts in under the channel's rules; return how many belong to an incident.

        The same delivery again changes nothing.

        Raises:
            UpstreamError: Nothing could be stored (system `database`): bring it again.
        """
        ...
