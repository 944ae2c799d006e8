"""One operator's turn at planning a draft: taken before it is read, kept before anybody is told.

It knows nothing of what a plan is.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model.drafts import MOST_PLANNINGS, PLAN_WITHIN

if TYPE_CHECKING:
    from safe_ops.ports.book import ActionBook


class Turn:
    """A turn at one draft; no two turns have one name, be they one operator's."""

    def __init__(self, book: ActionBook, action_id: str) -> None:
        self._book = book
        self._action_id = action_id
        self._name = f"planner-{secrets.token_hex(4)}"
        self._tries: int | None = None

    def take(self) -> bool:
        """Return True if it is this one's turn now; another's is not waited for."""
        self._tries = self._taken()
        return self._tries is not None

    def check(self) -> None:
        """Return if the draft is worth another try.

        Raises:
            RefusedError: `planning`: as many as may failed at it, in ways nobody thought of.
        """
        if self._tries is not None and self._tries >= MOST_PLANNINGS:
            raise RefusedError(
                f"Planning it was begun {self._tries} times and came to no end; the operators' "
                "logs say what they fell over. Nothing was changed. Tell whoever runs Nightdesk, "
                "and ask again once that is mended.",
                code="planning",
            )

    def keep(self) -> None:
        """Return if the draft is still this one's, for as long again.

        Raises:
            FenceLostError: Another operator plans it, or it is planned.
        """
        if self._taken() is None:
            raise FenceLostError("Another operator plans this draft, or has planned it; stop.")

    def _taken(self) -> int | None:
        return self._book.take_draft(self._action_id, planner=self._name, by=PLAN_WITHIN)
