"""The operator's eyes and hands, from the registry's entries for writing: only here are they made.

A cluster without `operator` and an account without `operator_role_arn` cannot be changed at all.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from bot.adapters.cluster.api_client import api_client
from bot.adapters.cluster.connect import Connection
from bot.adapters.operations.numbers import ServerNumbers
from bot.bootstrap.sources import build_metrics
from bot.settings import named_secret
from safe_ops.actuators.cloud_place import CloudPlace
from safe_ops.actuators.cluster import KubernetesHands
from safe_ops.actuators.cluster_estate import KubernetesEstate
from safe_ops.actuators.cluster_wire import ClusterWire
from safe_ops.errors import RefusedError
from safe_ops.model.plans import System

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from bot.domain.registry import Account, Cluster, Registry
    from bot.ports.clock import Clock
    from bot.settings import Settings
    from safe_ops.actuators.cloud import CloudWorkshop
    from safe_ops.model.plans import Place
    from safe_ops.model.rights import Warrant
    from safe_ops.ports.reach import CloudEstate, ClusterEstate, Hands, Metrics, Places


def build_workshop(settings: Settings, registry: Registry, *, clock: Clock) -> RegisteredWorkshop:
    """Return the operator's workshop; nothing is connected before its first use."""
    return RegisteredWorkshop(
        registry,
        connections={
            cluster.name: Connection(
                _as_operator(cluster), kubeconfig=settings.service.kubeconfig, clock=clock
            )
            for cluster in registry.clusters
            if cluster.operator is not None
        },
        accounts=[
            _cloud_place(account, timeout_s=settings.service.cluster_timeout_s)
            for account in registry.accounts
            if account.operator_role_arn is not None
        ],
        metrics=ServerNumbers(build_metrics(settings, registry, clock=clock), clock=clock),
        timeout_s=settings.service.cluster_timeout_s,
    )


class RegisteredWorkshop:
    """safe_ops.ports.reach.Places over the registry; shared between threads."""

    def __init__(
        self,
        registry: Registry,
        *,
        connections: dict[str, Connection],
        accounts: list[CloudPlace],
        metrics: Metrics,
        timeout_s: float,
    ) -> None:
        self._registry = registry
        self._connections = connections
        self._accounts = accounts
        self._metrics = metrics
        self._timeout_s = timeout_s

    @property
    def metrics(self) -> Metrics:
        """Return the numbers of all places."""
        return self._metrics

    @cached_property
    def _cloud(self) -> CloudWorkshop:
        # botocore takes 7 MB, which an operator pays with its first action on an account.
        from safe_ops.actuators.cloud import CloudWorkshop  # noqa: PLC0415 -- as above

        return CloudWorkshop(self._accounts)

    def knows(self, place: Place) -> str:
        """Return the environment the registry gives the place.

        Raises:
            RefusedError: `place`: it is not in the registry, or the operator has no rights there.
        """
        if place.system is System.AWS:
            account = self._registry.account(place.name)
            if account is None:
                raise _unknown(place, known=[one.name for one in self._registry.accounts])
            self._cloud.knows(replace(place, name=account.name))
            return account.environment
        cluster = self._registry.cluster(place.name)
        if cluster is None:
            raise _unknown(place, known=list(self._registry.cluster_names()))
        if cluster.name not in self._connections:
            raise RefusedError(
                f"nothing may be changed in {cluster.name}: the registry gives the operator no"
                " access there (`operator:` in its entry)",
                code="place",
            )
        return cluster.environment

    def cluster(self, place: Place) -> ClusterEstate:
        """Return eyes in a cluster.

        Raises:
            UpstreamError: The operator cannot sign in there.
        """
        client = api_client(
            self._connections[place.name], cluster=place.name, within_s=self._timeout_s
        )
        # Only writes go through webhooks, which may take longer than anybody waits for a read.
        wire = ClusterWire(client, cluster=place.name, read_timeout_s=self._timeout_s)
        return KubernetesEstate(client, cluster=place.name, wire=wire)

    def cloud(self, place: Place, warrant: Warrant) -> AbstractContextManager[CloudEstate]:
        """Open eyes in an account, for one operation's reads."""
        return self._cloud.cloud(place, warrant)

    @contextmanager
    def hands(self, place: Place, warrant: Warrant) -> Iterator[Hands]:
        """Open hands in a place, for one action.

        Raises:
            UpstreamError: The operator cannot sign in there.
        """
        if place.system is System.AWS:
            with self._cloud.hands(place, warrant) as hands:
                yield hands
            return
        client = api_client(
            self._connections[place.name], cluster=place.name, within_s=self._timeout_s
        )
        yield KubernetesHands(client, cluster=place.name, warrant=warrant)


def _unknown(place: Place, *, known: list[str]) -> RefusedError:
    names = ", ".join(known) or "none"
    return RefusedError(f"{place.name} is not in the registry; there are {names}", code="place")


def _as_operator(cluster: Cluster) -> Cluster:
    """Return the cluster with the operator's own way to sign in."""
    access = cluster.operator
    if access is None:
        raise ValueError(f"{cluster.name} has no operator access")
    return replace(
        cluster,
        context=access.context or cluster.context,
        kubeconfig=access.kubeconfig or cluster.kubeconfig,
        in_cluster=access.in_cluster,
    )


def _cloud_place(account: Account, *, timeout_s: float) -> CloudPlace:
    named = account.operator_external_id_env
    return CloudPlace(
        name=account.name,
        account_id=account.account_id,
        role_arn=account.operator_role_arn or "",
        external_id=named_secret(named) if named else None,
        regions=account.regions,
        endpoint_url=account.endpoint_url,
        ca_file=account.ca_file,
        client_cert=account.client_cert,
        client_key=account.client_key,
        proxy=account.proxy,
        read_timeout_s=timeout_s,
    )


if TYPE_CHECKING:
    _keeps_its_promise: type[Places] = RegisteredWorkshop
