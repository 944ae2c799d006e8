"""What listener, investigator and cron have in common."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from slack_sdk import WebClient

from bot.adapters.buckets import TokenBuckets
from bot.adapters.clock import SystemClock
from bot.adapters.jobs import RqDoorbell
from bot.adapters.redis_client import open_redis
from bot.adapters.slack.calling import web_client
from bot.adapters.slack.gateway import SlackGateway
from bot.adapters.slack.messenger import SlackMessenger
from bot.adapters.slack.roster import SlackRoster
from bot.adapters.store.store import SqlStore
from bot.bootstrap.installation import build_redactor, load_registry, open_store, redis_url
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
    alerts: AlertIntake


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
        alerts=AlertIntake(
            incidents=store, doorbell=doorbell, registry=registry, clock=clock, mask=redactor.mask
        ),
    )
