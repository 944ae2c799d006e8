"""`nightdesk doctor`: every connection looked at, each fault with what to do."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.adapters.alertmanager.probe import alertmanager_probe
from bot.adapters.clock import SystemClock
from bot.adapters.cloud.connection import connection_to
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.cluster.probe import cluster_probe
from bot.adapters.factors.party import public_url_checkup
from bot.adapters.llm.anthropic_client import BASE_URL as ANTHROPIC_URL
from bot.adapters.llm.bedrock import base_url_of as bedrock_url
from bot.adapters.llm.probe import model_probe
from bot.adapters.logs.probe import logs_probe
from bot.adapters.metrics.probe import metrics_probe
from bot.adapters.redis_probe import redis_probe
from bot.adapters.slack.calling import web_client
from bot.adapters.slack.probe import slack_probe
from bot.adapters.store.probe import database_probe
from bot.bootstrap.installation import load_registry, redis_url
from bot.bootstrap.models import build_model
from bot.bootstrap.policy_probe import policy_probe
from bot.bootstrap.sources import build_alert_states, build_logs, build_metrics
from bot.domain.errors import SettingsError
from bot.ports.probe import Checkup, Health
from bot.settings import named_secret

if TYPE_CHECKING:
    from bot.domain.registry import Registry
    from bot.ports.clock import Clock
    from bot.ports.probe import Probe
    from bot.settings import Settings

_MARKS = {Health.OK: "ok     ", Health.WARNING: "warning", Health.FAILED: "FAILED "}


def examine(settings: Settings, *, as_json: bool) -> int:
    """Print a line for each part; return 0 when none failed, else 1."""
    with ThreadPoolExecutor(thread_name_prefix="doctor") as pool:
        looked = pool.map(lambda probe: probe(), _probes(settings))
        checkups = [found for group in looked for found in group]
    for found in checkups:
        sys.stdout.write(_line(found, as_json=as_json) + "\n")
    return 1 if any(found.health is Health.FAILED for found in checkups) else 0


def _probes(settings: Settings) -> list[Probe]:
    clock = SystemClock()
    slack = settings.slack
    token, app_token = slack.bot_token, slack.app_token
    client = web_client(
        token=token.get_secret_value() if token is not None else "", base_url=slack.api_url
    )
    probes: list[Probe] = [
        slack_probe(
            client,
            app_token=app_token.get_secret_value() if app_token is not None else None,
            has_secret=slack.signing_secret is not None,
        ),
        database_probe(settings.service.database, clock=clock),
        redis_probe(_redis_url(settings), clock=clock),
        lambda: public_url_checkup(settings.service.public_url),
        model_probe(
            build_model(settings, clock=clock), addresses=_model_addresses(settings), clock=clock
        ),
    ]
    try:
        registry = load_registry(settings)
    except SettingsError as error:
        wrong = [
            Checkup(
                part="registry",
                health=Health.FAILED,
                found=problem,
                next_step="mend nightdesk.yaml, or set KUBECONFIG to do without one",
            )
            for problem in error.problems
        ]
        return [*probes, lambda: wrong]
    clusters = KubernetesClusters(
        registry.clusters,
        clock=clock,
        kubeconfig=settings.service.kubeconfig,
        timeout_s=settings.service.cluster_timeout_s,
    )
    metrics = build_metrics(settings, registry, clock=clock)
    logs = build_logs(settings, registry, clock=clock)
    states = build_alert_states(settings, registry, clock=clock)
    return [
        *probes,
        *(cluster_probe(clusters, name, clock=clock) for name in registry.cluster_names()),
        *(
            metrics_probe(metrics, cluster.name, endpoint=cluster.prometheus, clock=clock)
            for cluster in registry.clusters
            if cluster.prometheus is not None
        ),
        *(
            logs_probe(logs, cluster.name, endpoint=cluster.loki, clock=clock)
            for cluster in registry.clusters
            if cluster.loki is not None
        ),
        *(
            alertmanager_probe(states, cluster.name, endpoint=cluster.alertmanager, clock=clock)
            for cluster in registry.clusters
            if cluster.alertmanager is not None
        ),
        *_account_probes(settings, registry, clock=clock),
        policy_probe(settings, registry),
    ]


def _redis_url(settings: Settings) -> str | None:
    return None if settings.service.redis_url is None else redis_url(settings)


def _model_addresses(settings: Settings) -> tuple[str, ...]:
    chosen, found = settings.model, []
    if chosen.api_key is not None:
        found.append(chosen.base_url or ANTHROPIC_URL)
    if chosen.bedrock_name is not None and chosen.bedrock_region is not None:
        found.append(chosen.bedrock_url or bedrock_url(chosen.bedrock_region))
    return tuple(found)


def _account_probes(settings: Settings, registry: Registry, *, clock: Clock) -> list[Probe]:
    accounts = registry.connected_accounts()
    if not accounts:
        return []
    # botocore costs 20 MB, which only an installation with accounts pays.
    from bot.adapters.cloud.clients import Clients  # noqa: PLC0415 -- as above
    from bot.adapters.cloud.probe import account_probe  # noqa: PLC0415 -- as above

    clients = Clients(clock=clock, timeout_s=settings.service.cluster_timeout_s)
    return [
        account_probe(connection_to(account, secret_of=named_secret), clients, clock=clock)
        for account in accounts
    ]


def _line(found: Checkup, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(asdict(found), ensure_ascii=False)
    step = f"\n          → {found.next_step}" if found.next_step else ""
    return f"{_MARKS[found.health]}  {found.part}: {found.found}{step}"
