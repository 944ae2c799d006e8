"""How often one person may query metrics, whichever process does it for them.

It must not know what is asked, nor of which server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from bot.domain.conversation import PersonId


class QueryPace(Protocol):
    """The limits of every asker; safe for threads."""

    def place(self, person: PersonId) -> AbstractContextManager[None]:
        """Hold one of the person's places while a query of theirs runs.

        Raises:
            ToolError: All places are taken, or the minute's queries are used up; the text says
                which, and when to try again. Raised on entering; nothing is held then.
        """
        ...
