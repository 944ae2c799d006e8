"""The composition root: each process's parts, wired by hand.

Nothing is connected before a process needs it, and each process gets only what its role may hold.
"""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from redis import Redis
from slack_sdk import WebClient

from bot.adapters.buckets import TokenBuckets
from bot.adapters.clock import SystemClock
from bot.adapters.cloud.aws import AwsCloud
from bot.adapters.cloud.connection import AccountConnection
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.jobs import RqDoorbell
from bot.adapters.llm.anthropic_client import anthropic_model
from bot.adapters.llm.bedrock import bedrock_model
from bot.adapters.llm.chain import Chain
from bot.adapters.llm.pricing import Pricing
from bot.adapters.metrics.sources import PrometheusSources
from bot.adapters.redaction_key import kept_key
from bot.adapters.redis_client import open_redis
from bot.adapters.registry import read_registry, registry_from_kubeconfig
from bot.adapters.slack.calling import web_client
from bot.adapters.slack.gateway import SlackGateway
from bot.adapters.slack.messenger import SlackMessenger
from bot.adapters.slack.roster import SlackRoster
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import check_schema, upgrade
from bot.adapters.store.store import SqlStore
from bot.agent.answerer import Answerer
from bot.agent.budget import Limits
from bot.agent.prompt_book import PromptBook
from bot.domain import secret_text
from bot.domain.errors import SettingsError
from bot.domain.redaction.engine import Redactor
from bot.domain.redaction.placeholder import Seal
from bot.domain.registry import Registry
from bot.flows.question.answer import Answering
from bot.flows.question.desk import Desk
from bot.flows.question.pace import Pace
from bot.flows.question.ways import SpendCeilings, Ways
from bot.flows.sweep import ANSWER_JOB
from bot.ports.clock import Clock
from bot.ports.queue import Queue
from bot.settings import Settings, named_secret
from bot.tools.aws.catalogue import load_catalogue
from bot.triage.answerer import RuleAnswerer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from bot.domain.conversation import ThreadId
    from bot.domain.evidence import Observation
    from bot.ports.messenger import Messenger
    from bot.ports.model import LanguageModel
    from bot.ports.roster import Roster
    from bot.ports.store import Store

# A job ends by its own budget; RQ's limit is the net below it.
JOB_SLACK_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What every process with a Slack side shares."""

    settings: Settings
    clock: Clock
    store: SqlStore
    registry: Registry
    redis: Redis
    client: WebClient
    gateway: SlackGateway
    messenger: SlackMessenger
    roster: SlackRoster
    doorbell: RqDoorbell
    redactor: Redactor
    desk: Desk


def redaction_key(settings: Settings) -> bytes:
    """Return the key of this installation's placeholders."""
    chosen = settings.service.redaction_key
    return kept_key(settings.service.home) if chosen is None else chosen.get_secret_value().encode()


def build_redactor(settings: Settings) -> Redactor:
    """Return what takes secrets out, with this installation's key; installed for the process."""
    return installed_redactor(redaction_key(settings))


def installed_redactor(key: bytes) -> Redactor:
    """Return a redactor with this key, which is also what tools and triage use from now on."""
    redactor = Redactor(key=key)
    secret_text.install(redactor)
    return redactor


def new_id() -> str:
    """Return an id nobody can guess."""
    return uuid4().hex


def load_registry(settings: Settings) -> Registry:
    """Return the estate: the registry file's, else one cluster per kubeconfig context.

    Raises:
        SettingsError: The file is wrong, or there is neither a file nor a kubeconfig.
    """
    path = settings.service.registry_file
    if path is not None:
        return read_registry(path)
    return registry_from_kubeconfig(settings.service.kubeconfig)


def open_store(settings: Settings, *, clock: Clock) -> SqlStore:
    """Return the store of an installation whose schema is current."""
    engine = _database(settings)
    check_schema(engine)
    return SqlStore(engine, clock, new_id)


def upgrade_database(settings: Settings) -> None:
    """Bring the database to this version's tables."""
    upgrade(_database(settings))


def _database(settings: Settings) -> Engine:
    home = settings.service.home
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"NIGHTDESK_HOME {home} cannot be made ({error.strerror}): set one you may write"
        raise SettingsError([problem]) from error
    return open_engine(settings.service.database)


def redis_url(settings: Settings) -> str:
    """Return the Redis to use.

    Raises:
        SettingsError: None is set; only `nightdesk up` brings one along.
    """
    if settings.service.redis_url is None:
        raise SettingsError(
            ["REDIS_URL is not set: set it, or use `nightdesk up`, which starts an embedded Redis"]
        )
    return settings.service.redis_url.get_secret_value()


def build_workplace(settings: Settings, *, patience_s: float | None = None) -> Workplace:
    """Return the parts shared by listener, investigator and cron.

    `patience_s` is how long a call to Slack may wait for its turn: nothing in the listener.
    """
    clock = SystemClock()
    store = open_store(settings, clock=clock)
    registry = load_registry(settings)
    redis = open_redis(redis_url(settings))
    token = settings.slack.bot_token
    client = web_client(
        token=token.get_secret_value() if token is not None else "",
        base_url=settings.slack.api_url,
    )
    patience = {} if patience_s is None else {"patience_s": patience_s}
    gateway = SlackGateway(
        client=client, buckets=TokenBuckets(redis, clock=clock), clock=clock, **patience
    )
    messenger = SlackMessenger(gateway=gateway, deliveries=store, registry=registry, clock=clock)
    roster = SlackRoster(gateway=gateway, registry=registry, clock=clock)
    redactor = build_redactor(settings)
    doorbell = RqDoorbell(redis, job_timeout_s=int(settings.limits.seconds) + JOB_SLACK_S)
    return Workplace(
        settings=settings,
        clock=clock,
        store=store,
        registry=registry,
        redis=redis,
        client=client,
        gateway=gateway,
        messenger=messenger,
        roster=roster,
        doorbell=doorbell,
        redactor=redactor,
        desk=Desk(
            store=store,
            doorbell=doorbell,
            messenger=messenger,
            roster=roster,
            registry=registry,
            model=model_name(settings),
            mask=redactor.mask,
        ),
    )


