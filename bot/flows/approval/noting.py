"""Notes in the audit which orders for operations were refused, to whom, and with which words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bot.domain.errors import NotAllowedError
from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.ports.operations_desk import Order, Voice
    from safe_ops.ports.book import ActionBook

_NAME_CHARS: Final = 99
"""Of what was typed where an operation's name stands: no name is longer."""


@contextmanager
def refusal_noted(
    order: Order, voice: Voice, *, book: ActionBook, mask: Callable[[str], str]
) -> Iterator[None]:
    """Write one row when the order is refused meanwhile; the refusal goes on."""
    try:
        yield
    except NotAllowedError as error:
        book.note(
            AuditEntry(
                event="order.refused",
                actor=Actor(subject=voice.person, slack_id=voice.person),
                says=mask(str(error)),
                facts={
                    "operation": mask(order.operation)[:_NAME_CHARS],
                    "channel": order.channel,
                },
            )
        )
        raise
