"""`aws service.operation`: one listed operation as it is, told line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.tools.aws.answer import answered, nothing
from bot.tools.aws.rendering import grid_of, lines, subject_of

if TYPE_CHECKING:
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading


def raw_read(reading: Reading, service: str, operation: str, params: dict[str, Any]) -> Answer:
    """Return what a listed operation answered."""
    reply = reading.reply(service, operation, params)
    subject = subject_of(reply)
    told = lines(reply.content, subject)
    if subject is None:
        if not told:
            return nothing(f"aws {service}", f"{service}.{operation} returned nothing", reading)
        return answered(f"aws {service}", told, reading, rows=len(told))
    entries = reply.content[subject]
    if not entries:
        rest = f" ({'; '.join(told)})" if told else ""
        return nothing(
            f"aws {service}", f"{service}.{operation} returned no {subject}{rest}", reading
        )
    return answered(
        f"aws {service}", told, reading, rows=len(entries), table=grid_of(entries), in_body=False
    )
