"""Clients of Redis that fail fast: losing Redis costs time, so it must not cost much.

It knows nothing of what is kept there.
"""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.domain.errors import SettingsError

CONNECT_TIMEOUT_S = 1.0
"""Slack waits three seconds for an acknowledgement; the bell may take one of them."""
ANSWER_TIMEOUT_S = 1.0


def open_redis(url: str) -> Redis:
    """Return a client that fails within two seconds instead of waiting; nothing is connected yet.

    redis-py by itself waits without limit for an answer and tries three more times with pauses.
    A worker needs a client of its own: RQ raises the time-outs of the one it is given.

    Raises:
        SettingsError: The URL is not one of Redis.
    """
    try:
        return Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=ANSWER_TIMEOUT_S,
            # One more try at once: the pooled connection may be of before a restart.
            retry=Retry(NoBackoff(), 1),
            client_name="nightdesk",
        )
    except ValueError as error:
        # The reason may quote the password.
        problem = (
            "REDIS_URL is wrong: set redis://:PASSWORD@host:6379/0, rediss://… or unix://…, with"
            " what is no letter or digit in the password written as %XX"
        )
        raise SettingsError([problem]) from error
