"""Which cluster a question is about, and whether this person may ask about it here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.conversation import Scope
from bot.domain.errors import NotAllowedError

if TYPE_CHECKING:
    from bot.domain.registry import Access, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Several clusters are possible and nothing says which."""

    choices: tuple[str, ...]


def resolve(
    *,
    text: str,
    thread_scope: Scope | None,
    chosen: Scope | None,
    channel: str,
    registry: Registry,
    access: Access,
) -> Scope | Unclear:
    """Return the scope: named in the text, else the thread's, the person's, the channel's.

    Raises:
        NotAllowedError: The person may read nothing here, or not what they named.
    """
    readable = access.clusters(registry.cluster_names())
    if not readable:
        raise NotAllowedError(
            "No grant in the registry lets you read a cluster from this channel. Ask whoever"
            " keeps nightdesk.yaml to add your team under `access`."
        )
    named = registry.mentioned(text)
    refused = [name for name in named if name not in readable]
    if refused:
        raise NotAllowedError(
            f"You may not read {', '.join(refused)} from this channel. You may read:"
            f" {', '.join(readable)}."
        )
    known = thread_scope or chosen or registry.default_scope(channel)
    if named:
        same = known is not None and known.clusters == named
        return Scope(clusters=named, namespace=known.namespace if known and same else None)
    if known is not None and all(name in readable for name in known.clusters):
        return known
    if len(readable) == 1:
        return Scope(clusters=readable)
    return Unclear(choices=readable)
