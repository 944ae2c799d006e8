"""What runs with one approval less, in words for whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.flows.approval.sight import may_see_service
from safe_ops.model.trust import GRANT, RECORD, VERIFIED_RUNS, WITHDRAW

if TYPE_CHECKING:
    from bot.domain.registry import Access
    from safe_ops.model.trust import Trust
    from safe_ops.ports.book import ActionBook

LISTED: Final = 15
"""Lines a message holds that somebody still reads."""
_HOW: Final = (
    f"{VERIFIED_RUNS} approved and verified runs on one service within {RECORD.days} days earn it:"
    f" `/nightdesk run {GRANT}` asks for it, `/nightdesk run {WITHDRAW}` takes it back."
)


def trusted_words(book: ActionBook, access: Access) -> str:
    """Return what is trusted as far as the person may read, a line each, with its record."""
    seen = [one for one in book.trusts() if may_see_service(access, one.key.service_key)]
    if not seen:
        return f"Nothing that you may see runs with one approval less. {_HOW}"
    lines = [f"• {_line(book, one)}" for one in seen[:LISTED]]
    more = [f"… and {len(seen) - LISTED} more"] if len(seen) > LISTED else []
    return "\n".join(["Runs with one approval less:", *lines, *more, _HOW])


def _line(book: ActionBook, trust: Trust) -> str:
    runs = book.conduct(trust.key).runs
    return (
        f"{trust.key.says}, trusted by {trust.says}; {len(runs)} runs within {RECORD.days} days now"
    )
