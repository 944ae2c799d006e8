"""What a well-formed registry may still get wrong: clashing names, or ones that point nowhere.

Pure; must not know the file's syntax, only the place of each value in it.
"""

from __future__ import annotations

import difflib
import re
from itertools import chain
from typing import TYPE_CHECKING

from bot.adapters.registry_alerts import alert_contradictions
from bot.domain.address import plain_http_problem, split_address
from bot.domain.alert_server import alertmanager_problems
from bot.domain.link_hosts import problem_of as link_host_problem
from bot.domain.logs import log_problems
from bot.domain.metrics import problems_of
from bot.domain.registry import EVERYONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.domain.registry import Account, Channel, Cluster, Grant, Registry, Team

Place = tuple[int | str, ...]
"""Keys and indexes from the top of the file down to a value."""
Problem = tuple[Place, str]

ENVIRONMENTS = ("dev", "staging", "prod")
"""What `environment` may be unless the file says otherwise."""

# A cluster's name is typed in Slack and matched by shell patterns: no blanks, no wildcards.
_NAME = re.compile(r"[^\s*?\[\]`<>]{1,128}")
# `account/region` and `cluster/namespace/service` are written so: whose evidence or service it is
# has to be plain. A context may be called by its ARN, and so may an alias.
_APART = "/"
_ACCOUNT_ID = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
# https://api.slack.com/types: ids are an upper-case letter for the type, then letters and digits.
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,}")
_CHANNEL_HINT = (
    "channel id such as C0123ABCD: copy it from the bottom of the channel's details in Slack; what"
    " people call it goes under `name`"
)
_PERSON_HINT = "id of a person such as U0123ABCD: copy it from their profile in Slack"
_GROUP_ID = re.compile(r"S[A-Z0-9]{6,}")
_PERSON_ID = re.compile(r"[UW][A-Z0-9]{6,}")
_PATTERN = re.compile(r"[*?\[]")
# RFC 1123 label, or a shell pattern of one.
_NAMESPACE = re.compile(r"[a-z0-9*?\[]([a-z0-9*?\[\]!-]{0,61}[a-z0-9*?\]])?")


def find_contradictions(registry: Registry, *, environments: tuple[str, ...]) -> list[Problem]:
    """Return everything that contradicts itself, in the order of the file."""
    return list(
        chain(
            _in_clusters(registry, environments),
            _in_accounts(registry, environments),
            _in_channels(registry),
            _in_teams(registry.teams),
            _in_access(registry),
            alert_contradictions(registry),
            _in_links(registry),
        )
    )


def _in_clusters(registry: Registry, environments: tuple[str, ...]) -> Iterator[Problem]:
    if not registry.clusters:
        yield ("clusters",), "is empty: name at least one"
    seen: dict[str, str] = {}
    for index, cluster in enumerate(registry.clusters):
        place: Place = ("clusters", index)
        yield from _environment(place, cluster.environment, environments)
        yield from _ways_in(place, cluster)
        yield from _servers(place, cluster)
        for where, name in _names(place, cluster.name, cluster.aliases):
            if not _NAME.fullmatch(name):
                yield where, f"{name!r} cannot be typed as a name: no blanks, no * ? [ ]"
            yield from _taken(where, name, seen, owner=f"cluster {cluster.name}")
        if _APART in cluster.name:
            problem = f"{cluster.name!r} holds a slash: keep it under `context`, name it without"
            yield (*place, "name"), problem


def _ways_in(place: Place, cluster: Cluster) -> Iterator[Problem]:
    for key, value in (("context", cluster.context), ("kubeconfig", cluster.kubeconfig)):
        if cluster.in_cluster and value is not None:
            yield (
                (*place, key),
                "contradicts in_cluster, which uses the pod's own account: keep one of them",
            )


def _servers(place: Place, cluster: Cluster) -> Iterator[Problem]:
    for entry, endpoint, find_problems in (
        ("prometheus", cluster.prometheus, problems_of),
        ("loki", cluster.loki, log_problems),
        ("alertmanager", cluster.alertmanager, alertmanager_problems),
    ):
        if endpoint is not None:
            for key, problem in find_problems(endpoint):
                yield (*place, entry, key), problem


