"""Where an operation can be asked for: places of the registry the operator may change.

Pure. A place a person may not read of is none to them; nothing tells them that it is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from safe_ops.model.plans import Place, System

if TYPE_CHECKING:
    from bot.domain.registry import Access, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place with what it counts as."""

    place: Place
    environment: str

    @property
    def name(self) -> str:
        """Return how people write it: the cluster, or account and region."""
        return "/".join(part for part in (self.place.name, self.place.region) if part)


def sites_of(registry: Registry, access: Access, system: System) -> tuple[Site, ...]:
    """Return the places of one system that may be changed, as far as the person may read there.

    Nightdesk's own are the environments of all others.
    """
    if system is System.KUBERNETES:
        readable = set(access.clusters(registry.cluster_names()))
        return tuple(
            Site(place=Place(system=system, name=cluster.name), environment=cluster.environment)
            for cluster in registry.clusters
            if cluster.operator is not None and cluster.name in readable
        )
    if system is System.NIGHTDESK:
        others = (
            *sites_of(registry, access, System.KUBERNETES),
            *sites_of(registry, access, System.AWS),
        )
        return tuple(
            Site(place=Place(system=system, name=name), environment=name)
            for name in dict.fromkeys(site.environment for site in others)
        )
    return tuple(
        Site(
            place=Place(system=system, name=account.name, region=region),
            environment=account.environment,
        )
        for account in registry.accounts
        if account.operator_role_arn is not None and access.may_read_account(account.name)
        for region in account.regions
    )


def chosen(registry: Registry, sites: tuple[Site, ...], wanted: str) -> Site | None:
    """Return the site a person names, by name, alias or account number; None if it is none."""
    named = next((site for site in sites if site.name == wanted), None)
    if named is not None:
        return named
    name, _, region = wanted.partition("/")
    cluster, account = registry.cluster(name), registry.account(name)
    names = {one.name for one in (cluster, account) if one is not None}
    fitting = [
        site
        for site in sites
        if site.place.name in names and (not region or site.place.region == region)
    ]
    # Of an account the first region is meant when none is named, as for reads.
    return fitting[0] if fitting else None
