"""`nightdesk doctor`: every connection looked at, each fault with what to do."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.cluster.probe import cluster_probe
from bot.adapters.llm.probe import model_probe
from bot.adapters.metrics.probe import metrics_probe
from bot.adapters.redis_client import open_redis
from bot.adapters.redis_server import find_server
from bot.adapters.slack.calling import web_client
from bot.adapters.slack.probe import slack_probe
from bot.adapters.store.probe import database_probe
from bot.bootstrap import build_metrics, build_model, load_registry, redis_url
from bot.domain.errors import SettingsError
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
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
        database_probe(settings.service.database),
        lambda: [_redis(settings)],
        model_probe(build_model(settings, clock=clock)),
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
    names = registry.cluster_names()
    return [
        *probes,
        *(cluster_probe(clusters, name) for name in names),
        *(metrics_probe(metrics, name, clock=clock) for name in registry.metered(names)),
    ]


def _redis(settings: Settings) -> Checkup:
    if settings.service.redis_url is None:
        try:
            server = find_server()
        except SettingsError as error:
            return Checkup(
                part="redis",
                health=Health.FAILED,
                found="no server to embed",
                next_step=error.problems[0],
            )
        return Checkup(
            part="redis", health=Health.OK, found=f"`nightdesk up` will start {server.name}"
        )
    try:
        open_redis(redis_url(settings)).ping()
    except (RedisError, SettingsError) as error:
        return Checkup(
            part="redis",
            health=Health.FAILED,
            found=str(error),
            next_step="set REDIS_URL to a Redis that this machine reaches",
        )
    return Checkup(part="redis", health=Health.OK, found="reachable")


def _line(found: Checkup, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(asdict(found), ensure_ascii=False)
    step = f"\n          → {found.next_step}" if found.next_step else ""
    return f"{_MARKS[found.health]}  {found.part}: {found.found}{step}"
