"""What follows every change of an action: its card, a page where one is due, its change record.

It decides nothing, and no failure here undoes what happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import UpstreamError
from safe_ops.model.actions import HELD, TERMINAL
from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.outside import ChangeRecords, Herald

RECORDS = Actor(subject="process:records")
"""Who is named in the audit where a change record was opened, or could not be kept."""
RECORD_OPENED = "record.opened"
"""Event that tells whoever plans a draft anew that its record is open already."""


class Teller:
    """Tells of actions once they have changed."""

    def __init__(self, *, book: ActionBook, herald: Herald, records: ChangeRecords) -> None:
        self._book = book
        self._herald = herald
        self._records = records

    def tell(self, action: Action) -> Action:
        """Return the action after everybody who has to was told how it stands.

        While an operator is at work nobody is waited for: between its last look and its first call
        may be no queue for somebody else's service. Where it ends is told before this returns.
        """
        if action.state in HELD:
            self._herald.tell_soon(action.action_id)
            return action
        self._herald.tell(action.action_id)
        if action.state in TERMINAL and self._has_record(action):
            self._close(action)
        if action.outcome is not None and action.outcome.pages:
            self._herald.page(action.action_id, f"{action.label}: {action.outcome.says}")
        return action

    def show(self, action: Action) -> None:
        """Have shown how far a run has come; nobody is waited for."""
        self._herald.tell_soon(action.action_id)

    def call(self, action: Action, says: str) -> None:
        """Call a human to an action that stands still."""
        self._herald.page(action.action_id, f"{action.label}: {says}")

    def open_record(self, action: Action) -> None:
        """Open the action's change record, unless it is open.

        Raises:
            UpstreamError: It could not be made; that is noted in the audit.
        """
        if self._book.count_noted(action.action_id, RECORD_OPENED):
            return
        try:
            is_kept = self._records.opened(action)
        except UpstreamError as error:
            self._note(action, "record.not_opened", str(error))
            raise
        if is_kept:
            self._note(action, RECORD_OPENED, "its change record is open")

    def _has_record(self, action: Action) -> bool:
        """Tell whether its record may be open: from the plan on, or a planner died or came late."""
        if action.plan is not None:
            return True
        return self._book.count_noted(action.action_id, RECORD_OPENED) > 0

    def _close(self, action: Action) -> None:
        try:
            self._records.closed(action)
        except UpstreamError as error:
            self._note(action, "record.not_closed", str(error))

    def _note(self, action: Action, event: str, says: str) -> None:
        self._book.note(
            AuditEntry(
                event=event,
                actor=RECORDS,
                action_id=action.action_id,
                digest=action.digest,
                says=says,
            )
        )
