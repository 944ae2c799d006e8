"""The rights of `grants` as SQL that a database's owner runs: roles in, statements out.

It may be run as often as wanted, and again after each upgrade: what was granted is taken back
first, all in one transaction. It makes no roles, and it connects to nothing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from bot.adapters.store.grants import RIGHTS, is_by_row, right_of
from bot.adapters.store.grants_moves import only
from bot.adapters.store.grants_operations import PLANNED
from bot.adapters.store.grants_rights import ALL, ANY_ROW, Client
from bot.adapters.store.tables import HEAD, metadata
from bot.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.adapters.store.grants_rights import Right

MARKED: Final = "audit_head"
"""The table whose policies tell which role is which process's: every process reads it."""
_LONGEST: Final = 63
"""Bytes of a name; PostgreSQL cuts what is longer, and would grant to somebody else."""
_NOBODYS: Final = frozenset({"public", "none"})
"""What PostgreSQL takes for no role of its own, quoted or not."""
_FINGERPRINT_CHARS: Final = 12
_FUNCTION: Final = "nightdesk_refuse_change"
_HEADER: Final = f"""\
-- Rights in Nightdesk's database, schema {HEAD}, a role for each process.
-- Run it as the owner of the tables (who runs `nightdesk db upgrade`), again after each upgrade:
--   psql -v ON_ERROR_STOP=1 "$OWNER_URL" -f grants.sql
-- The roles have to be there (CREATE ROLE … LOGIN PASSWORD …), own nothing, and be nobody's member.
-- A role no longer used keeps what it had until DROP OWNED BY it.
"""
_REFUSING: Final = f"""\
CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $nightdesk$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = format(
    '%s may not take action %s from %s to %s, nor change its plan',
    current_user, OLD.action_id, OLD.state, NEW.state);
END
$nightdesk$;"""


def grants_sql(roles: Mapping[Client, str]) -> str:
    """Return the statements that give each named role its process's rights and no more.

    Raises:
        SettingsError: None is named, a name cannot be one, or two processes share a role.
    """
    _check(roles)
    by_row = [table for table in RIGHTS if is_by_row(table)]
    lines = [
        _HEADER,
        "BEGIN;",
        "SET LOCAL lock_timeout = '10s';",
        "SET LOCAL standard_conforming_strings = on;",
        "SET LOCAL client_min_messages = warning;",
        _in_schema("REVOKE CREATE ON SCHEMA %I FROM PUBLIC"),
        _REFUSING,
        *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;" for table in by_row),
    ]
    for client, role in roles.items():
        lines += ["", f"-- {client.value}", *_statements(client, role), _mark(client)]
    return "\n".join([*lines, "", "COMMIT;", ""])


def fingerprint(client: Client) -> str:
    """Return what tells a process's rights of this version from those of another."""
    written = "\n".join((HEAD, *_statements(client, "role")))
    return hashlib.sha256(written.encode()).hexdigest()[:_FINGERPRINT_CHARS]


def policy_name(client: Client, command: str) -> str:
    """Return the name of a process's row policy for a command, the same on every table."""
    return f"nightdesk_{client.value}_{command.lower()}"


def quoted(role: str) -> str:
    """Return the name of a role as SQL.

    Raises:
        SettingsError: It cannot be one, or PostgreSQL has it for other uses.
    """
    problem = ""
    if not role or "\0" in role or len(role.encode()) > _LONGEST:
        problem = f"has to be 1 to {_LONGEST} bytes of text"
    elif role in _NOBODYS or role.startswith("pg_"):
        problem = "is reserved by PostgreSQL: create a role for each process"
    if problem:
        raise SettingsError([f"The role {role!r} {problem}"])
    return '"' + role.replace('"', '""') + '"'


def _check(roles: Mapping[Client, str]) -> None:
    if not roles:
        names = ", ".join(f"--{client.value} ROLE" for client in Client)
        raise SettingsError([f"No role is named: give one or more of {names}"])
    shared = {role for role in roles.values() if list(roles.values()).count(role) > 1}
    if shared:
        problem = (
            f"{', '.join(sorted(shared))} is named for several processes: give each a role of its"
            " own, or one could do what only another may"
        )
        raise SettingsError([problem])
    for role in roles.values():
        quoted(role)


