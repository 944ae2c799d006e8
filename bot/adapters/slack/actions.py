"""Names of everything that can be clicked or called, shared by cards, listeners and the manifest.

Constants only. A control's value carries an opaque id or a choice, never a right.
"""

from __future__ import annotations

from typing import Final

DETAILS: Final = "answer.details"
RETRY: Final = "answer.retry"
RATE: Final = "answer.rate"
STOP: Final = "run.stop"
DETAILS_PAGE: Final = "details.page"
SCOPE_MENU: Final = "scope.menu"
SCOPE_BUTTON: Final = "scope.button"
"""Followed by a dot and a number: Slack wants the ids within one block to differ."""

INVESTIGATE: Final = "investigate"
"""Callback id of the message shortcut."""
COMMAND: Final = "/nightdesk"
DETAILS_VIEW: Final = "details"

METADATA_EVENT: Final = "nightdesk_delivery"
"""Event type of the metadata that names a message's delivery key."""

OPERATION_APPROVE: Final = "operation.approve"
OPERATION_DENY: Final = "operation.deny"
OPERATION_DETAILS: Final = "operation.details"
OPERATION_PROVE: Final = "operation.prove"
OPERATION_PROOF_PAGE: Final = "operation.proof_page"
"""Opens the page for security keys in a browser; Slack tells us of the press, and that is all."""
OPERATION_SETTLE: Final = "operation.settle"
DENIAL_VIEW: Final = "operation.denial"
PROOF_VIEW: Final = "operation.proof"
SETTLEMENT_VIEW: Final = "operation.settlement"
RUN_VIEW: Final = "operation.run"
OPERATION_VIEW: Final = "operation.whole"
"""Callback id of the modal that shows an action whole; nothing is submitted by it."""
