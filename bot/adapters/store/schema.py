"""Bringing a database to this version's tables, and telling whether that is still to be done.

Alembic is imported only where it is needed: a worker that merely looks does not pay for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text

from bot.adapters.store.engine import reading, writing
from bot.adapters.store.tables import HEAD
from bot.domain.errors import SettingsError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

MIGRATIONS = Path(__file__).with_name("migrations")

_ADVISORY_LOCK = 0x6E69676874
"""Any number of our own; several processes may start, and upgrade, at once."""

_OTHER_OWNER = text(
    "SELECT tableowner AS owner, current_user AS ours FROM pg_tables"
    " WHERE tablename = 'alembic_version' AND schemaname = current_schema()"
    " AND NOT pg_has_role(current_user, tableowner, 'USAGE')"
)


def upgrade(engine: Engine) -> None:
    """Run every pending migration, all or none; harmless, and no rights are needed, without one.

    Raises:
        SettingsError: Migrations are pending, and the tables belong to another role.
        UpstreamError: The database cannot be reached or written.
    """
    at = current(engine)
    if at == HEAD:
        return
    from alembic import command  # noqa: PLC0415 -- see the module's first lines

    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            _check_owner(connection, at)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        command.upgrade(_config(connection), "head")


def current(engine: Engine) -> str | None:
    """Return the revision the database is at, or None for an empty one."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if revision is None else str(revision)


def pending(engine: Engine) -> list[str]:
    """Return the revisions still to run, in order.

    Raises:
        SettingsError: The database is newer than this version of Nightdesk.
    """
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- see the module's first lines

    at = current(engine)
    known = [step.revision for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
    if at is None:
        return known
    if at not in known:
        raise _newer(at)
    return known[known.index(at) + 1 :]


def check_schema(engine: Engine) -> None:
    """Return if the tables are those of this version.

    Raises:
        SettingsError: Migrations are pending, or the database is newer than this version.
        UpstreamError: The database cannot be reached.
    """
    at = current(engine)
    if at == HEAD:
        return
    if at is None or at < HEAD:
        step = "run `nightdesk db upgrade`"
        if engine.dialect.name == "postgresql":
            step += " as the tables' owner, then what `nightdesk db grants` prints if you use it"
        raise SettingsError([f"{_behind(at)}: {step}"])
    raise _newer(at)


def _behind(at: str | None) -> str:
    return f"The database is at revision {at or 'none'} and this version needs {HEAD}"


def _check_owner(connection: Connection, at: str | None) -> None:
    """Return if these tables are ours to change, or there are none.

    Raises:
        SettingsError: They belong to another role.
    """
    other = connection.execute(_OTHER_OWNER).first()
    if other is None:
        return
    problem = (
        f"{_behind(at)}, and its tables belong to {other.owner}, not to {other.ours}: run"
        f" `nightdesk db upgrade` with a DATABASE_URL of {other.owner}, then what `nightdesk db"
        " grants` prints"
    )
    raise SettingsError([problem])


def _newer(at: str) -> SettingsError:
    problem = (
        f"The database is at revision {at}, which this version does not know (it ends at"
        f" {HEAD}): run the newer version, or restore the backup from before its upgrade"
    )
    return SettingsError([problem])


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415 -- see the module's first lines

    attributes: dict[str, Any] = {"connection": connection}
    config = Config(attributes=attributes)
    # Interpolation is ConfigParser's, and a path may hold a percent sign.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
