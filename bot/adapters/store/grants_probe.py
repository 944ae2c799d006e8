"""Whether the role we connect with may do more in the database, or less, than its process needs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, TypeAlias

from sqlalchemy import text

from bot.adapters.store.engine import reading
from bot.adapters.store.grants import RIGHTS, is_by_row, right_of
from bot.adapters.store.grants_rights import ALL, Client
from bot.adapters.store.grants_sql import MARKED, fingerprint, policy_name
from bot.adapters.store.tables import metadata
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from bot.adapters.store.grants_rights import Right

PART: Final = "database rights"
_NAMED: Final = 4
"""So many rights too many are told in full."""

_VERSION: Final = ("version_num",)

Held: TypeAlias = tuple[str, str, str]
"""A table, a verb, and a column where the verb is one of columns."""

_ROLE: Final = text(
    "SELECT current_user AS name, row_security_active(CAST(:marked AS text)) AS is_bound,"
    " (SELECT tableowner FROM pg_tables WHERE tablename = :marked"
    "  AND pg_table_is_visible(CAST(:marked AS regclass)) LIMIT 1) AS owner"
)
_MARKS: Final = text(
    "SELECT policy.polname AS name, obj_description(policy.oid, 'pg_policy') AS mark"
    " FROM pg_policy policy WHERE policy.polrelid = CAST(:marked AS regclass)"
    " AND EXISTS (SELECT FROM unnest(policy.polroles) given"
    "  WHERE given <> 0 AND pg_has_role(current_user, given, 'USAGE'))"
)
_OF_COLUMNS: Final = text(
    "SELECT held.relname, verb, part.attname FROM pg_class held"
    " JOIN pg_attribute part ON part.attrelid = held.oid"
    "  AND part.attnum > 0 AND NOT part.attisdropped"
    " CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) verb"
    " WHERE held.relname = ANY(:tables) AND pg_table_is_visible(held.oid)"
    " AND has_column_privilege(held.oid, part.attnum, verb)"
)
_OF_TABLES: Final = text(
    "SELECT held.relname, verb FROM pg_class held"
    " CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) verb"
    " WHERE held.relname = ANY(:tables) AND pg_table_is_visible(held.oid)"
    " AND has_table_privilege(held.oid, verb)"
)
_UNBOUND: Final = text("SELECT NOT row_security_active(CAST(:table AS text))")
_MAY_BECOME: Final = text("SELECT pg_has_role(current_user, CAST(:owner AS name), 'MEMBER')")


def rights_checkups(engine: Engine) -> list[Checkup]:
    """Return what is to be said of our role; the tables are those of this version.

    Raises:
        UpstreamError: The database cannot be reached.
    """
    if engine.dialect.name != "postgresql":
        found = "SQLite is one file of one user: every process of that user may write all of it"
        return [Checkup(part=PART, health=Health.OK, found=found)]
    with reading(engine) as connection:
        return [_judged(connection)]


def _judged(connection: Connection) -> Checkup:
    role = connection.execute(_ROLE, {"marked": MARKED}).mappings().one()
    name = role["name"]
    if not role["is_bound"]:
        found = f"{name} may write everything, an approval nobody gave among it"
        return _warning(found, "give each process a role of its own: `nightdesk db grants --help`")
    marks = {row.name: row.mark for row in connection.execute(_MARKS, {"marked": MARKED})}
    clients = [client for client in Client if policy_name(client, "SELECT") in marks]
    if len(clients) != 1:
        count = f"{len(clients)} processes" if clients else "no process"
        found = f"{name} has the rights of {count}"
        return _warning(found, "give each process a role of its own: `nightdesk db grants --help`")
    (client,) = clients
    again = f"have the owner run what `nightdesk db grants --{client.value} {name}` prints"
    if marks[policy_name(client, "SELECT")] != fingerprint(client):
        return _warning(f"{name} has the rights of {client.value} in another version", again)
    needed, held = _needed(client), _held(connection)
    too_few, too_many = _told(needed - held), _told(held - needed)
    if too_few:
        found = f"{name} lacks what {client.value} needs: {too_few}"
        return Checkup(part=PART, health=Health.FAILED, found=found, next_step=again)
    too_many = too_many or _around(connection, owner=role["owner"])
    if too_many:
        return _warning(f"{name} may do more than {client.value} needs: {too_many}", again)
    found = f"{name} has the rights of {client.value} and no more"
    return Checkup(part=PART, health=Health.OK, found=found)


def _warning(found: str, step: str) -> Checkup:
    return Checkup(part=PART, health=Health.WARNING, found=found, next_step=step)


def _held(connection: Connection) -> frozenset[Held]:
    tables = {"tables": list(RIGHTS)}
    of_columns = connection.execute(_OF_COLUMNS, tables)
    of_tables = connection.execute(_OF_TABLES, tables)
    return frozenset((row[0], row[1], row[2]) for row in of_columns) | frozenset(
        (row[0], row[1], "") for row in of_tables
    )


def _needed(client: Client) -> frozenset[Held]:
    return frozenset(one for table in RIGHTS for one in _of(table, right_of(client, table)))


def _of(table: str, right: Right) -> set[Held]:
    every = _columns(table)
    of_columns = {
        "SELECT": every if right.reads == ALL else right.reads,
        "INSERT": every if right.adds else (),
        "UPDATE": every if right.changes == ALL else right.changes,
    }
    found = {(table, verb, column) for verb, columns in of_columns.items() for column in columns}
    return found | ({(table, "DELETE", "")} if right.deletes else set())


def _columns(table: str) -> tuple[str, ...]:
    # The one table that is Alembic's.
    return tuple(metadata.tables[table].columns.keys()) if table in metadata.tables else _VERSION


def _around(connection: Connection, *, owner: str) -> str:
    """Return how conditions on rows do not hold for us, although rights are as they should be."""
    if connection.execute(_MAY_BECOME, {"owner": owner}).scalar():
        return f"it may become {owner}, whose the tables are"
    unbound = [
        table
        for table in RIGHTS
        if is_by_row(table) and connection.execute(_UNBOUND, {"table": table}).scalar()
    ]
    return f"any row of {', '.join(unbound)}" if unbound else ""


def _told(rights: frozenset[Held]) -> str:
    """Return rights in words, some of them where there are many."""
    said = []
    for (table, verb), group in groupby(sorted(rights), key=lambda one: one[:2]):
        columns = [column for _, _, column in group if column]
        is_whole = not columns or len(columns) == len(_columns(table))
        said.append(f"{verb} {table}" if is_whole else f"{verb} {table} ({', '.join(columns)})")
    more = f" and {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return ", ".join(said[:_NAMED]) + more
