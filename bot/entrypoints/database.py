"""`nightdesk db grants`: the rights each process needs, for the database's owner to run.

It connects to nothing: who may run processes need not be who may give rights.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bot.adapters.store.grants_rights import Client
from bot.adapters.store.grants_sql import grants_sql

if TYPE_CHECKING:
    from collections.abc import Mapping


def print_grants(named: Mapping[str, str | None]) -> int:
    """Print the statements for the roles that are named, each by its process; return 0.

    Raises:
        SettingsError: None is named, a name cannot be a role's, or two processes share one.
    """
    roles = {client: role for client in Client if (role := named.get(client.value)) is not None}
    sys.stdout.write(grants_sql(roles))
    return 0
