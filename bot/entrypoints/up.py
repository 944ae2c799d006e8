"""`nightdesk up`: a whole installation on one machine, with an embedded Redis where none is set."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import structlog

from bot.adapters.clock import SystemClock
from bot.adapters.redis_server import EmbeddedRedis
from bot.bootstrap.installation import load_registry, upgrade_database
from bot.entrypoints.supervisor import Supervisor, children_of
from bot.settings import file_environment

if TYPE_CHECKING:
    from pathlib import Path

    from bot.settings import Settings

log = structlog.get_logger()


def run_up(settings: Settings, *, env_file: Path | None) -> int:
    """Run every process until SIGTERM or Ctrl-C; return the exit status.

    Raises:
        SettingsError: The registry is wrong, or there is no Redis to be had.
        UpstreamError: The database cannot be reached.
    """
    clock = SystemClock()
    load_registry(settings)
    upgrade_database(settings)
    added = file_environment(env_file) | {"NIGHTDESK_HOME": str(settings.service.home.absolute())}
    with ExitStack() as stack:
        if settings.service.redis_url is None:
            state = settings.service.home / "redis"
            embedded = stack.enter_context(EmbeddedRedis(state, clock=clock))
            added["REDIS_URL"] = embedded.url
            log.info("embedded_redis_started", state=str(state))
        return Supervisor(children_of(settings), clock=clock, added_environment=added).run()
