"""What follows every change of an action: its card, a page where one is due, its change record.

It decides nothing, and no failure here undoes what happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import UpstreamError
from safe_ops.model.actions import TERMINAL
from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.outside import ChangeRecords, Herald

RECORDS = Actor(subject="process:records")
"""Who is named in the audit where a change record could not be kept."""


class Teller:
    """Tells of actions once they have changed."""

    def __init__(self, *, book: ActionBook, herald: Herald, records: ChangeRecords) -> None:
        self._book = book
        self._herald = herald
        self._records = records

    def tell(self, action: Action) -> Action:
        """Return the action after everybody who has to was told how it stands."""
        self._herald.tell(action.action_id)
        if action.state in TERMINAL and action.plan is not None:
            self._close(action)
        if action.outcome is not None and action.outcome.pages:
            self._herald.page(action.action_id, f"{action.label}: {action.outcome.says}")
        return action

    def call(self, action: Action, says: str) -> None:
        """Call a human to an action that stands still."""
        self._herald.page(action.action_id, f"{action.label}: {says}")

    def open_record(self, action: Action) -> None:
        """Open the action's change record.

        Raises:
            UpstreamError: It could not be made; that is noted in the audit.
        """
        try:
            self._records.opened(action)
        except UpstreamError as error:
            self._note(action, "record.not_opened", error)
            raise

    def _close(self, action: Action) -> None:
        try:
            self._records.closed(action)
        except UpstreamError as error:
            self._note(action, "record.not_closed", error)

    def _note(self, action: Action, event: str, error: UpstreamError) -> None:
        self._book.note(
            AuditEntry(
                event=event,
                actor=RECORDS,
                action_id=action.action_id,
                digest=action.digest,
                says=str(error),
            )
        )
