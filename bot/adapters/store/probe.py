"""Is the database there, of this version, reached safely, and by a role that fits?"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from bot.adapters.checkups import tls_checkups
from bot.adapters.store.engine import open_engine
from bot.adapters.store.grants_probe import rights_checkups
from bot.adapters.store.schema import current, pending
from bot.adapters.tls import Endpoint, Trust, address_of
from bot.domain.errors import SettingsError, UpstreamError
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    import socket

    from sqlalchemy import URL, Engine

    from bot.ports.clock import Clock
    from bot.ports.probe import Probe

PART = "database"
PORT = 5432
# The modes that fail rather than fall back to plain text.
_SSL_MODES = frozenset({"require", "verify-ca", "verify-full"})
_SSL_REQUEST = 80_877_103


def database_probe(url: str, *, clock: Clock) -> Probe:
    """Return the probe of one database."""

    def look() -> list[Checkup]:
        try:
            engine = open_engine(url)
            try:
                checks = _schema(engine)
                if all(found.health is Health.OK for found in checks):
                    checks += rights_checkups(engine)
            finally:
                engine.dispose()
            checks += _tls(engine.url, clock=clock)
        except (SettingsError, UpstreamError) as error:
            step = "set DATABASE_URL to a database that this machine reaches"
            return [Checkup(part=PART, health=Health.FAILED, found=str(error), next_step=step)]
        return checks

    return look


def _schema(engine: Engine) -> list[Checkup]:
    behind, version = pending(engine), current(engine)
    if behind:
        found = f"{len(behind)} migrations are due (at {version or 'none'})"
        step = "run `nightdesk db upgrade`"
        return [Checkup(part=PART, health=Health.FAILED, found=found, next_step=step)]
    return [Checkup(part=PART, health=Health.OK, found=f"reachable, schema {version}")]


def _tls(url: URL, *, clock: Clock) -> list[Checkup]:
    mode = str(url.query.get("sslmode", "prefer"))
    if url.get_backend_name() != "postgresql" or url.host is None or mode not in _SSL_MODES:
        return []
    roots = url.query.get("sslrootcert")
    endpoint = Endpoint(
        url=address_of("postgresql", url.host, url.port or PORT),
        trust=Trust(
            ca_file=None if roots == "system" else _text(roots),
            client_cert=_text(url.query.get("sslcert")),
            client_key=_text(url.query.get("sslkey")),
            # Only this mode compares names, and without a file libpq looks in its own places.
            verified=mode == "verify-full" and roots is not None,
        ),
    )
    off_by = "sslmode=require" if mode == "require" and roots is None else None
    return tls_checkups(PART, endpoint, clock=clock, off_by=off_by, opening=ask_for_tls)


def ask_for_tls(connection: socket.socket) -> None:
    """Change to TLS as PostgreSQL wants it; OSError when the server will not.

    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
    """
    connection.sendall(struct.pack("!ii", 8, _SSL_REQUEST))
    if connection.recv(1) != b"S":
        raise ConnectionError("the server offers no TLS")


def _text(value: str | tuple[str, ...] | None) -> str | None:
    return value if isinstance(value, str) else None
