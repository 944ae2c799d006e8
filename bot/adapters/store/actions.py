"""The book of actions in one object, for those that wire it; each part is a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.store.action_changes import SqlActionChanges
from bot.adapters.store.action_history import SqlActionHistory
from bot.adapters.store.action_journal import SqlActionJournal
from bot.adapters.store.drafts import SqlDrafts
from bot.adapters.store.factors import SqlFactorCounters
from bot.adapters.store.switches import SqlSwitches
from bot.adapters.store.trust import SqlTrust

if TYPE_CHECKING:
    from safe_ops.ports.book import ActionBook


class SqlActionBook(
    SqlActionChanges,
    SqlDrafts,
    SqlActionJournal,
    SqlActionHistory,
    SqlSwitches,
    SqlFactorCounters,
    SqlTrust,
):
    """safe_ops.ports.book.ActionBook over one engine; safe to share between threads.

    A database that cannot be reached or written raises BookAwayError from every method, which is
    UpstreamError to the bot and to `safe_ops` alike; nothing was changed then.
    """


if TYPE_CHECKING:
    _keeps_its_promise: type[ActionBook] = SqlActionBook
