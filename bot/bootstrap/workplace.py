"""What listener, investigator, operator and cron have in common, made once in each."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from slack_sdk import WebClient
from sqlalchemy import Engine

from bot.adapters.buckets import TokenBuckets
from bot.adapters.clock import SystemClock
from bot.adapters.jobs import RqDoorbell
from bot.adapters.redis_client import open_redis
from bot.adapters.slack.calling import web_client
from bot.adapters.slack.gateway import SlackGateway
from bot.adapters.slack.messenger import SlackMessenger
from bot.adapters.slack.roster import SlackRoster
from bot.adapters.store.store import SqlStore
from bot.bootstrap.installation import (
    build_redactor,
    current_database,
    load_registry,
    new_id,
    redis_url,
)
from bot.bootstrap.models import model_name
from bot.domain.redaction.engine import Redactor
from bot.domain.registry import Registry
from bot.flows.alert.desk import AlertIntake
from bot.flows.question.desk import Desk
from bot.ports.clock import Clock
from bot.settings import Settings

# A job ends by its own budget; RQ's limit is the net below it.
JOB_SLACK_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What every process with a Slack side shares, its connections included."""

    settings: Settings
    clock: Clock
    engine: Engine
    """The process's only one: whoever keeps more in the database takes this."""
    store: SqlStore
    registry: Registry
    redis: Redis
    """Everybody's but the worker's, whose time-outs RQ sets."""
    client: WebClient
    gateway: SlackGateway
    messenger: SlackMessenger
    roster: SlackRoster
    doorbell: RqDoorbell
    redactor: Redactor
    desk: Desk
    alerts: AlertIntake

    def close(self) -> None:
        """Close the connections to the database and to Redis."""
        self.redis.close()
        self.engine.dispose()


def build_workplace(settings: Settings, *, patience_s: float | None = None) -> Workplace:
    """Return the parts shared by listener, investigator, operator and cron; its caller closes it.

    `patience_s` is how long a call to Slack may wait for its turn: nothing in the listener.
    """
    clock = SystemClock()
    registry = load_registry(settings)
    engine = current_database(settings)
    store = SqlStore(engine, clock, new_id)
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
        engine=engine,
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
        alerts=AlertIntake(
            incidents=store, doorbell=doorbell, registry=registry, clock=clock, mask=redactor.mask
        ),
    )
