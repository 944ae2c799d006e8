"""What is told and looked at outside: signals, change records, rings, cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from safe_ops.model.actions import (
        Action,
    )
    from safe_ops.model.plans import Place
    from safe_ops.model.signal import Signal


class Signals(Protocol):
    """Looks at the signal an incident came by."""

    def look(self, incident_id: str, place: Place) -> Signal:
        """Return it as it is now; never raises: what cannot be seen is not visible."""
        ...


class ChangeRecords(Protocol):
    """Tells the outside of each action: opened when planned, closed when ended."""

    def opened(self, action: Action) -> bool:
        """Tell that it was planned; False where nobody keeps records. Repeating it does no harm.

        Raises:
            UpstreamError: The record could not be made.
        """
        ...

    def closed(self, action: Action) -> None:
        """Tell how it ended; as above."""
        ...


class Bell(Protocol):
    """Tells other processes that something waits; lost rings are rung again by the sweep."""

    def plan(self, action_id: str) -> None:
        """A draft waits for the operator."""
        ...

    def execute(self, action_id: str) -> None:
        """An approved action waits for the operator."""
        ...


class Herald(Protocol):
    """Brings what people see of an action up to date; never raises, and may be called twice."""

    def tell(self, action_id: str) -> None:
        """Post or renew its card."""
        ...

    def tell_soon(self, action_id: str) -> None:
        """Have its card renewed without waiting for it; what it shows by then is what is shown."""
        ...

    def page(self, action_id: str, says: str) -> None:
        """Call a human: something ended in a way nobody should find by chance."""
        ...
