"""Column types for times and stored values, the same on SQLite and PostgreSQL.

Domain dataclasses are their own schema here; there is no second set of models. Nothing in this
module knows which tables there are.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from sqlalchemy import DateTime, Text
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on both databases; SQLite has none, so it keeps it without the zone.

    SQLite's text form has constant width, so that comparing it compares times.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Return `timestamp with time zone` where there is one."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, which would be somebody's local time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; times are stored in UTC")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC whatever zone the session has."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Stored(TypeDecorator[Any]):
    """A value of one type as JSON text, checked again when it is read.

    Text and not JSONB: a log line may hold U+0000, which JSONB refuses
    (https://www.postgresql.org/docs/current/datatype-json.html), and nothing here is queried by
    its inside. ASCII escapes, because a broken emoji arrives from Slack as half a surrogate
    pair, which UTF-8 cannot carry.
    """

    impl = Text
    cache_ok = True

    def __init__(self, of: Any) -> None:
        super().__init__()
        self.of = of

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the JSON text; None stays NULL."""
        del dialect
        if value is None:
            return None
        return json.dumps(_adapter(self.of).dump_python(value, mode="json"), separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the value; pydantic's ValidationError if the text is of another shape."""
        del dialect
        return None if value is None else _adapter(self.of).validate_python(json.loads(value))


@cache
def _adapter(of: Any) -> TypeAdapter[Any]:
    return TypeAdapter(of)
