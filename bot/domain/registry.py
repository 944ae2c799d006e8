"""The estate as the team declared it: clusters, accounts, channels, teams, and who may read what.

Pure: reading the file is the adapter's, and so is every sentence about a wrong line in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from bot.domain.conversation import Scope
from bot.domain.kinds import Kind
from bot.domain.metrics import MetricsEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

EVERYONE = "everyone"
"""The team every full member of the workspace is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One Kubernetes cluster, and how its API is reached."""

    name: str
    environment: str = "prod"
    context: str | None = None
    """Context in the kubeconfig; the cluster's own name when unset."""
    kubeconfig: str | None = None
    """Path of the kubeconfig; the usual search order when unset."""
    in_cluster: bool = False
    """Use the pod's own service account instead of a kubeconfig."""
    aliases: tuple[str, ...] = ()
    """Other names people use for it."""
    prometheus: MetricsEndpoint | None = None
    """Where its metrics are; without it PromQL is not offered for the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One cloud account."""

    name: str
    account_id: str
    environment: str = "prod"
    regions: tuple[str, ...] = ()
    """Regions that may be read; the first is meant when none is named."""
    aliases: tuple[str, ...] = ()
    role_arn: str | None = None
    """The read role to take on; without it the account is known but not read."""
    external_id_env: str | None = None
    """Name of the environment variable with the external id the role asks for."""
    endpoint_url: str | None = None
    """One address for every service instead of AWS's own, such as a simulator's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a channel means when people there name no cluster."""

    channel: str
    """Slack's id, such as C0123ABCD."""
    name: str | None = None
    """For people who read the file."""
    cluster: str | None = None
    namespace: str | None = None
    quiet: bool = False
    """Answer only when mentioned, and without reactions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A group of people, by Slack user group, by person, or both."""

    name: str
    user_group: str | None = None
    """Slack's id of the group, such as S0123ABCD."""
    members: tuple[str, ...] = ()
    """Slack ids of people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """These teams, in these channels, may read these namespaces of these clusters."""

    teams: tuple[str, ...] = (EVERYONE,)
    channels: tuple[str, ...] = ("*",)
    clusters: tuple[str, ...] = ("*",)
    """Names or shell patterns."""
    namespaces: tuple[str, ...] = ("*",)
    """Names or shell patterns; `*` alone also grants what belongs to no namespace."""
    accounts: tuple[str, ...] | None = None
    """Cloud accounts; unset, all of them if the entry narrows neither clusters nor namespaces,
    else none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one person may read in one channel."""

    grants: tuple[Grant, ...]

    def clusters(self, known: Iterable[str]) -> tuple[str, ...]:
        """Return those of the known clusters of which at least one namespace may be read."""
        return tuple(
            name for name in known if any(_matches(name, grant.clusters) for grant in self.grants)
        )

    def may_read(self, cluster: str, namespace: str | None) -> bool:
        """Tell whether the namespace may be read; None asks for all of them at once."""
        return any(
            _matches(cluster, grant.clusters)
            and (
                "*" in grant.namespaces
                if namespace is None
                else _matches(namespace, grant.namespaces)
            )
            for grant in self.grants
        )

    def may_read_account(self, account: str) -> bool:
        """Tell whether the cloud account of that name may be read."""
        return any(
            _matches(account, grant.accounts)
            if grant.accounts is not None
            else grant.clusters == ("*",) and grant.namespaces == ("*",)
            for grant in self.grants
        )

    def namespaces(self, cluster: str) -> tuple[str, ...]:
        """Return the namespace patterns granted for a cluster, for a refusal that helps."""
        return tuple(
            sorted(
                {
                    pattern
                    for grant in self.grants
                    if _matches(cluster, grant.clusters)
                    for pattern in grant.namespaces
                }
            )
        )


FULL_ACCESS = Access(grants=(Grant(),))
"""What the command line has: the caller's own kubeconfig is the limit there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The whole file; names are unique among clusters and aliases, and among accounts."""

    clusters: tuple[Cluster, ...]
    accounts: tuple[Account, ...] = ()
    channels: tuple[Channel, ...] = ()
    teams: tuple[Team, ...] = ()
    access: tuple[Grant, ...] = field(default=(Grant(),))
    custom_kinds: tuple[Kind, ...] = ()
    """Custom resources that may be read besides the built-in list; never ones with secrets."""

    def cluster_names(self) -> tuple[str, ...]:
        """Return all names in the order of the file."""
        return tuple(cluster.name for cluster in self.clusters)

    def aliases(self) -> tuple[str, ...]:
        """Return the other names of all clusters."""
        return tuple(alias for cluster in self.clusters for alias in cluster.aliases)

    def connected_accounts(self, text: str = "") -> tuple[Account, ...]:
        """Return the accounts that can be read; those a text names come first."""
        known = [account for account in self.accounts if account.role_arn is not None]
        return tuple(sorted(known, key=lambda account: not _is_meant(text, account)))

    def metered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the clusters whose metrics can be read."""
        metered = {cluster.name for cluster in self.clusters if cluster.prometheus is not None}
        return tuple(name for name in names if name in metered)

    def cluster(self, name: str) -> Cluster | None:
        """Return the cluster of that name or alias, case aside; None if there is none."""
        wanted = name.casefold()
        for cluster in self.clusters:
            if wanted in {known.casefold() for known in (cluster.name, *cluster.aliases)}:
                return cluster
        return None

    def account(self, name: str) -> Account | None:
        """Return the account of that name, alias or number; None if there is none."""
        wanted = name.casefold()
        for account in self.accounts:
            names = (account.name, account.account_id, *account.aliases)
            if wanted in {known.casefold() for known in names}:
                return account
        return None

    def channel(self, channel: str) -> Channel | None:
        """Return the channel's entry, or None."""
        return next((entry for entry in self.channels if entry.channel == channel), None)

    def mentioned(self, text: str) -> tuple[str, ...]:
        """Return the clusters a person names in a text, in the order of the file."""
        return tuple(
            cluster.name
            for cluster in self.clusters
            if any(_names(text, known) for known in (cluster.name, *cluster.aliases))
        )

    def access_of(self, teams: frozenset[str], channel: str) -> Access:
        """Return what members of these teams may read in that channel; no grant, no access."""
        return Access(
            grants=tuple(
                grant
                for grant in self.access
                if not teams.isdisjoint(grant.teams) and _matches(channel, grant.channels)
            )
        )

    def default_scope(self, channel: str) -> Scope | None:
        """Return the channel's scope, else the only cluster there is, else None."""
        entry = self.channel(channel)
        if entry is not None and entry.cluster is not None:
            return Scope(clusters=(entry.cluster,), namespace=entry.namespace)
        if len(self.clusters) == 1:
            namespace = entry.namespace if entry is not None else None
            return Scope(clusters=(self.clusters[0].name,), namespace=namespace)
        return None


def _is_meant(text: str, account: Account) -> bool:
    return any(_names(text, name) for name in (account.name, account.account_id, *account.aliases))


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _names(text: str, name: str) -> bool:
    """Tell whether the text has the name as a word of its own, not inside a longer name."""
    return (
        re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text, re.IGNORECASE) is not None
    )
