"""The systems that may be read, connected at their first read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.alertmanager.sources import AlertmanagerStates
from bot.adapters.cloud.aws import AwsCloud
from bot.adapters.cloud.connection import connection_to
from bot.adapters.logs.sources import LokiSources
from bot.adapters.metrics.sources import PrometheusSources
from bot.settings import Settings, named_secret
from bot.tools.aws.catalogue import load_catalogue

if TYPE_CHECKING:
    from bot.domain.redaction.placeholder import Seal
    from bot.domain.registry import Registry
    from bot.ports.clock import Clock


def build_metrics(settings: Settings, registry: Registry, *, clock: Clock) -> PrometheusSources:
    """Return the metrics servers of the registry's clusters, connected at their first read."""
    return PrometheusSources(
        {one.name: one.prometheus for one in registry.clusters if one.prometheus is not None},
        clock=clock,
        secret_of=named_secret,
        timeout_s=settings.service.cluster_timeout_s,
    )


def build_logs(settings: Settings, registry: Registry, *, clock: Clock) -> LokiSources:
    """Return the log servers of the registry's clusters, connected at their first read."""
    return LokiSources(
        {one.name: one.loki for one in registry.clusters if one.loki is not None},
        clock=clock,
        secret_of=named_secret,
        timeout_s=settings.service.cluster_timeout_s,
    )


def build_alert_states(
    settings: Settings, registry: Registry, *, clock: Clock
) -> AlertmanagerStates:
    """Return the Alertmanagers of the registry's clusters, connected at their first read."""
    return AlertmanagerStates(
        {one.name: one.alertmanager for one in registry.clusters if one.alertmanager is not None},
        clock=clock,
        secret_of=named_secret,
        timeout_s=settings.service.cluster_timeout_s,
    )


def build_cloud(settings: Settings, registry: Registry, *, seal: Seal, clock: Clock) -> AwsCloud:
    """Return the registry's connected accounts; nothing is loaded before the first read."""
    connections = [
        connection_to(account, secret_of=named_secret) for account in registry.connected_accounts()
    ]
    listed = load_catalogue().operations if connections else ()
    return AwsCloud(
        connections,
        allowed=[(operation.service, operation.name) for operation in listed],
        seal=seal,
        clock=clock,
        timeout_s=settings.service.cluster_timeout_s,
    )