def _statements(client: Client, role: str) -> Iterator[str]:
    name = quoted(role)
    yield f"REVOKE ALL ON {', '.join(RIGHTS)} FROM {name};"
    for sequence, _ in _sequences():
        yield f"REVOKE ALL ON SEQUENCE {sequence} FROM {name};"
    yield _in_schema("GRANT USAGE ON SCHEMA %I TO %I", role)
    for table in RIGHTS:
        right = right_of(client, table)
        yield from _grants(table, right, name)
        if is_by_row(table):
            yield from _policies(client, table, right, name)
    for sequence, table in _sequences():
        if right_of(client, table).adds:
            yield f"GRANT USAGE ON SEQUENCE {sequence} TO {name};"
    yield from _trigger(client, role)


def _grants(table: str, right: Right, name: str) -> Iterator[str]:
    wanted = (("SELECT", right.reads), ("UPDATE", right.changes))
    verbs = [_verb(verb, columns) for verb, columns in wanted if columns]
    verbs += ["INSERT"] if right.adds else []
    verbs += ["DELETE"] if right.deletes else []
    if verbs:
        yield f"GRANT {', '.join(verbs)} ON {table} TO {name};"


def _verb(verb: str, columns: tuple[str, ...]) -> str:
    return verb if columns == ALL else f"{verb} ({', '.join(columns)})"


def _policies(client: Client, table: str, right: Right, name: str) -> Iterator[str]:
    clauses = {
        "SELECT": f"USING ({ANY_ROW})" if right.reads else "",
        "INSERT": f"WITH CHECK ({right.adds})" if right.adds else "",
        "UPDATE": (
            f"USING ({right.changes_of}) WITH CHECK ({right.changes_to})" if right.changes else ""
        ),
        "DELETE": f"USING ({ANY_ROW})" if right.deletes else "",
    }
    for command, clause in clauses.items():
        policy = policy_name(client, command)
        yield f"DROP POLICY IF EXISTS {policy} ON {table};"
        if clause:
            yield f"CREATE POLICY {policy} ON {table} FOR {command} TO {name} {clause};"


def _trigger(client: Client, role: str) -> Iterator[str]:
    """Yield what compares an action before and after, which no row policy can."""
    trigger, moves = f"nightdesk_{client.value}", right_of(client, "actions").moves
    yield f"DROP TRIGGER IF EXISTS {trigger} ON actions;"
    if not moves:
        return
    old, new = ("(" + ", ".join(f"{row}.{one}" for one in PLANNED) + ")" for row in ("OLD", "NEW"))
    yield (
        f"CREATE TRIGGER {trigger} BEFORE UPDATE ON actions FOR EACH ROW WHEN (\n"
        # Neither the owner nor a superuser is anybody's process.
        "  row_security_active('actions'::regclass)\n"
        f"  AND pg_has_role(current_user, {_text(role)}, 'USAGE')\n"
        f"  AND (NOT ({only(moves)})\n"
        "    OR NEW.version < OLD.version OR NEW.fence < OLD.fence\n"
        f"    OR OLD.state <> 'draft' AND {old} IS DISTINCT FROM {new})\n"
        f") EXECUTE FUNCTION {_FUNCTION}();"
    )


def _mark(client: Client) -> str:
    policy = policy_name(client, "SELECT")
    return f"COMMENT ON POLICY {policy} ON {MARKED} IS '{fingerprint(client)}';"


def _sequences() -> list[tuple[str, str]]:
    """Return the sequences that number rows, each with its table."""
    return [
        (f"{table.name}_{column.name}_seq", table.name)
        for table in metadata.sorted_tables
        if (column := table.autoincrement_column) is not None
    ]


def _in_schema(statement: str, *roles: str) -> str:
    """Return a statement on the schema the tables lie in, whichever that is."""
    given = "".join(f", {_text(role)}" for role in roles)
    body = f"BEGIN EXECUTE format({_text(statement)}, current_schema(){given}); END"
    return f"DO {_text(body)};"


def _text(value: str) -> str:
    # E'' means the same whatever standard_conforming_strings is.
    return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
