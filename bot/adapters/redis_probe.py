"""Does Redis answer, how, and how fast? Without an address: is there a server to embed?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.connection import SSLConnection
from redis.exceptions import RedisError

from bot.adapters.checkups import latency_checkup, tls_checkups
from bot.adapters.redis_client import open_redis
from bot.adapters.redis_server import find_server
from bot.adapters.tls import Endpoint, Trust, address_of
from bot.domain.errors import SettingsError
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from redis import Redis

    from bot.ports.clock import Clock
    from bot.ports.probe import Probe

PART = "redis"


def redis_probe(url: str | None, *, clock: Clock) -> Probe:
    """Return the probe of a Redis, or of the server that would be embedded for want of one."""

    def look() -> list[Checkup]:
        if url is None:
            return [_embedded()]
        try:
            client = open_redis(url)
        except SettingsError as error:
            return [_failed(str(error), "set REDIS_URL to a Redis that this machine reaches")]
        return [*_server(client, clock=clock), *_tls(client, clock=clock)]

    return look


def _embedded() -> Checkup:
    try:
        server = find_server()
    except SettingsError as error:
        return _failed("no server to embed", error.problems[0])
    return Checkup(part=PART, health=Health.OK, found=f"`nightdesk up` will start {server.name}")


def _server(client: Redis, *, clock: Clock) -> list[Checkup]:
    try:
        client.ping()
        latency = latency_checkup(PART, client.ping, clock=clock)
    except RedisError as error:
        return [_failed(str(error), "set REDIS_URL to a Redis that this machine reaches")]
    return [Checkup(part=PART, health=Health.OK, found="reachable"), latency]


def _tls(client: Redis, *, clock: Clock) -> list[Checkup]:
    pool = client.connection_pool
    given = pool.connection_kwargs
    if not issubclass(pool.connection_class, SSLConnection):
        return []
    endpoint = Endpoint(
        url=address_of("rediss", str(given["host"]), int(given["port"])),
        trust=Trust(
            ca_file=given.get("ssl_ca_certs"),
            client_cert=given.get("ssl_certfile"),
            client_key=given.get("ssl_keyfile"),
            verified=given.get("ssl_cert_reqs", "required") == "required",
        ),
    )
    return tls_checkups(PART, endpoint, clock=clock, off_by="ssl_cert_reqs")


def _failed(found: str, step: str) -> Checkup:
    return Checkup(part=PART, health=Health.FAILED, found=found, next_step=step)
