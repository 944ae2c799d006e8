"""Does a cluster answer, how and how fast, and are the rights as narrow as they should be?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.checkups import latency_checkup, tls_checkups
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.kinds import Kind, kind_named
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.adapters.cluster.clusters import KubernetesClusters
    from bot.ports.clock import Clock
    from bot.ports.cluster import ClusterReader
    from bot.ports.probe import Probe

# Not a readable kind, on purpose; named here only to ask whether we could.
SECRETS = Kind(kind="Secret", plural="secrets")
NEEDED = ("pods", "events", "deployments", "replicasets", "nodes")


def cluster_probe(clusters: KubernetesClusters, name: str, *, clock: Clock) -> Probe:
    """Return the probe of one registered cluster."""

    def look() -> list[Checkup]:
        part = f"cluster {name}"
        return [*_server(part, clusters, name, clock=clock), *_tls(part, clusters, name, clock)]

    return look


def _server(part: str, clusters: KubernetesClusters, name: str, *, clock: Clock) -> list[Checkup]:
    try:
        reader = clusters.reader(name)
        version = reader.version()
        missing = [kind for kind in NEEDED if not _may_list(reader, kind)]
        reads_secrets = reader.can_i(verb="get", kind=SECRETS, name=None, namespace=None)
        latency = latency_checkup(part, reader.version, clock=clock)
    except DeniedError as error:
        step = "give the kubeconfig's user the read role"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    except (UpstreamError, ToolError) as error:
        step = "check the address, the context and the credentials in the kubeconfig"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    checks = [_rights(part, version, missing), latency]
    if reads_secrets:
        found = "its credentials can read Secrets, which Nightdesk never does"
        step = "bind a role without secrets, so that nothing else can either"
        part = f"{part} Secrets"
        checks.append(Checkup(part=part, health=Health.WARNING, found=found, next_step=step))
    return checks


def _tls(part: str, clusters: KubernetesClusters, name: str, clock: Clock) -> list[Checkup]:
    try:
        endpoint = clusters.endpoint(name)
    except UpstreamError:
        # Said already, of the cluster itself.
        return []
    return tls_checkups(part, endpoint, clock=clock, off_by="insecure-skip-tls-verify")


def _may_list(reader: ClusterReader, plural: str) -> bool:
    kind = kind_named(plural)
    return kind is not None and reader.can_i(verb="list", kind=kind, name=None, namespace=None)


def _rights(part: str, version: str, missing: list[str]) -> Checkup:
    if not missing:
        return Checkup(part=part, health=Health.OK, found=f"{version}, all reads allowed")
    return Checkup(
        part=part,
        health=Health.WARNING,
        found=f"{version}; may not list in all namespaces: {', '.join(missing)}",
        next_step="grant list on these kinds, or accept that answers name them as denied",
    )
