"""The one tool by which a model can ask for a change: it stores a wish, and people decide.

Nothing is planned, decided or executed here, and nothing it answers is evidence. The docstring is
prompt text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from bot.agent.toolbox import Report
from bot.ports.proposals import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports.proposals import Proposer

LIST = "list"
AUTHOR = "Nightdesk"
MAX_NAME = 99
"""Characters of an operation's or a place's name."""


class RemediationTool:
    """Proposes operations for one run."""

    def __init__(self, proposer: Proposer) -> None:
        self._proposer = proposer

    def propose_operation(
        self,
        operation: Annotated[str, Field(max_length=MAX_NAME)],
        parameters: dict[str, Any] | None = None,
        place: Annotated[str | None, Field(max_length=MAX_NAME)] = None,
        why: str | None = None,
        evidence: list[str] | None = None,
    ) -> Report:
        """Propose one operation to people; "list" names all of them."""
        if operation.strip().casefold() == LIST:
            return Report(text="\n".join(self._proposer.operations()), author=AUTHOR)
        proposed = self._proposer.propose(
            Wanted(
                operation=operation,
                parameters=parameters or {},
                place=place or "",
                why=why or "",
                evidence=tuple(evidence or ()),
            )
        )
        return Report(
            text=f"{proposed.label}: {proposed.says}. It is being checked; people decide on a card."
            " Nothing has been done.",
            author=AUTHOR,
        )

    def functions(self) -> tuple[Callable[..., Report], ...]:
        """Return every tool of this class, for a toolbox."""
        return (self.propose_operation,)