def _in_accounts(registry: Registry, environments: tuple[str, ...]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for index, account in enumerate(registry.accounts):
        place: Place = ("accounts", index)
        yield from _environment(place, account.environment, environments)
        if _APART in account.name:
            yield (*place, "name"), f"{account.name!r} holds a slash: name it without"
        if not _ACCOUNT_ID.fullmatch(account.account_id):
            yield (*place, "account_id"), f"{account.account_id!r} is not twelve digits"
        if account.role_arn is not None and not re.fullmatch(
            rf"arn:aws[a-z-]*:iam::{re.escape(account.account_id)}:role/[\w+=,.@/-]+",
            account.role_arn,
        ):
            yield (*place, "role_arn"), f"is no role of account {account.account_id}"
        if account.role_arn is not None and not account.regions:
            yield (*place, "role_arn"), "needs `regions`: name those that may be read"
        for at, region in enumerate(account.regions):
            if not _REGION.fullmatch(region):
                yield (*place, "regions", at), f"{region!r} is no region such as eu-west-1"
        yield from _account_endpoint(place, account)
        names = [
            *_names(place, account.name, account.aliases),
            ((*place, "account_id"), account.account_id),
        ]
        for where, name in names:
            yield from _taken(where, name, seen, owner=f"account {account.name}")


def _account_endpoint(place: Place, account: Account) -> Iterator[Problem]:
    for key, example, url in (
        ("endpoint_url", "https://aws.example.com", account.endpoint_url),
        ("proxy", "http://proxy.example.com:3128", account.proxy),
    ):
        address = None if url is None else split_address(url)
        if url is not None and address is None:
            yield (*place, key), f"is no address such as {example}"
        elif address is not None and (address.username or address.password):
            yield (*place, key), "holds a user name or password, which do not belong here"
        elif address is not None and key == "endpoint_url" and not account.insecure:
            plain = plain_http_problem(address)
            if plain is not None:
                yield (*place, key), f"{plain}: use https, or say insecure: true"
    if account.client_key is not None and account.client_cert is None:
        yield (*place, "client_key"), "has no client_cert: name the certificate, too"


def _in_channels(registry: Registry) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for index, entry in enumerate(registry.channels):
        place: Place = ("channels", index)
        if not _CHANNEL_ID.fullmatch(entry.channel):
            yield (*place, "channel"), f"{entry.channel!r} is no {_CHANNEL_HINT}"
        yield from _taken((*place, "channel"), entry.channel, seen, owner="another entry")
        if entry.cluster is not None:
            yield from _cluster_known((*place, "cluster"), entry.cluster, registry)
        elif entry.namespace is not None and len(registry.clusters) > 1:
            yield (*place, "namespace"), "belongs to no cluster: name it with `cluster`"
        if entry.namespace is not None and (
            _PATTERN.search(entry.namespace) or not _NAMESPACE.fullmatch(entry.namespace)
        ):
            yield (*place, "namespace"), f"{entry.namespace!r} is no name of one namespace"


def _in_teams(teams: tuple[Team, ...]) -> Iterator[Problem]:
    seen = {EVERYONE: "everybody; it needs no entry"}
    for index, team in enumerate(teams):
        place: Place = ("teams", index)
        yield from _taken((*place, "name"), team.name, seen, owner="another team")
        if team.user_group is None and not team.members:
            yield place, f"team {team.name} has nobody in it: give it user_group or members"
        if team.user_group is not None and not _GROUP_ID.fullmatch(team.user_group):
            yield (
                (*place, "user_group"),
                f"{team.user_group!r} is no id of a user group such as S0123ABCD",
            )
        for at, member in enumerate(team.members):
            if not _PERSON_ID.fullmatch(member):
                yield (*place, "members", at), f"{member!r} is no {_PERSON_HINT}"


def _in_access(registry: Registry) -> Iterator[Problem]:
    teams = [EVERYONE, *(team.name for team in registry.teams)]
    for index, grant in enumerate(registry.access):
        place: Place = ("access", index)
        yield from _empty_lists(place, grant)
        for at, team in enumerate(grant.teams):
            if team not in teams:
                yield (*place, "teams", at), f"there is no team {team!r}{_instead(team, teams)}"
        yield from _grant_places(place, grant, registry)


def _grant_places(place: Place, grant: Grant, registry: Registry) -> Iterator[Problem]:
    for at, channel in enumerate(grant.channels):
        if not (_PATTERN.search(channel) or _CHANNEL_ID.fullmatch(channel)):
            yield (*place, "channels", at), _no_channel(channel, registry.channels)
    for at, cluster in enumerate(grant.clusters):
        if not _PATTERN.search(cluster):
            yield from _cluster_known((*place, "clusters", at), cluster, registry)
    for at, namespace in enumerate(grant.namespaces):
        if not _NAMESPACE.fullmatch(namespace):
            yield (
                (*place, "namespaces", at),
                f"{namespace!r} is no name or pattern of namespaces",
            )


def _empty_lists(place: Place, grant: Grant) -> Iterator[Problem]:
    for key in ("teams", "channels", "clusters", "namespaces"):
        if not getattr(grant, key):
            yield (*place, key), "is empty, so it grants nothing: name some, or leave it out"


def _in_links(registry: Registry) -> Iterator[Problem]:
    for at, host in enumerate(registry.links.hosts):
        if problem := link_host_problem(host):
            yield ("links", "hosts", at), problem


def _names(place: Place, name: str, aliases: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
    yield (*place, "name"), name
    for at, alias in enumerate(aliases):
        yield (*place, "aliases", at), alias


def _environment(place: Place, name: str, allowed: tuple[str, ...]) -> Iterator[Problem]:
    if name not in allowed:
        yield (
            (*place, "environment"),
            f"{name!r} is none of {', '.join(allowed)}: use one, or add it under `environments`",
        )


def _taken(place: Place, name: str, seen: dict[str, str], *, owner: str) -> Iterator[Problem]:
    key = name.casefold()
    if key in seen:
        yield place, f"{name!r} already names {seen[key]}"
    seen.setdefault(key, owner)


def _cluster_known(place: Place, name: str, registry: Registry) -> Iterator[Problem]:
    if registry.cluster(name) is None:
        yield place, f"there is no cluster {name!r}{_instead(name, registry.cluster_names())}"


def _no_channel(channel: str, channels: tuple[Channel, ...]) -> str:
    wanted = channel.removeprefix("#")
    meant = next((entry.channel for entry in channels if entry.name == wanted), None)
    if meant is not None:
        return f"{channel!r} is a name, which people may change: write its id, {meant}"
    return f"{channel!r} is no channel id such as C0123ABCD, nor a pattern such as *"


def _instead(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names)}"
