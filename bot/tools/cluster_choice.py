"""Which cluster of a conversation a read is about: the one it names, else the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import ToolError

if TYPE_CHECKING:
    from bot.domain.conversation import Scope


def chosen_cluster(scope: Scope, wanted: str | None) -> str:
    """Return the cluster's own name, case aside; ToolError for one outside the conversation."""
    known = scope.clusters
    if not known:
        raise ToolError("this conversation is about no cluster; ask for `use cluster NAME`")
    if wanted is None:
        return known[0]
    for name in known:
        if name.casefold() == wanted.casefold():
            return name
    raise ToolError(f"{wanted!r} is not a cluster of this conversation: {', '.join(known)}")
