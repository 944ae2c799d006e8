"""Driver errors in words: which database failed, how, and what to do; vendor types stop here.

A broken constraint is no fault of the database and passes through: it is a mistake of ours.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchTableError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

RETRY_S = 2.0
"""When to try again what only needs a moment: a lock, a restart, a free connection."""

_NO_SPACE = "has no space left: free some where it is stored; nothing was changed"
_BUSY = "is locked by another writer for too long: nothing was changed, try again"
_UNMIGRATED = "has not the tables this version needs: run `nightdesk db upgrade`"
_DAMAGED = "is damaged: stop all processes and restore it from a backup"
_READ_ONLY = "cannot be written: give this user write access to the file and its directory"
_NOT_OPENED = "cannot be opened: check that its path exists and that this user may write there"
_CROWDED = "has no connection free: raise its max_connections or run fewer processes"

# Primary result codes, https://www.sqlite.org/rescode.html
_SQLITE: dict[int, tuple[str, bool]] = {
    5: (_BUSY, True),  # SQLITE_BUSY
    6: (_BUSY, True),  # SQLITE_LOCKED
    8: (_READ_ONLY, False),  # SQLITE_READONLY
    10: ("failed to read or write its file: check the disk and its free space", False),  # IOERR
    11: (_DAMAGED, False),  # SQLITE_CORRUPT
    13: (_NO_SPACE, False),  # SQLITE_FULL
    14: (_NOT_OPENED, False),  # SQLITE_CANTOPEN
    26: ("is no SQLite file: check the path in DATABASE_URL", False),  # SQLITE_NOTADB
}
_SQLITE_PRIMARY = 0xFF
"""Extended codes keep the primary one in their lowest byte."""

# https://www.postgresql.org/docs/current/errcodes-appendix.html; a refused connection has none of
# them, only the server's own words, which the message quotes.
_POSTGRES: dict[str, tuple[str, bool]] = {
    "25006": ("is a read-only replica: point DATABASE_URL at the primary", False),
    "40001": (_BUSY, True),
    "40P01": (_BUSY, True),
    "42501": ("refused our role: have its owner run what `nightdesk db grants` prints", False),
    "42P01": (_UNMIGRATED, False),
    "42703": (_UNMIGRATED, False),
    "53100": (_NO_SPACE, False),
    "55P03": (_BUSY, True),
    "57014": ("took too long over one statement: nothing was changed, try again", True),
    "57P01": ("is shutting down: it is tried again", True),
}
_ELSE = (
    "cannot be reached: check that it runs, and the host, name, user and password in DATABASE_URL",
    True,
)


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Raise UpstreamError with system `database` for whatever the driver or the pool raises."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        words, passing = _cause(error.orig)
        raise _upstream(engine, words, error.orig, passing=passing) from error
    except PoolTimeoutError as error:
        raise _upstream(engine, _CROWDED, error, passing=True) from error
    except NoSuchTableError as error:
        raise _upstream(engine, _UNMIGRATED, error, passing=False) from error


def _cause(error: BaseException | None) -> tuple[str, bool]:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        if "no such table" in str(error) or "no such column" in str(error):
            return _UNMIGRATED, False
        return _SQLITE.get(code & _SQLITE_PRIMARY, _ELSE)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _POSTGRES.get(state, _ELSE)
    return _ELSE


def _upstream(
    engine: Engine, words: str, error: BaseException | None, *, passing: bool
) -> UpstreamError:
    where = engine.url.database if engine.dialect.name == "sqlite" else engine.url.host
    first_line = next(iter(str(error).splitlines()), "")
    return UpstreamError(
        f"The database ({engine.dialect.name}, {where or 'local'}) {words} ({first_line})",
        system="database",
        retry_after_s=RETRY_S if passing else None,
    )
