"""From the places an alert names to clusters and accounts of the registry that may be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.conversation import Scope
from bot.domain.registry import EVERYONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.alert import Alert, AlertScope
    from bot.domain.registry import Access, Account, Registry

# An alert that names no cluster is looked for in so many of those its channel may read.
MAX_CLUSTERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an incident is looked into."""

    scope: Scope
    accounts: tuple[str, ...] = ()
    """Names of accounts of the registry; the first is the alert's own, if it names one."""
    is_named: bool = True
    """False when no alert names a cluster or account that is known: the scope is a guess."""


def access_of_channel(registry: Registry, channel: str) -> Access:
    """Return what everybody in the channel may read: whoever reads a verdict may be any of them."""
    return registry.access_of(frozenset({EVERYONE}), channel)


def may_read_there(scope: AlertScope, access: Access, *, registry: Registry) -> bool:
    """Tell whether the place may be read; one that is not known takes the right to every place."""
    cluster = registry.cluster(scope.cluster) if scope.cluster else None
    account = registry.account(scope.account) if scope.account else None
    if cluster is None and account is None:
        names = registry.cluster_names()
        return all(access.may_read(name, None) for name in names) and all(
            access.may_read_account(one.name) for one in registry.accounts
        )
    return (cluster is None or access.may_read(cluster.name, scope.namespace)) and (
        account is None or access.may_read_account(account.name)
    )


def place_of(alerts: Sequence[Alert], *, channel: str, registry: Registry, access: Access) -> Place:
    """Return the clusters and accounts the alerts name, else the channel's, else all readable."""
    readable = access.clusters(registry.cluster_names())
    named = _clusters_named(alerts, registry, readable)
    accounts = _accounts_named(alerts, registry, access)
    default = registry.default_scope(channel)
    if named:
        clusters = named
    elif default is not None and set(default.clusters) <= set(readable):
        clusters = default.clusters
    else:
        clusters = readable[:MAX_CLUSTERS]
    namespaces = dict.fromkeys(
        alert.scope.namespace for alert in alerts if alert.scope.namespace is not None
    )
    namespace = next(iter(namespaces)) if len(namespaces) == 1 else None
    if namespace is None and not named and default is not None:
        namespace = default.namespace
    return Place(
        scope=Scope(clusters=clusters, namespace=namespace),
        accounts=tuple(account.name for account in accounts),
        is_named=bool(named or accounts),
    )


def _clusters_named(
    alerts: Iterable[Alert], registry: Registry, readable: Sequence[str]
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for alert in alerts:
        for name in (alert.scope.cluster, alert.labels.get("cluster")):
            known = registry.cluster(name) if name else None
            if known is not None and known.name in readable:
                found[known.name] = None
    if not found:
        texts = " ".join((alert.text or alert.name) for alert in alerts)
        found = dict.fromkeys(name for name in registry.mentioned(texts) if name in readable)
    return tuple(found)


def _accounts_named(
    alerts: Iterable[Alert], registry: Registry, access: Access
) -> tuple[Account, ...]:
    found: dict[str, Account] = {}
    for alert in alerts:
        known = registry.account(alert.scope.account) if alert.scope.account else None
        if known is not None and access.may_read_account(known.name):
            found[known.name] = known
    return tuple(found.values())
