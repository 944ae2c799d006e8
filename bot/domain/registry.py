"""The estate as the team declared it: clusters, accounts, channels, teams, and who may read what.

Pure: reading the file is the adapter's, and so is every sentence about a wrong line in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from bot.domain.alert import Severity
from bot.domain.alert_server import AlertmanagerEndpoint
from bot.domain.conversation import Scope
from bot.domain.incident import Watch
from bot.domain.kinds import Kind
from bot.domain.link_hosts import host_of
from bot.domain.logs import LogsEndpoint
from bot.domain.metrics import MetricsEndpoint
from bot.domain.record_places import AuditPlaces, ChangeRecordPlaces

if TYPE_CHECKING:
    from collections.abc import Iterable

EVERYONE = "everyone"
"""The team every full member of the workspace is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAccess:
    """How the operator signs in to a cluster: an identity of its own, with the rights to write."""

    context: str | None = None
    """Context in the kubeconfig; the cluster's name when unset."""
    kubeconfig: str | None = None
    """Path of the kubeconfig; the operator process's own search order when unset."""
    in_cluster: bool = False
    """Use the operator pod's service account instead of a kubeconfig."""


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
    insecure: bool = False
    """Allow plain HTTP to its API server outside this machine and the cluster Nightdesk is in."""
    aliases: tuple[str, ...] = ()
    """Other names people use for it."""
    prometheus: MetricsEndpoint | None = None
    """Where its metrics are; without it PromQL is not offered for the cluster."""
    loki: LogsEndpoint | None = None
    """Where its logs are kept; without it LogQL is not offered for the cluster."""
    alertmanager: AlertmanagerEndpoint | None = None
    """Where its alerts are routed; without it Prometheus alone tells what a message lacks."""
    operator: OperatorAccess | None = None
    """How the operator may change it; without it no operation is offered there."""


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
    ca_file: str | None = None
    """Certificates to trust instead of the system's, PEM; for an endpoint or proxy of one's own."""
    client_cert: str | None = None
    """Our certificate for mutual TLS, PEM."""
    client_key: str | None = None
    """Its key; in the certificate's own file when unset."""
    proxy: str | None = None
    """HTTP proxy to go through; HTTPS_PROXY of the environment when unset."""
    insecure: bool = False
    """Allow plain HTTP to `endpoint_url` outside the cluster and this machine."""
    read_code: bool = False
    """Whether files of Lambda packages may be shown; redacted, a few at a time."""
    operator_role_arn: str | None = None
    """The role the operator takes on for one action at a time; without it no operation is offered
    there."""
    operator_external_id_env: str | None = None
    """Name of the environment variable with the external id that role asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """Makes a channel one whose alerts are looked into; all keys may be left out."""

    apps: tuple[str, ...] = ("*",)
    """Whose posts are alerts: bot or app ids, or names of apps; `*` for every app."""
    people: bool = False
    """True when what people post there, in no thread, is an alert too."""
    investigate_from: str = "warning"
    """The least severity that is looked into: low, warning, high or critical."""
    shadow_channel: str | None = None
    """Set: verdicts go to that channel only, and the watched one stays as it is."""
    cooldown_min: int = 30
    """An incident is not looked into again within this time, but for an alert of another name."""
    reopen_within_min: int = 30
    """Firing again within this time of its end opens the same incident again."""
    join_within_min: int = 15
    """Alerts further apart than this are not one trouble by place or text alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A road for alerts besides Slack: POST `/alerts/<name>` on the listener."""

    name: str
    sender: str
    """alertmanager, grafana, sns, pagerduty or datadog."""
    channel: str
    """Slack channel whose `alerts` rules count, and where the incident is told."""
    secret_env: str | None = None
    """Name of the environment variable with the shared secret; SNS signs by certificate."""
    next_secret_env: str | None = None
    """The same for a second secret that is believed as well, while one replaces the other."""
    topic_arn: str | None = None
    """The only SNS topic that is believed."""


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
    alerts: AlertRules | None = None
    """Set: alerts posted there are looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where addresses that alerts carry may lead people."""

    hosts: tuple[str, ...] = ()
    """Hosts, or `*.example.net` for all below one, besides those of the registry's own servers."""


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
    webhooks: tuple[Webhook, ...] = ()
    custom_kinds: tuple[Kind, ...] = ()
    """Custom resources that may be read besides the built-in list; never ones with secrets."""
    audit: AuditPlaces = field(default_factory=AuditPlaces)
    change_records: ChangeRecordPlaces = field(default_factory=ChangeRecordPlaces)
    links: Links = field(default_factory=Links)

    def cluster_names(self) -> tuple[str, ...]:
        """Return all names in the order of the file."""
        return tuple(cluster.name for cluster in self.clusters)

    def aliases(self) -> tuple[str, ...]:
        """Return the other names of all clusters."""
        return tuple(alias for cluster in self.clusters for alias in cluster.aliases)

    def link_hosts(self) -> tuple[str, ...]:
        """Return the hosts addresses of alerts may lead to: those listed, and our own servers'."""
        servers = [
            endpoint.url
            for cluster in self.clusters
            for endpoint in (cluster.prometheus, cluster.loki, cluster.alertmanager)
            if endpoint is not None
        ]
        own = filter(None, map(host_of, (*servers, self.change_records.webhook)))
        return tuple(dict.fromkeys((*self.links.hosts, *own)))

    def connected_accounts(self, text: str = "") -> tuple[Account, ...]:
        """Return the accounts that can be read; those a text names come first."""
        known = [account for account in self.accounts if account.role_arn is not None]
        return tuple(sorted(known, key=lambda account: not _is_meant(text, account)))

    def metered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the clusters whose metrics can be read."""
        metered = {cluster.name for cluster in self.clusters if cluster.prometheus is not None}
        return tuple(name for name in names if name in metered)

    def with_logs(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the clusters whose kept logs can be searched."""
        kept = {cluster.name for cluster in self.clusters if cluster.loki is not None}
        return tuple(name for name in names if name in kept)

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

    def alert_rules(self, channel: str) -> AlertRules | None:
        """Return what a channel says of alerts posted there; None where nobody watches."""
        entry = self.channel(channel)
        return None if entry is None else entry.alerts

    def watch(self, channel: str) -> Watch | None:
        """Return the rules for alerts of a channel; None where nobody watches."""
        entry = self.channel(channel)
        if entry is None or entry.alerts is None:
            return None
        rules = entry.alerts
        return Watch(
            channel=channel,
            investigate_from=Severity[rules.investigate_from.upper()],
            shadow_channel=rules.shadow_channel,
            cooldown=timedelta(minutes=rules.cooldown_min),
            reopen_within=timedelta(minutes=rules.reopen_within_min),
            join_within=timedelta(minutes=rules.join_within_min),
        )

    def webhook(self, name: str) -> Webhook | None:
        """Return the webhook of that name, or None."""
        return next((one for one in self.webhooks if one.name == name), None)

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
