"""Which cluster a question is about, and whether this person may ask about it here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.conversation import Scope
from bot.domain.errors import NotAllowedError
from bot.flows.question.kit import is_typed
from bot.triage.cloud.asking import asked, mentions

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

    A question about AWS is about no cluster, if nothing says one.

    Raises:
        NotAllowedError: The person may read nothing here, or not what they named.
    """
    readable = access.clusters(registry.cluster_names())
    if not readable and _is_about_accounts(text, registry, access):
        return Scope(clusters=())
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
    if _is_about_accounts(text, registry, access):
        return Scope(clusters=())
    return Unclear(choices=readable)


def _is_about_accounts(text: str, registry: Registry, access: Access) -> bool:
    """Tell whether a question names an account this person may read, or can only be about AWS.

    An alias is not enough: people call namespaces the same.
    """
    accounts = [one for one in registry.connected_accounts() if access.may_read_account(one.name)]
    if not accounts or is_typed(text):
        return False
    if any(mentions(text, name) for one in accounts for name in (one.name, one.account_id)):
        return True
    question = asked(text, ())
    return question is not None and question.insists
