"""Is the database there, and of this version?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import current, pending
from bot.domain.errors import SettingsError, UpstreamError
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.ports.probe import Probe

PART = "database"


def database_probe(url: str) -> Probe:
    """Return the probe of one database."""

    def look() -> list[Checkup]:
        try:
            engine = open_engine(url)
            behind, version = pending(engine), current(engine)
        except (SettingsError, UpstreamError) as error:
            step = "set DATABASE_URL to a database that this machine reaches"
            return [Checkup(part=PART, health=Health.FAILED, found=str(error), next_step=step)]
        if behind:
            found = f"{len(behind)} migrations are due (at {version or 'none'})"
            step = "run `nightdesk db upgrade`"
            return [Checkup(part=PART, health=Health.FAILED, found=found, next_step=step)]
        return [Checkup(part=PART, health=Health.OK, found=f"reachable, schema {version}")]

    return look