def build_investigator(settings: Settings) -> Answering:
    """Return what a question worker runs."""
    place = build_workplace(settings)
    return build_answering(
        settings,
        store=place.store,
        messenger=place.messenger,
        roster=place.roster,
        registry=place.registry,
        clock=place.clock,
        key=redaction_key(settings),
        call_another=lambda thread_id: place.doorbell.ring(Queue.QUESTIONS, ANSWER_JOB, thread_id),
    )


def build_answering(
    settings: Settings,
    *,
    store: Store,
    messenger: Messenger,
    roster: Roster,
    registry: Registry,
    clock: Clock,
    key: bytes,
    call_another: Callable[[ThreadId], object],
) -> Answering:
    """Return the answering half of the question journey over these parts.

    `call_another` has another worker go on with a thread that this one has to leave.
    """
    clusters = KubernetesClusters(
        registry.clusters,
        clock=clock,
        kubeconfig=settings.service.kubeconfig,
        timeout_s=settings.service.cluster_timeout_s,
    )
    metrics = build_metrics(settings, registry, clock=clock)
    seal, mask = Seal(key), installed_redactor(key).mask
    limits = settings.limits
    ways = Ways(
        store=store,
        registry=registry,
        clusters=clusters,
        metrics=metrics,
        cloud=build_cloud(settings, registry, seal=seal, clock=clock),
        seal=seal,
        rules=RuleAnswerer(clusters=clusters, clock=clock),
        answerer=_answerer_factory(settings, clock=clock, mask=mask),
        ceilings=SpendCeilings(
            thread_usd=limits.usd_per_thread,
            channel_day_usd=limits.usd_per_channel_day,
            day_usd=limits.usd_per_day,
        ),
        clock=clock,
    )
    return Answering(
        store=store,
        messenger=messenger,
        roster=roster,
        registry=registry,
        ways=ways,
        clock=clock,
        pace=Pace(
            lease=timedelta(seconds=settings.service.lease_s), burst_s=settings.service.burst_s
        ),
        mask=mask,
        worker=f"{socket.gethostname()}-{secrets.token_hex(4)}",
        call_another=call_another,
    )


def build_metrics(settings: Settings, registry: Registry, *, clock: Clock) -> PrometheusSources:
    """Return the metrics servers of the registry's clusters, connected at their first read."""
    return PrometheusSources(
        {one.name: one.prometheus for one in registry.clusters if one.prometheus is not None},
        clock=clock,
        secret_of=named_secret,
        timeout_s=settings.service.cluster_timeout_s,
    )


def build_cloud(settings: Settings, registry: Registry, *, seal: Seal, clock: Clock) -> AwsCloud:
    """Return the registry's connected accounts; nothing is loaded before the first read."""
    connections = [
        AccountConnection(
            account=account,
            role_arn=account.role_arn,
            external_id=named_secret(account.external_id_env) if account.external_id_env else None,
            endpoint_url=account.endpoint_url,
        )
        for account in registry.connected_accounts()
    ]
    listed = load_catalogue().operations if connections else ()
    return AwsCloud(
        connections,
        allowed=[(operation.service, operation.name) for operation in listed],
        seal=seal,
        clock=clock,
        timeout_s=settings.service.cluster_timeout_s,
    )


def model_name(settings: Settings) -> str | None:
    """Return who answers first, as `provider:model`; None when only rules do."""
    if settings.model.api_key is not None:
        return f"anthropic:{settings.model.name}"
    if settings.model.bedrock_name is not None:
        return f"bedrock:{settings.model.bedrock_name}"
    return None


def build_model(settings: Settings, *, clock: Clock) -> LanguageModel | None:
    """Return the chain of configured providers, or None when there is none."""
    chosen = settings.model
    pricing = Pricing().with_rates(chosen.prices)
    providers: list[LanguageModel] = []
    if chosen.api_key is not None:
        providers.append(
            anthropic_model(
                api_key=chosen.api_key.get_secret_value(),
                model=chosen.name,
                pricing=pricing,
                clock=clock,
                base_url=chosen.base_url,
            )
        )
    if chosen.bedrock_name is not None and chosen.bedrock_region is not None:
        providers.append(
            bedrock_model(
                model=chosen.bedrock_name,
                region=chosen.bedrock_region,
                pricing=pricing,
                clock=clock,
                base_url=chosen.bedrock_url,
            )
        )
    return Chain(providers, clock=clock) if providers else None


def _answerer_factory(
    settings: Settings, *, clock: Clock, mask: Callable[[str], str]
) -> Callable[[tuple[Callable[..., Observation], ...]], Answerer] | None:
    model = build_model(settings, clock=clock)
    if model is None:
        return None
    prompts = PromptBook.load()
    limits = Limits(
        max_turns=settings.limits.turns,
        max_tool_calls=settings.limits.tool_calls,
        max_tokens=settings.limits.tokens,
        max_usd=settings.limits.usd,
        max_seconds=settings.limits.seconds,
    )

    def make(tools: tuple[Callable[..., Observation], ...]) -> Answerer:
        return Answerer(
            model=model,
            tools=tools,
            prompts=prompts,
            clock=clock,
            nonce=lambda: secrets.token_hex(8),
            limits=limits,
            mask=mask,
        )

    return make
