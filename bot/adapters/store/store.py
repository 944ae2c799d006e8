"""The whole store in one object, for those that wire it; every part stands in its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.store.conversations import SqlConversations
from bot.adapters.store.deliveries import SqlDeliveries
from bot.adapters.store.feedback import SqlFeedback
from bot.adapters.store.inbox import SqlInbox
from bot.adapters.store.incidents import SqlIncidents
from bot.adapters.store.investigations import SqlInvestigations
from bot.adapters.store.ledger import SqlLedger
from bot.adapters.store.past import SqlPastIncidents
from bot.adapters.store.spend import SqlSpendBook

if TYPE_CHECKING:
    from bot.ports.store import Store


class SqlStore(
    SqlInbox,
    SqlConversations,
    SqlInvestigations,
    SqlLedger,
    SqlDeliveries,
    SqlFeedback,
    SqlSpendBook,
    SqlIncidents,
    SqlPastIncidents,
):
    """bot.ports.store.Store over one engine; safe to share between threads."""


if TYPE_CHECKING:
    _keeps_its_promise: type[Store] = SqlStore
