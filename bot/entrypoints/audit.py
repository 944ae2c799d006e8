"""`nightdesk audit`: whoever may read the database, or has a copy, checks that nobody changed it.

Prints what it found on standard output; the exit status is 1 when anything is not as it was
written.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.adapters.audit.copies import AuditCopy
from bot.bootstrap.audit import audit_key, has_audit_key, open_archive
from bot.domain.errors import SettingsError
from bot.tools.plain_text import plain
from safe_ops.audit import GENESIS, Fault, Findings, key_id_of, line_of, read_public_key, verify
from safe_ops.errors import AuditError
from safe_ops.service.call_proof import CallProof

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from bot.adapters.store.audit_trail import SqlTrail
    from bot.bootstrap.audit import Archive
    from bot.settings import Settings
    from safe_ops.model.trail import AuditRow, Checkpoint

PAGE_ROWS = 1000
Keys = dict[str, "Ed25519PublicKey"]


def verify_database(settings: Settings, *, key_files: Sequence[Path]) -> int:
    """Check the installation's own audit, and its journal of calls by that.

    Returns 0 when all is as it was written, else 1.

    Raises:
        SettingsError: A key cannot be used, or the database is not at this version's schema.
        UpstreamError: The database cannot be reached.
    """
    keys = _keys(settings, key_files)
    archive = open_archive(settings)
    trail = archive.trail
    checkpoints = trail.checkpoints()
    proof = CallProof(archive.calls)
    found = verify(_rows(trail, proof=proof), checkpoints, keys)
    remembered = trail.remembered()
    faults = found.faults
    if not faults and found.sound_to < remembered:
        first = found.sound_to + 1
        says = f"rows from {first} to {remembered} were cut off: they were written once"
        faults = (Fault(number=first, says=says),)
    status = _tell(found, faults, checkpoints, after=0)
    # What comes after the first bad row was not read: nothing can be said of its calls.
    return status or _tell_of_calls(archive, proof)


def verify_files(
    settings: Settings, files: Sequence[Path], *, key_files: Sequence[Path], is_part: bool
) -> int:
    """Check an export or what a sink holds; return 0 when all is as it was written, else 1.

    Of a part, what stands before its first row is not asked for.

    Raises:
        SettingsError: A key or a file cannot be used.
    """
    keys = _keys(settings, key_files)
    copy = AuditCopy(files)
    after, after_hash = 0, GENESIS
    try:
        checkpoints = copy.checkpoints()
        first = copy.first()
        if is_part and first is not None:
            after, after_hash = first.number - 1, first.previous_hash
        found = verify(copy.rows(), checkpoints, keys, after=after, after_hash=after_hash)
    except AuditError as error:
        raise SettingsError([str(error)]) from error
    if first is None and copy.fault is None:
        raise SettingsError([f"there is no row of an audit in {', '.join(map(str, files))}"])
    faults = found.faults if copy.fault is None else (copy.fault, *found.faults)
    return _tell(found, faults, checkpoints, after=after)


def export(settings: Settings, *, since: str | None, until: str | None, out: Path | None) -> int:
    """Write rows and checkpoints as JSON lines to a new file, or to standard output.

    Raises:
        SettingsError: A time or the file cannot be used, or the schema is not this version's.
        UpstreamError: The database cannot be reached.
    """
    begin, end = _time("--since", since), _time("--until", until)
    lines = _lines(open_archive(settings).trail, begin, end)
    if out is None:
        for line in lines:
            sys.stdout.write(line)
        return 0
    try:
        with out.open("x", encoding="utf-8") as file:
            count = sum(1 for line in lines if file.write(line))
    except FileExistsError as error:
        raise SettingsError([f"{out} is there already: name a new file"]) from error
    except OSError as error:
        raise SettingsError([f"{out} cannot be written: {error.strerror}"]) from error
    sys.stderr.write(f"{count} lines are in {out}\n")
    return 0


def print_public_key(settings: Settings) -> int:
    """Print the key that checks this installation's checkpoints, as PEM.

    Raises:
        SettingsError: The private key cannot be used.
    """
    public_key = audit_key(settings).public_key()
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    sys.stdout.write(pem.decode())
    return 0


def _keys(settings: Settings, key_files: Sequence[Path]) -> Keys:
    """Return the keys to believe: those given, else the installation's own if it has one."""
    try:
        given = [read_public_key(path.read_text(encoding="ascii")) for path in key_files]
    except OSError as error:
        raise SettingsError([f"{error.filename} cannot be read: {error.strerror}"]) from error
    except (AuditError, UnicodeDecodeError) as error:
        raise SettingsError([f"--key: {error}"]) from error
    if not key_files and has_audit_key(settings):
        given = [audit_key(settings).public_key()]
    return {key_id_of(key): key for key in given}


def _rows(trail: SqlTrail, *, after: int = 0, proof: CallProof | None = None) -> Iterator[AuditRow]:
    while page := trail.rows(after=after, limit=PAGE_ROWS):
        if proof is not None:
            proof.see(page)
        yield from page
        after = page[-1].number


def _lines(trail: SqlTrail, begin: datetime | None, end: datetime | None) -> Iterator[str]:
    """Yield the rows of a span of time without a gap, each checkpoint behind its row."""
    signed: dict[int, list[Checkpoint]] = {}
    for one in trail.checkpoints():
        signed.setdefault(one.number, []).append(one)
    has_begun = False
    for row in _rows(trail):
        has_begun = has_begun or begin is None or row.at >= begin
        if has_begun and end is not None and row.at >= end:
            return
        if has_begun:
            for one in (row, *signed.get(row.number, ())):
                yield f"{line_of(one)}\n"


def _tell(
    found: Findings, faults: Sequence[Fault], checkpoints: Sequence[Checkpoint], *, after: int
) -> int:
    out = sys.stdout
    if found.sound_to > after:
        out.write(f"Rows {after + 1} to {found.sound_to} follow from one another.\n")
    elif not faults:
        out.write("There are no rows yet.\n")
    newest = next((one for one in reversed(checkpoints) if one.number == found.signed_to), None)
    if newest is not None:
        out.write(
            f"The newest checkpoint covers rows up to {newest.number}: signed {_shown(newest.at)}"
            f" with key {newest.key_id}.\n"
        )
    if found.signed_to < found.sound_to and not faults:
        out.write(
            f"Rows {found.signed_to + 1} to {found.sound_to} are not covered by a checkpoint yet:"
            " they are only as safe as where they are kept.\n"
        )
    if not faults:
        return 0
    out.write(f"NOT AS IT WAS WRITTEN. The first bad row is {min(one.number for one in faults)}:\n")
    for one in faults:
        out.write(f"  - {one.says}\n")
    return 1


def _tell_of_calls(archive: Archive, proof: CallProof) -> int:
    """Tell whether the journal of calls is as the audit says it was written."""
    out, faults = sys.stdout, proof.faults()
    if not faults:
        if proof.rows:
            out.write(f"The journal of calls agrees with it: {proof.rows} rows.\n")
        if proof.unproved:
            out.write(
                "Rows of journals from before the audit told of any, which nothing proves:"
                f" {proof.unproved}.\n"
            )
        return 0
    out.write("THE JOURNAL OF CALLS IS NOT AS IT WAS WRITTEN:\n")
    for fault in faults:
        action = archive.book.find(fault.action_id)
        name = fault.action_id if action is None else action.label
        out.write(f"  - {plain(name)}: {fault.says}\n")
    return 1


def _time(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError([f"{option} {text} is no time: write 2026-11-20T14:00Z"]) from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
